"""Resolve federated training on users' devices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.training.work_inputs import Federated

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.inputs import Site
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.schema import scenario_file as schema


def resolve_federated(
    ctx: Context, section: schema.Federated, site: Site[Fact], path: Path
) -> tuple[Federated[Fact], Site[Fact]]:
    """Work of devices and routers, and a site with no PUE, no building and no cooling water."""
    under = (*path, "federated")
    work = Federated(
        ctx.stated_fact(section.devices, (*under, "devices"), "devices that take part"),
        ctx.stated_fact(section.hours_per_device, (*under, "hours_per_device"), "hours per device"),
        ctx.stated_or_default(
            section.device_power, (*under, "device_power"), "federated_device_power"
        ),
        ctx.stated_fact(
            section.communication_hours, (*under, "communication_hours"), "transfer hours"
        ),
        ctx.stated_or_default(
            section.router_power, (*under, "router_power"), "federated_router_power"
        ),
    )
    home = replace(
        site,
        pue=ctx.default("home_pue"),
        construction_kgco2e_per_kw_year=ctx.default("home_construction"),
        wue_l_per_kwh=None,
    )
    ctx.not_estimated["embodied share of users' devices"] = "bought for other reasons"
    ctx.not_estimated["user devices"] = "only their energy while they train"
    return work, home
