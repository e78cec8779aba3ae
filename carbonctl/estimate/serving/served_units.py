"""Carbon, energy and water of one unit that a service made, and of training shared among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import part
from carbonctl.formulas.decisions import allocation
from carbonctl.formulas.serving import provisioning as fleet
from carbonctl.formulas.serving import served_unit as per_unit

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.results import PhaseResult, Served, Use


def per_unit_metrics(
    r: PhaseResult, own: Num, total: Num, unit: str, *, alone: bool
) -> dict[str, Num]:
    """Carbon (on the basis of the total), energy and water of one request, image or item."""
    count = r.use.functional_units
    assert count is not None  # noqa: S101 - the caller chose a phase that serves
    named = _one(r, own, unit, count) | {f"{r.id}.functional_units": count}
    if r.water_l is not None:
        named[f"{r.id}.per_{unit}_water_ml"] = allocation.per_unit_water_ml(
            water_l=r.water_l, functional_units=count
        )
    named |= _by_boundary(r.id, r.use, unit, count)
    if r.use.served is not None:
        named |= _devices(r.id, r.use, r.use.served) | _other_units(r, own, unit, r.use.served)
    if not alone:
        with part("whole_life"):
            named[f"per_{unit}_kgco2e"] = allocation.per_unit_kgco2e(
                carbon_kgco2e=total, functional_units=count
            )
    return named


def _one(r: PhaseResult, own: Num, unit: str, count: Num) -> dict[str, Num]:
    return {
        f"{r.id}.per_{unit}_kgco2e": allocation.per_unit_kgco2e(
            carbon_kgco2e=own, functional_units=count
        ),
        f"{r.id}.per_{unit}_energy_wh": allocation.per_unit_energy_wh(
            facility_energy_kwh=r.use.facility_energy_kwh, functional_units=count
        ),
    }


def _by_boundary(phase: str, use: Use, unit: str, count: Num) -> dict[str, Num]:
    """Energy of one unit on each rung below the meter, named for the rung."""
    loaded = use.served.loaded_energy_kwh if use.served is not None else None
    rungs = {
        "gpu": use.device_energy_kwh,
        "it_system": loaded,
        "provisioned": use.it_energy_kwh,
    }
    named = {} if loaded is None else {f"{phase}.loaded_energy_kwh": loaded}
    return named | {
        f"{phase}.per_{unit}_{rung}_energy_wh": per_unit.per_unit_wh_by_boundary(
            boundary_kwh=energy, functional_units=count
        )
        for rung, energy in rungs.items()
        if energy is not None
    }


def _devices(phase: str, use: Use, served: Served) -> dict[str, Num]:
    """How many devices a service is charged, how many whole ones that is, and how busy they are."""
    hours = use.accelerator_hours
    assert hours is not None  # noqa: S101 - every service takes hours
    charged = fleet.charged_accelerators(accelerator_hours=hours, period_hours=served.period_hours)
    busy = fleet.mean_busy_share_from_hours(busy_hours=served.busy_hours, accelerator_hours=hours)
    point: dict[str, Num] = {}
    if served.batch is not None and served.replica_accelerators is not None:
        point[f"{phase}.sequences_in_flight"] = served.batch
        point[f"{phase}.replica_accelerators"] = served.replica_accelerators
    return point | {
        f"{phase}.charged_accelerators": charged,
        f"{phase}.whole_accelerators": fleet.whole_accelerators(charged_accelerators=charged)
        if served.replica_accelerators is None
        else fleet.whole_accelerators_by_replica(
            charged_accelerators=charged, replica_accelerators=served.replica_accelerators
        ),
        f"{phase}.busy_share": busy,
        f"{phase}.peak_busy_share": fleet.peak_busy_share(
            mean_busy_share=busy, peak_to_mean=served.peak_to_mean
        ),
    }


def _other_units(r: PhaseResult, own: Num, unit: str, served: Served) -> dict[str, Num]:
    """Per day, thousand tokens, second of video, or million items."""
    day = {"day_hours": served.day_hours, "period_hours": served.period_hours}
    named = {
        f"{r.id}.per_day_kgco2e": per_unit.per_day_kgco2e(carbon_kgco2e=own, **day),
        f"{r.id}.per_day_energy_kwh": per_unit.per_day_kwh(
            facility_energy_kwh=r.use.facility_energy_kwh, **day
        ),
    }
    others = {
        "1k_output_tokens": served.thousand_tokens,
        "video_second": served.video_seconds,
    }
    if unit == "item" and r.use.functional_units is not None:
        others["million_items"] = per_unit.functional_units_by_million(
            functional_units=r.use.functional_units
        )
    for name, count in others.items():
        if count is not None:
            named |= _one(r, own, name, count)
    return named


def break_even(
    named: dict[str, Num], results: list[PhaseResult], served: PhaseResult, unit: str
) -> dict[str, Num]:
    """Training per unit served, and the units at which serving has emitted as much as training.

    ``named`` holds the whole of every phase.
    """
    trained = tuple(named[f"{r.id}.total_kgco2e"] for r in results if r.kind == "train")
    count = served.use.functional_units
    if not trained or count is None:
        return {}
    with part("training"):
        training = allocation.total_kgco2e(parts_kgco2e=trained)
    with part("break_even"):
        one = allocation.per_unit_kgco2e(
            carbon_kgco2e=named[f"{served.id}.total_kgco2e"], functional_units=count
        )
        return {
            f"training_per_{unit}_kgco2e": allocation.per_unit_kgco2e(
                carbon_kgco2e=training, functional_units=count
            ),
            f"break_even_{unit}s": per_unit.break_even_units(
                training_kgco2e=training, unit_kgco2e=one
            ),
        }
