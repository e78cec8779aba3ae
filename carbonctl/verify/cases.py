"""A measured service as a scenario: all that its row states, and nothing else; then its facts."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, cast

from carbonctl.catalog.published import cell_number
from carbonctl.catalog.read import AmbiguousName, UnknownName
from carbonctl.core.errors import InputError, Mark
from carbonctl.core.strict_yaml import Document
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.serving.replica import at_operating_point
from carbonctl.estimate.serving.service import Decoder, Diffusion, Encoder
from carbonctl.scenario.read.read_scenario import check_scenario
from carbonctl.scenario.resolve.context import ONE, Context, Unresolved, derive_fact
from carbonctl.scenario.resolve.hardware.machine import resolve_device
from carbonctl.scenario.resolve.serving.services import serving

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog, Record
    from carbonctl.core.fact import Fact
    from carbonctl.estimate.serving.service import Fleet

    Row = dict[str, str]
    Data = dict[str, Any]
    Service = Decoder[Fact] | Diffusion[Fact] | Encoder[Fact]

LOADS = {"text-to-image": "images", "text-to-video": "videos", "image-to-video": "videos"}
WALL_RUNTIME = "trtllm"  # of offline queues metered at the wall without a named runtime
NOMINAL_LOAD = "1/h"  # any: a case measures busy devices, so their load does not matter
_SAME_SIZE = math.log(1.35)  # a table may count the text encoder of a model, or not


@dataclass(frozen=True)
class CaseTables:
    """What rows leave to tables: usual lengths of a task's texts, work of a sample, names."""

    catalog: Catalog
    workloads: dict[str, Row]
    samples: dict[str, Row]
    runtimes: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, catalog: Catalog) -> CaseTables:
        """The tables of ``hardware_db/serving``, and the stacks by what their names begin with."""
        workloads, samples = (
            {row[key]: row for row in catalog.table(f"serving/{name}.csv")}
            for name, key in (("workloads", "task"), ("samples", "model"))
        )
        runtimes = [
            (prefix, name)
            for name in catalog.ids("runtimes")
            for prefix in catalog.record("runtimes", name).data.get("matches", ())
        ]
        by_length = tuple(sorted(runtimes, key=lambda pair: -len(pair[0])))
        return cls(catalog, workloads, samples, by_length)

    def accelerator(self, row: Row) -> Record | None:
        """The accelerator of a row; None where there is no record of it."""
        try:
            return self.catalog.record("accelerators", row["accelerator_id"])
        except (AmbiguousName, UnknownName):
            return None

    def model(self, row: Row) -> Record | None:
        """The model of a row by its name, without owner and endings, where the size is alike."""
        sizes = [cell_number(row, f"params_{which}_b") * 1e9 for which in ("total", "active")]
        return _find_model(self.catalog, row["model"].split("/")[-1].lower(), *sizes)

    def runtime(self, row: Row) -> str:
        """The profile of a row's serving stack; empty where none matches."""
        stack = row["runtime"]
        if not stack and is_wall_metered(row):
            return WALL_RUNTIME
        return next((name for prefix, name in self.runtimes if stack.startswith(prefix)), "")


@cache
def _find_model(catalog: Catalog, name: str, total: float, active: float) -> Record | None:
    while name:
        try:
            found = catalog.record("models", name)
        except (AmbiguousName, UnknownName):
            found = None
        if found is not None and _is_similar_size(found.number("total_params"), [total, active]):
            return found
        name = name.rpartition("-")[0]
    return None


def _is_similar_size(total: float | None, sizes: list[float]) -> bool:
    known = [size for size in sizes if size > 0]
    near = (abs(math.log((total or 1.0) / size)) < _SAME_SIZE for size in known)
    return total is not None and (not known or any(near))


def is_wall_metered(row: Row) -> bool:
    """Whether the energy of a row was metered at the wall, server and all."""
    return row["boundary_id"] == "it_system"


def scenario_from_row(row: Row, tables: CaseTables) -> Data | str:
    """The scenario that a row states, or why there is none."""
    if row["model"] in tables.samples:
        said = _sample_service(row, tables.samples[row["model"]])
    elif row["task"] in LOADS:
        said = _diffusion_service(row, tables)
    elif row["task"] in tables.workloads or not math.isnan(_optional(row, "prompt_tokens_mean")):
        runtime = tables.runtime(row)
        if not runtime:
            return "runtime without a profile"
        said = _language_service(row, tables) | {"runtime": runtime}
    else:
        what = row["model"] if is_wall_metered(row) else row["task"]
        return f"work of {re.sub(r'[^a-z0-9.-]', ' ', what.lower())} not known"
    hardware = {"accelerator": row["accelerator_id"], "count": cell_number(row, "n_accelerators")}
    model = said.pop("model", None)
    data = {"hardware": hardware, "infer": said} | ({"model": model} if model else {})
    return cast("Data", _without_blanks(data))


def _without_blanks(value: Any) -> Any:
    """The same without what a row does not state."""
    if not isinstance(value, dict):
        return value
    blank = (None, "")
    kept = {key: _without_blanks(item) for key, item in value.items() if item not in blank}
    return {key: item for key, item in kept.items() if not _is_nan(item)}


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _optional(row: Row, column: str) -> float:
    """A number of a column that a table need not have; 0 is one."""
    cell = row.get(column, "").strip()
    return float(cell) if cell else math.nan


def first_known(*values: Any) -> Any:
    """The first that is known."""
    return next((value for value in values if not _is_nan(value)), math.nan)


def _with_default_range(spread: float, tables: CaseTables) -> Any:
    """A spread of output lengths that no row states, with the range of the default that it is."""
    for name in ("output_cv", "reasoning_output_cv"):
        usual = tables.catalog.default(name)
        if spread == usual.value:
            ends = {"range": [usual.low, usual.high], "range_kind": usual.range_kind}
            return {"value": spread, **ends}
    return spread


def _language_service(row: Row, tables: CaseTables) -> Data:
    model, devices = tables.model(row), cell_number(row, "n_accelerators")
    ranks = first_known(cell_number(row, "data_parallel"), 1.0)
    batch = cell_number(row, "avg_batch_size")
    is_moe = cell_number(row, "params_active_b") < cell_number(row, "params_total_b")
    if model is not None:
        is_moe = model.number("moe", "experts") is not None
    ranks = ranks if is_moe else 1.0
    usual = partial(_optional, tables.workloads.get(row["task"], {}))
    stages = 1.0  # pipeline stages, where a replica has more devices than share a layer
    if math.isnan(cell_number(row, "expert_parallel")):
        stages = devices / ranks / first_known(_optional(row, "tensor_parallel"), devices / ranks)
    of_queue = math.isnan(batch)  # an offline queue, which fills all replicas
    return {
        "model": _model_from_params(row) if model is None else {"id": model.id},
        "requests": NOMINAL_LOAD,
        "prompt_tokens": first_known(_optional(row, "prompt_tokens_mean"), usual("prompt_tokens")),
        "output_tokens": cell_number(row, "output_tokens_mean"),
        "output_cv": first_known(
            _optional(row, "output_cv"), _with_default_range(usual("output_cv"), tables)
        ),
        "precision": row["weight_precision"],
        "kv_precision": row.get("kv_precision", ""),
        "concurrency": "full" if of_queue else batch,
        "tensor_parallel": None if of_queue else devices / ranks / stages,
        "pipeline_parallel": stages if stages > 1.0 else None,
        "data_parallel": ranks if ranks > 1.0 else None,
        "expert_parallel": cell_number(row, "expert_parallel") if is_moe else None,
    }


def _model_from_params(row: Row, **more: str) -> Data:
    total, active = (cell_number(row, f"params_{which}_b") * 1e9 for which in ("total", "active"))
    return {"params": first_known(total, active), "active_params": active, **more}


def _diffusion_service(row: Row, tables: CaseTables) -> Data:
    model = tables.model(row)
    load = LOADS[row["task"]]
    width, height = cell_number(row, "width_px"), cell_number(row, "height_px")
    frames = cell_number(row, "n_frames")
    return {
        "model": _model_from_params(row, kind="diffusion_unet")
        if model is None
        else {"id": model.id},
        load: NOMINAL_LOAD,
        "size": "" if math.isnan(width * height) else f"{width:.0f}x{height:.0f}",
        "frames": frames if load == "videos" else None,
        "steps": cell_number(row, "denoising_steps"),
        "guidance_passes": _optional(row, "guidance_passes"),
        "batch": cell_number(row, "avg_batch_size"),
        "tensor_parallel": cell_number(row, "n_accelerators"),
    }


def _sample_service(row: Row, sample: Row) -> Data:
    """A sample of known work; each device works at its own."""
    return {
        "samples": NOMINAL_LOAD,
        "sample_work": f"{sample['work']} {sample['unit']}",
        "precision": sample["precision"],
        "serving": {"server": "online"}.get(row["serving_scenario"], "offline"),
    }


def resolve_service(data: Data, catalog: Catalog) -> Service | str:
    """Facts of the service that a scenario states, as ``infer`` has them, or why there are none.

    A language model runs at the operating point that is stated, whether a replica would hold it
    or not; a queue at the one that the plan chooses.
    """
    document = Document(data, {(): Mark("a measured case")})
    ctx = Context(document, catalog)
    try:
        scenario = check_scenario(document, catalog)
        infer = scenario.infer
        assert infer is not None  # noqa: S101 - a case is a service
        found = resolve_device(ctx, scenario.hardware, ("hardware",))
        period = ctx.default("period")
        made, _ = serving(ctx, infer, scenario.model, found, period, ("infer",))
    except Unresolved:
        return ctx.problems[-1].message if ctx.problems else "not estimated"
    except InputError as error:
        return error.problems[0].message
    model = made.model
    if isinstance(model, Decoder) and model.limits is not None and model.limits.is_full:
        return _with_chosen_batch(model, made.fleet)
    assert isinstance(model, Decoder | Diffusion | Encoder)  # noqa: S101 - rows are of no other kind
    return model


def _with_chosen_batch(model: Decoder[Fact], fleet: Fleet[Fact]) -> Decoder[Fact]:
    """The model of a queue with the batch and devices that the plan chooses at central values."""
    assert model.limits is not None  # noqa: S101 - checked by the caller
    plain, load = (bind(part, lambda fact: fact.value) for part in (model, fleet))
    chosen = at_operating_point(plain, load).model
    batch = derive_fact(
        "infer.concurrency/batch", chosen.batch, ONE, "as memory holds", "concurrency"
    )
    devices = derive_fact(
        "infer.concurrency/devices", chosen.replica_accelerators, ONE, "as chosen", "devices"
    )
    limits = replace(model.limits, replica_accelerators=devices)
    return replace(model, batch=batch, limits=limits)
