"""Resolve the number format of a served model: as stated, else as published."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from carbonctl.catalog.number_formats import (
    NOTE_NAMED,
    NOTE_PUBLISHED,
    NOTE_REPLACED,
    NOTE_WEIGHTS_ALONE,
    has_peak,
    precision_of_dtype,
)
from carbonctl.scenario.resolve.model_shape import element_bytes
from carbonctl.scenario.resolve.serving.serving_device import resolve_board

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.serving.service import Board
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema

_DEFAULT_PRECISION = "bf16"  # where the model's record names no format
_SIXTEEN_BITS = {"bf16", "fp16"}
_WIDE = {*_SIXTEEN_BITS, "fp32"}
_WEIGHT_ONLY = {"int4", "mxfp4"}  # operands are converted to 16 bits on every device


class ServedFormat(NamedTuple):
    """The format that weights are stored in; ``note`` says where an unstated one comes from."""

    precision: str
    note: str = ""


class BoardInFormat(NamedTuple):
    """Accelerator with its peak in the format that is computed in, and the name of that format."""

    board: Board[Fact]
    precision: str


def served_format(
    ctx: Context, infer: schema.Infer, model: Record | None, device: Device, path: Path
) -> ServedFormat:
    """Number format of a model's weights: stated, else its record's, else bf16.

    A default that the device does not support is replaced by one that it supports, and the note
    says so. A stated format is never replaced.
    """
    if infer.precision is not None:
        return ServedFormat(infer.precision)
    published = _published_precision(ctx, model, path)
    precision = published or _DEFAULT_PRECISION
    note = ""
    if published is not None and model is not None:
        named = model.text("dtype_named")
        said = f"{named} {NOTE_NAMED}" if named else f"{model.name} {NOTE_PUBLISHED}"
        note = f"{published}, as {said}"
    fitting = _nearest_supported(device.record, precision)
    if fitting != precision:
        note = note or f"{precision}, where no format is named"
        note = f"{note}, but {device.record.name} has no {precision}: {fitting} {NOTE_REPLACED}"
    return ServedFormat(fitting, note)


def _published_precision(ctx: Context, model: Record | None, path: Path) -> str | None:
    """The number format in a model's record; None where it names none."""
    dtype = "" if model is None else model.text("default_dtype")
    if not dtype or model is None:
        return None
    precision = precision_of_dtype(dtype)
    if precision is None:
        message = f"{model.name} is published in {dtype}, which is not estimated"
        ctx.fail("CC304", message, (*path, "precision"), "give the precision it is served in")
    return precision


def _nearest_supported(device: Record, precision: str) -> str:
    """The format itself, or the nearest wide format that the device supports."""
    choices = {"fp32": ("fp32", "bf16", "fp16"), "bf16": ("bf16", "fp16", "fp32"),
               "fp16": ("fp16", "bf16", "fp32")}.get(precision, (precision,))  # fmt: skip
    return next((one for one in choices if has_peak(device, one)), precision)


def weight_bytes(ctx: Context, stored: ServedFormat) -> Fact:
    """Bytes per stored weight, with a note where the format is a default."""
    size = element_bytes(ctx, stored.precision)
    return replace(size, note=stored.note) if stored.note else size


def board_for_format(
    ctx: Context, stored: ServedFormat, stack: Record | None, device: Device, path: Path
) -> BoardInFormat:
    """Accelerator with its peak in the format that weights are computed in.

    With a runtime ``stack``, operations are 16 bits wide unless it computes in packed formats. An
    encoder (no stack) computes in the format it is stored in. A format without a peak on the device
    only stores weights.
    """
    precision, packs = stored.precision, stack is None or stack.data.get("packed_peak") is True
    alone = _is_weight_only(device.record, precision)
    computed = precision if packs or precision in _WIDE else "bf16"
    if alone:
        computed = (stack.text("weight_only_peak") if stack is not None else "") or "bf16"
    if computed in _SIXTEEN_BITS:
        computed = "fp16" if "bf16" in device.record.data.get("lacks", ()) else "bf16"
    made = resolve_board(ctx, device, computed, path)
    why = f"{NOTE_WEIGHTS_ALONE} {precision}" if alone else ""
    if (
        stack is None and stored.note
    ):  # an encoder has no fact for bytes per weight, so note the format here
        why = ", ".join(filter(None, (stored.note, why)))
    top = made.peak_flop_per_s
    noted = replace(top, note="; ".join(filter(None, (why, top.note))))
    return BoardInFormat(replace(made, peak_flop_per_s=noted), computed)


def _is_weight_only(device: Record, precision: str) -> bool:
    """Whether a format only stores weights on a device, because it cannot compute in it."""
    return precision not in _WIDE and (precision in _WEIGHT_ONLY or not has_peak(device, precision))
