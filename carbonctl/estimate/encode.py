"""One sample on one device: an image, a window of speech, a text to be embedded."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from carbonctl.estimate.decode import device_power_w
from carbonctl.formulas import power, serving_time

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.service import Encoded


class Sample(NamedTuple):
    """Time of one sample on one device, and the mean power of that device."""

    unit_s: Num
    device_power_w: Num


def encode(m: Encoded[Num]) -> Sample:
    """Time and power of a device that is kept busy with samples."""
    seconds = serving_time.unit_s_from_flop(
        unit_flop=m.unit_flop,
        peak_flop_per_s=m.board.peak_flop_per_s,
        compute_efficiency=m.compute_efficiency,
    )
    dynamic = power.dynamic_energy_j_by_operations(
        work_flop=m.unit_flop, energy_j_per_flop=m.energy_j_per_flop
    )
    devices = 1.0 if m.devices is None else m.devices
    return Sample(seconds, device_power_w(m.board, m.resident_factor, dynamic, devices, seconds))
