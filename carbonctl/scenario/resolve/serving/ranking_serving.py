"""Ranking services: work of one item, and the power of the servers that it runs on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.serving.service import Ranking
from carbonctl.scenario.resolve.context import derive_fact
from carbonctl.scenario.resolve.recommender import dlrm_work, serving_exchange
from carbonctl.scenario.resolve.serving.service_check import check_unit_latency

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.inputs import Evidence
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema


def ranking_service(
    ctx: Context, infer: schema.Infer, model: schema.Model | None, found: Device, path: Path
) -> tuple[Ranking[Fact], Evidence]:
    """Facts of a ranking service on whole servers, or on slots of a server, and its evidence."""
    if infer.host_power_factor is not None:
        message = "host_power_factor changes nothing: the power of ranking is that of servers"
        ctx.fail("CC303", message, (*path, "host_power_factor"), "remove it")
    work = dlrm_work(ctx, model, found, path, train=False)
    record, server = found.record, found.server
    if server is None:
        ctx.fail("CC304", f"the host of {record.name} is not known", found.path)
    loaded = ctx.required_fact(server, "typical_power", found.path, f"loaded power, {server.name}")
    idle = ctx.required_fact(server, "idle_power", found.path, f"idle power, {server.name}")
    if found.accelerator is not None:
        share, note = found.per_machine.value, "of one accelerator slot"
        loaded = derive_fact(f"{loaded.key}/slot", loaded.value / share, loaded, note, loaded.label)
        idle = derive_fact(f"{idle.key}/slot", idle.value / share, idle, note, idle.label)
    memory = "memory" if found.accelerator is not None else "dram"
    check_unit_latency(ctx, infer, found, path)
    ranking = Ranking(
        work=replace(work, exchange=serving_exchange(ctx, found)),
        device_memory_gb=ctx.required_fact(record, memory, found.path, f"memory, {record.name}"),
        memory_share=ctx.default("memory_share"),
        idle_power_w=idle,
        loaded_power_w=loaded,
        energy_residual=ctx.default("ranking_residual"),
    )
    return ranking, "work"
