"""Services that would be faster than the peak of their devices: each an error at its place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from carbonctl.core.units import s_from_hours
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.serving.least_time import least_token_s
from carbonctl.estimate.serving.service import Throughput
from carbonctl.estimate.serving.service_kinds import service_kind
from carbonctl.scenario.resolve.serving.service_check import UNIT_TARGETS

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.estimate.serving.service import Serving
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.serving.service_check import ServiceCheck


def check_peak(ctx: Context, service: Serving[Fact], check: ServiceCheck) -> None:
    """Note a throughput or a target of latency that no device of the service can reach.

    Raises ``Unresolved`` where there is one.
    """
    if isinstance(service.model, Throughput):
        _check_throughput(ctx, service.model, check)
        return
    least_unit_s = service_kind(service.model).least_unit_s
    if least_unit_s is not None:
        count = check.device.count
        plain = bind(service.model, lambda fact: fact.value)
        least_ms = float(least_unit_s(plain, count.value if count else 1.0)) * 1e3
        _check_unit_latency(ctx, least_ms, check)


def _check_throughput(ctx: Context, model: Throughput[Fact], check: ServiceCheck) -> None:
    """No throughput takes more operations than the highest peak of all stated devices."""
    device = check.device.record
    names = [name for name in device.data if name.startswith("peak_")]
    peaks = [fact.value for name in names if (fact := device.fact(name)) is not None]
    if not peaks or check.active_params is None:
        return
    infer, plain = check.infer, bind(model, lambda fact: fact.value)
    prompt = 0.0 if infer.prompt_tokens is None else infer.prompt_tokens.value
    cached = 0.0 if infer.prompt_cache_hits is None else infer.prompt_cache_hits.value
    computed = prompt * (1.0 - cached)
    seconds = float(least_token_s(plain, check.active_params.value, computed, max(peaks)))
    if plain.throughput_per_hour * seconds > s_from_hours(1.0):
        message = f"that throughput takes more operations than {plain.accelerators:g} devices"
        message += f" of {device.name} make at their highest peak"
        hint = f"at most {_round_down(1.0 / seconds):,.0f} token/s"
        ctx.fail("CC304", message, (*check.path, "throughput"), hint)


def _check_unit_latency(ctx: Context, least_ms: float, check: ServiceCheck) -> None:
    """A target of a picture, a sample or an item is no shorter than its least time."""
    for name in UNIT_TARGETS:
        target = getattr(check.infer.latency, name)
        asked_ms = None if target is None else float(s_from_hours(target.value)) * 1e3
        if asked_ms is not None and asked_ms < least_ms:
            message = f"{asked_ms:g} ms cannot be met: at the peak of its devices one takes"
            message = f"{message} {_round_down(least_ms):g} ms"
            ctx.fail("CC304", message, (*check.path, "latency", name))


def _round_down(value: float) -> float:
    """A value with three digits, not above it."""
    size = 10.0 ** (math.floor(math.log10(value)) - 2)
    return math.floor(value / size) * size
