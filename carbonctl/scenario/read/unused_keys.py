"""Report stated keys that change nothing: each is an error with a hint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.core.errors import Problem
from carbonctl.scenario.schema.quantity import StatedQuantity
from carbonctl.scenario.schema.shared_sections import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.schema import scenario_file as schema

# keys of ``embodied`` that only the command ``carbonctl embodied`` reads
_EMBODIED_COMMAND_KEYS = ("subject", "device", "datacenter", "per_rack", "count")
_PARTS_KEYS = ("fab", "chassis")  # describe listed parts
_DATABASE_KEYS = ("accelerator", "host")
_COMPARED_KEYS = ("comparators",)  # figures of others, printed for comparison
_WITHOUT_HARDWARE = {"data"}
_LIMITS = "latency"  # a target: checked, but no number depends on it
# keys that only a recommendation model has, and keys that it does not have
_DLRM_KEYS = ("mlp_params", "tables")
_NOT_DLRM_KEYS = ("params", "active_params", "layers", "hidden", "heads", "kv_heads", "head_dim",
                  "vocabulary", "tied_embeddings", "window", "experts",
                  "experts_per_token")  # fmt: skip
_NOT_UNET_KEYS = tuple(k for k in _NOT_DLRM_KEYS if k not in {"params", "active_params"})
# a teacher runs forward passes only, so only its parameters count
_TEACHER_KEYS = {"id", "params", "active_params"}
_VOCABULARY_KEYS = (
    "vocabulary",
    "tied_embeddings",
)  # used in training, not in serving
_SERVING_ONLY_KEYS = (
    "experts",
    "experts_per_token",
    "kv_heads",
)  # used in serving, not in training
_MODELS = {"model", "teacher", "draft"}


def report_unused_keys(ctx: Context, scenario: schema.Scenario, phase_names: list[str]) -> None:
    """Report keys that no phase has read; call it after all phases are resolved."""
    section = scenario.embodied
    if section is not None and phase_names:
        for key in _EMBODIED_COMMAND_KEYS:
            if _is_set(section, key):
                message = f"embodied.{key} has no effect here: only carbonctl embodied uses it"
                _add_problem(ctx, message, ("embodied", key))
        check_parts_keys(ctx, section)
    for name in phase_names:
        for path, quantity in _quantities(getattr(scenario, name), (name,)):
            _report_unused(ctx, path, quantity)
    if section is not None and any(phase not in _WITHOUT_HARDWARE for phase in phase_names):
        _report_unused_of_section(ctx, section, _EMBODIED_COMMAND_KEYS + _COMPARED_KEYS)


def report_unused_embodied_keys(ctx: Context, section: schema.Embodied | None) -> None:
    """Report quantities of ``embodied`` that an estimate of hardware has not read."""
    if section is not None:
        _report_unused_of_section(ctx, section, _COMPARED_KEYS)


def _report_unused_of_section(
    ctx: Context, section: schema.Embodied, beside: tuple[str, ...]
) -> None:
    """Report unread quantities of a section, except those under the keys ``beside``."""
    for path, quantity in _quantities(section, ("embodied",)):
        if path[1] not in beside:
            _report_unused(ctx, path, quantity)


def check_parts_keys(ctx: Context, section: schema.Embodied) -> None:
    """Report keys that need a list of parts without one, and keys that a list replaces."""
    for key in _PARTS_KEYS:
        if _is_set(section, key) and not section.parts:
            message = f"embodied.{key} describes listed parts, and no parts are listed"
            _add_problem(ctx, message, ("embodied", key), "list them under embodied.parts")
    fab = section.fab
    if fab is not None and fab.method != "act" and _is_set(fab, "abatement"):
        message = "abatement has no effect with method imec, whose inventory includes gases"
        _add_problem(
            ctx, message, ("embodied", "fab", "abatement"), "remove it, or give method: act"
        )
    for key in _DATABASE_KEYS:
        if section.parts and _is_set(section, key):
            message = f"embodied.{key} has no effect beside a list of parts"
            hint = "as in parts: [{published: 900 kg, boundary: tray}]"
            _add_problem(ctx, message, ("embodied", key), hint)


def check_model_keys(ctx: Context, model: schema.Model, path: Path) -> None:
    """Report keys that do not apply to a described model of its kind."""
    if model.id is not None:
        return
    others, kind = _keys_of_other_kinds(model.kind)
    for key in others:
        if _is_set(model, key):
            _add_problem(ctx, f"{key} has no effect on {kind}", (*path, key))
    if path[-1] == "teacher":
        for key in sorted(model.model_fields_set - _TEACHER_KEYS):
            message = f"{key} of a teacher has no effect: only its parameters count"
            _add_problem(ctx, message, (*path, key))
    keys, why = _keys_unused_at(path)
    for key in keys:
        if _is_set(model, key):
            _add_problem(ctx, f"{key} has no effect {why}", (*path, key))


def _keys_of_other_kinds(kind: str | None) -> tuple[tuple[str, ...], str]:
    """Keys that do not apply to a kind of model, and the name of that kind."""
    if kind == "dlrm":
        return _NOT_DLRM_KEYS, "a recommendation model"
    if kind == "diffusion_unet":
        return (*_NOT_UNET_KEYS, *_DLRM_KEYS), "a convolutional denoiser"
    return _DLRM_KEYS, "a model without kind: dlrm"


def _keys_unused_at(path: Path) -> tuple[tuple[str, ...], str]:
    """Keys of a model that no number depends on at this path, and why."""
    if path in {("infer", "model"), ("infer", "speculative", "draft")}:
        return _VOCABULARY_KEYS, "in serving, which uses the number of parameters"
    if path[0] == "train" and path[-1] == "model":
        return _SERVING_ONLY_KEYS, "in training, which uses active parameters and heads"
    return (), ""


def _is_set(section: Section, key: str) -> bool:
    """Whether a key is stated and not null."""
    name = next((n for n, f in type(section).model_fields.items() if key in (n, f.alias)), key)
    return name in section.model_fields_set and getattr(section, name) is not None


def _quantities(value: Any, path: Path) -> Iterator[tuple[Path, StatedQuantity]]:
    """Path and value of every quantity of a section."""
    if isinstance(value, StatedQuantity):
        yield path, value
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from _quantities(item, (*path, place))
    elif isinstance(value, Section):
        for name, info in type(value).model_fields.items():
            yield from _quantities(getattr(value, name), (*path, info.alias or name))


def _report_unused(ctx: Context, path: Path, quantity: StatedQuantity) -> None:
    """Report a stated quantity that no part of the estimate has read."""
    mark = ctx.mark(path)
    # a model may be described in full: which keys count depends on the kind of evidence
    said = (
        _LIMITS in path
        or path[-2] in _MODELS
        or any(problem.mark == mark for problem in ctx.warnings + ctx.problems)
    )
    if path in ctx.used_paths or path not in ctx.document.marks or said:
        return
    shown = ".".join(str(step) for step in path)
    _add_problem(
        ctx, f"{shown} has no effect in this scenario ({quantity.value:g} {quantity.unit})", path
    )


def _add_problem(ctx: Context, message: str, path: Path, hint: str = "remove it") -> None:
    ctx.problems.append(Problem("CC303", message, ctx.mark(path), hint))
