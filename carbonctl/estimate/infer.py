"""Serving: from load and operating point to provisioned hours and energy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.estimate.decode import decode_step
from carbonctl.estimate.generate import generate
from carbonctl.estimate.results import Use
from carbonctl.estimate.service import Decoder, Diffusion, Ranking, Throughput
from carbonctl.estimate.train import unit_s
from carbonctl.formulas import (
    compute_dlrm,
    compute_llm,
    operational,
    power,
    serving_time,
)
from carbonctl.formulas import (
    fleet as fleet_hours,
)

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.inputs import Site
    from carbonctl.estimate.service import Fleet, Serving


def infer(serving: Serving[Num], site: Site[Num]) -> Use:
    """Energy and provisioned hours of a service over its period."""
    fleet = serving.fleet
    total = compute_llm.functional_units(
        rate_per_hour=fleet.rate_per_hour, period_hours=fleet.period_hours
    )
    served = compute_llm.served_units(functional_units=total, cache_hit_share=fleet.cache_hit_share)
    model = serving.model
    if isinstance(model, Ranking):
        return _ranking(model, fleet, served, total, site)
    busy, device = _busy(model, served)
    hours = fleet_hours.accelerator_hours_from_load(
        busy_hours=busy, peak_to_mean=fleet.peak_to_mean, busy_share=fleet.busy_share
    )
    loaded = power.loaded_energy_kwh(
        device_energy_kwh=device, host_share=fleet.host_share, psu_efficiency=fleet.psu_efficiency
    )
    it = power.it_energy_kwh_by_busy_share(
        loaded_energy_kwh=loaded,
        idle_power_share=fleet.idle_power_share,
        busy_share=fleet_hours.mean_busy_share(
            busy_share=fleet.busy_share, peak_to_mean=fleet.peak_to_mean
        ),
    )
    facility = operational.facility_energy_kwh(it_energy_kwh=it, pue=site.pue)
    return Use(hours, it, facility, functional_units=total, device_energy_kwh=device)


def _busy(model: Decoder[Num] | Throughput[Num] | Diffusion[Num], served: Num) -> tuple[Num, Num]:
    """Device-hours of work, and the energy of the boards in them."""
    if isinstance(model, Decoder):
        return _decoder(model, served)
    if isinstance(model, Diffusion):
        return _diffusion(model, served)
    busy = serving_time.busy_hours_from_throughput(
        served_units=served,
        output_tokens=model.output_tokens,
        accelerators=model.accelerators,
        throughput_per_hour=model.throughput_per_hour,
    )
    board = power.device_power_w(tdp_w=model.tdp_w, device_power_share=model.device_power_share)
    return busy, operational.device_energy_kwh_from_busy_hours(
        busy_hours=busy, device_power_w=board
    )


def _decoder(m: Decoder[Num], served: Num) -> tuple[Num, Num]:
    """A decode step of one replica, then all steps of all requests."""
    step = decode_step(m)
    busy = serving_time.busy_hours_from_steps(
        served_units=served,
        output_tokens=m.output_tokens,
        step_s=step.seconds,
        replica_accelerators=step.replica_accelerators,
        batch=m.batch,
    )
    device = serving_time.device_energy_kwh_from_steps(
        served_units=served,
        output_tokens=m.output_tokens,
        step_energy_j=step.energy_j,
        batch=m.batch,
        energy_residual=m.energy_residual,
    )
    return serving_time.busy_hours_by_residual(
        modeled_hours=busy, energy_residual=m.energy_residual
    ), device


def _diffusion(m: Diffusion[Num], served: Num) -> tuple[Num, Num]:
    """One batch of pictures or clips, then all of them."""
    made = generate(m)
    busy = serving_time.busy_hours_from_batches(
        served_units=served,
        batch_s=made.seconds,
        replica_accelerators=m.replica_accelerators,
        batch=m.batch,
    )
    device = serving_time.device_energy_kwh_from_batches(
        served_units=served,
        batch_energy_j=made.energy_j,
        batch=m.batch,
        energy_residual=m.energy_residual,
    )
    return serving_time.busy_hours_by_residual(
        modeled_hours=busy, energy_residual=m.energy_residual
    ), device


def _ranking(
    model: Ranking[Num], fleet: Fleet[Num], served: Num, total: Num, site: Site[Num]
) -> Use:
    """A ranking fleet: as many servers as load or table memory asks for, mostly idle or not."""
    busy = serving_time.busy_hours_from_unit_time(served_units=served, unit_s=unit_s(model.work))
    busy = serving_time.busy_hours_by_residual(
        modeled_hours=busy, energy_residual=model.energy_residual
    )
    load = fleet_hours.accelerator_hours_from_load(
        busy_hours=busy, peak_to_mean=fleet.peak_to_mean, busy_share=fleet.busy_share
    )
    tables = compute_dlrm.table_gb(
        tables=model.work.tables,
        table_rows=model.work.table_rows,
        embedding_dim=model.work.embedding_dim,
        embedding_bytes=model.work.embedding_bytes,
    )
    devices = fleet_hours.memory_devices(
        table_gb=tables, device_memory_gb=model.device_memory_gb, memory_share=model.memory_share
    )
    hours = fleet_hours.accelerator_hours_by_capacity(
        load_hours=load, memory_devices=devices, period_hours=fleet.period_hours
    )
    mean_busy = fleet_hours.mean_busy_share_from_hours(busy_hours=busy, accelerator_hours=hours)
    mean_power = power.it_power_w(
        idle_power_w=model.idle_power_w,
        loaded_power_w=model.loaded_power_w,
        mean_busy_share=mean_busy,
    )
    it = operational.it_energy_kwh_from_hours(accelerator_hours=hours, it_power_w=mean_power)
    facility = operational.facility_energy_kwh(it_energy_kwh=it, pue=site.pue)
    return Use(hours, it, facility, functional_units=total)
