"""Read published serving measurements as cases: inputs of a forecast, and measured values."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, get_args

from carbonctl.catalog import published
from carbonctl.catalog.published import cell_number
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.serving.replica import stated_size
from carbonctl.estimate.serving.service import Decoder, Diffusion, Encoder
from carbonctl.scenario.resolve.serving.unseen_hardware import unseen_kinds
from carbonctl.scenario.schema.shared_sections import KvPrecision, Precision
from carbonctl.verify.cases import (
    LOADS,
    CaseTables,
    is_wall_metered,
    resolve_service,
    scenario_from_row,
)
from carbonctl.verify.scoring import log_sd_of
from carbonctl.verify.stacks import Form

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from carbonctl.catalog.read import Catalog, Record
    from carbonctl.verify.cases import Service

PUBLISHED = "throughput_published"
TESTS = (
    "energy_per_token", "energy_given_throughput", "energy_per_image", "energy_per_video",
    "wall_energy", "throughput", PUBLISHED,
)  # fmt: skip
ENERGY_TESTS = {"images": "energy_per_image", "videos": "energy_per_video"}
_KINDS: dict[type, str] = {Decoder: "language", Diffusion: "picture", Encoder: "sample"}
_LEAST = dict.fromkeys(
    ("params_total_b", "params_active_b", "n_accelerators", "avg_batch_size", "output_tokens_mean",
     "width_px", "height_px", "denoising_steps", "n_frames", "energy_per_request_j",
     "energy_per_output_token_j", "avg_power_all_accelerators_w", "avg_system_wall_power_w",
     "batch_latency_s", "throughput_per_s"), 0.0,
)  # fmt: skip
_NEEDED = ("row_id", "source_id", "model", "family", "task", "accelerator_id", "weight_precision",
           "runtime", "serving_scenario", "boundary_id", "suggested_split", *_LEAST)  # fmt: skip
# optional columns, which replace the defaults of a task
_OPTIONAL = ("prompt_tokens_mean", "output_cv", "guidance_passes", "tensor_parallel",
             "data_parallel", "expert_parallel")  # fmt: skip
_WORDS = {
    "weight_precision": (*get_args(Precision), "int8_or_fp16", "fp32_or_fp16"),
    "kv_precision": get_args(KvPrecision),
    "serving_scenario": ("offline", "server"),
}


@dataclass(frozen=True)
class Case:
    """One measured configuration: scenario, resolved service, energy and throughput.

    Energy is in J per token, picture, clip or sample of all devices, throughput in those per
    second; nan where it was not measured. ``unseen_sd`` is of the log error that hardware of a kind
    adds which was not fitted.
    """

    row: dict[str, str]
    scenario: dict[str, Any]
    record: Service
    kind: str
    runtime: str
    architecture: str
    energy_j: float
    per_second: float
    energy_test: str
    archetype: bool
    is_prompt_known: bool
    unseen_sd: float = 0.0

    @cached_property
    def central(self) -> Any:
        """The service with the central value of each fact."""
        return bind(self.record, lambda fact: fact.value)

    @cached_property
    def form(self) -> Form:
        """The facts of the service, and where in it they stand."""
        return Form.of(self.record)

    @property
    def accelerators(self) -> float:
        """Accelerators that were measured together."""
        return float(self.scenario["hardware"]["count"])

    @property
    def replica_accelerators(self) -> float:
        """Accelerators of one replica; for samples, all that were measured."""
        if isinstance(self.record, Decoder):
            return float(stated_size(self.central))  # type: ignore[arg-type]
        if isinstance(self.record, Diffusion):
            return float(self.central.replica_accelerators)
        return self.accelerators

    @property
    def batch(self) -> float:
        """Batch of sequences, images or clips on a replica; nan for samples."""
        return math.nan if isinstance(self.record, Encoder) else float(self.central.batch)

    @property
    def is_moe(self) -> bool:
        """Whether the model is a mixture of experts."""
        return isinstance(self.record, Decoder) and self.record.moe is not None

    @property
    def is_fitted(self) -> bool:
        """Whether constants are fitted to the case; not to language models metered at the wall."""
        return self.is_prompt_known and (self.kind == "sample" or not self.wall)

    @property
    def error_group(self) -> str:
        """Group of cases with a common residual SD: MoE, unknown prompts, or kind of unit."""
        noun = {
            "energy_per_token": "language", PUBLISHED: "language",
            "energy_per_image": "image", "energy_per_video": "video", "wall_energy": "sample",
        }[self.energy_test]  # fmt: skip
        if noun == "language" and not self.is_prompt_known:
            return "media"
        return "mixture" if noun == "language" and self.is_moe else noun

    @property
    def phase(self) -> str:
        """What a row of published throughput counts: prompts, decoded tokens, or both (mixed)."""
        return self.row.get("phase", "mixed")

    @property
    def wall(self) -> bool:
        """Whether the energy was metered at the wall."""
        return is_wall_metered(self.row)


@dataclass(frozen=True)
class Cases:
    """Cases to forecast, counts of excluded rows by test and reason, hash of the table."""

    cases: list[Case]
    excluded: dict[str, dict[str, int]]
    sha256: str


def read_cases(path: Path, catalog: Catalog) -> Cases:
    """Cases of a table of measured configurations; InputError where a column is missing."""
    least = _LEAST | dict.fromkeys(_OPTIONAL, 0.0)
    rows, sha256 = published.read_table(path, _NEEDED, least, "inference.csv", "row_id", _WORDS)
    tables = CaseTables.of(catalog)
    apart = {row["source_id"]: row["reason"] for row in catalog.table("serving/apart.csv")}
    found = [(_test_of(row), _case(row, tables, apart)) for row in rows]
    return collect_cases(found, TESTS, sha256)


def collect_cases(
    found: Iterable[tuple[str, Case | str]], tests: Iterable[str], sha256: str
) -> Cases:
    """Cases of a table, from each row's test and its case or the reason why it is excluded."""
    cases: list[Case] = []
    excluded: dict[str, Counter[str]] = {test: Counter() for test in tests}
    for test, case in found:
        if isinstance(case, Case):
            cases.append(case)
        else:
            excluded[test][case] += 1
    counted = {test: dict(sorted(reasons.items())) for test, reasons in excluded.items()}
    return Cases(cases, counted, sha256)


def _test_of(row: dict[str, str]) -> str:
    """The energy test that a row belongs to."""
    if is_wall_metered(row):
        return "wall_energy"
    return ENERGY_TESTS.get(LOADS.get(row["task"], ""), "energy_per_token")


def _case(row: dict[str, str], tables: CaseTables, apart: dict[str, str]) -> Case | str:
    """The case of a row, or the reason why it is excluded."""
    if row["suggested_split"] == "do_not_fit":
        return apart.get(row["source_id"], "marked do_not_fit by its table")
    if row["boundary_id"] not in {"gpu", "it_system"}:
        return "no boundary that holds it"
    if math.isnan(cell_number(row, "n_accelerators")):
        return "number of accelerators not stated"
    card = tables.accelerator(row)
    if card is None:
        return "accelerator not in the database"
    scenario = scenario_from_row(row, tables)
    if isinstance(scenario, str):
        return scenario
    tokens = "requests" in scenario["infer"]
    energy = cell_number(row, "energy_per_output_token_j" if tokens else "energy_per_request_j")
    if math.isnan(energy):
        return "no energy per token, picture or sample"
    record = resolve_service(scenario, tables.catalog)
    if isinstance(record, str):
        return record
    kind = _KINDS[type(record)]
    per_second = _per_second(row)
    if kind == "language" and is_wall_metered(row):  # answers, not tokens
        per_second *= cell_number(row, "output_tokens_mean")
    return Case(
        row, scenario, record, kind, _runtime(scenario, kind), card.text("architecture"), energy,
        per_second, _test_of(row), "params" in scenario.get("model", {}),
        _is_prompt_known(row, tables), unseen_sd(tables.catalog, card, kind),
    )  # fmt: skip


def unseen_sd(catalog: Catalog, card: Record, kind: str) -> float:
    """SD of the log error that kinds of hardware add which were not fitted."""
    if kind != "language":
        return 0.0
    each = log_sd_of(catalog.default("unseen_hardware_residual"))
    return math.sqrt(len(unseen_kinds(catalog, card))) * each


def _runtime(scenario: dict[str, Any], kind: str) -> str:
    """The runtime of a case; images and samples have one each."""
    usual = {"picture": "diffusers", "sample": "tensorrt"}
    return usual.get(kind) or str(scenario["infer"]["runtime"])


def _is_prompt_known(row: dict[str, str], tables: CaseTables) -> bool:
    """Whether prompts are text of known length."""
    usual = tables.workloads.get(row["task"])
    return usual is None or usual["fitted"] == "1"


def _per_second(row: dict[str, str]) -> float:
    """Tokens, images or samples per second of all devices together."""
    rate = cell_number(row, "throughput_per_s")
    if row["task"] in LOADS or math.isnan(rate):  # images of a batch, not of a queue
        rate = cell_number(row, "avg_batch_size") / cell_number(row, "batch_latency_s")
    return rate
