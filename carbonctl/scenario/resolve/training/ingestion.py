"""Resolve the servers that read, decode and distribute training data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.estimate.inputs import Phase
from carbonctl.estimate.training.training_run import MeteredDays, TrainRun
from carbonctl.scenario.resolve.hardware.machine import resolve_device
from carbonctl.scenario.resolve.training.training_runs import resolve_power

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.scenario.resolve.phases import PhaseContext
    from carbonctl.scenario.schema import scenario_file as schema

SERVER = "cpu-server-spr-2s"  # a common two-socket server, unless the scenario lists another


def ingestion_phase(s: PhaseContext, data: schema.Data) -> Phase[Fact]:
    """Phase of the stated number of ingestion servers, on for the whole period."""
    from carbonctl.scenario.schema.scenario_file import Hardware, Run

    path = ("data", "ingest_servers")
    device = resolve_device(s.ctx, Hardware(server=SERVER), path)
    servers = s.ctx.stated_fact(data.ingest_servers, path, "ingestion servers")
    draw = resolve_power(s.ctx, Run(), device, path)
    work = TrainRun(draw, MeteredDays(servers, s.period))
    place = s.find_site(data.site, ("data",))
    return Phase(
        "data.ingestion", "data ingestion", "data", "hours", work, place, s.find_hardware(device)
    )
