"""Serving: from load and operating point to provisioned hours and energy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.estimate.encode import encode
from carbonctl.estimate.generate import generate
from carbonctl.estimate.replica import at_operating_point, resident_power_w
from carbonctl.estimate.results import Served, Use
from carbonctl.estimate.service import Decoder, Diffusion, Encoded, Encoder, Ranking, Throughput
from carbonctl.estimate.speculate import decode_round, whole_output, whole_request
from carbonctl.estimate.train_dlrm import device_s, dlrm_limits
from carbonctl.estimate.train_samples import forward_flop
from carbonctl.formulas import (
    compute_dlrm,
    compute_llm,
    compute_request,
    occupancy,
    operational,
    per_unit,
    power,
    serving_time,
)
from carbonctl.formulas import (
    fleet as fleet_hours,
)

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.inputs import Site
    from carbonctl.estimate.service import Fleet, Serving, T

    Model = Decoder[T] | Throughput[T] | Diffusion[T] | Encoder[T]


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
    point: dict[str, Any] = {}
    if isinstance(model, Decoder):
        made = at_operating_point(whole_request(model), fleet)
        model = made.model
        point = {"batch": model.batch, "chosen": made.numbers, "is_feasible": made.is_feasible}
    elif isinstance(model, Throughput):
        model = whole_output(model)
    busy, device, replica = _busy(model, served)
    loaded = operational.it_energy_kwh_from_device_energy(
        device_energy_kwh=device, host_power_factor=fleet.host_power_factor
    )
    hours, mean_busy = _provisioned(fleet, busy)
    it = _with_idle_kwh(model, fleet, loaded, hours, busy, mean_busy)
    facility = operational.facility_energy_kwh(it_energy_kwh=it, pue=site.pue)
    return Use(
        hours,
        it,
        facility,
        functional_units=total,
        device_energy_kwh=device,
        served=_served(
            fleet, busy, replica, loaded_energy_kwh=loaded, **point, **_asked_about(model, total)
        ),
    )


def _with_idle_kwh(
    model: Model[Num], fleet: Fleet[Num], loaded: Num, hours: Num, busy: Num, mean_busy: Num
) -> Num:
    """IT energy with the idle hours: of held devices at the power of a board that waits.

    Devices that come and go with the load idle at a share of the power at which they work.
    """
    resident = _resident_power_w(model)
    if fleet.fleet_share is None or resident is None:
        return power.it_energy_kwh_by_busy_share(
            loaded_energy_kwh=loaded, idle_power_share=fleet.idle_power_share, busy_share=mean_busy
        )
    return occupancy.it_energy_kwh_by_resident_power(
        loaded_energy_kwh=loaded,
        resident_power_w=resident,
        host_power_factor=fleet.host_power_factor,
        accelerator_hours=hours,
        busy_hours=busy,
    )


def _resident_power_w(model: Model[Num]) -> Num | None:
    """Power of a board that holds a model and has nothing to do; None where no board is known."""
    if isinstance(model, Throughput):
        return None
    if isinstance(model, Decoder):
        return resident_power_w(model)
    factor = model.painter if isinstance(model, Diffusion) else model
    return power.resident_power_w(
        idle_power_w=model.board.idle_power_w, resident_factor=factor.resident_factor
    )


def _served(fleet: Fleet[Num], busy: Num, replica: Num | None, **others: Any) -> Served:
    """What a service did, for how long, and on how many devices at a time."""
    return Served(fleet.period_hours, fleet.day_hours, busy, fleet.peak_to_mean, replica, **others)


def _provisioned(fleet: Fleet[Num], busy: Num) -> tuple[Num, Num]:
    """Device-hours that the service is charged, and how busy those that are on are."""
    if fleet.fleet_share is not None and fleet.accelerators is not None:
        hours = fleet_hours.accelerator_hours_by_fleet_share(
            fleet_share=fleet.fleet_share,
            accelerators=fleet.accelerators,
            period_hours=fleet.period_hours,
            busy_hours=busy,
        )
        return hours, fleet_hours.mean_busy_share_from_hours(
            busy_hours=busy, accelerator_hours=hours
        )
    hours = fleet_hours.accelerator_hours_from_load(
        busy_hours=busy, peak_to_mean=fleet.peak_to_mean, busy_share=fleet.busy_share
    )
    return hours, fleet_hours.mean_busy_share(
        busy_share=fleet.busy_share, peak_to_mean=_switched_on(fleet)
    )


def _switched_on(fleet: Fleet[Num]) -> Num:
    """Devices that are on over those of the mean load; those switched off are charged still."""
    if fleet.switched_off_share is None:
        return fleet.peak_to_mean
    return fleet_hours.peak_to_mean_by_autoscaling(
        peak_to_mean=fleet.peak_to_mean, switched_off_share=fleet.switched_off_share
    )


def _asked_about(model: Model[Num], total: Num) -> dict[str, Num]:
    """Thousands of tokens, or seconds of video, where the service makes any."""
    if isinstance(model, Decoder | Throughput):
        return {
            "thousand_tokens": per_unit.functional_units_by_thousand_tokens(
                functional_units=total, output_tokens=model.output_tokens
            )
        }
    if isinstance(model, Diffusion) and model.frames_per_second is not None:
        return {
            "video_seconds": per_unit.functional_units_by_video_second(
                functional_units=total,
                frames=model.frames,
                frames_per_second=model.frames_per_second,
            )
        }
    return {}


def _busy(model: Model[Num], served: Num) -> tuple[Num, Num, Num | None]:
    """Device-hours of work, the energy of the boards in them, and the devices of a replica."""
    if isinstance(model, Decoder):
        return _decoder(model, served)
    if isinstance(model, Diffusion):
        return _diffusion(model, served)
    if isinstance(model, Encoder):
        return _encoder(model, served)
    busy = serving_time.busy_hours_from_throughput(
        served_units=served,
        output_tokens=model.output_tokens,
        accelerators=model.accelerators,
        throughput_per_hour=model.throughput_per_hour,
    )
    board = power.device_power_w(tdp_w=model.tdp_w, device_power_share=model.device_power_share)
    device = operational.device_energy_kwh_from_busy_hours(busy_hours=busy, device_power_w=board)
    return busy, device, model.accelerators


def _decoder(m: Decoder[Num], served: Num) -> tuple[Num, Num, Num]:
    """A decode step of one replica, then all steps of all requests."""
    made = decode_round(m)
    replica = made.replica_accelerators
    busy = serving_time.busy_hours_from_steps(
        served_units=served,
        output_tokens=m.output_tokens,
        step_s=made.seconds,
        replica_accelerators=replica,
        batch=made.gained_tokens,
    )
    device = serving_time.device_energy_kwh_from_steps(
        served_units=served,
        output_tokens=m.output_tokens,
        step_energy_j=made.energy_j,
        batch=made.gained_tokens,
        energy_residual=m.energy_residual,
    )
    if m.media_residual is not None:
        device = serving_time.device_energy_kwh_by_media(
            device_energy_kwh=device, media_residual=m.media_residual
        )
    if m.measured is not None:  # the hours are then no forecast
        return busy, device, replica
    busy = serving_time.busy_hours_by_residual(
        modeled_hours=busy, energy_residual=m.energy_residual
    )
    if m.media_residual is None:
        return busy, device, replica
    busy = serving_time.busy_hours_by_residual(modeled_hours=busy, energy_residual=m.media_residual)
    return busy, device, replica


def _encoder(m: Encoder[Num], served: Num) -> tuple[Num, Num, None]:
    """One sample on one device, then all of them."""
    made = encode(encoded(m))
    busy = serving_time.busy_hours_by_residual(
        modeled_hours=serving_time.busy_hours_from_unit_time(
            served_units=served, unit_s=made.unit_s
        ),
        energy_residual=m.energy_residual,
    )
    device = operational.device_energy_kwh_from_busy_hours(
        busy_hours=busy, device_power_w=made.device_power_w
    )
    return busy, device, None


def encoded(m: Encoder[Num]) -> Encoded[Num]:
    """What one device feels of a sample."""
    energy = m.energy_j_per_flop
    if m.packed_energy_share is not None:
        energy = compute_request.packed_energy_j_per_flop(
            energy_j_per_flop=energy, packed_energy_share=m.packed_energy_share
        )
    return Encoded(
        unit_flop=forward_flop(m.sample),
        board=m.board,
        compute_efficiency=serving_time.served_efficiency(
            queue_efficiency=m.queue_efficiency, served_share=m.served_share
        ),
        resident_factor=m.resident_factor,
        energy_j_per_flop=energy,
        devices=m.devices,
    )


def _diffusion(m: Diffusion[Num], served: Num) -> tuple[Num, Num, Num]:
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
    busy = serving_time.busy_hours_by_residual(
        modeled_hours=busy, energy_residual=m.energy_residual
    )
    return busy, device, m.replica_accelerators


def _ranking(
    model: Ranking[Num], fleet: Fleet[Num], served: Num, total: Num, site: Site[Num]
) -> Use:
    """A ranking fleet: as many servers as load or table memory asks for, mostly idle or not."""
    waited = device_s(dlrm_limits(model.work))
    busy = serving_time.busy_hours_from_unit_time(served_units=served, unit_s=waited)
    busy = serving_time.busy_hours_by_residual(
        modeled_hours=busy, energy_residual=model.energy_residual
    )
    load, busy_of_load = _provisioned(fleet, busy)
    devices = table_devices(model)
    hours = fleet_hours.accelerator_hours_by_capacity(
        load_hours=load, memory_devices=devices, period_hours=fleet.period_hours
    )
    on = fleet_hours.accelerator_hours_by_capacity(
        load_hours=fleet_hours.accelerator_hours_from_mean_busy_share(
            busy_hours=busy, mean_busy_share=busy_of_load
        ),
        memory_devices=devices,
        period_hours=fleet.period_hours,
    )
    mean_busy = fleet_hours.mean_busy_share_from_hours(busy_hours=busy, accelerator_hours=on)
    mean_power = power.it_power_w(
        idle_power_w=model.idle_power_w,
        loaded_power_w=model.loaded_power_w,
        mean_busy_share=mean_busy,
    )
    it = operational.it_energy_kwh_from_hours(accelerator_hours=on, it_power_w=mean_power)
    facility = operational.facility_energy_kwh(it_energy_kwh=it, pue=site.pue)
    return Use(hours, it, facility, functional_units=total,
               served=_served(fleet, busy, None))  # fmt: skip


def table_devices(model: Ranking[Num]) -> Num:
    """Devices whose memory holds the tables once."""
    tables = compute_dlrm.table_gb(
        tables=model.work.tables,
        table_rows=model.work.table_rows,
        embedding_dim=model.work.embedding_dim,
        embedding_bytes=model.work.embedding_bytes,
    )
    return fleet_hours.memory_devices(
        table_gb=tables, device_memory_gb=model.device_memory_gb, memory_share=model.memory_share
    )
