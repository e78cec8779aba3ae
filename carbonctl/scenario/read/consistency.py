"""What can be said of a scenario before it is resolved: names that exist, entries that agree.

Names are looked up in the raw document, used or not, so that a misspelled model and a misspelled
key come out in the same pass.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from carbonctl.catalog.instances import find_instance
from carbonctl.catalog.read import AmbiguousName, UnknownName
from carbonctl.core.errors import Problem
from carbonctl.scenario.read.unused_keys import model_keys
from carbonctl.scenario.resolve.context import Context, Unresolved, tried
from carbonctl.scenario.resolve.site import place_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.strict_yaml import Document, Path
    from carbonctl.scenario.schema import scenario_file as schema

    LookUp = tuple[Path, Callable[[Path], object]]  # where a name stands, and what finds it

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
# a name that a stated figure per GB goes with is free, even where that key is misspelled
_STATED = {"dram", "memory", "ssd", "hdd"}
_ROUNDED = 1.02  # sizes of models are told in few digits

_REPLACED: tuple[Path, ...] = (("refresh", "old"), ("refresh", "new"))
_HARDWARE: tuple[Path, ...] = (("hardware",), *_REPLACED, ("train", "hardware"),
                               ("infer", "hardware"), ("experiments", "hardware"))  # fmt: skip
_MODELS: tuple[Path, ...] = (("model",), ("infer", "model"), ("infer", "speculative", "draft"),
                             ("train", "model"), ("train", "teacher"))  # fmt: skip


def names(document: Document, catalog: Catalog) -> list[tuple[Path, Problem]]:
    """Every name in the document that leads nowhere, or to several things, and its place."""
    ctx = Context(document, catalog)
    found: list[tuple[Path, Problem]] = []
    for path, look_up in _lookups(ctx, document.data, ()):
        try:
            look_up(path)
        except Unresolved:
            found.append((path, ctx.problems.pop()))
    return found


def _lookups(ctx: Context, value: Any, path: Path) -> Iterator[LookUp]:
    """One look-up a name, anywhere below ``path``."""
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
    if key == "hardware" or path in _REPLACED:
        for name, kind in (("accelerator", "accelerators"), ("server", "servers")):
            if isinstance(section.get(name), str):
                yield (*path, name), partial(ctx.record, kind, section[name])
        if isinstance(section.get("instance"), str):
            yield (*path, "instance"), partial(instance_row, ctx, section["instance"])
    elif key == "site" and isinstance(section.get("region"), str):
        yield (*path, "region"), partial(place_named, ctx, section["region"])
    elif key in {"model", "teacher", "draft"} and isinstance(section.get("id", item), str):
        at = (*path, "id") if section else path
        yield at, partial(ctx.record, "models", section.get("id", item))
    elif key == "runtime" and isinstance(item, str):
        yield path, partial(ctx.record, "runtimes", item)


def _part(ctx: Context, part: dict[str, Any], path: Path) -> Iterator[LookUp]:
    for key, kind in _PARTS.items():
        free = key in _STATED and any(name.startswith("per_") for name in part)
        if isinstance(part.get(key), str) and not free:
            yield (*path, key), partial(ctx.record, kind, part[key])


def instance_row(ctx: Context, name: str, path: Path) -> dict[str, str]:
    """The row of a cloud instance."""
    try:
        return find_instance(ctx.catalog, name)
    except UnknownName as error:
        ctx.fail("CC104", f'unknown instance "{name}"', path, error.hint())
    except AmbiguousName as error:
        options = ", ".join(error.choices)
        ctx.fail("CC106", f'several providers have "{name}"', path, f"say which: {options}")


def agreement(ctx: Context, scenario: schema.Scenario) -> None:
    """Entries that contradict each other are problems, whether or not they are used."""
    for check in (_units, _run_names, _sizes_of_trials, _models, _machines, _unused):
        tried(partial(check, ctx, scenario))


def _at(section: Any, path: Path) -> Any:
    """What stands at a place of a scenario; None where nothing does."""
    for step in path:
        section = section[step] if isinstance(step, int) else getattr(section, step, None)
    return section


def _in_runs(scenario: schema.Scenario, *names: str) -> list[Path]:
    """The places of some keys in every run."""
    count = tried(lambda: len(scenario.train.runs) if scenario.train else 0) or 0
    return [("train", "runs", place, name) for place in range(count) for name in names]


def _note(ctx: Context, code: str, message: str, path: Path, hint: str = "") -> None:
    ctx.problems.append(Problem(code, message, ctx.mark(path), hint))


def _units(ctx: Context, scenario: schema.Scenario) -> None:
    infer, unit = scenario.infer, scenario.functional_unit
    if infer is None or unit is None:
        return
    if getattr(infer, f"{unit}s") is None:
        message = f"the functional unit is {unit}, and the service states no {unit}s"
        _note(ctx, "CC303", message, ("functional_unit",))


def _run_names(ctx: Context, scenario: schema.Scenario) -> None:
    seen: set[str] = set()
    for place, run in enumerate(scenario.train.runs if scenario.train else ()):
        if run.name in seen:
            path = ("train", "runs", place, "name")
            _note(ctx, "CC303", f'two runs are called "{run.name}"', path)
        seen.add(run.name or "")
        seen.discard("")


def _sizes_of_trials(ctx: Context, scenario: schema.Scenario) -> None:
    sizes = scenario.experiments.accelerator_days if scenario.experiments else None
    if sizes is not None and sizes.p99.value < sizes.p50.value:
        path = ("experiments", "accelerator_days", "p99")
        _note(ctx, "CC205", "the 99th percentile is below the median", path)


def _models(ctx: Context, scenario: schema.Scenario) -> None:
    for path in (*_MODELS, *_in_runs(scenario, "model", "teacher")):
        tried(partial(_model_agrees, ctx, scenario, path))


def _model_agrees(ctx: Context, scenario: schema.Scenario, path: Path) -> None:
    model: schema.Model | None = _at(scenario, path)
    if model is None:
        return
    more = sorted(model.model_fields_set - {"id"})
    if model.id is not None and more:
        message = f"a model is named, or described: {more[0]} beside {model.id}"
        _note(ctx, "CC303", message, path, "keep one of the two")
    for small, large in (("kv_heads", "heads"), ("experts_per_token", "experts"),
                         ("active_params", "params")):  # fmt: skip
        a, b = getattr(model, small), getattr(model, large)
        if a is not None and b is not None and a.value > b.value:
            _note(ctx, "CC303", f"{small} exceed {large}", (*path, small))
    _experts_agree(ctx, model, path)
    model_keys(ctx, model, path)


def _experts_agree(ctx: Context, model: schema.Model, path: Path) -> None:
    """Experts are told whole, and a token passes those that it takes."""
    experts, taken, active = model.experts, model.experts_per_token, model.active_params
    parts = {"experts": experts, "experts_per_token": taken, "active_params": active}
    lacking = [name for name, part in parts.items() if part is None]
    given = next((name for name in ("experts", "experts_per_token") if parts[name]), None)
    if given is not None and lacking and model.params is not None:
        message = f"{given} needs {' and '.join(lacking)} beside it"
        _note(
            ctx, "CC206", message, (*path, given), "or leave it out: a mixture of like size has it"
        )
    if experts is None or taken is None or active is None or model.params is None:
        return
    share = active.value / model.params.value
    if taken.value < experts.value and taken.value / experts.value > share * _ROUNDED:
        message = f"{taken.value:g} of {experts.value:g} experts hold more than the"
        message += f" {100 * share:.2g} % of the weights that a token passes"
        _note(ctx, "CC303", message, (*path, "experts_per_token"))
    elif taken.value == experts.value:
        message = "experts_per_token equals experts: describe this as a dense model"
        _note(ctx, "CC303", message, (*path, "experts_per_token"), "leave experts out")


def _machines(ctx: Context, scenario: schema.Scenario) -> None:
    for path in (*_HARDWARE, *_in_runs(scenario, "hardware")):
        tried(partial(machine_agrees, ctx, scenario, path))


def machine_agrees(ctx: Context, scenario: schema.Scenario, path: Path) -> None:
    """One device is named once, or by a server that holds it."""
    hardware: schema.Hardware | None = _at(scenario, path)
    if hardware is None:
        return
    if hardware.instance is not None and (hardware.accelerator or hardware.server):
        other = "accelerator" if hardware.accelerator else "server"
        message = f"an instance holds its {other}; name one of the two"
        _note(ctx, "CC303", message, (*path, "instance"))
    if hardware.accelerator is None or hardware.server is None:
        return
    held = ctx.catalog.record("servers", hardware.server).text("accelerator")
    named = ctx.catalog.record("accelerators", hardware.accelerator).id
    if held and held != named:
        _note(ctx, "CC303", f"{hardware.server} holds {held}, not {named}", (*path, "server"))


# A stated value that the estimate does not use is said, never dropped in silence.
_TIMED = {
    "context",
    "recompute",
    "host_power_factor",
    "power",
    "method",
    "adapter_params",
    "state_bytes",
}
_WORKED = {*_TIMED, "mfu", "goodput", "billed_mfu", "precision"}
_PICTURED = {"epochs", "sample_work", "image_size", "size", "frames", "cached_latents"}
_USED_BY_EVIDENCE = {
    "energy": {"host_power_factor", "power"},
    "accelerator_hours": _TIMED,
    "days": _TIMED,
    "tokens": {*_WORKED, "teacher", "fixed_size"},
    "input_tokens": {*_WORKED, "target_tokens", "fixed_size"},
    "rollouts": {*_WORKED, "teacher", "rollout_throughput"},
    "samples": {*_WORKED, *_PICTURED, "reader_throughput", "fixed_size"},
    "federated": set(),
}
_RUN_VALUES = tuple(sorted(set().union(*_USED_BY_EVIDENCE.values())))
_REQUEST = {"prompt_tokens", "output_tokens", "reasoning_tokens", "throughput", "latency"}
_DENOISED = {"size", "steps", "guidance", "guidance_passes", "batch", "tensor_parallel", "latency"}
_USED_BY_LOAD = {
    "requests": {
        *_REQUEST, "output_cv", "precision", "kv_precision", "runtime", "concurrency",
        "tensor_parallel", "pipeline_parallel", "data_parallel", "expert_parallel", "speculative",
        "prompt_cache_hits", "image_tokens", "video_tokens", "audio_tokens",
    },
    "images": {*_DENOISED},
    "videos": {*_DENOISED, "frames", "fps"},
    "items": {"latency"},
    "samples": {"precision", "serving", "image_size", "sample_work", "latency"},
}  # fmt: skip
_LOAD_VALUES = tuple(sorted(set().union(*_USED_BY_LOAD.values())))


def _unused(ctx: Context, scenario: schema.Scenario) -> None:
    if scenario.train is not None:
        runs: list[tuple[Path, schema.Run]] = [(("train",), scenario.train)]
        runs += [(("train", "runs", n), run) for n, run in enumerate(scenario.train.runs)]
        for path, run in runs:
            found = [name for name in _USED_BY_EVIDENCE if getattr(run, name) is not None]
            if len(found) == 1:
                _warn_unused(ctx, run, path, _RUN_VALUES, found[0], _USED_BY_EVIDENCE[found[0]])
    infer = scenario.infer
    if infer is None:
        return
    loads = [name for name in _USED_BY_LOAD if getattr(infer, name) is not None]
    if len(loads) == 1:
        used = set(_USED_BY_LOAD[loads[0]])
        if infer.throughput is not None and infer.concurrency is None:
            used &= _REQUEST
        _warn_unused(ctx, infer, ("infer",), _LOAD_VALUES, loads[0], used)


def _warn_unused(
    ctx: Context, section: Any, path: Path, values: tuple[str, ...], basis: str, used: set[str]
) -> None:
    for name in values:
        if name in section.model_fields_set and name not in used:
            ctx.warn("CC303", f"{name} is not used: the estimate rests on {basis}", (*path, name))
