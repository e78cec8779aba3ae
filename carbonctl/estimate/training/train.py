"""Training: from one kind of evidence to device-hours and energy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.results import UsePhase
from carbonctl.estimate.training.train_boundary import use_phase_from_energy, use_phase_from_hours
from carbonctl.estimate.training.train_hours import llm_flop
from carbonctl.estimate.training.training_kinds import training_kind
from carbonctl.estimate.training.training_run import MeteredEnergy
from carbonctl.formulas.facility import operational
from carbonctl.formulas.training import rollout_work, strong_scaling, training_time
from carbonctl.plan.training_memory import minimum_accelerators, state_gb

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.inputs import Site
    from carbonctl.estimate.training.training_run import Corrections, CrossCheck, TrainRun
    from carbonctl.estimate.training.work_inputs import Federated


def train(run: TrainRun[Num], site: Site[Num]) -> UsePhase:
    """Energy and device-hours of one run from its evidence, with the cross check."""
    goodput: Num | None = None
    details: dict[str, Num] = {}
    if isinstance(run.evidence, MeteredEnergy):
        use = _use_of_measured_energy(run, run.evidence, site)
        stated = run.evidence.accelerator_hours
        hours = use.accelerator_hours if stated is None else stated
    else:
        kind = training_kind(run.evidence)
        modeled, details = kind.hours(run.evidence)
        hours = modeled if run.corrections is None else _correct_hours(modeled, run.corrections)
        goodput = kind.goodput(run.evidence)
        use = use_phase_from_hours(_hours_with_repeats(run, hours), run.power, site)
    details = details | _device_details(run, hours, details)
    checked: dict[str, Num] = {}
    if hours is not None and run.cross_check is not None:
        checked = _cross_check(run, run.cross_check, hours)
    return replace(use, goodput=goodput, cross_check=checked, details=details)


def federated(work: Federated[Num], site: Site[Num]) -> UsePhase:
    """Energy of federated training on users' devices, without embodied carbon of those."""
    it = rollout_work.it_energy_kwh_by_federated(
        devices=work.devices,
        training_hours=work.training_hours,
        device_w=work.device_w,
        communication_hours=work.communication_hours,
        router_w=work.router_w,
    )
    return UsePhase(None, it, operational.facility_energy_kwh(it_energy_kwh=it, pue=site.pue))


def train_flop(run: TrainRun[Num]) -> Num | None:
    """Model FLOP of one run; None where neither evidence nor cross check states its work."""
    if not isinstance(run.evidence, MeteredEnergy):
        kind = training_kind(run.evidence)
        if kind.has_work:
            return kind.flop(run.evidence)
    checked = None if run.cross_check is None else run.cross_check.work
    return None if checked is None else llm_flop(checked)


def repeats_in_period(run: TrainRun[Num]) -> Num | None:
    """Number of runs in the period; None where no cadence is stated."""
    if run.cadence is None:
        return None
    return training_time.repeats(
        period_hours=run.cadence.period_hours, cadence_hours=run.cadence.cadence_hours
    )


def _correct_hours(hours: Num, x: Corrections[Num]) -> Num:
    """Device-hours of one run, corrected for recompute, strong scaling and the residual."""
    if x.recompute_factor is not None:
        hours = training_time.accelerator_hours_by_recompute(
            modeled_hours=hours, recompute_factor=x.recompute_factor
        )
    if x.scaling is not None:
        hours = strong_scaling.accelerator_hours_by_strong_scaling(
            modeled_hours=hours,
            accelerators=x.scaling.accelerators,
            accelerators_per_machine=x.scaling.accelerators_per_machine,
            scaling_exponent=x.scaling.scaling_exponent,
        )
    if x.residual is not None:
        hours = training_time.accelerator_hours_by_residual(
            modeled_hours=hours, residual=x.residual
        )
    return hours


def _hours_with_repeats(run: TrainRun[Num], hours: Num) -> Num:
    count = repeats_in_period(run)
    if count is None:
        return hours
    return training_time.accelerator_hours_by_repeats(run_hours=hours, repeats=count)


def _use_of_measured_energy(
    run: TrainRun[Num], metered: MeteredEnergy[Num], site: Site[Num]
) -> UsePhase:
    """Use phase from measured energy and hours, multiplied by the number of runs."""
    count, energy_kwh, hours = repeats_in_period(run), metered.energy_kwh, metered.accelerator_hours
    if count is not None:
        energy_kwh = operational.measured_energy_kwh(run_energy_kwh=energy_kwh, repeats=count)
    if hours is not None:
        hours = _hours_with_repeats(run, hours)
    made = MeteredEnergy(energy_kwh, metered.boundary, hours)
    return use_phase_from_energy(made, run.power, site)


def _device_details(
    run: TrainRun[Num], hours: Num | None, details: dict[str, Num]
) -> dict[str, Num]:
    """Wall-clock time of one run, and the minimum number of devices, where they are known."""
    device_details: dict[str, Num] = {}
    if run.accelerators is not None and hours is not None and "wall_hours" not in details:
        device_details["wall_hours"] = training_time.wall_hours(
            accelerator_hours=hours, accelerators=run.accelerators
        )
    if run.memory is not None:
        device_details["minimum_accelerators"] = minimum_accelerators(run.memory)
        device_details["state_gb"] = state_gb(run.memory)
    return device_details


def _cross_check(run: TrainRun[Num], x: CrossCheck[Num], hours: Num) -> dict[str, Num]:
    """MFU or ratio of hours that the cross check implies."""
    implied: dict[str, Num] = {}
    if x.work is not None:
        implied["implied_mfu"] = training_time.billed_mfu(
            train_flop=llm_flop(x.work),
            peak_flop_per_s=x.work.peak_flop_per_s,
            accelerator_hours=hours,
        )
    stated = x.accelerator_hours
    if stated is None and x.wall_hours is not None and run.accelerators is not None:
        stated = training_time.accelerator_hours_from_days(
            accelerators=run.accelerators, wall_hours=x.wall_hours
        )
    if stated is not None:
        implied["stated_hours_ratio"] = training_time.stated_hours_ratio(
            stated_hours=stated, accelerator_hours=hours
        )
    return implied
