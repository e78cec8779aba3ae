"""Servers that read, decode and hand out training data, day and night."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.estimate.inputs import Phase
from carbonctl.estimate.training.training_run import MeteredDays, TrainRun
from carbonctl.scenario.resolve.hardware import machine as machines
from carbonctl.scenario.resolve.training.training_runs import power

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.scenario.resolve.phases import Sections
    from carbonctl.scenario.schema import scenario_file as schema

SERVER = "cpu-server-spr-2s"  # a common two-socket server, unless the scenario lists another


def ingestion(s: Sections, data: schema.Data) -> Phase[Fact]:
    """As many servers as stated, on for the whole period."""
    from carbonctl.scenario.schema.scenario_file import Hardware, Run  # noqa: PLC0415 - only where it is asked

    path = ("data", "ingest_servers")
    found = machines.device(s.ctx, Hardware(server=SERVER), path)
    servers = s.ctx.given(data.ingest_servers, path, "ingestion servers")
    draw = power(s.ctx, Run(), found, path)
    work = TrainRun(draw, MeteredDays(servers, s.period))
    place = s.site(data.site, ("data",))
    return Phase(
        "data.ingestion", "data ingestion", "data", "hours", work, place, s.hardware(found)
    )
