"""Metrics that rank designs: products of carbon with delay or energy of one task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import part
from carbonctl.formulas.decisions import allocation, design_products
from carbonctl.formulas.hardware import second_life

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.refresh import FleetCarbon
    from carbonctl.estimate.replacement_inputs import RefreshInputs


def design_metrics(
    side: str,
    x: RefreshInputs[Num],
    service: FleetCarbon,
    embodied_kgco2e: Num,
    ratio: Num,
) -> dict[str, Num]:
    """CDP, tCDP, CEP and related metrics of a task of one hour on a busy old machine."""
    fleet = x.old if side == "old" else x.new
    tasks = design_products.functional_units_by_busy_hours(
        machines=x.old_machines,
        busy_share=x.old.busy_share,
        service_hours=x.service_hours,
        task_hours=x.task_hours,
    )
    delay = design_products.delay_hours(task_hours=x.task_hours, performance_ratio=ratio)
    energy = design_products.task_energy_kwh(
        facility_energy_kwh=service.facility_energy_kwh, functional_units=tasks
    )
    with part("machine"):
        one = allocation.total_kgco2e(parts_kgco2e=service.machine.stages)
    share = allocation.amortized_kgco2e(
        item_kgco2e=embodied_kgco2e,
        machine_hours=x.service_hours,
        lifetime_hours=fleet.hardware.lifetime_hours,
        allocation_rate=x.one,
    )
    tcdp = design_products.tcdp_kgco2e_h(
        operational_kgco2e=_carbon_per_task("operational", service.operational_kgco2e, tasks),
        hardware_kgco2e=_carbon_per_task("hardware", share, tasks),
        delay_hours=delay,
    )
    named = {
        "embodied_kgco2e_per_year": second_life.embodied_kgco2e_per_year(
            item_kgco2e=embodied_kgco2e, lifetime_hours=fleet.hardware.lifetime_hours
        ),
        "cdp_kgco2e_h": design_products.cdp_kgco2e_h(item_kgco2e=one, delay_hours=delay),
        "tcdp_kgco2e_h": tcdp,
    }
    for name in ("cep_kgco2e_kwh", "c2ep_kgco2e2_kwh", "ce2p_kgco2e_kwh2"):
        named[name] = getattr(design_products, name)(item_kgco2e=one, task_energy_kwh=energy)
    return {f"{side}.{name}": value for name, value in named.items()}


def _carbon_per_task(what: str, carbon_kgco2e: Num, tasks: Num) -> Num:
    with part(what):
        return allocation.per_unit_kgco2e(carbon_kgco2e=carbon_kgco2e, functional_units=tasks)
