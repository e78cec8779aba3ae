"""Limits that a scenario states for the operating point of a language service."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.core.units import s_from_hours
from carbonctl.plan.operating_point import Limits
from carbonctl.scenario.resolve.context import ONE, Unresolved, derive_fact
from carbonctl.scenario.resolve.serving.parallel_layout import replica
from carbonctl.scenario.resolve.serving.runtimes import runtime_fact, runtime_record

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
    is_stated = infer.concurrency is not None and not is_full
    is_free = not (is_stated or is_full) and (target is None or target.itl is None)
    itl = None if target is None else _target_seconds(ctx, target.itl, (*path, "latency", "itl"))
    ttft = None if target is None else _target_seconds(ctx, target.ttft, (*path, "latency", "ttft"))
    kind = "language" if m.moe is None else "mixture"
    heads = m.attention.heads
    size = replica(ctx, infer, m, device, path)
    limits = Limits(
        concurrency=m.batch if is_stated and itl is None else None,
        is_stated=is_stated,
        is_exact=m.batch.is_exact,
        is_full=is_full,
        most_sequences=_most_sequences(ctx, infer, m, path),
        replica_accelerators=size,
        accelerators=device.count,
        heads=heads if heads.origin != "archetype" and heads.value > 0 else None,
        itl_s=itl,
        usual_itl_s=ctx.default("usual_itl") if is_free else None,
        usual_slowdown=ctx.default("usual_slowdown") if is_free else None,
        ttft_s=ttft,
        reserves_final_length=_reserves_final_length(ctx, infer, path),
        throughput_residual=None if itl is None else ctx.default(f"{kind}_throughput_residual"),
    )
    return replace(m, batch=m.batch if is_stated and itl is None else ONE, limits=limits)


def _most_sequences(ctx: Context, infer: schema.Infer, m: Decoder[Fact], path: Path) -> Fact:
    """Sequences that the runtime decodes at most, on all ranks of a replica."""
    each = runtime_fact(ctx, runtime_record(ctx, infer, path), "most_sequences")
    if not m.has_ranks:
        return each
    ranks = m.data_parallel
    note = f"{each.value:,.0f} on each of {ranks.value:g} ranks"
    return derive_fact(f"{each.key}/ranks", each.value * ranks.value, each, note, each.label)


def _reserves_final_length(ctx: Context, infer: schema.Infer, path: Path) -> bool:
    """Whether the runtime admits a sequence only where its final length fits."""
    stack = runtime_record(ctx, infer, path)
    return stack.text("admits") == "final_length"


def _target_seconds(ctx: Context, quantity: StatedQuantity | None, path: Path) -> Fact | None:
    """A latency target [s]; None where none is stated."""
    if quantity is None:
        return None
    fact = ctx.stated_fact(quantity, path, f"target of latency, {path[-1]}")
    low, high = (None if end is None else float(s_from_hours(end)) for end in (fact.low, fact.high))
    value = float(s_from_hours(fact.value))
    return replace(fact, value=value, unit="s", low=low, high=high)
