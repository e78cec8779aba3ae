"""Allocation of embodied carbon when hardware is used longer, or by a second owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="kgCO2e/y", equation="c = C / L", source="act-2022")
def embodied_kgco2e_per_year(*, item_kgco2e: Num, lifetime_hours: Num) -> Num:
    """Embodied carbon per year of life.

    Parameters
    ----------
    item_kgco2e
        The whole item, cradle to grave. [kgCO2e]
    lifetime_hours
        Calendar life. [h] > 0

    Notes
    -----
    A longer life divides the same carbon by more years: from 4 to 6 it falls by a third. What an
    older device draws more for the same work, and its spares, stand against that.

    Examples
    --------
    >>> embodied_kgco2e_per_year(item_kgco2e=2_000.0, lifetime_hours=35_040.0)
    500.0
    """
    return item_kgco2e / units.years_from_hours(lifetime_hours)


@formula(unit="kgCO2e", equation="C_w = C * max(0, 1 - a / L)", source="embodied-lifetime-survey")
def written_off_kgco2e(*, item_kgco2e: Num, age_hours: Num, lifetime_hours: Num) -> Num:
    """Embodied carbon not yet allocated when hardware is retired early.

    Parameters
    ----------
    item_kgco2e
        The whole item. [kgCO2e]
    age_hours
        Time in service. [h]
    lifetime_hours
        Life over which it is charged. [h]

    Notes
    -----
    A line of attribution. It is sunk: a decision that counts it would keep hardware too long.

    Examples
    --------
    >>> written_off_kgco2e(item_kgco2e=1_000.0, age_hours=30_000.0, lifetime_hours=40_000.0)
    250.0
    """
    return item_kgco2e * np.maximum(1 - age_hours / lifetime_hours, 0)


@formula(unit="kgCO2e", equation="C_1 = C * t_1 / (t_1 + t_2)", source="embodied-lifetime-survey")
def first_life_kgco2e(*, item_kgco2e: Num, first_life_hours: Num, second_life_hours: Num) -> Num:
    """Embodied carbon of the first owner, in proportion to time.

    Parameters
    ----------
    item_kgco2e
        The whole item. [kgCO2e]
    first_life_hours, second_life_hours
        Service with the first owner and with the second. [h]

    Examples
    --------
    >>> first_life_kgco2e(item_kgco2e=1_000.0, first_life_hours=3.0, second_life_hours=1.0)
    750.0
    """
    return item_kgco2e * first_life_hours / (first_life_hours + second_life_hours)


@formula(unit="kgCO2e", equation="C_2 = C - C_1", source="conservation")
def second_life_kgco2e(*, item_kgco2e: Num, carried_kgco2e: Num) -> Num:
    """Embodied carbon of the second owner.

    Parameters
    ----------
    item_kgco2e
        The whole item. [kgCO2e]
    carried_kgco2e
        What the first owner carries: all of it under cut-off. [kgCO2e]

    Examples
    --------
    >>> second_life_kgco2e(item_kgco2e=1_000.0, carried_kgco2e=750.0)
    250.0
    """
    return item_kgco2e - carried_kgco2e


@formula(unit="kgCO2e", equation="K = d * C_new", source="embodied-lifetime-survey")
def displaced_kgco2e(*, displaced_share: Num, equivalent_kgco2e: Num) -> Num:
    """Embodied carbon of new hardware that reuse displaces; never netted.

    Parameters
    ----------
    displaced_share
        Share of second lives that stand in for new hardware. [1] 0 to 1
    equivalent_kgco2e
        New hardware that would do that work, cradle to grave. [kgCO2e]

    Examples
    --------
    >>> displaced_kgco2e(displaced_share=0.25, equivalent_kgco2e=1_000.0)
    250.0
    """
    return displaced_share * equivalent_kgco2e


@formula(unit="kgCO2e", equation="C_net = C_new - K", source="conservation")
def credited_kgco2e(*, new_kgco2e: Num, displaced_kgco2e: Num) -> Num:
    """Embodied carbon of the new hardware minus the displaced carbon.

    Parameters
    ----------
    new_kgco2e
        The new hardware, cradle to grave. [kgCO2e]
    displaced_kgco2e
        New hardware that a second owner does not buy. [kgCO2e]

    Examples
    --------
    >>> credited_kgco2e(new_kgco2e=1_000.0, displaced_kgco2e=250.0)
    750.0
    """
    return new_kgco2e - displaced_kgco2e
