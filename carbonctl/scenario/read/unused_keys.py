"""Keys that are stated and change nothing: each is an error that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.core.errors import Problem
from carbonctl.scenario.schema.quantity import Given
from carbonctl.scenario.schema.shared_sections import Strict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.schema import scenario_file as schema

# keys of ``embodied`` that the command of that name alone reads
_OF_AN_ITEM = ("subject", "device", "datacenter", "per_rack", "count")
_OF_A_LIST = ("fab", "chassis")  # say how listed parts are made, and in what they stand
_OF_THE_DATABASE = ("accelerator", "host")
_PRINTED = ("comparators",)  # other people's figures, set beside ours
_WITHOUT_HARDWARE = {"data"}
_LIMITS = "latency"  # a target that an estimate is held to, or refused by
# what only a recommendation model has, and what it has not
_OF_TABLES = ("mlp_params", "tables")
_NOT_OF_TABLES = ("params", "active_params", "layers", "hidden", "heads", "kv_heads", "head_dim",
                  "vocabulary", "tied_embeddings", "window", "experts",
                  "experts_per_token")  # fmt: skip
_NOT_OF_DENOISERS = tuple(k for k in _NOT_OF_TABLES if k not in {"params", "active_params"})
# a model that only reads beside the trained one is counted by its parameters alone
_OF_A_TEACHER = {"id", "params", "active_params"}
_WORDS = ("vocabulary", "tied_embeddings")  # tables that training counts and serving does not
_SERVED = ("experts", "experts_per_token", "kv_heads")  # what serving reads and training does not
_MODELS = {"model", "teacher", "draft"}


def unused_in_life(ctx: Context, scenario: schema.Scenario, wanted: list[str]) -> None:
    """Problems of keys that no phase of a life reads; call it when its phases are built."""
    section = scenario.embodied
    if section is not None and wanted:
        for key in _OF_AN_ITEM:
            if _is_set(section, key):
                message = f"embodied.{key} changes nothing here: carbonctl embodied alone reads it"
                _refuse(ctx, message, ("embodied", key))
        list_or_database(ctx, section)
    for name in wanted:
        for path, given in _quantities(getattr(scenario, name), (name,)):
            _unread(ctx, path, given)
    if section is not None and any(phase not in _WITHOUT_HARDWARE for phase in wanted):
        _unread_of(ctx, section, _OF_AN_ITEM + _PRINTED)


def unused_of_item(ctx: Context, section: schema.Embodied | None) -> None:
    """Problems of quantities of ``embodied`` that an estimate of hardware has not read."""
    if section is not None:
        _unread_of(ctx, section, _PRINTED)


def _unread_of(ctx: Context, section: schema.Embodied, beside: tuple[str, ...]) -> None:
    """Problems of quantities of a section but for some of its keys."""
    for path, given in _quantities(section, ("embodied",)):
        if path[1] not in beside:
            _unread(ctx, path, given)


def list_or_database(ctx: Context, section: schema.Embodied) -> None:
    """Problems of keys of a list of parts without one, and of a machine's own beside one."""
    for key in _OF_A_LIST:
        if _is_set(section, key) and not section.parts:
            message = f"embodied.{key} describes listed parts, and no parts are listed"
            _refuse(ctx, message, ("embodied", key), "list them under embodied.parts")
    fab = section.fab
    if fab is not None and fab.method != "act" and _is_set(fab, "abatement"):
        message = "abatement changes nothing of method imec, whose inventory holds its gases"
        _refuse(ctx, message, ("embodied", "fab", "abatement"), "remove it, or give method: act")
    for key in _OF_THE_DATABASE:
        if section.parts and _is_set(section, key):
            message = f"embodied.{key} changes nothing beside a list of parts"
            hint = "as in parts: [{published: 900 kg, boundary: tray}]"
            _refuse(ctx, message, ("embodied", key), hint)


def model_keys(ctx: Context, model: schema.Model, path: Path) -> None:
    """Problems of keys that a described model of its kind does not have."""
    if model.id is not None:
        return
    others, kind = _of_other_kinds(model.kind)
    for key in others:
        if _is_set(model, key):
            _refuse(ctx, f"{key} changes nothing of {kind}", (*path, key))
    if path[-1] == "teacher":
        for key in sorted(model.model_fields_set - _OF_A_TEACHER):
            message = f"{key} of a teacher changes nothing: it only reads, by its parameters"
            _refuse(ctx, message, (*path, key))
    keys, why = _of_place(path)
    for key in keys:
        if _is_set(model, key):
            _refuse(ctx, f"{key} changes nothing {why}", (*path, key))


def _of_other_kinds(kind: str | None) -> tuple[tuple[str, ...], str]:
    """Keys that a described model of a kind does not have, and what it is called."""
    if kind == "dlrm":
        return _NOT_OF_TABLES, "a recommendation model"
    if kind == "diffusion_unet":
        return (*_NOT_OF_DENOISERS, *_OF_TABLES), "a convolutional denoiser"
    return _OF_TABLES, "a model without kind: dlrm"


def _of_place(path: Path) -> tuple[tuple[str, ...], str]:
    """Keys of a model that no number of its place depends on, and why."""
    if path in {("infer", "model"), ("infer", "speculative", "draft")}:
        return _WORDS, "in serving, which takes weights by their number"
    if path[0] == "train" and path[-1] == "model":
        return _SERVED, "in training, which counts active parameters and heads"
    return (), ""


def _is_set(section: Strict, key: str) -> bool:
    """Whether a key is stated, with another value than none."""
    name = next((n for n, f in type(section).model_fields.items() if key in (n, f.alias)), key)
    return name in section.model_fields_set and getattr(section, name) is not None


def _quantities(value: Any, path: Path) -> Iterator[tuple[Path, Given]]:
    """Every quantity of a section, and its place."""
    if isinstance(value, Given):
        yield path, value
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from _quantities(item, (*path, place))
    elif isinstance(value, Strict):
        for name, info in type(value).model_fields.items():
            yield from _quantities(getattr(value, name), (*path, info.alias or name))


def _unread(ctx: Context, path: Path, given: Given) -> None:
    """A problem where no part of the estimate has read a stated quantity."""
    mark = ctx.mark(path)
    # a model may be described in full: what one kind of evidence leaves out, another reads
    said = (
        _LIMITS in path
        or path[-2] in _MODELS
        or any(problem.mark == mark for problem in ctx.warnings + ctx.problems)
    )
    if path in ctx.read or path not in ctx.document.marks or said:
        return
    shown = ".".join(str(step) for step in path)
    _refuse(ctx, f"{shown} changes nothing in this scenario ({given.value:g} {given.unit})", path)


def _refuse(ctx: Context, message: str, path: Path, hint: str = "remove it") -> None:
    ctx.problems.append(Problem("CC303", message, ctx.mark(path), hint))
