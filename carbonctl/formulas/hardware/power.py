"""Power of a device, busy and idle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="W", equation="P_dev = TDP * f", source="training-power-boundaries")
def device_power_w(*, tdp_w: Num, device_power_share: Num) -> Num:
    """Mean board power as a share of rated power.

    Parameters
    ----------
    tdp_w
        Rated board power. [W]
    device_power_share
        Measured mean over rated power. [1] 0.70 to 0.93 seen for GPUs that train language models

    Notes
    -----
    Not for TPUs, whose rated power stands far above their draw: they carry a measured power.

    Examples
    --------
    >>> device_power_w(tdp_w=700.0, device_power_share=0.85)
    595.0
    """
    return tdp_w * device_power_share


@formula(unit="W", equation="P = P_0 * r", source="carbonctl-training-fit")
def device_power_w_by_residual(*, modeled_power_w: Num, residual: Num) -> Num:
    """Board power with the residual of the model.

    Parameters
    ----------
    modeled_power_w
        As the model gives it. [W]
    residual
        1, with the range that the model's own error has. [1]

    Examples
    --------
    >>> device_power_w_by_residual(modeled_power_w=600.0, residual=1.0)
    600.0
    """
    return modeled_power_w * residual


@formula(unit="kWh", equation="E_it = E_loaded * (1 + i * (1 - u) / u)", source="mlperf-power-idle")
def it_energy_kwh_by_busy_share(
    *, loaded_energy_kwh: Num, idle_power_share: Num, busy_share: Num
) -> Num:
    """Energy of a provisioned fleet: busy hours and idle hours.

    Parameters
    ----------
    loaded_energy_kwh
        IT energy, AC, of the busy hours. [kWh]
    idle_power_share
        Power of a server that is on and idle over its loaded power. [1] 0.25 to 0.45 measured
    busy_share
        Busy over provisioned hours. [1] 0 to 1

    Examples
    --------
    >>> it_energy_kwh_by_busy_share(
    ...     loaded_energy_kwh=100.0, idle_power_share=0.4, busy_share=0.5)
    140.0
    """
    return loaded_energy_kwh * (1.0 + idle_power_share * (1.0 - busy_share) / busy_share)


@formula(
    unit="W", equation="P = P_idle + u * (P_load - P_idle)", source="barroso-energy-proportional"
)
def it_power_w(*, idle_power_w: Num, loaded_power_w: Num, mean_busy_share: Num) -> Num:
    """Mean power of a server between idle and loaded.

    Parameters
    ----------
    idle_power_w
        Server on and idle, AC. [W]
    loaded_power_w
        Server busy, AC. [W]
    mean_busy_share
        Busy over provisioned hours. [1] 0 to 1

    Examples
    --------
    >>> it_power_w(idle_power_w=280.0, loaded_power_w=800.0, mean_busy_share=0.5)
    540.0
    """
    return idle_power_w + mean_busy_share * (loaded_power_w - idle_power_w)


@formula(unit="W", equation="P_res = r * P_idle", source="carbonctl-serving-model")
def resident_power_w(*, idle_power_w: Num, resident_factor: Num) -> Num:
    """Power of an idle board that holds a model in memory.

    Parameters
    ----------
    idle_power_w
        Board power with nothing loaded. [W]
    resident_factor
        Over idle power: contexts are open and memory is clocked. [1]

    Examples
    --------
    >>> resident_power_w(idle_power_w=70.0, resident_factor=1.1)
    77.0
    """
    return resident_factor * idle_power_w


@formula(
    unit="W",
    equation="P = P_res + (TDP - P_res) * (1 - exp(-D / (n * TDP * t)))",
    source="carbonctl-serving-model",
)
def device_power_w_by_activity(
    *,
    tdp_w: Num,
    resident_power_w: Num,
    dynamic_energy_j: Num,
    replica_accelerators: Num,
    busy_s: Num,
) -> Num:
    """Mean board power from activity: linear, then capped at the TDP.

    Parameters
    ----------
    tdp_w
        Rated board power, which no activity exceeds. [W]
    resident_power_w
        Board power with nothing to do. [W]
    dynamic_energy_j
        Energy that operations and moved bytes would take at full clocks. [J]
    replica_accelerators
        Devices that share the work. [1]
    busy_s
        Time in which it is done. [s]

    Notes
    -----
    Near the rated power clocks fall, and with them the energy of each operation.

    Examples
    --------
    >>> device_power_w_by_activity(tdp_w=700.0, resident_power_w=100.0, dynamic_energy_j=0.0,
    ...     replica_accelerators=1.0, busy_s=1.0)
    100.0
    """
    activity = dynamic_energy_j / (replica_accelerators * tdp_w * busy_s)
    return resident_power_w + (tdp_w - resident_power_w) * (1.0 - np.exp(-activity))


@formula(unit="J", equation="D = e_flop * F", source="carbonctl-serving-model")
def dynamic_energy_j_by_operations(*, work_flop: Num, energy_j_per_flop: Num) -> Num:
    """Dynamic energy of compute without separate memory traffic.

    Parameters
    ----------
    work_flop
        Work. [FLOP]
    energy_j_per_flop
        Energy per operation, with what it moves. [J/FLOP]

    Examples
    --------
    >>> dynamic_energy_j_by_operations(work_flop=1e12, energy_j_per_flop=4e-12)
    4.0
    """
    return energy_j_per_flop * work_flop


@formula(unit="W", equation="P_it = P_dev * k_host", source="training-power-boundaries")
def it_power_w_from_device_power(*, device_power_w: Num, host_power_factor: Num) -> Num:
    """AC power of the IT system per accelerator, with host and network.

    Parameters
    ----------
    device_power_w
        Mean board power. [W]
    host_power_factor
        (accelerators + host + network) / accelerators. [1]

    Examples
    --------
    >>> it_power_w_from_device_power(device_power_w=600.0, host_power_factor=1.5)
    900.0
    """
    return device_power_w * host_power_factor


@formula(unit="W", equation="P = P_base + k * n * P_dev", source="carbonctl-serving-model")
def wall_power_w(
    *, server_base_power_w: Num, board_to_wall: Num, accelerators: Num, device_power_w: Num
) -> Num:
    """Wall power of a whole busy server.

    Parameters
    ----------
    server_base_power_w
        What a server draws whatever its boards do. [W]
    board_to_wall
        Conversion, fans and the host's work for each board. [1]
    accelerators, device_power_w
        Boards, and mean power of each. [1], [W]

    Examples
    --------
    >>> wall_power_w(server_base_power_w=200.0, board_to_wall=1.25, accelerators=8.0,
    ...     device_power_w=400.0)
    4200.0
    """
    return server_base_power_w + board_to_wall * accelerators * device_power_w


@formula(unit="kWh", equation="E = k * E_dev + P_base * t / n", source="carbonctl-serving-model")
def it_energy_kwh_by_servers(
    *,
    device_energy_kwh: Num,
    board_to_wall: Num,
    server_base_power_w: Num,
    device_hours: Num,
    accelerators_per_machine: Num,
) -> Num:
    """Energy of servers, from that of their boards.

    Parameters
    ----------
    device_energy_kwh
        Energy of the boards. [kWh]
    board_to_wall
        Conversion, fans and the host's work for each board. [1]
    server_base_power_w
        What a server draws whatever its boards do. [W]
    device_hours
        Hours of the boards. [h]
    accelerators_per_machine
        Boards that share a server. [1]

    Examples
    --------
    >>> it_energy_kwh_by_servers(device_energy_kwh=400.0, board_to_wall=1.25,
    ...     server_base_power_w=200.0, device_hours=1_000.0, accelerators_per_machine=8.0)
    525.0
    """
    base = units.kwh_from_wh(server_base_power_w * device_hours / accelerators_per_machine)
    return board_to_wall * device_energy_kwh + base
