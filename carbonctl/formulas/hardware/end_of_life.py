"""End of life. Credits are separate and never netted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="kgCO2e", equation="C = m * k", source="vendor-server-pcf")
def end_of_life_kgco2e(*, mass_kg: Num, end_of_life_kgco2e_per_kg: Num) -> Num:
    """Gross carbon of collection and treatment, cut-off: no credit inside.

    Parameters
    ----------
    mass_kg
        Mass that is treated. [kg]
    end_of_life_kgco2e_per_kg
        Carbon per treated mass of the route. [kgCO2e/kg] 0.2 to 1.5 seen

    Examples
    --------
    >>> end_of_life_kgco2e(mass_kg=130.0, end_of_life_kgco2e_per_kg=0.5)
    65.0
    """
    return mass_kg * end_of_life_kgco2e_per_kg


@formula(unit="kgCO2e", equation="C = m * k", source="global-ewaste-monitor-2024")
def recovery_credit_kgco2e(*, mass_kg: Num, recovery_credit_kgco2e_per_kg: Num) -> Num:
    """Avoided burden of recovered metals, shown apart from every total.

    Parameters
    ----------
    mass_kg
        Mass that is treated. [kg]
    recovery_credit_kgco2e_per_kg
        Credit per treated mass, zero or negative. [kgCO2e/kg]

    Examples
    --------
    >>> recovery_credit_kgco2e(mass_kg=100.0, recovery_credit_kgco2e_per_kg=-1.5)
    -150.0
    """
    return mass_kg * recovery_credit_kgco2e_per_kg
