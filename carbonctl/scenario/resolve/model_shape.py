"""Resolve a model's dimensions: from the database, the scenario, or the nearest model by size."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carbonctl.catalog.model_kinds import model_kind
from carbonctl.catalog.number_formats import PEAK_OF_PRECISION
from carbonctl.catalog.shapes import decoder_shape, nearest_by_size
from carbonctl.core.errors import CarbonctlError
from carbonctl.core.record import value_record
from carbonctl.scenario.resolve.context import as_archetype, derive_fact

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema

# Dense decoders whose dimensions stand in for those of an undescribed model of similar size.
ARCHETYPES = (
    "llama-3.2-1b",
    "llama-3.2-3b",
    "llama-3.1-8b",
    "qwen2.5-14b",
    "qwen2.5-32b",
    "llama-3.1-70b",
    "llama-3.1-405b",
)
_PEAKS = PEAK_OF_PRECISION | {"int4": "bf16"}  # training computes in 16 bits


@value_record
class ModelShape:
    """Parameters and dimensions of a model; only language models have ``fields``."""

    kind: str
    record: Record | None
    total_params: Fact
    active_params: Fact
    fields: dict[str, Fact]


def resolve_shape(
    ctx: Context, model: schema.Model | None, path: Path, *, own: Path | None = None
) -> ModelShape:
    """Dimensions of the model that a section names or describes.

    ``own`` is the path of a second model, such as a draft.
    """
    if model is None:
        hint = "as in model: llama-3.1-70b"
        ctx.fail("CC206", "a model is required here", path, hint, absent=True)
    at = own or model_path(ctx, path)
    if model.id is not None:
        record = ctx.record("models", model.id, at)
        total = _required_number(ctx, record, "total_params", at)
        active = record.plain_fact("active_params", label="active parameters") or total
        return ModelShape(record.text("kind"), record, total, active, decoder_shape(record))
    return _shape_from_description(ctx, model, at)


def model_path(ctx: Context, path: Path) -> Path:
    """Path of a phase's own model, else of the model at the top of the file."""
    own = (*path, "model")
    written = own in ctx.document.marks or any(p[: len(own)] == own for p in ctx.document.marks)
    return own if written else ("model",)


def _required_number(ctx: Context, record: Record, field: str, path: Path) -> Fact:
    label = field.replace("_", " ").replace("params", "parameters")
    return ctx.required_number(record, field, path, label)


def _shape_from_description(ctx: Context, model: schema.Model, at: Path) -> ModelShape:
    if model_kind(model.kind).sample == "tables":
        ctx.fail("CC306", "a recommendation model needs samples to train and items to serve", at)
    if model.params is None:
        ctx.fail("CC206", "a model needs its name, or its params", at, "as in params: 7B")
    total = ctx.stated_fact(model.params, (*at, "params"), "parameters")
    active = total
    if model.active_params is not None:
        active = ctx.stated_fact(model.active_params, (*at, "active_params"), "active parameters")
    if model.kind == "diffusion_unet":
        return ModelShape(model.kind, None, total, active, {})
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
        name: ctx.stated_fact(value, (*at, name.removesuffix("_size")), name.replace("_", " "))
        for name, value in given.items()
        if value is not None
    }
    if model.window is not None:
        width = ctx.stated_fact(model.window, (*at, "window"), "attention window")
        none = derive_fact(f"{width.key}/full", 0.0, width, "all layers look back over the window",
                       "layers without a window")  # fmt: skip
        fields |= {"window_tokens": width, "full_layers": replace(none, derived_from=())}
    like = nearest_by_size(ctx.catalog, ARCHETYPES, total.value, active.value)
    if "experts" not in fields and active.value < total.value:
        fields = _experts_of_nearest_moe(like) | fields
    by = (total.key, active.key)
    chosen = {
        name: replace(fact, derived_from=by) if fact.origin == "archetype" else fact
        for name, fact in _fill_dimensions(fields, like).items()
    }
    return ModelShape(model.kind or "llm", None, total, active, chosen)


def _experts_of_nearest_moe(like: Record) -> dict[str, Fact]:
    """Experts and experts per token of the nearest MoE model, where none are stated."""
    known, note = decoder_shape(like), f"experts of {like.name}, the nearest MoE model by size"
    return {name: as_archetype(known[name], note) for name in ("experts", "experts_per_token")}


def _fill_dimensions(fields: dict[str, Fact], like: Record) -> dict[str, Fact]:
    """Fill missing dimensions: derived from stated ones, else from the nearest model by size."""
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
        fact = like.plain_fact(name)
        if name not in fields and fact is not None:
            fields[name] = as_archetype(fact, f"shape of {like.name}, the nearest model by size")
    return fields


def require_accelerator(ctx: Context, device: Device) -> Record:
    """Record of the device's accelerator; a server without one is a problem."""
    if device.accelerator is None:
        hint = "name it beside the server: hardware.accelerator, or --gpu"
        ctx.fail(
            "CC304", f"the accelerator of {device.record.name} has no record", device.path, hint
        )
    return device.accelerator


def check_number_format(ctx: Context, device: Device, precision: str, path: Path) -> None:
    """Check that the device supports a stated number format."""
    where = ctx.path_in_file((*path, "precision"))
    if where in ctx.document.marks and precision in device.record.data.get("lacks", ()):
        message = f"{device.record.name} has no {precision}"
        ctx.fail("CC304", message, where, "give fp16, of the same size and speed")


def find_peak(ctx: Context, device: Device, precision: str, path: Path) -> Fact:
    """Dense peak of a device in a number format [FLOP/s]; an unsupported format is a problem."""
    name = f"peak_{_PEAKS.get(precision, precision)}"
    fact = device.record.fact(name, label=f"dense peak {precision}")
    if fact is None:
        named = {k.removeprefix("peak_") for k in device.record.data if k.startswith("peak_")}
        have = sorted(named.difference(device.record.data.get("lacks", ())))
        ctx.fail(
            "CC304",
            f"{device.record.name} has no known {precision} peak",
            (*path, "precision"),
            f"it has {', '.join(have)}" if have else "",
        )
    return fact


def element_bytes(ctx: Context, precision: str) -> Fact:
    """Bytes per element of a number format."""
    name = {"fp16": "bf16", "mxfp4": "fp4"}.get(precision, precision)
    try:
        return ctx.default(f"bytes_{name}")
    except CarbonctlError:  # pragma: no cover - the schema admits only formats that have one
        raise AssertionError(precision) from None


def dlrm_shape(
    ctx: Context, model: schema.Model | None, path: Path
) -> tuple[Fact, Fact, Fact, Fact, Fact, Fact]:
    """Dense weights, tables, rows and lookups per table, width, bytes per element of a DLRM."""
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
        ctx.stated_fact(model.mlp_params, (*at, "mlp_params"), "dense weights"),
        ctx.stated_fact(tables.count, (*under, "count"), "tables"),
        ctx.stated_fact(tables.rows, (*under, "rows"), "rows per table"),
        ctx.stated_fact(tables.lookups, (*under, "lookups"), "lookups per table"),
        ctx.stated_fact(tables.dim, (*under, "dim"), "embedding width"),
        ctx.default("bytes_fp32")
        if width is None
        else ctx.stated_fact(width, (*under, "bytes"), "bytes per element"),
    )


def _dlrm_record(
    ctx: Context, record: Record, at: Path
) -> tuple[Fact, Fact, Fact, Fact, Fact, Fact]:
    if model_kind(record.text("kind")).sample != "tables":
        ctx.fail("CC306", f"{record.name} is not a recommendation model", at)
    tables = _required_number(ctx, record, "tables", at)
    rows, lookups = (
        _required_number(ctx, record, "embedding_rows", at),
        _required_number(ctx, record, "lookups", at),
    )
    return (
        _required_number(ctx, record, "active_params", at),
        tables,
        replace(rows, value=rows.value / tables.value, note="rows of all tables / tables"),
        replace(lookups, value=lookups.value / tables.value, note="all lookups / tables"),
        _required_number(ctx, record, "embedding_dim", at),
        ctx.default("bytes_fp32"),
    )
