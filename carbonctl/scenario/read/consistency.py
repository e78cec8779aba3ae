"""Checks of a scenario before it is resolved: names exist, and entries do not contradict.

Names are looked up in the raw document, used or not, so that a misspelled model and a misspelled
key are reported together.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from carbonctl.catalog.instances import find_instance
from carbonctl.catalog.read import AmbiguousName, UnknownName
from carbonctl.core.errors import Problem
from carbonctl.scenario.read.unused_keys import check_model_keys
from carbonctl.scenario.resolve.context import Context, Unresolved, attempt
from carbonctl.scenario.resolve.site import find_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.strict_yaml import Document, Path
    from carbonctl.scenario.schema import scenario_file as schema

    LookUp = tuple[Path, Callable[[Path], object]]  # path of a name, and the look-up of it

_PARTS = {
    "baseboard": "baseboards",
    "accelerator": "accelerators",
    "cpu": "cpus",
    "dram": "memory",
    "ssd": "storage",
    "hdd": "storage",
    "memory": "memory",
    "part": "parts",
    "network": "network",
    "node": "processes",
}
# with a stated figure per GB any name is allowed, even where that key is misspelled
_WITH_PER_GB = {"dram", "memory", "ssd", "hdd"}
_ROUNDING = 1.02  # tolerance: sizes of models are published with few digits

_REFRESH_HARDWARE: tuple[Path, ...] = (("refresh", "old"), ("refresh", "new"))
_HARDWARE: tuple[Path, ...] = (("hardware",), *_REFRESH_HARDWARE, ("train", "hardware"),
                               ("infer", "hardware"), ("experiments", "hardware"))  # fmt: skip
_MODELS: tuple[Path, ...] = (("model",), ("infer", "model"), ("infer", "speculative", "draft"),
                             ("train", "model"), ("train", "teacher"))  # fmt: skip


def find_unknown_names(document: Document, catalog: Catalog) -> list[tuple[Path, Problem]]:
    """Path and problem of every unknown or ambiguous name in the document."""
    ctx = Context(document, catalog)
    unknown: list[tuple[Path, Problem]] = []
    for path, look_up in _lookups(ctx, document.data, ()):
        try:
            look_up(path)
        except Unresolved:
            unknown.append((path, ctx.problems.pop()))
    return unknown


def _lookups(ctx: Context, value: Any, path: Path) -> Iterator[LookUp]:
    """One look-up for each name below ``path``."""
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _lookups(ctx, item, (*path, place))
    elif isinstance(value, dict):
        if path[:2] == ("embodied", "parts"):
            yield from _part(ctx, value, path)
        for key, item in value.items():
            yield from _entry(ctx, key, item, (*path, key))
            yield from _lookups(ctx, item, (*path, key))


def _entry(ctx: Context, key: str, item: Any, path: Path) -> Iterator[LookUp]:
    section = item if isinstance(item, dict) else {}
    if key == "hardware" or path in _REFRESH_HARDWARE:
        for name, kind in (("accelerator", "accelerators"), ("server", "servers")):
            if isinstance(section.get(name), str):
                yield (*path, name), partial(ctx.record, kind, section[name])
        if isinstance(section.get("instance"), str):
            yield (*path, "instance"), partial(instance_row, ctx, section["instance"])
    elif key == "site" and isinstance(section.get("region"), str):
        yield (*path, "region"), partial(find_place, ctx, section["region"])
    elif key in {"model", "teacher", "draft"} and isinstance(section.get("id", item), str):
        at = (*path, "id") if section else path
        yield at, partial(ctx.record, "models", section.get("id", item))
    elif key == "runtime" and isinstance(item, str):
        yield path, partial(ctx.record, "runtimes", item)


def _part(ctx: Context, part: dict[str, Any], path: Path) -> Iterator[LookUp]:
    for key, kind in _PARTS.items():
        free = key in _WITH_PER_GB and any(name.startswith("per_") for name in part)
        if isinstance(part.get(key), str) and not free:
            yield (*path, key), partial(ctx.record, kind, part[key])


def instance_row(ctx: Context, name: str, path: Path) -> dict[str, str]:
    """The row of a cloud instance; an unknown or ambiguous name is a problem at ``path``."""
    try:
        return find_instance(ctx.catalog, name)
    except UnknownName as error:
        ctx.fail("CC104", f'unknown instance "{name}"', path, error.hint())
    except AmbiguousName as error:
        options = ", ".join(error.choices)
        ctx.fail("CC106", f'several providers have "{name}"', path, f"say which: {options}")


def check_consistency(ctx: Context, scenario: schema.Scenario) -> None:
    """Report entries that contradict each other, whether or not they are used."""
    for check in (
        _check_functional_unit,
        _check_run_names,
        _check_trial_sizes,
        _check_models,
        _check_hardware,
        _warn_unused_values,
    ):
        attempt(partial(check, ctx, scenario))


def _value_at(section: Any, path: Path) -> Any:
    """The value at a path of a scenario; None where there is none."""
    for step in path:
        section = section[step] if isinstance(step, int) else getattr(section, step, None)
    return section


def _paths_in_runs(scenario: schema.Scenario, *names: str) -> list[Path]:
    """Paths of some keys in every run."""
    count = attempt(lambda: len(scenario.train.runs) if scenario.train else 0) or 0
    return [("train", "runs", place, name) for place in range(count) for name in names]


def _add_problem(ctx: Context, code: str, message: str, path: Path, hint: str = "") -> None:
    ctx.problems.append(Problem(code, message, ctx.mark(path), hint))


def _check_functional_unit(ctx: Context, scenario: schema.Scenario) -> None:
    infer, unit = scenario.infer, scenario.functional_unit
    if infer is None or unit is None:
        return
    if getattr(infer, f"{unit}s") is None:
        message = f"the functional unit is {unit}, and the service states no {unit}s"
        _add_problem(ctx, "CC303", message, ("functional_unit",))


def _check_run_names(ctx: Context, scenario: schema.Scenario) -> None:
    seen: set[str] = set()
    for place, run in enumerate(scenario.train.runs if scenario.train else ()):
        if run.name in seen:
            path = ("train", "runs", place, "name")
            _add_problem(ctx, "CC303", f'two runs are called "{run.name}"', path)
        seen.add(run.name or "")
        seen.discard("")


def _check_trial_sizes(ctx: Context, scenario: schema.Scenario) -> None:
    sizes = scenario.experiments.accelerator_days if scenario.experiments else None
    if sizes is not None and sizes.p99.value < sizes.p50.value:
        path = ("experiments", "accelerator_days", "p99")
        _add_problem(ctx, "CC205", "the 99th percentile is below the median", path)


def _check_models(ctx: Context, scenario: schema.Scenario) -> None:
    for path in (*_MODELS, *_paths_in_runs(scenario, "model", "teacher")):
        attempt(partial(_check_model_section, ctx, scenario, path))


def _check_model_section(ctx: Context, scenario: schema.Scenario, path: Path) -> None:
    model: schema.Model | None = _value_at(scenario, path)
    if model is None:
        return
    more = sorted(model.model_fields_set - {"id"})
    if model.id is not None and more:
        message = f"{more[0]} cannot be given beside the model id {model.id}"
        _add_problem(ctx, "CC303", message, path, "keep one of the two")
    for small, large in (("kv_heads", "heads"), ("experts_per_token", "experts"),
                         ("active_params", "params")):  # fmt: skip
        a, b = getattr(model, small), getattr(model, large)
        if a is not None and b is not None and a.value > b.value:
            _add_problem(ctx, "CC303", f"{small} exceed {large}", (*path, small))
    _check_experts(ctx, model, path)
    check_model_keys(ctx, model, path)


def _check_experts(ctx: Context, model: schema.Model, path: Path) -> None:
    """Check that keys of experts are complete, and that active parameters agree with them."""
    experts, taken, active = model.experts, model.experts_per_token, model.active_params
    parts = {"experts": experts, "experts_per_token": taken, "active_params": active}
    lacking = [name for name, part in parts.items() if part is None]
    given = next((name for name in ("experts", "experts_per_token") if parts[name]), None)
    if given is not None and lacking and model.params is not None:
        message = f"{given} needs {' and '.join(lacking)} beside it"
        _add_problem(
            ctx,
            "CC206",
            message,
            (*path, given),
            "or leave it out: that of the nearest MoE model is used",
        )
    if experts is None or taken is None or active is None or model.params is None:
        return
    share = active.value / model.params.value
    if taken.value < experts.value and taken.value / experts.value > share * _ROUNDING:
        message = f"{taken.value:g} of {experts.value:g} experts are more than the"
        message += f" {100 * share:.2g} % of parameters that are active"
        _add_problem(ctx, "CC303", message, (*path, "experts_per_token"))
    elif taken.value == experts.value:
        message = "experts_per_token equals experts: describe this as a dense model"
        _add_problem(ctx, "CC303", message, (*path, "experts_per_token"), "leave experts out")


def _check_hardware(ctx: Context, scenario: schema.Scenario) -> None:
    for path in (*_HARDWARE, *_paths_in_runs(scenario, "hardware")):
        attempt(partial(check_hardware_section, ctx, scenario, path))


def check_hardware_section(ctx: Context, scenario: schema.Scenario, path: Path) -> None:
    """Check that accelerator, server and instance of a hardware section agree."""
    hardware: schema.Hardware | None = _value_at(scenario, path)
    if hardware is None:
        return
    if hardware.instance is not None and (hardware.accelerator or hardware.server):
        other = "accelerator" if hardware.accelerator else "server"
        message = f"the instance determines the {other}; name one of the two"
        _add_problem(ctx, "CC303", message, (*path, "instance"))
    if hardware.accelerator is None or hardware.server is None:
        return
    held = ctx.catalog.record("servers", hardware.server).text("accelerator")
    named = ctx.catalog.record("accelerators", hardware.accelerator).id
    if held and held != named:
        _add_problem(ctx, "CC303", f"{hardware.server} has {held}, not {named}", (*path, "server"))


# A stated value that the estimate does not use is warned of.
_TIME_KEYS = {
    "context",
    "recompute",
    "host_power_factor",
    "power",
    "method",
    "adapter_params",
    "state_bytes",
}
_WORK_KEYS = {*_TIME_KEYS, "mfu", "goodput", "billed_mfu", "precision"}
_SAMPLE_KEYS = {"epochs", "sample_work", "image_size", "size", "frames", "cached_latents"}
_USED_BY_EVIDENCE = {
    "energy": {"host_power_factor", "power"},
    "accelerator_hours": _TIME_KEYS,
    "days": _TIME_KEYS,
    "tokens": {*_WORK_KEYS, "teacher", "fixed_size"},
    "input_tokens": {*_WORK_KEYS, "target_tokens", "fixed_size"},
    "rollouts": {*_WORK_KEYS, "teacher", "rollout_throughput"},
    "samples": {*_WORK_KEYS, *_SAMPLE_KEYS, "reader_throughput", "fixed_size"},
    "federated": set(),
}
_RUN_VALUES = tuple(sorted(set().union(*_USED_BY_EVIDENCE.values())))
_REQUEST_KEYS = {"prompt_tokens", "output_tokens", "reasoning_tokens", "throughput", "latency"}
_DIFFUSION_KEYS = {
    "size",
    "steps",
    "guidance",
    "guidance_passes",
    "batch",
    "tensor_parallel",
    "latency",
}
_USED_BY_LOAD = {
    "requests": {
        *_REQUEST_KEYS, "output_cv", "precision", "kv_precision", "runtime", "concurrency",
        "tensor_parallel", "pipeline_parallel", "data_parallel", "expert_parallel", "speculative",
        "prompt_cache_hits", "image_tokens", "video_tokens", "audio_tokens",
    },
    "images": {*_DIFFUSION_KEYS},
    "videos": {*_DIFFUSION_KEYS, "frames", "fps"},
    "items": {"latency"},
    "samples": {"precision", "serving", "image_size", "sample_work", "latency"},
}  # fmt: skip
_LOAD_VALUES = tuple(sorted(set().union(*_USED_BY_LOAD.values())))


def _warn_unused_values(ctx: Context, scenario: schema.Scenario) -> None:
    if scenario.train is not None:
        runs: list[tuple[Path, schema.Run]] = [(("train",), scenario.train)]
        runs += [(("train", "runs", n), run) for n, run in enumerate(scenario.train.runs)]
        for path, run in runs:
            evidence = [name for name in _USED_BY_EVIDENCE if getattr(run, name) is not None]
            if len(evidence) == 1:
                _warn_unused(
                    ctx, run, path, _RUN_VALUES, evidence[0], _USED_BY_EVIDENCE[evidence[0]]
                )
    infer = scenario.infer
    if infer is None:
        return
    loads = [name for name in _USED_BY_LOAD if getattr(infer, name) is not None]
    if len(loads) == 1:
        used = set(_USED_BY_LOAD[loads[0]])
        if infer.throughput is not None and infer.concurrency is None:
            used &= _REQUEST_KEYS
        _warn_unused(ctx, infer, ("infer",), _LOAD_VALUES, loads[0], used)


def _warn_unused(
    ctx: Context, section: Any, path: Path, values: tuple[str, ...], basis: str, used: set[str]
) -> None:
    for name in values:
        if name in section.model_fields_set and name not in used:
            ctx.warn(
                "CC303", f"{name} is not used: the estimate is based on {basis}", (*path, name)
            )
