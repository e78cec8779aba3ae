"""The number formats that each kind of kernel computes in, and what it reaches in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.catalog.number_formats import has_peak
from carbonctl.estimate.serving.service import Formats, Product
from carbonctl.scenario.resolve.model_shape import find_peak

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.resolve.serving.precision import BoardInFormat
    from carbonctl.scenario.schema import scenario_file as schema

_FOUR_BITS = {"fp4", "mxfp4", "nvfp4"}
_EIGHT_BITS = {"fp8", "int8"}


def is_four_bit_mixture(precision: str, *, moe: bool) -> bool:
    """Whether experts alone are in 4 bits, and all other weights in 16."""
    return moe and precision in _FOUR_BITS


def kernel_formats(
    ctx: Context, stack: Record, precision: str, device: Device, computed: BoardInFormat,
    infer: schema.Infer, path: Path, *, moe: bool,
) -> Formats[Fact]:  # fmt: skip
    """Products of shared layers, experts and attention of a model served in a precision.

    Weights are multiplied in the format ``computed``.
    """
    wide = _wide(device.record)
    shared = wide if is_four_bit_mixture(precision, moe=moe) else computed.precision
    eight_bit_cache = stack.data.get("fp8_attention") is True and is_eight_bit_cache(
        stack, precision, infer.kv_precision
    )
    narrow = eight_bit_cache and has_peak(device.record, "fp8")
    absorbed = narrow and has_peak(device.record, "fp4")

    def product(precision: str, efficiency: str | None = None) -> Product[Fact]:
        return Product(
            find_peak(ctx, device, precision, path),
            ctx.default(efficiency or f"{_constants_of(precision)}_efficiency"),
            ctx.default(f"{_constants_of(precision)}_energy_share"),
        )

    of_weights = product(shared)
    if shared == computed.precision:
        of_weights = replace(of_weights, peak_flop_per_s=computed.board.peak_flop_per_s)
    return Formats(
        shared=of_weights,
        prompt_attention=product("fp8" if narrow else wide, "prompt_attention_efficiency"),
        decode_attention=product("fp8" if absorbed else wide, "attention_efficiency"),
        experts=product(_of_experts(precision, computed.precision, device.record)) if moe else None,
    )


def is_eight_bit_cache(stack: Record, precision: str, stated: str | None) -> bool:
    """Whether the KV cache is in 8 bits: as stated, else as the runtime does with such weights."""
    if stated is not None:
        return stated in _EIGHT_BITS
    narrow = precision in _EIGHT_BITS | _FOUR_BITS
    return stack.data.get("fp8_cache") is True and narrow


def _wide(device: Record) -> str:
    """The format of 16 bits that a device multiplies; 32 bits where it has none."""
    return next((one for one in ("bf16", "fp16", "fp32") if has_peak(device, one)), "bf16")


def _of_experts(precision: str, computed: str, device: Record) -> str:
    """The format that experts are multiplied in: mxfp4 with 8-bit values where a device has 4."""
    if precision == "mxfp4" and has_peak(device, "fp4") and has_peak(device, "fp8"):
        return "fp8"
    return computed


def _constants_of(precision: str) -> str:
    """How the names of constants begin that formats of a size have in common."""
    if precision in _FOUR_BITS:
        return "fp4"
    return "fp8" if precision in _EIGHT_BITS else "wide"
