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
def fab_yield_by_murphy(*, die_area_cm2: Num, defect_density_per_cm2: Num) -> Num:
    """Fab yield (good dies over dies) by Murphy's model.

    Parameters
    ----------
    die_area_cm2
        Area of one die. [cm2]
    defect_density_per_cm2
        Effective defects per area; harvesting of partly good dies lowers it. [1/cm2]

    Examples
    --------
    >>> round(fab_yield_by_murphy(die_area_cm2=8.14, defect_density_per_cm2=0.1), 3)
    0.468
    """
    expected = die_area_cm2 * defect_density_per_cm2
    return ((1.0 - np.exp(-expected)) / expected) ** 2


@formula(unit="1", equation="Y = exp(-A*D)", source="murphy-1964-yield")
def fab_yield_by_poisson(*, die_area_cm2: Num, defect_density_per_cm2: Num) -> Num:
    """Fab yield by the Poisson model of independent defects, the lowest of all models.

    Parameters
    ----------
    die_area_cm2
        Area of one die. [cm2]
    defect_density_per_cm2
        Effective defects per area. [1/cm2]

    Examples
    --------
    >>> round(fab_yield_by_poisson(die_area_cm2=8.14, defect_density_per_cm2=0.1), 3)
    0.443
    """
    return np.exp(-die_area_cm2 * defect_density_per_cm2)


@formula(unit="1", equation="Y = (1 + A*D/alpha)^-alpha", source="eco-chip-2024")
def fab_yield_by_negative_binomial(
    *, die_area_cm2: Num, defect_density_per_cm2: Num, defect_clustering: Num
) -> Num:
    """Fab yield by the negative binomial model of clustered defects.

    Parameters
    ----------
    die_area_cm2
        Area of one die. [cm2]
    defect_density_per_cm2
        Effective defects per area. [1/cm2]
    defect_clustering
        Alpha: small where defects cluster; many give the Poisson model. [1] 1 to 10

    Examples
    --------
    >>> round(fab_yield_by_negative_binomial(die_area_cm2=8.14, defect_density_per_cm2=0.1,
    ...     defect_clustering=3.0), 3)
    0.487
    """
    expected = die_area_cm2 * defect_density_per_cm2
    return (1.0 + expected / defect_clustering) ** -defect_clustering


@formula(unit="kgCO2e/cm2", equation="CPA = EPA * CI + GPA + MPA", source="act-2022")
def cpa_kgco2e_per_cm2_by_process(
    *,
    epa_kwh_per_cm2: Num,
    fab_ci_kgco2e_per_kwh: Num,
    gpa_kgco2e_per_cm2: Num,
    mpa_kgco2e_per_cm2: Num,
) -> Num:
    """Carbon per wafer area from electricity, gases and materials of the fab.

    Parameters
    ----------
    epa_kwh_per_cm2
        Fab electricity per area of the node. [kWh/cm2]
    fab_ci_kgco2e_per_kwh
        Carbon intensity of the fab's electricity. [kgCO2e/kWh]
    gpa_kgco2e_per_cm2
        Gases per area, at the fab's abatement. [kgCO2e/cm2]
    mpa_kgco2e_per_cm2
        Materials per area. [kgCO2e/cm2]

    Examples
    --------
    >>> round(cpa_kgco2e_per_cm2_by_process(epa_kwh_per_cm2=2.75, fab_ci_kgco2e_per_kwh=0.4,
    ...     gpa_kgco2e_per_cm2=0.3, mpa_kgco2e_per_cm2=0.5), 2)
    1.9
    """
    return epa_kwh_per_cm2 * fab_ci_kgco2e_per_kwh + gpa_kgco2e_per_cm2 + mpa_kgco2e_per_cm2


@formula(unit="kgCO2e/cm2", equation="CPA = c * u", source="carbonctl-embodied-model")
def cpa_kgco2e_per_cm2_by_inventory(
    *, inventory_kgco2e_per_cm2: Num, logic_upstream_factor: Num
) -> Num:
    """Carbon per wafer area from a fab inventory, with upstream emissions.

    Parameters
    ----------
    inventory_kgco2e_per_cm2
        Carbon per wafer area by the inventory. [kgCO2e/cm2]
    logic_upstream_factor
        Product footprints over the inventory: chemicals, water, test, packaging, infrastructure.
        [1] 1 to 2.6

    Notes
    -----
    NVIDIA's footprints agree with the inventory alone, life cycle databases stand 2.6 times
    above it: the factor lies between, and its range says so.

    Examples
    --------
    >>> cpa_kgco2e_per_cm2_by_inventory(inventory_kgco2e_per_cm2=1.5, logic_upstream_factor=2.0)
    3.0
    """
    return inventory_kgco2e_per_cm2 * logic_upstream_factor


@formula(unit="kgCO2e", equation="C = n * CPA * pi/4*D^2 / (DPW * Y)", source="act-2022")
def die_kgco2e(
    *,
    die_count: Num,
    cpa_kgco2e_per_cm2: Num,
    wafer_cm: Num,
    dies_per_wafer: Num,
    fab_yield: Num,
) -> Num:
    """Carbon of good dies, with the whole wafer allocated to them.

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


@formula(unit="kgCO2e", equation="C = n * CPA * A / Y", source="act-2022")
def die_kgco2e_by_area(
    *, die_count: Num, cpa_kgco2e_per_cm2: Num, die_area_cm2: Num, fab_yield: Num
) -> Num:
    """Carbon of good dies by their own area, without wafer edge and saw streets.

    Parameters
    ----------
    die_count
        Dies of this kind. [1]
    cpa_kgco2e_per_cm2
        Carbon per wafer area of the node. [kgCO2e/cm2]
    die_area_cm2
        Area of one die. [cm2]
    fab_yield
        Good dies over dies. [1]

    Notes
    -----
    As ACT has it; ``die_kgco2e`` charges what the wafer loses as well.

    Examples
    --------
    >>> die_kgco2e_by_area(die_count=2.0, cpa_kgco2e_per_cm2=1.5, die_area_cm2=2.0,
    ...     fab_yield=0.75)
    8.0
    """
    return die_count * cpa_kgco2e_per_cm2 * die_area_cm2 / fab_yield


@formula(unit="kgCO2e", equation="C = n * sum(C_i) / Y", source="eco-chip-2024")
def chip_kgco2e(*, chip_count: Num, assembly_yield: Num, parts_kgco2e: tuple[Num, ...]) -> Num:
    """Carbon of packaged chips: a failed package loses its good dies.

    Parameters
    ----------
    chip_count
        Packaged chips. [1]
    assembly_yield
        Good packages over packages, of dies known to be good. [1]
    parts_kgco2e
        Dies, interposer, package. [kgCO2e]

    Examples
    --------
    >>> chip_kgco2e(chip_count=2.0, assembly_yield=0.5, parts_kgco2e=(10.0, 5.0))
    60.0
    """
    return chip_count * sum(parts_kgco2e[1:], start=parts_kgco2e[0]) / assembly_yield


@formula(unit="kgCO2e", equation="C = A * k / Y", source="eco-chip-2024")
def interposer_kgco2e(
    *, interposer_area_cm2: Num, interposer_kgco2e_per_cm2: Num, interposer_yield: Num
) -> Num:
    """Carbon of silicon interposers.

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
