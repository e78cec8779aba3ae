"""Read published serving throughput as cases: scenario, measured rate, and group of the row."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from carbonctl.catalog import published
from carbonctl.catalog.published import cell_number
from carbonctl.catalog.read import AmbiguousName, UnknownName
from carbonctl.verify.cases import NOMINAL_LOAD, CaseTables, first_known, resolve_service
from carbonctl.verify.serving_cases import PUBLISHED, Case, Cases, collect_cases, unseen_sd

if TYPE_CHECKING:
    from pathlib import Path

    from carbonctl.catalog.read import Catalog, Record
    from carbonctl.core.fact import Fact
    from carbonctl.estimate.serving.service import Decoder

    Row = dict[str, str]

MARK_COLUMN = "output_tokens_per_s_per_gpu"  # which tells such a table from one of energy
_AMOUNTS = dict.fromkeys(
    ("n_accelerators", "tensor_parallel", "data_parallel", "expert_parallel", "pipeline_parallel",
     "concurrency_or_batch", "prompt_tokens", "output_tokens", "cache_hit_share",
     "output_tokens_per_s_per_gpu", "input_tokens_per_s_per_gpu", "power_w_per_gpu"), 0.0,
)  # fmt: skip
_NEEDED = ("row_id", "source_id", "model", "model_id_in_carbonctl", "weight_precision",
           "kv_precision", "accelerator_id", "runtime", "phase", "power_boundary", "notes",
           "read_or_recalled", *_AMOUNTS)  # fmt: skip
_WORDS: dict[str, tuple[str, ...]] = {
    "phase": ("mixed", "prefill_only", "decode_only"),
    "power_boundary": ("gpu", "wall", "it_system"),
}
_CACHE_FORMATS = {"auto (bf16)": "bf16"}
LAYOUTS = (
    "dense, one device",
    "dense, several",
    "MoE, one device",
    "MoE, several",
    "ranks",
    "wide",
)
_NODE = 8.0  # devices beyond which a layout is wide


def read_cases(path: Path, catalog: Catalog) -> Cases:
    """Cases of a table of published throughput; InputError with every bad cell."""
    rows, sha256 = published.read_table(path, _NEEDED, _AMOUNTS, "throughput.csv", "row_id", _WORDS)
    tables, limits = CaseTables.of(catalog), _benchmark_requests(catalog)
    found = [(PUBLISHED, _case(row, tables, limits)) for row in rows]
    return collect_cases(found, (PUBLISHED,), sha256)


def _case(
    row: Row, tables: CaseTables, limits: dict[tuple[str, float, float], float]
) -> Case | str:
    """The case of a row, or the reason why it is excluded."""
    card = tables.accelerator(row)
    if card is None:
        return "accelerator not in the database"
    try:
        model = tables.catalog.record("models", row["model_id_in_carbonctl"] or row["model"])
    except (AmbiguousName, UnknownName):
        return "model not in the database"
    why = _why_excluded(row)
    if why:
        return why
    runtime = _runtime(row, tables, card)
    if not runtime:
        return "runtime without a profile"
    scenario = _scenario(row, runtime, model)
    record = resolve_service(scenario, tables.catalog)
    if isinstance(record, str):
        return record
    record = _with_random_tokens(cast("Decoder[Fact]", record), tables.catalog)
    record = _within_requests(record, row, limits)
    devices = scenario["hardware"]["count"]
    rate = _rate(row) * devices
    power = cell_number(row, "power_w_per_gpu") * devices
    of_boards = row["power_boundary"] == "gpu"
    plain = row | {"family": _family(model), "task": row["phase"], "boundary_id": "gpu"}
    return Case(
        plain, scenario, record, "language", runtime, card.text("architecture"),
        power / rate if of_boards else math.nan, rate, PUBLISHED, archetype=False,
        is_prompt_known=True, unseen_sd=unseen_sd(tables.catalog, card, "language"),
    )  # fmt: skip


def _family(model: Record) -> str:
    """Family of a model as tables of energy name it: without what follows the point."""
    name = (model.text("family") or model.id).lower().replace(" ", "-")
    return "mixtral" if model.id.startswith("mixtral") else name.partition(".")[0]


def _why_excluded(row: Row) -> str:
    """Why a row cannot be forecast; empty where it can."""
    apart = "disaggregated" in row["runtime"] or "disaggregated" in row["notes"]
    lengths = [cell_number(row, "prompt_tokens")]
    if row["phase"] == "mixed":
        lengths.append(cell_number(row, "output_tokens"))
    layout = [cell_number(row, name) for name in ("n_accelerators", "tensor_parallel")]
    reasons = {
        "recalled, not read": not row["read_or_recalled"].startswith("read"),
        "prefill on devices of its own, in a stated split": apart,
        "with draft tokens whose acceptance is not stated": "MTP" in row["notes"],
        "the mean of a fleet": "fleet" in row["runtime"],
        "layout on its devices not stated": any(map(math.isnan, layout)),
        "lengths not stated": any(map(math.isnan, lengths)),
        "no rate": math.isnan(_rate(row)),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _runtime(row: Row, tables: CaseTables, card: Record) -> str:
    """The profile of a row's serving stack; of SGLang there are two, by the maker of the device."""
    found = tables.runtime(row | {"boundary_id": "gpu"})
    if found == "sglang" and card.id.startswith("amd"):
        return "sglang_rocm"
    return found


def _scenario(row: Row, runtime: str, model: Record) -> dict[str, Any]:
    """The scenario that a row states."""
    is_moe = model.number("moe", "experts") is not None
    tensor, ranks, spread, stages = (
        first_known(cell_number(row, f"{name}_parallel"), 1.0)
        for name in ("tensor", "data", "expert", "pipeline")
    )
    if is_moe and _has_ranks_unsaid(row, tensor, ranks):
        tensor, ranks = 1.0, tensor
    batch = cell_number(row, "concurrency_or_batch")
    is_full = math.isnan(batch) and row["phase"] != "prefill_only"
    output = first_known(cell_number(row, "output_tokens"), 1.0)
    kv = row["kv_precision"]
    hits = cell_number(row, "cache_hit_share")
    infer = {
        "requests": NOMINAL_LOAD,
        "prompt_tokens": cell_number(row, "prompt_tokens"),
        "output_tokens": output,
        "output_cv": 0.0,  # synthetic requests, all of one length
        "precision": row["weight_precision"],
        "kv_precision": _CACHE_FORMATS.get(kv, kv) or None,
        "concurrency": "full" if is_full else first_known(batch, 1.0),
        "tensor_parallel": tensor,
        "pipeline_parallel": stages if stages > 1.0 else None,
        "data_parallel": ranks if ranks > 1.0 and is_moe else None,
        "expert_parallel": spread if spread > 1.0 and is_moe else None,
        "prompt_cache_hits": hits if hits > 0.0 else None,
        "prefill": "chunked" if row["phase"] == "mixed" else "disaggregated",
        "runtime": runtime,
    }
    devices = cell_number(row, "n_accelerators")
    return {
        "hardware": {"accelerator": row["accelerator_id"], "count": devices},
        "model": {"id": model.id},
        "infer": {name: value for name, value in infer.items() if value is not None},
    }


def _has_ranks_unsaid(row: Row, tensor: float, ranks: float) -> bool:
    """Whether a table means ranks where it says tensor parallel: its documented command does."""
    return row["source_id"] == "trtllm_perf_v1.0" and tensor > 1.0 and ranks == 1.0


def _benchmark_requests(catalog: Catalog) -> dict[tuple[str, float, float], float]:
    """Requests of published benchmarks, which bound the sequences in flight."""
    return {
        (row["source_id"], float(row["prompt_tokens"]), float(row["output_tokens"])): float(
            row["requests"]
        )
        for row in catalog.table("serving/benchmark_requests.csv")
    }


def _within_requests(
    record: Decoder[Fact], row: Row, limits: dict[tuple[str, float, float], float]
) -> Decoder[Fact]:
    """A service at its largest batch, with no more sequences than its benchmark has requests."""
    lengths = (cell_number(row, "prompt_tokens"), cell_number(row, "output_tokens"))
    most = limits.get((row["source_id"], *lengths), math.inf)
    if not math.isnan(cell_number(row, "concurrency_or_batch")) or record.batch.value <= most:
        return record
    return replace(record, batch=replace(record.batch, value=most))


def _with_random_tokens(record: Decoder[Fact], catalog: Catalog) -> Decoder[Fact]:
    """A service whose prompts are random tokens, which prefer some experts more than text does."""
    if record.moe is None or record.moe.uneven_routing.key != "default:uneven_routing":
        return record
    routing = catalog.default("uneven_routing_of_random_tokens")
    return replace(record, moe=replace(record.moe, uneven_routing=routing))


def _rate(row: Row) -> float:
    """Tokens per second of one device: of the prompt where a row has prefill alone."""
    prompts = row["phase"] == "prefill_only"
    return cell_number(row, "input_tokens_per_s_per_gpu" if prompts else MARK_COLUMN)


def group_of(case: Case) -> str:
    """The layout of a row by its columns; empty for a row of energy."""
    if case.energy_test != PUBLISHED:
        return ""
    devices, ranks, spread = (
        first_known(cell_number(case.row, name), 1.0)
        for name in ("n_accelerators", "data_parallel", "expert_parallel")
    )
    if case.is_moe and devices > _NODE:
        return "wide"
    if case.is_moe and max(ranks, spread) > 1.0:
        return "ranks"
    kind, number = "MoE" if case.is_moe else "dense", "one device" if devices == 1.0 else "several"
    return f"{kind}, {number}"
