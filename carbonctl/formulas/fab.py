"""Manufacturing a logic die: wafers, yield, carbon per area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(
    unit="1",
    equation="floor(pi*d^2/(4*S) - pi*d/sqrt(2*S)), d = D - 2*edge, S = (sqrt(A) + kerf)^2",
    source="de-vries-2005-dies",
)
def dies_per_wafer(*, die_area_cm2: Num, wafer_cm: Num, edge_cm: Num, kerf_cm: Num) -> Num:
    """Whole dies that fit on a wafer.

    Parameters
    ----------
    die_area_cm2
        Area of one die. [cm2]
    wafer_cm, edge_cm, kerf_cm
        Wafer diameter, edge exclusion, width of a saw street. [cm]

    Notes
    -----
    Edge loss and kerf are inside: do not divide by a wafer utilization as well.

    Examples
    --------
    >>> dies_per_wafer(die_area_cm2=8.14, wafer_cm=30.0, edge_cm=0.3, kerf_cm=0.01)
    60.0
    """
    diameter = wafer_cm - 2.0 * edge_cm
    site = (np.sqrt(die_area_cm2) + kerf_cm) ** 2
    whole = np.pi * diameter**2 / (4.0 * site) - np.pi * diameter / np.sqrt(2.0 * site)
    return np.floor(whole)


@formula(unit="1", equation="Y = ((1 - exp(-A*D)) / (A*D))^2", source="murphy-1964-yield")
def fab_yield(*, die_area_cm2: Num, defect_density_per_cm2: Num) -> Num:
    """Good dies over dies, Murphy's model.

    Parameters
    ----------
    die_area_cm2
        Area of one die. [cm2]
    defect_density_per_cm2
        Effective defects per area; harvesting of partly good dies lowers it. [1/cm2]

    Examples
    --------
    >>> round(fab_yield(die_area_cm2=8.14, defect_density_per_cm2=0.1), 3)
    0.468
    """
    expected = die_area_cm2 * defect_density_per_cm2
    return ((1.0 - np.exp(-expected)) / expected) ** 2


@formula(unit="kgCO2e", equation="C = n * CPA * pi/4*D^2 / (DPW * Y)", source="act-2022")
def die_kgco2e(
    *,
    die_count: Num,
    cpa_kgco2e_per_cm2: Num,
    wafer_cm: Num,
    dies_per_wafer: Num,
    fab_yield: Num,
) -> Num:
    """Carbon of good dies: the whole wafer is charged to what comes out of it.

    Parameters
    ----------
    die_count
        Dies of this kind in the package. [1]
    cpa_kgco2e_per_cm2
        Carbon per wafer area of the node. [kgCO2e/cm2]
    wafer_cm
        Wafer diameter. [cm]
    dies_per_wafer, fab_yield
        Whole dies per wafer, and good dies over dies. [1]

    Examples
    --------
    >>> round(die_kgco2e(die_count=1.0, cpa_kgco2e_per_cm2=1.58, wafer_cm=30.0,
    ...     dies_per_wafer=60.0, fab_yield=0.54), 1)
    34.5
    """
    wafer_area = np.pi / 4.0 * wafer_cm**2
    return die_count * cpa_kgco2e_per_cm2 * wafer_area / (dies_per_wafer * fab_yield)


@formula(unit="kgCO2e", equation="C = A * k / Y", source="carbonctl-module-calibration")
def interposer_kgco2e(
    *, interposer_area_cm2: Num, interposer_kgco2e_per_cm2: Num, interposer_yield: Num
) -> Num:
    """Carbon of the silicon that carries dies and memory stacks.

    Parameters
    ----------
    interposer_area_cm2
        Area of the interposer. [cm2]
    interposer_kgco2e_per_cm2
        Carbon per area of its few metal layers. [kgCO2e/cm2]
    interposer_yield
        Good over made. [1]

    Examples
    --------
    >>> interposer_kgco2e(interposer_area_cm2=20.0, interposer_kgco2e_per_cm2=0.25,
    ...     interposer_yield=0.5)
    10.0
    """
    return interposer_area_cm2 * interposer_kgco2e_per_cm2 / interposer_yield
