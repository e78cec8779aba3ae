"""Training: from one kind of evidence to device-hours and energy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.results import Use
from carbonctl.estimate.train_boundary import from_energy, from_hours
from carbonctl.estimate.train_dlrm import device_s, dlrm_limits
from carbonctl.estimate.train_work import (
    llm_flop,
    minimum_accelerators,
    rollout_hours,
    state_gb,
    work_hours,
)
from carbonctl.formulas import (
    compute_dlrm,
    compute_rollouts,
    operational,
    strong_scaling,
    training_time,
)

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.inputs import Site, TrainRun
    from carbonctl.estimate.work import Federated


def train(run: TrainRun[Num], site: Site[Num]) -> Use:
    """Energy and device-hours of one run, on its evidence, and what a second kind says of it."""
    if run.federated is not None:
        return _federated(run.federated, site)
    if run.energy_kwh is not None:
        use = _measured(run, run.energy_kwh, site)
        hours = use.accelerator_hours if run.accelerator_hours is None else run.accelerator_hours
        details: dict[str, Num] = {}
    else:
        hours, details = _modeled(run)
        use = from_hours(_repeated(run, hours), run.power, site)
    details |= _feasibility(run, hours)
    checked = {} if hours is None else _cross_check(run, hours)
    work = run.llm or run.samples
    goodput = None if work is None else work.goodput
    return replace(use, goodput=goodput, cross_check=checked, details=details)


def _cross_check(run: TrainRun[Num], hours: Num) -> dict[str, Num]:
    """What evidence that is not used implies: a utilization, or a ratio of hours."""
    implied: dict[str, Num] = {}
    if run.cross_work is not None:
        implied["implied_mfu"] = training_time.billed_mfu(
            train_flop=llm_flop(run.cross_work),
            peak_flop_per_s=run.cross_work.peak_flop_per_s,
            accelerator_hours=hours,
        )
    stated = run.cross_hours
    if stated is None and run.cross_wall_hours is not None and run.accelerators is not None:
        stated = training_time.accelerator_hours_from_days(
            accelerators=run.accelerators, wall_hours=run.cross_wall_hours
        )
    if stated is not None:
        implied["stated_hours_ratio"] = training_time.stated_hours_ratio(
            stated_hours=stated, accelerator_hours=hours
        )
    return implied


def _feasibility(run: TrainRun[Num], hours: Num | None) -> dict[str, Num]:
    """Wall-clock time of one run where its devices are counted, and how many must hold it."""
    found: dict[str, Num] = {}
    if run.accelerators is not None and hours is not None and run.wall_hours is None:
        found["wall_hours"] = training_time.wall_hours(
            accelerator_hours=hours, accelerators=run.accelerators
        )
    if run.memory is not None:
        found["minimum_accelerators"] = minimum_accelerators(run.memory)
        found["state_gb"] = state_gb(run.memory)
    return found


def _modeled(run: TrainRun[Num]) -> tuple[Num, dict[str, Num]]:
    """Device-hours of one run with the errors of the model, and what they are made of."""
    hours, details = _hours(run)
    if run.recompute_factor is not None:
        hours = training_time.accelerator_hours_by_recompute(
            modeled_hours=hours, recompute_factor=run.recompute_factor
        )
    if run.scaling is not None:
        hours = strong_scaling.accelerator_hours_by_strong_scaling(
            modeled_hours=hours,
            accelerators=run.scaling.accelerators,
            accelerators_per_machine=run.scaling.accelerators_per_machine,
            scaling_exponent=run.scaling.scaling_exponent,
        )
    if run.residual is not None:
        hours = training_time.accelerator_hours_by_residual(
            modeled_hours=hours, residual=run.residual
        )
    return hours, details


def _repeated(run: TrainRun[Num], hours: Num) -> Num:
    count = repeats_of(run)
    if count is None:
        return hours
    return training_time.accelerator_hours_by_repeats(run_hours=hours, repeats=count)


def _federated(work: Federated[Num], site: Site[Num]) -> Use:
    it = compute_rollouts.it_energy_kwh_by_federated(
        devices=work.devices,
        training_hours=work.training_hours,
        device_w=work.device_w,
        communication_hours=work.communication_hours,
        router_w=work.router_w,
    )
    return Use(None, it, operational.facility_energy_kwh(it_energy_kwh=it, pue=site.pue))


def _measured(run: TrainRun[Num], energy_kwh: Num, site: Site[Num]) -> Use:
    """A measured energy and the hours beside it, once or as often as the run is made."""
    count = repeats_of(run)
    if count is not None:
        energy_kwh = operational.measured_energy_kwh(run_energy_kwh=energy_kwh, repeats=count)
    if run.accelerator_hours is not None:
        run = replace(run, accelerator_hours=_repeated(run, run.accelerator_hours))
    return from_energy(run, energy_kwh, site)


def repeats_of(run: TrainRun[Num]) -> Num | None:
    """Runs in the period, where a cadence is stated."""
    if run.cadence_hours is None or run.period_hours is None:
        return None
    return training_time.repeats(period_hours=run.period_hours, cadence_hours=run.cadence_hours)


def _hours(run: TrainRun[Num]) -> tuple[Num, dict[str, Num]]:
    if run.trials is not None:
        hours = training_time.accelerator_hours_from_trials(
            trials=run.trials.trials,
            median_hours=run.trials.median_hours,
            tail_hours=run.trials.tail_hours,
            tail_z=run.trials.tail_z,
        )
        return hours, {}
    if run.accelerator_hours is not None:
        return run.accelerator_hours, {}
    if run.wall_hours is not None and run.accelerators is not None:
        hours = training_time.accelerator_hours_from_days(
            accelerators=run.accelerators, wall_hours=run.wall_hours
        )
        return hours, {"wall_hours": run.wall_hours}
    if run.llm is not None and run.rollouts is not None:
        return rollout_hours(run.llm, run.rollouts), {}
    work = run.llm or run.samples
    if work is not None:
        return work_hours(work), {}
    assert run.dlrm is not None  # noqa: S101 - the schema asks for exactly one evidence
    assert run.train_samples is not None  # noqa: S101
    limits = dlrm_limits(run.dlrm)
    hours = compute_dlrm.accelerator_hours_from_samples(
        train_samples=run.train_samples, unit_s=_slowest_s(limits)
    )
    return hours, limits


def _slowest_s(limits: dict[str, Num]) -> Num:
    """Time of one sample: what binds, inside the devices or outside."""
    device = device_s(limits)
    if "reading_s" not in limits:
        return device
    return compute_dlrm.unit_s_from_readers(device_s=device, reading_s=limits["reading_s"])
