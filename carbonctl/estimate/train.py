"""Training: from one kind of evidence to device-hours and energy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.results import Use
from carbonctl.formulas import (
    compute_dlrm,
    compute_llm,
    operational,
    power,
    training_time,
)

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.inputs import DlrmWork, LlmWork, Power, Site, TrainRun


def train(run: TrainRun[Num], site: Site[Num]) -> Use:
    """Energy and device-hours of one run, on its evidence, and what a second kind says of it."""
    use = _use(run, site)
    if use.accelerator_hours is None or (run.cross_work is None and run.cross_hours is None):
        return use
    return replace(use, cross_check=_cross_check(run, use.accelerator_hours))


def _cross_check(run: TrainRun[Num], hours: Num) -> dict[str, Num]:
    """What evidence that is not used implies: a utilization, or a ratio of hours."""
    implied: dict[str, Num] = {}
    if run.cross_work is not None:
        work = run.cross_work
        flop = compute_llm.train_flop(
            active_params=work.active_params, train_tokens=work.train_tokens
        )
        implied["implied_mfu"] = training_time.billed_mfu(
            train_flop=flop, peak_flop_per_s=work.peak_flop_per_s, accelerator_hours=hours
        )
    if run.cross_hours is not None:
        implied["stated_hours_ratio"] = training_time.stated_hours_ratio(
            stated_hours=run.cross_hours, accelerator_hours=hours
        )
    return implied


def _use(run: TrainRun[Num], site: Site[Num]) -> Use:
    if run.energy_kwh is not None:
        return _from_energy(run, run.energy_kwh, site)
    hours = _hours(run)
    if run.residual is not None:
        hours = training_time.accelerator_hours_by_residual(
            modeled_hours=hours, residual=run.residual
        )
    count = _repeats(run)
    if count is not None:
        hours = training_time.accelerator_hours_by_repeats(run_hours=hours, repeats=count)
    return from_hours(hours, run.power, site)


def from_hours(hours: Num, draw: Power[Num], site: Site[Num]) -> Use:
    """Energy of device-hours, entering the ladder on the rung where the power stands."""
    if draw.boundary == "facility" and draw.power_w is not None:
        facility = operational.facility_energy_kwh_from_hours(
            accelerator_hours=hours, facility_power_w=draw.power_w
        )
        it = operational.it_energy_kwh_from_facility_energy(
            facility_energy_kwh=facility, pue=site.pue
        )
        return Use(hours, it, facility)
    device, it = _it_energy(hours, draw)
    facility = operational.facility_energy_kwh(it_energy_kwh=it, pue=site.pue)
    return Use(hours, it, facility, device_energy_kwh=device)


def _it_energy(hours: Num, draw: Power[Num]) -> tuple[Num | None, Num]:
    if draw.boundary != "gpu" and draw.power_w is not None:
        return None, operational.it_energy_kwh_from_hours(
            accelerator_hours=hours, it_power_w=draw.power_w
        )
    device = operational.device_energy_kwh(
        accelerator_hours=hours, device_power_w=device_power_w(draw)
    )
    assert draw.host_power_factor is not None  # noqa: S101 - resolve gives it at the gpu boundary
    return device, operational.it_energy_kwh_from_device_energy(
        device_energy_kwh=device, host_power_factor=draw.host_power_factor
    )


def device_power_w(draw: Power[Num]) -> Num:
    """Board power, as given or as a share of its rating."""
    if draw.power_w is not None:
        return draw.power_w
    assert draw.tdp_w is not None  # noqa: S101 - resolve gives a power or a rating
    assert draw.device_power_share is not None  # noqa: S101
    return power.device_power_w(tdp_w=draw.tdp_w, device_power_share=draw.device_power_share)


def _from_energy(run: TrainRun[Num], energy_kwh: Num, site: Site[Num]) -> Use:
    """A measured energy, brought to the meter from the boundary at which it was measured."""
    count = _repeats(run)
    if count is not None:
        energy_kwh = operational.measured_energy_kwh(run_energy_kwh=energy_kwh, repeats=count)
    if run.energy_boundary == "facility":
        it = operational.it_energy_kwh_from_facility_energy(
            facility_energy_kwh=energy_kwh, pue=site.pue
        )
        return Use(_hours_behind(run, it), it, energy_kwh)
    device = energy_kwh if run.energy_boundary == "gpu" else None
    it = energy_kwh
    if device is not None:
        assert run.power.host_power_factor is not None  # noqa: S101 - as above
        it = operational.it_energy_kwh_from_device_energy(
            device_energy_kwh=device, host_power_factor=run.power.host_power_factor
        )
    facility = operational.facility_energy_kwh(it_energy_kwh=it, pue=site.pue)
    return Use(_hours_behind(run, it), it, facility, device_energy_kwh=device)


def _hours_behind(run: TrainRun[Num], it_energy_kwh: Num) -> Num | None:
    """Device-hours for the embodied share: as stated beside the energy, else by typical power."""
    if run.accelerator_hours is not None:
        return run.accelerator_hours
    draw = run.power
    if draw.power_w is None and draw.tdp_w is None:
        return None
    if draw.boundary == "gpu":
        assert draw.host_power_factor is not None  # noqa: S101 - as above
        it_power = power.it_power_w_from_device_power(
            device_power_w=device_power_w(draw), host_power_factor=draw.host_power_factor
        )
    else:
        assert draw.power_w is not None  # noqa: S101 - only a given power has another boundary
        it_power = draw.power_w
    return training_time.accelerator_hours_from_energy(
        it_energy_kwh=it_energy_kwh, it_power_w=it_power
    )


def _repeats(run: TrainRun[Num]) -> Num | None:
    """Runs in the period, where a cadence is stated."""
    if run.cadence_hours is None or run.period_hours is None:
        return None
    return training_time.repeats(period_hours=run.period_hours, cadence_hours=run.cadence_hours)


def _hours(run: TrainRun[Num]) -> Num:
    if run.trials is not None:
        return training_time.accelerator_hours_from_trials(
            trials=run.trials.trials,
            median_hours=run.trials.median_hours,
            tail_hours=run.trials.tail_hours,
            tail_z=run.trials.tail_z,
        )
    if run.accelerator_hours is not None:
        return run.accelerator_hours
    if run.wall_hours is not None and run.accelerators is not None:
        return training_time.accelerator_hours_from_days(
            accelerators=run.accelerators, wall_hours=run.wall_hours
        )
    if run.llm is not None:
        return _llm_hours(run.llm)
    assert run.dlrm is not None  # noqa: S101 - the schema asks for exactly one evidence
    assert run.train_samples is not None  # noqa: S101
    return compute_dlrm.accelerator_hours_from_samples(
        train_samples=run.train_samples, unit_s=unit_s(run.dlrm)
    )


def _llm_hours(work: LlmWork[Num]) -> Num:
    flop = compute_llm.train_flop(active_params=work.active_params, train_tokens=work.train_tokens)
    if work.mfu is not None and work.goodput is not None:
        return training_time.accelerator_hours_from_flop(
            train_flop=flop,
            peak_flop_per_s=work.peak_flop_per_s,
            mfu=work.mfu,
            goodput=work.goodput,
        )
    assert work.billed_mfu is not None  # noqa: S101 - one of the two priors
    return training_time.accelerator_hours_from_flop_by_billed_mfu(
        train_flop=flop, peak_flop_per_s=work.peak_flop_per_s, billed_mfu=work.billed_mfu
    )


def unit_s(work: DlrmWork[Num]) -> Num:
    """Device time of one recommendation sample."""
    gathered = compute_dlrm.gather_gb(
        tables=work.tables,
        lookups=work.lookups,
        embedding_dim=work.embedding_dim,
        embedding_bytes=work.embedding_bytes,
    )
    return compute_dlrm.unit_s(
        dense_params=work.dense_params,
        gather_gb=gathered,
        compute_passes=work.compute_passes,
        memory_passes=work.memory_passes,
        peak_flop_per_s=work.peak_flop_per_s,
        matmul_efficiency=work.matmul_efficiency,
        bandwidth_gb_per_s=work.bandwidth_gb_per_s,
        gather_efficiency=work.gather_efficiency,
    )
