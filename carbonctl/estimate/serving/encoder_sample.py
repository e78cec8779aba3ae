"""Encoder services: one sample (image, speech, text) on one device."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from carbonctl.estimate.serving.decode_step import device_power_w
from carbonctl.estimate.serving.service import EncoderSample
from carbonctl.estimate.serving.service_fleet import BoardWork
from carbonctl.estimate.training.train_samples import forward_flop
from carbonctl.formulas.facility import operational
from carbonctl.formulas.hardware import power
from carbonctl.formulas.serving import request_work, serving_time

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.serving.service import Encoder


class Sample(NamedTuple):
    """Time of one sample on one device [s], and the mean power of the device [W]."""

    unit_s: Num
    device_power_w: Num


def sample_time_and_power(m: EncoderSample[Num]) -> Sample:
    """Time of one sample, and the power of a device that is always busy."""
    seconds = serving_time.unit_s_from_flop(
        unit_flop=m.unit_flop,
        peak_flop_per_s=m.board.peak_flop_per_s,
        compute_efficiency=m.compute_efficiency,
    )
    dynamic = power.dynamic_energy_j_by_operations(
        work_flop=m.unit_flop, energy_j_per_flop=m.energy_j_per_flop
    )
    devices = 1.0 if m.devices is None else m.devices
    return Sample(seconds, device_power_w(m.board, dynamic, devices, seconds))


def encoder_sample(m: Encoder[Num]) -> EncoderSample[Num]:
    """FLOP and device of one sample, as numbers."""
    energy = m.energy_j_per_flop
    if m.packed_energy_share is not None:
        energy = request_work.packed_energy_j_per_flop(
            energy_j_per_flop=energy, packed_energy_share=m.packed_energy_share
        )
    return EncoderSample(
        unit_flop=forward_flop(m.sample),
        board=m.board,
        compute_efficiency=serving_time.served_efficiency(
            queue_efficiency=m.queue_efficiency, served_share=m.served_share
        ),
        energy_j_per_flop=energy,
        devices=m.devices,
    )


def encoder_board_work(m: Encoder[Num], served: Num) -> BoardWork:
    """Busy hours and board energy of all samples served."""
    made = sample_time_and_power(encoder_sample(m))
    busy = serving_time.busy_hours_by_residual(
        modeled_hours=serving_time.busy_hours_from_unit_time(
            served_units=served, unit_s=made.unit_s
        ),
        energy_residual=m.energy_residual,
    )
    device = operational.device_energy_kwh_from_busy_hours(
        busy_hours=busy, device_power_w=made.device_power_w
    )
    return BoardWork(busy, device, None)
