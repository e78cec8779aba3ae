"""Life-cycle estimate: electricity of every phase, and its share of hardware and buildings."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from carbonctl.core.formula import part
from carbonctl.estimate.embodied.hardware import amortize, machine_carbon
from carbonctl.estimate.inputs import ShareOfTraining, Storage
from carbonctl.estimate.per_unit import crossover, per_hour_and_work, sci_per_unit
from carbonctl.estimate.phase_totals import phase_totals
from carbonctl.estimate.results import Lifecycle, Line, PhaseResult, UsePhase
from carbonctl.estimate.scopes import scopes_of_electricity
from carbonctl.estimate.serving.served_units import break_even, per_unit_metrics
from carbonctl.estimate.training.base_model_line import BASE, base_lines
from carbonctl.estimate.training.lost_work import useful_and_lost
from carbonctl.estimate.training.train import federated, train
from carbonctl.estimate.training.training_run import TrainRun
from carbonctl.estimate.training.work_inputs import Federated
from carbonctl.formulas.decisions import allocation
from carbonctl.formulas.facility import datacenter, operational, storage, water
from carbonctl.formulas.training import training_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.core.types import Num
    from carbonctl.estimate.embodied.hardware import MachineCarbon
    from carbonctl.estimate.inputs import LifecycleInputs, Phase, Site

_KINDS = {
    "data": "data",
    "experiments": "experiments",
    "train": "training",
    "idle": "training, idle",
    "infer": "serving",
}
_STAGES = {
    "manufacturing": "manufacturing",
    "construction": "construction",
    "transport": "transport",
    "end_of_life": "end of life",
}


def lifecycle(x: LifecycleInputs[Num], basis: str = "location") -> Lifecycle:
    """The life-cycle result of all phases, on a ``location`` or ``market`` basis."""
    results: list[PhaseResult] = []
    for phase in x.phases:
        trained = [r.use for r in results if r.kind == "train"]
        with part(phase.id):
            results.append(_phase_result(phase, trained))
    lines = (*_operational_lines(results, basis), *_stage_lines(results), *base_lines(x.base))
    total = allocation.total_kgco2e(parts_kgco2e=tuple(line.kgco2e for line in lines))
    named = partial(_all_metrics, x, basis, total, lines, results)
    return Lifecycle(basis, total, lines, tuple(results), named)


def _phase_result(phase: Phase[Num], trained: list[UsePhase]) -> PhaseResult:
    use = _phase_use(phase, trained)
    site, hours, hardware = phase.site, use.accelerator_hours, phase.hardware
    made = share = None
    if hardware is not None and hours is not None:
        with part("machine"):
            made = machine_carbon(hardware)
        share = {}
        for stage in ("manufacturing", "transport", "end_of_life"):
            with part(stage):
                share[stage] = amortize(getattr(made, f"{stage}_kgco2e"), hours, hardware)
    return PhaseResult(
        id=phase.id,
        label=phase.label,
        kind=phase.kind,
        evidence=phase.evidence,
        use=use,
        operational_location_kgco2e=operational.operational_location_kgco2e(
            facility_energy_kwh=use.facility_energy_kwh,
            ci_location_kgco2e_per_kwh=site.ci_location_kgco2e_per_kwh,
        ),
        operational_market_kgco2e=_market(use, site),
        water_l=_water(use, site),
        construction_kgco2e=datacenter.construction_kgco2e(
            it_energy_kwh=use.it_energy_kwh,
            construction_kgco2e_per_kw_year=site.construction_kgco2e_per_kw_year,
        ),
        manufacturing_kgco2e=share["manufacturing"] if share else use.storage_embodied_kgco2e,
        transport_kgco2e=share["transport"] if share else None,
        end_of_life_kgco2e=share["end_of_life"] if share else None,
        credit=partial(_recovery_credit, phase, made, hours),
        allocation_rate=hardware.allocation_rate if share and hardware else None,
        architecture=phase.architecture,
    )


def _recovery_credit(
    phase: Phase[Num], made: MachineCarbon | None, hours: Num | None
) -> Num | None:
    """Share of a machine's recovery credit that a phase gets [kgCO2e]; None without one."""
    if made is None or hours is None or phase.hardware is None:
        return None
    with part(phase.id), part("recovery_credit"):
        return amortize(made.recovery_credit_kgco2e, hours, phase.hardware)


def _phase_use(phase: Phase[Num], trained: list[UsePhase]) -> UsePhase:
    match phase.work:
        case TrainRun():
            return train(phase.work, phase.site)
        case Federated():
            return federated(phase.work, phase.site)
        case Storage():
            return _storage(phase.work, phase.site)
        case ShareOfTraining():
            return _share_of_training(phase.work, phase.site, trained)
        case _:
            from carbonctl.estimate.serving.infer import infer

            return infer(phase.work, phase.site)


def _share_of_training(
    work: ShareOfTraining[Num], site: Site[Num], trained: list[UsePhase]
) -> UsePhase:
    hours = [use.accelerator_hours for use in trained if use.accelerator_hours is not None]
    it = operational.it_energy_kwh_by_share(
        training_it_kwh=_total_energy(use.it_energy_kwh for use in trained), share=work.share
    )
    return UsePhase(
        None
        if len(hours) < len(trained)
        else training_time.accelerator_hours_by_share(
            training_hours=allocation.total_hours(parts_hours=tuple(hours)), share=work.share
        ),
        it,
        operational.facility_energy_kwh(it_energy_kwh=it, pue=site.pue),
    )


def _storage(work: Storage[Num], site: Site[Num]) -> UsePhase:
    growth = work.mean_growth
    if growth is None:
        assert work.growth_ratio is not None  # noqa: S101 - resolve gives growth or its mean
        assert work.growth_hours is not None  # noqa: S101
        growth = storage.mean_growth(
            growth_ratio=work.growth_ratio,
            period_hours=work.period_hours,
            growth_hours=work.growth_hours,
        )
    kept = storage.stored_gb(data_gb=work.data_gb, replicas=work.replicas, mean_growth=growth)
    it = storage.it_energy_kwh_from_storage(
        stored_gb=kept, storage_w_per_gb=work.storage_w_per_gb, period_hours=work.period_hours
    )
    drives = storage.storage_embodied_kgco2e(
        stored_gb=kept,
        storage_kgco2e_per_gb=work.storage_kgco2e_per_gb,
        period_hours=work.period_hours,
        lifetime_hours=work.lifetime_hours,
    )
    facility = operational.facility_energy_kwh(it_energy_kwh=it, pue=site.pue)
    return UsePhase(None, it, facility, storage_embodied_kgco2e=drives)


def _market(use: UsePhase, site: Site[Num]) -> Num | None:
    """Market-based operational carbon [kgCO2e]; None without contract data."""
    if site.contracted_share is None:
        return None
    return operational.operational_market_kgco2e(
        facility_energy_kwh=use.facility_energy_kwh,
        contracted_share=site.contracted_share,
        ci_location_kgco2e_per_kwh=site.ci_location_kgco2e_per_kwh,
    )


def _water(use: UsePhase, site: Site[Num]) -> Num | None:
    if site.wue_l_per_kwh is None or site.ewif_l_per_kwh is None:
        return None
    return water.water_l(
        it_energy_kwh=use.it_energy_kwh,
        pue=site.pue,
        wue_l_per_kwh=site.wue_l_per_kwh,
        ewif_l_per_kwh=site.ewif_l_per_kwh,
    )


def _operational_lines(results: list[PhaseResult], basis: str) -> Iterable[Line]:
    """One line for each kind of phase, with its runs as children where there are several."""
    for kind, label in _KINDS.items():
        members = [
            Line(
                f"{r.id}.operational_{basis}",
                r.label,
                getattr(r, f"operational_{basis}_kgco2e"),
                kind,
                r.evidence,
                "facility",
                useful_and_lost(r, basis),
            )
            for r in results
            if r.kind == kind
        ]
        if len(members) == 1:
            yield members[0]
        elif members:
            evidence = members[0].evidence
            yield _sum_line(f"{kind}.operational_{basis}", label, kind, tuple(members), evidence)


def _stage_lines(results: list[PhaseResult]) -> Iterable[Line]:
    """Lines of manufacturing, construction, transport and end of life over all phases."""
    for stage, label in _STAGES.items():
        members = tuple(
            Line(f"{r.id}.{stage}", r.label, value, stage, "modeled")
            for r in results
            if (value := getattr(r, f"{stage}_kgco2e")) is not None
        )
        if members:
            yield _sum_line(stage, label, stage, members, "modeled")


def _sum_line(
    line_id: str, label: str, kind: str, members: tuple[Line, ...], evidence: str
) -> Line:
    with part(line_id):
        total = allocation.total_kgco2e(parts_kgco2e=tuple(m.kgco2e for m in members))
    return Line(line_id, label, total, kind, evidence, "", members)


def _total_energy(values: Iterable[Num]) -> Num:
    return allocation.total_energy_kwh(parts_kwh=tuple(values))


def _all_metrics(
    x: LifecycleInputs[Num],
    basis: str,
    total: Num,
    lines: tuple[Line, ...],
    results: list[PhaseResult],
) -> dict[str, Num]:
    """Every metric of a life cycle by name."""
    metrics = {"total_kgco2e": total, **_metrics(results, lines, total, x.unit, basis)}
    for result, phase in zip(results, x.phases, strict=True):
        metrics |= per_hour_and_work(result, phase) | scopes_of_electricity(result, phase.site)
    return metrics | crossover(lines, metrics.get("operational_location_kgco2e"))


def _metrics(
    results: list[PhaseResult], lines: tuple[Line, ...], total: Num, unit: str, basis: str
) -> dict[str, Num]:
    """Totals, phases and per-unit metrics by name."""
    named: dict[str, Num] = {}
    for each in ("location", "market"):
        values = [getattr(r, f"operational_{each}_kgco2e") for r in results]
        if all(value is not None for value in values):
            with part(f"operational_{each}"):
                summed = allocation.total_kgco2e(parts_kgco2e=tuple(values))
            named[f"operational_{each}_kgco2e"] = summed
    with part("all"):
        named["facility_energy_kwh"] = _total_energy(r.use.facility_energy_kwh for r in results)
        if all(r.water_l is not None for r in results):
            liters = tuple(r.water_l for r in results if r.water_l is not None)
            named["water_l"] = allocation.total_water_l(parts_l=liters)
    whole = {BASE, *_STAGES}
    named |= {f"{line.id}_kgco2e": line.kgco2e for line in lines if line.id in whole}
    named |= phase_totals(results, basis)
    for result in results:
        named |= _phase_metrics(result)
    named |= _kind_metrics(results)
    served = next((r for r in results if r.use.functional_units is not None), None)
    if served is not None and unit:
        with part(served.id):
            alone = len({r.kind for r in results}) == 1
            own = named[f"{served.id}.total_kgco2e"]
            named |= per_unit_metrics(served, own, total, unit, alone=alone)
            named |= sci_per_unit(served, unit)
        named |= break_even(named, results, served, unit)
    return named


def _phase_metrics(r: PhaseResult) -> dict[str, Num]:
    values: dict[str, Num | None] = {
        f"{r.id}.operational_location_kgco2e": r.operational_location_kgco2e,
        f"{r.id}.operational_market_kgco2e": r.operational_market_kgco2e,
        f"{r.id}.facility_energy_kwh": r.use.facility_energy_kwh,
        f"{r.id}.it_energy_kwh": r.use.it_energy_kwh,
        f"{r.id}.device_energy_kwh": r.use.device_energy_kwh,
        f"{r.id}.accelerator_hours": r.use.accelerator_hours,
        f"{r.id}.water_l": r.water_l,
        f"{r.id}.recovery_credit_kgco2e": r.recovery_credit_kgco2e,
    }
    values |= {
        f"{r.id}.{name}": value for name, value in (r.use.details | r.use.cross_check).items()
    }
    return {name: value for name, value in values.items() if value is not None}


def _kind_metrics(results: list[PhaseResult]) -> dict[str, Num]:
    """Facility energy of each kind of phase with several runs, by name."""
    named = {}
    for kind in _KINDS:
        runs = [r.use.facility_energy_kwh for r in results if r.kind == kind]
        if len(runs) > 1:
            with part(kind):
                named[f"{kind}.facility_energy_kwh"] = _total_energy(runs)
    return named
