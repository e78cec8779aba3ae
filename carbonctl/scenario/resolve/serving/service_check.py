"""What a service is checked for once its facts are known, and where that stands in the scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.record import record

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema

UNIT_TARGETS = ("p50", "p95", "p99")


@record
class ServiceCheck:
    """A service as it was written, its place and devices, and parameters that a token takes."""

    infer: schema.Infer
    device: Device
    path: Path
    active_params: Fact | None = None


def check_throughput(
    ctx: Context, infer: schema.Infer, active_params: Fact, found: Device, path: Path
) -> None:
    """Note that a measured throughput must be within the peak of its devices."""
    ctx.used_paths.update({(*path, "prompt_tokens"), (*path, "prompt_cache_hits")})
    ctx.service_checks[path[0]] = ServiceCheck(infer, found, path, active_params)


def check_unit_latency(ctx: Context, infer: schema.Infer, found: Device, path: Path) -> None:
    """Note that a target of one picture, sample or item must be no shorter than its least time."""
    target = infer.latency
    if target is None:
        return
    for name in sorted(target.model_fields_set):
        if name not in UNIT_TARGETS:
            message = f"{name} is of requests and not used: give p50, p95 or p99"
            ctx.warn("CC303", message, (*path, "latency", name))
    ctx.not_estimated["latency"] = "the target is held against the least time of one alone"
    ctx.service_checks[path[0]] = ServiceCheck(infer, found, path)
