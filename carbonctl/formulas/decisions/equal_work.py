"""The same work on other machines: their number and their energy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="1", equation="r = P_new * n_new / (P_old * n_old) * k", source="carbonctl-refresh")
def performance_ratio(
    *,
    new_peak_flop_per_s: Num,
    new_accelerators: Num,
    old_peak_flop_per_s: Num,
    old_accelerators: Num,
    reached_ratio: Num,
) -> Num:
    """Work of a busy new machine over that of a busy old one, from their peaks.

    Parameters
    ----------
    new_peak_flop_per_s, old_peak_flop_per_s
        Dense 16-bit peak of one accelerator. [FLOP/s]
    new_accelerators, old_accelerators
        Accelerators in one machine. [1]
    reached_ratio
        Speed-up that is reached over the ratio of peaks. [1] 0.5 to 1.1

    Examples
    --------
    >>> performance_ratio(new_peak_flop_per_s=1e15, new_accelerators=8.0,
    ...     old_peak_flop_per_s=2e14, old_accelerators=8.0, reached_ratio=0.8)
    4.0
    """
    peaks = new_peak_flop_per_s * new_accelerators / (old_peak_flop_per_s * old_accelerators)
    return peaks * reached_ratio


@formula(unit="1", equation="R = r * u_new / u_old", source="carbonctl-refresh")
def machine_ratio(*, performance_ratio: Num, new_busy_share: Num, old_busy_share: Num) -> Num:
    """Old machines that one new machine replaces at equal work.

    Parameters
    ----------
    performance_ratio
        Work of a busy new machine over that of a busy old one. [1] > 0
    new_busy_share, old_busy_share
        Busy over all hours in service. [1] 0 to 1

    Notes
    -----
    With equal hardware this is the utilization uplift: carbon of a unit of work falls as 1/u.

    Examples
    --------
    >>> machine_ratio(performance_ratio=2.0, new_busy_share=0.75, old_busy_share=0.5)
    3.0
    """
    return performance_ratio * new_busy_share / old_busy_share


@formula(unit="1", equation="n_new = n_old / R", source="carbonctl-refresh")
def new_machines(*, old_machines: Num, machine_ratio: Num) -> Num:
    """New machines for the work of the old ones, as a real number.

    Parameters
    ----------
    old_machines
        Machines in service. [1]
    machine_ratio
        Old machines that one new machine replaces. [1] > 0

    Examples
    --------
    >>> new_machines(old_machines=10.0, machine_ratio=2.5)
    4.0
    """
    return old_machines / machine_ratio


@formula(unit="kWh", equation="E_it = n * t * P", source="si-energy-from-power")
def it_energy_kwh_from_machines(*, machines: Num, service_hours: Num, it_power_w: Num) -> Num:
    """Energy of machines that stay in service, idle hours included.

    Parameters
    ----------
    machines
        Whole machines. [1]
    service_hours
        Calendar hours. [h]
    it_power_w
        Mean AC power of one machine over those hours, before PUE. [W]

    Examples
    --------
    >>> it_energy_kwh_from_machines(machines=2.0, service_hours=1_000.0, it_power_w=4_000.0)
    8000.0
    """
    return units.kwh_from_wh(machines * service_hours * it_power_w)
