"""Carbon per unit of what hardware does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="kgCO2e", equation="M = C_a * a", source="iso-iec-21031-2024")
def reserved_kgco2e(*, amortized_kgco2e: Num, allocation_rate: Num) -> Num:
    """Hardware by the share of its calendar life that the work reserves; idle stays unallocated.

    Parameters
    ----------
    amortized_kgco2e
        Share of hardware that these hours carry. [kgCO2e]
    allocation_rate
        By which that share was raised for idle hours. [1] 0 to 1

    Examples
    --------
    >>> reserved_kgco2e(amortized_kgco2e=200.0, allocation_rate=0.5)
    100.0
    """
    return amortized_kgco2e * allocation_rate


@formula(unit="kgCO2e", equation="SCI = (O + M) / R", source="iso-iec-21031-2024")
def sci_kgco2e(*, used_kgco2e: Num, hardware_kgco2e: Num, functional_units: Num) -> Num:
    """Software carbon intensity of one functional unit.

    Parameters
    ----------
    used_kgco2e
        Energy times location-based intensity; contracts and offsets do not count. [kgCO2e]
    hardware_kgco2e
        Hardware by the share of its life that is reserved. [kgCO2e]
    functional_units
        How many of the declared unit. [1] > 0

    Examples
    --------
    >>> sci_kgco2e(used_kgco2e=4.0, hardware_kgco2e=1.0, functional_units=1_000.0)
    0.005
    """
    return (used_kgco2e + hardware_kgco2e) / functional_units
