"""Recommendation services: servers provisioned for the load or for the memory of tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.results import UsePhase
from carbonctl.estimate.serving.service_fleet import provisioned_hours, summarize_service
from carbonctl.estimate.training.train_dlrm import device_s, dlrm_limits
from carbonctl.formulas import recommendation_work
from carbonctl.formulas.facility import operational
from carbonctl.formulas.hardware import power
from carbonctl.formulas.serving import provisioning, serving_time

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.inputs import Site
    from carbonctl.estimate.serving.service import Fleet, Ranking
    from carbonctl.estimate.serving.service_fleet import Demand


def ranking_use_phase(
    model: Ranking[Num], fleet: Fleet[Num], demand: Demand, site: Site[Num]
) -> UsePhase:
    """Energy and provisioned hours of a ranking service."""
    devices = table_devices(model)
    waited = device_s(ranking_limits(model, devices))
    busy = serving_time.busy_hours_from_unit_time(served_units=demand.served_units, unit_s=waited)
    busy = serving_time.busy_hours_by_residual(
        modeled_hours=busy, energy_residual=model.energy_residual
    )
    load, busy_of_load = provisioned_hours(fleet, busy)
    hours = provisioning.accelerator_hours_by_capacity(
        load_hours=load, memory_devices=devices, period_hours=fleet.period_hours
    )
    on = provisioning.accelerator_hours_by_capacity(
        load_hours=provisioning.accelerator_hours_from_mean_busy_share(
            busy_hours=busy, mean_busy_share=busy_of_load
        ),
        memory_devices=devices,
        period_hours=fleet.period_hours,
    )
    mean_busy = provisioning.mean_busy_share_from_hours(busy_hours=busy, accelerator_hours=on)
    mean_power = power.it_power_w(
        idle_power_w=model.idle_power_w,
        loaded_power_w=model.loaded_power_w,
        mean_busy_share=mean_busy,
    )
    it = operational.it_energy_kwh_from_hours(accelerator_hours=on, it_power_w=mean_power)
    facility = operational.facility_energy_kwh(it_energy_kwh=it, pue=site.pue)
    return UsePhase(hours, it, facility, functional_units=demand.functional_units,
               served=summarize_service(fleet, busy, None))  # fmt: skip


def ranking_limits(model: Ranking[Num], devices: Num) -> dict[str, Num]:
    """Device time [s] of each thing that one ranked item may wait for, tables on these devices."""
    exchange = model.work.exchange
    if exchange is None:
        return dlrm_limits(model.work)
    exchange = replace(exchange, accelerators=devices)
    return dlrm_limits(replace(model.work, exchange=exchange))


def table_devices(model: Ranking[Num]) -> Num:
    """Devices whose memory holds the tables once."""
    tables = recommendation_work.table_gb(
        tables=model.work.tables,
        table_rows=model.work.table_rows,
        embedding_dim=model.work.embedding_dim,
        embedding_bytes=model.work.embedding_bytes,
    )
    return provisioning.memory_devices(
        table_gb=tables, device_memory_gb=model.device_memory_gb, memory_share=model.memory_share
    )
