"""Limits that a scenario states for the operating point of a language service."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.core.units import s_from_hours
from carbonctl.plan.operating_point import Limits
from carbonctl.scenario.resolve.context import ONE, Unresolved
from carbonctl.scenario.resolve.model_shape import require_accelerator
from carbonctl.scenario.resolve.serving.parallel_layout import replica

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.serving.service import Decoder
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema
    from carbonctl.scenario.schema.quantity import StatedQuantity


def add_limits(
    ctx: Context, infer: schema.Infer, m: Decoder[Fact], device: Device, path: Path
) -> Decoder[Fact]:
    """The model with the stated or default limits of its operating point."""
    if m.moe is not None and m.moe.experts_per_token.value >= m.moe.experts.value:
        raise Unresolved  # reported already; such a model has no active weights
    target, is_full = infer.latency, infer.concurrency == "full"
    itl = None if target is None else _target_seconds(ctx, target.itl, (*path, "latency", "itl"))
    ttft = None if target is None else _target_seconds(ctx, target.ttft, (*path, "latency", "ttft"))
    kind = "language" if m.moe is None else "mixture"
    heads = m.attention.heads
    size = replica(ctx, infer, m, device, path)
    joined = require_accelerator(ctx, device).fact("link_domain", label="devices that links join")
    limits = Limits(
        concurrency=m.batch if itl is None and not is_full else None,
        is_stated=infer.concurrency is not None and not is_full,
        is_exact=m.batch.is_exact,
        is_full=is_full,
        most_sequences=ctx.default("most_sequences"),
        linked_accelerators=joined or device.per_machine,
        replica_accelerators=size,
        accelerators=device.count,
        heads=heads if heads.origin != "archetype" and heads.value > 0 else None,
        itl_s=itl,
        ttft_s=ttft,
        throughput_residual=None if itl is None else ctx.default(f"{kind}_throughput_residual"),
    )
    return replace(m, batch=m.batch if itl is None and not is_full else ONE, limits=limits)


def _target_seconds(ctx: Context, quantity: StatedQuantity | None, path: Path) -> Fact | None:
    """A latency target [s]; None where none is stated."""
    if quantity is None:
        return None
    fact = ctx.stated_fact(quantity, path, f"target of latency, {path[-1]}")
    low, high = (None if end is None else float(s_from_hours(end)) for end in (fact.low, fact.high))
    value = float(s_from_hours(fact.value))
    return replace(fact, value=value, unit="s", low=low, high=high)
