"""Carbon, energy and water per functional unit of a service, and training per unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import part
from carbonctl.formulas.decisions import allocation
from carbonctl.formulas.serving import provisioning, served_unit

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.results import PhaseResult, ServiceSummary, UsePhase


def per_unit_metrics(
    r: PhaseResult, own: Num, total: Num, unit: str, *, alone: bool
) -> dict[str, Num]:
    """Carbon (on the basis of the total), energy and water per request, image or item."""
    count = r.use.functional_units
    assert count is not None  # noqa: S101 - the caller chose a phase that serves
    named = _carbon_and_energy_per_unit(r, own, unit, count) | {f"{r.id}.functional_units": count}
    if r.water_l is not None:
        named[f"{r.id}.per_{unit}_water_ml"] = allocation.per_unit_water_ml(
            water_l=r.water_l, functional_units=count
        )
    named |= _energy_by_boundary(r.id, r.use, unit, count)
    if r.use.served is not None:
        named |= _device_metrics(r.id, r.use, r.use.served) | _other_units(
            r, own, unit, r.use.served
        )
    if not alone:
        with part("whole_life"):
            named[f"per_{unit}_kgco2e"] = allocation.per_unit_kgco2e(
                carbon_kgco2e=total, functional_units=count
            )
    return named


def _carbon_and_energy_per_unit(r: PhaseResult, own: Num, unit: str, count: Num) -> dict[str, Num]:
    return {
        f"{r.id}.per_{unit}_kgco2e": allocation.per_unit_kgco2e(
            carbon_kgco2e=own, functional_units=count
        ),
        f"{r.id}.per_{unit}_energy_wh": allocation.per_unit_energy_wh(
            facility_energy_kwh=r.use.facility_energy_kwh, functional_units=count
        ),
    }


def _energy_by_boundary(phase: str, use: UsePhase, unit: str, count: Num) -> dict[str, Num]:
    """Energy per unit at each boundary below the meter, by the name of the boundary."""
    loaded = use.served.loaded_energy_kwh if use.served is not None else None
    rungs = {
        "gpu": use.device_energy_kwh,
        "it_system": loaded,
        "provisioned": use.it_energy_kwh,
    }
    named = {} if loaded is None else {f"{phase}.loaded_energy_kwh": loaded}
    return named | {
        f"{phase}.per_{unit}_{rung}_energy_wh": served_unit.per_unit_wh_by_boundary(
            boundary_kwh=energy, functional_units=count
        )
        for rung, energy in rungs.items()
        if energy is not None
    }


def _device_metrics(phase: str, use: UsePhase, served: ServiceSummary) -> dict[str, Num]:
    """Charged devices, whole devices, and busy share of a service."""
    hours = use.accelerator_hours
    assert hours is not None  # noqa: S101 - every service takes hours
    charged = provisioning.charged_accelerators(
        accelerator_hours=hours, period_hours=served.period_hours
    )
    busy = provisioning.mean_busy_share_from_hours(
        busy_hours=served.busy_hours, accelerator_hours=hours
    )
    point: dict[str, Num] = {}
    if served.batch is not None and served.replica_accelerators is not None:
        point[f"{phase}.sequences_in_flight"] = served.batch
        point[f"{phase}.replica_accelerators"] = served.replica_accelerators
    return point | {
        f"{phase}.charged_accelerators": charged,
        f"{phase}.whole_accelerators": provisioning.whole_accelerators(charged_accelerators=charged)
        if served.replica_accelerators is None
        else provisioning.whole_accelerators_by_replica(
            charged_accelerators=charged, replica_accelerators=served.replica_accelerators
        ),
        f"{phase}.busy_share": busy,
        f"{phase}.peak_busy_share": provisioning.peak_busy_share(
            mean_busy_share=busy, peak_to_mean=served.peak_to_mean
        ),
    }


def _other_units(r: PhaseResult, own: Num, unit: str, served: ServiceSummary) -> dict[str, Num]:
    """Carbon and energy per day, thousand tokens, second of video, or million items."""
    day = {"day_hours": served.day_hours, "period_hours": served.period_hours}
    named = {
        f"{r.id}.per_day_kgco2e": served_unit.per_day_kgco2e(carbon_kgco2e=own, **day),
        f"{r.id}.per_day_energy_kwh": served_unit.per_day_kwh(
            facility_energy_kwh=r.use.facility_energy_kwh, **day
        ),
    }
    others = {
        "1k_output_tokens": served.thousand_tokens,
        "video_second": served.video_seconds,
    }
    if unit == "item" and r.use.functional_units is not None:
        others["million_items"] = served_unit.functional_units_by_million(
            functional_units=r.use.functional_units
        )
    for name, count in others.items():
        if count is not None:
            named |= _carbon_and_energy_per_unit(r, own, name, count)
    return named


def break_even(
    named: dict[str, Num], results: list[PhaseResult], served: PhaseResult, unit: str
) -> dict[str, Num]:
    """Training carbon per unit, and the units at which serving equals training.

    ``named`` contains the total of every phase.
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
            f"break_even_{unit}s": served_unit.break_even_units(
                training_kgco2e=training, unit_kgco2e=one
            ),
        }
