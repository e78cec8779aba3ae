"""Language services: from modeled decode steps, or from a measured throughput."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.estimate.serving.request import decode_round
from carbonctl.estimate.serving.service_fleet import BoardWork
from carbonctl.formulas.facility import operational
from carbonctl.formulas.hardware import power
from carbonctl.formulas.serving import served_unit, serving_time

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.serving.service import Decoder, Throughput


def decoder_board_work(m: Decoder[Num], served: Num) -> BoardWork:
    """Busy hours and board energy of all requests, from decode steps."""
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
    if m.measured is not None:  # then hours are measured, and need no residual
        return BoardWork(busy, device, replica)
    busy = serving_time.busy_hours_by_residual(
        modeled_hours=busy, energy_residual=m.energy_residual
    )
    if m.media_residual is None:
        return BoardWork(busy, device, replica)
    busy = serving_time.busy_hours_by_residual(modeled_hours=busy, energy_residual=m.media_residual)
    return BoardWork(busy, device, replica)


def throughput_board_work(m: Throughput[Num], served: Num) -> BoardWork:
    """Busy hours and board energy of all requests, from a measured throughput."""
    busy = serving_time.busy_hours_from_throughput(
        served_units=served,
        output_tokens=m.output_tokens,
        accelerators=m.accelerators,
        throughput_per_hour=m.throughput_per_hour,
    )
    board = power.device_power_w(tdp_w=m.tdp_w, device_power_share=m.device_power_share)
    device = operational.device_energy_kwh_from_busy_hours(busy_hours=busy, device_power_w=board)
    return BoardWork(busy, device, m.accelerators)


def thousand_tokens(m: Decoder[Num] | Throughput[Num], total: Num) -> dict[str, Num]:
    """Thousands of output tokens of a service."""
    return {
        "thousand_tokens": served_unit.functional_units_by_thousand_tokens(
            functional_units=total, output_tokens=m.output_tokens
        )
    }
