"""Published serving measurements as cases: what a forecast may see, and what was measured."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carbonctl.catalog import published
from carbonctl.catalog.published import number
from carbonctl.verify import serving_shapes
from carbonctl.verify.serving_shapes import PICTURES, Known

if TYPE_CHECKING:
    from pathlib import Path

    from carbonctl.catalog.read import Catalog

TESTS = (
    "energy_per_token", "energy_given_throughput", "energy_per_image", "energy_per_video",
    "wall_energy", "throughput",
)  # fmt: skip
_LEAST = dict.fromkeys(
    ("params_total_b", "params_active_b", "n_accelerators", "avg_batch_size", "output_tokens_mean",
     "width_px", "height_px", "denoising_steps", "n_frames", "energy_per_request_j",
     "energy_per_output_token_j", "avg_power_all_accelerators_w", "avg_system_wall_power_w",
     "batch_latency_s", "throughput_per_s"), 0.0,
)  # fmt: skip
_NEEDED = ("row_id", "source_id", "model", "family", "task", "accelerator_id", "weight_precision",
           "runtime", "serving_scenario", "boundary_id", "suggested_split", *_LEAST)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One measured configuration: what is known of it, and its energy and throughput.

    ``values`` are numbers by the names that records of ``estimate.service`` use; cases of one
    ``form`` have the same ones. Energy is in J per token, picture, clip or sample of all devices,
    throughput in those per second; nan where it was not measured.
    """

    row: dict[str, str]
    kind: str
    form: str
    runtime: str
    architecture: str
    values: dict[str, float]
    energy_j: float
    per_second: float
    energy_test: str
    archetype: bool
    fitted: bool

    @property
    def tells(self) -> bool:
        """Whether constants are fitted to it; language metered at the wall tells of no board."""
        return self.fitted and (self.kind == "sample" or not self.wall)

    @property
    def sort(self) -> str:
        """What a forecast's error is told for: mixtures err more, unknown prompts most."""
        noun = {"energy_per_token": "language", "energy_per_image": "image",
                "energy_per_video": "video", "wall_energy": "sample"}[self.energy_test]  # fmt: skip
        if noun == "language" and not self.fitted:
            return "media"
        return "mixture" if noun == "language" and "experts" in self.values else noun

    @property
    def wall(self) -> bool:
        """Whether the energy was metered at the wall."""
        return self.row["boundary_id"] == "it_system"


@dataclass(frozen=True)
class Cases:
    """Cases to be forecast, rows left out counted by test and reason, hash of the table."""

    cases: list[Case]
    excluded: dict[str, dict[str, int]]
    sha256: str


def read(path: Path, catalog: Catalog) -> Cases:
    """Cases of a table of measured configurations; InputError where it is no such table."""
    rows, sha256 = published.read(path, _NEEDED, _LEAST, "inference.csv", "row_id")
    found: list[Case] = []
    excluded: dict[str, Counter[str]] = {test: Counter() for test in TESTS}
    known = Known.of(catalog)
    for row in rows:
        case = _case(row, known)
        if isinstance(case, Case):
            found.append(case)
        else:
            excluded[_test_of(row)][case] += 1
    counted = {test: dict(sorted(reasons.items())) for test, reasons in excluded.items()}
    return Cases(found, counted, sha256)


def _test_of(row: dict[str, str]) -> str:
    """The test of energy that a row belongs to."""
    if row["boundary_id"] == "it_system":
        return "wall_energy"
    return PICTURES.get(row["task"], "energy_per_token")


def _case(row: dict[str, str], known: Known) -> Case | str:
    """The case, or why the row cannot be one."""
    if row["suggested_split"] == "do_not_fit":
        return known.apart.get(row["source_id"], "marked do_not_fit by its table")
    if row["boundary_id"] not in {"gpu", "it_system"}:
        return "no boundary that holds it"
    if math.isnan(number(row, "n_accelerators")):
        return "number of accelerators not told"
    card = known.card(row)
    if card is None:
        return "accelerator not in the database"
    shape = serving_shapes.of(row, known, card)
    if isinstance(shape, str):
        return shape
    energy = number(row, "energy_per_output_token_j" if shape.kind == "language"
                    else "energy_per_request_j")  # fmt: skip
    if math.isnan(energy):
        return "no energy per token, picture or sample"
    per_second = _per_second(row)
    if shape.kind == "language" and row["boundary_id"] == "it_system":  # answers, not tokens
        per_second *= shape.values["output_tokens"]
    return Case(
        row, shape.kind, shape.form, shape.runtime, card.text("architecture"), shape.values,
        energy, per_second, _test_of(row), shape.archetype, shape.fitted,
    )  # fmt: skip


def _per_second(row: dict[str, str]) -> float:
    """Tokens, pictures or samples a second of all devices together."""
    told = number(row, "throughput_per_s")
    if row["task"] in PICTURES or math.isnan(told):  # images of a batch, not of a queue
        told = number(row, "avg_batch_size") / number(row, "batch_latency_s")
    return told
