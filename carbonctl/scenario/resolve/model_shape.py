"""The shape of a model: from the database, from the scenario, or from a model of like size."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carbonctl.catalog.model_kinds import model_kind
from carbonctl.catalog.number_formats import PEAK_OF_PRECISION
from carbonctl.catalog.shapes import decoder, nearest_by_size
from carbonctl.core.errors import CarbonctlError
from carbonctl.core.record import compared
from carbonctl.scenario.resolve.context import archetype, derived

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema

# Dense decoders whose shape stands in for one of like size that the user did not describe.
ARCHETYPES = (
    "llama-3.2-1b",
    "llama-3.2-3b",
    "llama-3.1-8b",
    "qwen2.5-14b",
    "qwen2.5-32b",
    "llama-3.1-70b",
    "llama-3.1-405b",
)
_PEAKS = PEAK_OF_PRECISION | {"int4": "bf16"}  # training widens them


@compared
class Shape:
    """A language model's shape, or the record of any other model."""

    kind: str
    record: Record | None
    total_params: Fact
    active_params: Fact
    fields: dict[str, Fact]


def shape(
    ctx: Context, model: schema.Model | None, path: Path, *, own: Path | None = None
) -> Shape:
    """Shape of the model that a section names or describes; ``own`` where it is a second one."""
    if model is None:
        hint = "as in model: llama-3.1-70b"
        ctx.fail("CC206", "a model is required here", path, hint, absent=True)
    at = own or model_path(ctx, path)
    if model.id is not None:
        record = ctx.record("models", model.id, at)
        total = _need(ctx, record, "total_params", at)
        active = record.plain("active_params", label="active parameters") or total
        return Shape(record.text("kind"), record, total, active, decoder(record))
    return _described(ctx, model, at)


def model_path(ctx: Context, path: Path) -> Path:
    """A phase's own model, else the one at the top."""
    own = (*path, "model")
    written = own in ctx.document.marks or any(p[: len(own)] == own for p in ctx.document.marks)
    return own if written else ("model",)


def _need(ctx: Context, record: Record, field: str, path: Path) -> Fact:
    label = field.replace("_", " ").replace("params", "parameters")
    return ctx.needed_plain(record, field, path, label)


def _described(ctx: Context, model: schema.Model, at: Path) -> Shape:
    if model_kind(model.kind).sample == "tables":
        ctx.fail("CC306", "a recommendation model trains on samples and serves items", at)
    if model.params is None:
        ctx.fail("CC206", "a model needs its name, or its params", at, "as in params: 7B")
    total = ctx.given(model.params, (*at, "params"), "parameters")
    active = total
    if model.active_params is not None:
        active = ctx.given(model.active_params, (*at, "active_params"), "active parameters")
    if model.kind == "diffusion_unet":
        return Shape(model.kind, None, total, active, {})
    given: dict[str, Any] = {
        "layers": model.layers,
        "hidden_size": model.hidden,
        "heads": model.heads,
        "kv_heads": model.kv_heads,
        "head_dim": model.head_dim,
        "experts": model.experts,
        "experts_per_token": model.experts_per_token,
    }
    fields = {
        name: ctx.given(value, (*at, name.removesuffix("_size")), name.replace("_", " "))
        for name, value in given.items()
        if value is not None
    }
    if model.window is not None:
        width = ctx.given(model.window, (*at, "window"), "attention window")
        none = derived(f"{width.key}/full", 0.0, width, "all layers look back over the window",
                       "layers without a window")  # fmt: skip
        fields |= {"window_tokens": width, "full_layers": replace(none, derived_from=())}
    like = nearest_by_size(ctx.catalog, ARCHETYPES, total.value, active.value)
    if "experts" not in fields and active.value < total.value:
        fields = _experts(like) | fields
    by = (total.key, active.key)
    chosen = {
        name: replace(fact, derived_from=by) if fact.origin == "archetype" else fact
        for name, fact in _completed(fields, like).items()
    }
    return Shape(model.kind or "llm", None, total, active, chosen)


def _experts(like: Record) -> dict[str, Fact]:
    """Experts of a mixture that nobody described."""
    known, note = decoder(like), f"experts of {like.name}, a mixture of like size"
    return {name: archetype(known[name], note) for name in ("experts", "experts_per_token")}


def _completed(fields: dict[str, Fact], like: Record) -> dict[str, Fact]:
    """Missing dimensions: from the given ones where they follow, else from a model of like size."""
    if {"hidden_size", "heads"} <= fields.keys() and "head_dim" not in fields:
        width, heads = fields["hidden_size"], fields["heads"]
        fields["head_dim"] = replace(
            width,
            key=f"{width.key}/heads",
            value=width.value / heads.value,
            label="head dim",
            note="hidden / heads",
            derived_from=(width.key, heads.key),
        )
    if "heads" in fields and "kv_heads" not in fields:
        fields["kv_heads"] = fields["heads"]
    for name in ("layers", "hidden_size", "heads", "kv_heads", "head_dim"):
        fact = like.plain(name)
        if name not in fields and fact is not None:
            fields[name] = archetype(fact, f"shape of {like.name}, a model of like size")
    return fields


def accelerator(ctx: Context, found: Device) -> Record:
    """The accelerator of a device; a server without one is a problem."""
    if found.accelerator is None:
        hint = "name it beside the server: hardware.accelerator, or --gpu"
        ctx.fail("CC304", f"{found.record.name} names no accelerator of a record", found.path, hint)
    return found.accelerator


def known_format(ctx: Context, found: Device, precision: str, path: Path) -> None:
    """A stated format is one that the device has; its 16-bit peak may be of another."""
    where = ctx.written((*path, "precision"))
    if where in ctx.document.marks and precision in found.record.data.get("lacks", ()):
        message = f"{found.record.name} has no {precision}"
        ctx.fail("CC304", message, where, "fp16 is as long and as fast there")


def peak(ctx: Context, found: Device, precision: str, path: Path) -> Fact:
    """Dense peak of a device in a number format; a format it lacks is an error."""
    name = f"peak_{_PEAKS.get(precision, precision)}"
    fact = found.record.fact(name, label=f"dense peak {precision}")
    if fact is None:
        named = {k.removeprefix("peak_") for k in found.record.data if k.startswith("peak_")}
        have = sorted(named.difference(found.record.data.get("lacks", ())))
        ctx.fail(
            "CC304",
            f"{found.record.name} has no known {precision} peak",
            (*path, "precision"),
            f"it has {', '.join(have)}" if have else "",
        )
    return fact


def element_bytes(ctx: Context, precision: str) -> Fact:
    """Bytes per stored weight of a number format."""
    name = {"fp16": "bf16", "mxfp4": "fp4"}.get(precision, precision)
    try:
        return ctx.default(f"bytes_{name}")
    except CarbonctlError:  # pragma: no cover - the schema admits only formats that have one
        raise AssertionError(precision) from None


def dlrm_shape(
    ctx: Context, model: schema.Model | None, path: Path
) -> tuple[Fact, Fact, Fact, Fact, Fact, Fact]:
    """Dense weights, tables, rows a table, lookups a table, width, bytes of a DLRM."""
    if model is None:
        hint = "as in model: dlrm-v2-mlperf"
        ctx.fail("CC206", "a model is required here", path, hint, absent=True)
    at = model_path(ctx, path)
    if model.id is not None:
        return _dlrm_record(ctx, ctx.record("models", model.id, at), at)
    if (
        model_kind(model.kind).sample != "tables"
        or model.tables is None
        or model.mlp_params is None
    ):
        ctx.fail(
            "CC206",
            "samples and items need a recommendation model",
            at,
            "as in model: {kind: dlrm, mlp_params: 300M, tables: {...}}",
        )
    tables, under = model.tables, (*at, "tables")
    width = tables.bytes
    return (
        ctx.given(model.mlp_params, (*at, "mlp_params"), "dense weights"),
        ctx.given(tables.count, (*under, "count"), "tables"),
        ctx.given(tables.rows, (*under, "rows"), "rows per table"),
        ctx.given(tables.lookups, (*under, "lookups"), "lookups per table"),
        ctx.given(tables.dim, (*under, "dim"), "embedding width"),
        ctx.default("bytes_fp32")
        if width is None
        else ctx.given(width, (*under, "bytes"), "bytes per element"),
    )


def _dlrm_record(
    ctx: Context, record: Record, at: Path
) -> tuple[Fact, Fact, Fact, Fact, Fact, Fact]:
    if model_kind(record.text("kind")).sample != "tables":
        ctx.fail("CC306", f"{record.name} is no recommendation model", at)
    tables = _need(ctx, record, "tables", at)
    rows, lookups = _need(ctx, record, "embedding_rows", at), _need(ctx, record, "lookups", at)
    return (
        _need(ctx, record, "active_params", at),
        tables,
        replace(rows, value=rows.value / tables.value, note="rows of all tables / tables"),
        replace(lookups, value=lookups.value / tables.value, note="all lookups / tables"),
        _need(ctx, record, "embedding_dim", at),
        ctx.default("bytes_fp32"),
    )
