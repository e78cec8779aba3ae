"""What a scenario states of the operating point of a language service; the choice is the plan's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.core.units import s_from_hours
from carbonctl.plan.operating_point import Limits
from carbonctl.scenario.resolve.context import ONE, Unresolved
from carbonctl.scenario.resolve.model_shape import accelerator
from carbonctl.scenario.resolve.serving.parallel_layout import replica

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.serving.service import Decoder
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema
    from carbonctl.scenario.schema.quantity import Given


def with_limits(
    ctx: Context, infer: schema.Infer, m: Decoder[Fact], found: Device, path: Path
) -> Decoder[Fact]:
    """The model with what is stated of its operating point, and what is usual where nothing is."""
    if m.moe is not None and m.moe.experts_per_token.value >= m.moe.experts.value:
        raise Unresolved  # said already; no such model takes any time
    target, is_full = infer.latency, infer.concurrency == "full"
    itl = None if target is None else _seconds(ctx, target.itl, (*path, "latency", "itl"))
    ttft = None if target is None else _seconds(ctx, target.ttft, (*path, "latency", "ttft"))
    kind = "language" if m.moe is None else "mixture"
    heads = m.attention.heads
    size = replica(ctx, infer, m, found, path)
    joined = accelerator(ctx, found).fact("link_domain", label="devices that links join")
    limits = Limits(
        concurrency=m.batch if itl is None and not is_full else None,
        is_stated=infer.concurrency is not None and not is_full,
        is_exact=m.batch.exact,
        is_full=is_full,
        most_sequences=ctx.default("most_sequences"),
        linked_accelerators=joined or found.per_machine,
        replica_accelerators=size,
        accelerators=found.count,
        heads=heads if heads.origin != "archetype" and heads.value > 0 else None,
        itl_s=itl,
        ttft_s=ttft,
        throughput_residual=None if itl is None else ctx.default(f"{kind}_throughput_residual"),
    )
    return replace(m, batch=m.batch if itl is None and not is_full else ONE, limits=limits)


def _seconds(ctx: Context, given: Given | None, path: Path) -> Fact | None:
    """A target of latency [s], where there is one."""
    if given is None:
        return None
    fact = ctx.given(given, path, f"target of latency, {path[-1]}")
    low, high = (None if end is None else float(s_from_hours(end)) for end in (fact.low, fact.high))
    value = float(s_from_hours(fact.value))
    return replace(fact, value=value, unit="s", low=low, high=high)
