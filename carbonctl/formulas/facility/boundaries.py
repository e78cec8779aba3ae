"""Convert metered power and energy from their boundary to the whole IT system."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="1", equation="k = max(1, k_host / k_node)", source="training-power-boundaries")
def system_power_factor(*, host_power_factor: Num, node_power_factor: Num) -> Num:
    """Power of the IT system over that of its nodes: network, other equipment, losses.

    Parameters
    ----------
    host_power_factor
        (accelerators + host + network) / accelerators. [1] 1.25 to 1.55 seen
    node_power_factor
        (accelerators + CPU and memory) / accelerators, as metered inside a node. [1]

    Notes
    -----
    A node is metered inside: without losses of its power supplies, network and shared storage.

    Examples
    --------
    >>> system_power_factor(host_power_factor=1.5, node_power_factor=1.25)
    1.2
    """
    return np.maximum(1.0, host_power_factor / node_power_factor)


@formula(unit="kWh", equation="E_it = E_node * k", source="training-power-boundaries")
def it_energy_kwh_from_node_energy(*, node_energy_kwh: Num, system_power_factor: Num) -> Num:
    """AC energy of the whole IT system, from energy metered at its nodes.

    Parameters
    ----------
    node_energy_kwh
        Accelerators, CPU and memory. [kWh]
    system_power_factor
        IT system over its nodes. [1] >= 1

    Examples
    --------
    >>> it_energy_kwh_from_node_energy(node_energy_kwh=100.0, system_power_factor=1.25)
    125.0
    """
    return node_energy_kwh * system_power_factor


@formula(unit="W", equation="P_it = P_node * k", source="training-power-boundaries")
def it_power_w_from_node_power(*, node_power_w: Num, system_power_factor: Num) -> Num:
    """AC power of the IT system per accelerator, from power metered at nodes.

    Parameters
    ----------
    node_power_w
        Mean power per accelerator of accelerators, CPU and memory. [W]
    system_power_factor
        IT system over its nodes. [1] >= 1

    Examples
    --------
    >>> it_power_w_from_node_power(node_power_w=800.0, system_power_factor=1.25)
    1000.0
    """
    return node_power_w * system_power_factor


@formula(unit="W", equation="P_it = P_fac / PUE", source="iso-iec-30134-2")
def it_power_w_from_facility_power(*, facility_power_w: Num, pue: Num) -> Num:
    """AC power of the IT system per accelerator, from power that includes PUE.

    Parameters
    ----------
    facility_power_w
        Power per accelerator at the meter. [W]
    pue
        Facility over IT energy. [1] >= 1

    Examples
    --------
    >>> it_power_w_from_facility_power(facility_power_w=500.0, pue=1.25)
    400.0
    """
    return facility_power_w / pue
