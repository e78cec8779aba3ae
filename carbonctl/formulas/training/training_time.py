"""Device-hours of training: from days, work, energy, cadence, trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="h", equation="t = n * T", source="si-energy-from-power")
def accelerator_hours_from_days(*, accelerators: Num, wall_hours: Num) -> Num:
    """Device-hours of a job on a fixed number of devices.

    Parameters
    ----------
    accelerators
        Devices reserved. [1]
    wall_hours
        Wall-clock time. [h]

    Examples
    --------
    >>> accelerator_hours_from_days(accelerators=64.0, wall_hours=240.0)
    15360.0
    """
    return accelerators * wall_hours


@formula(unit="h", equation="t = F / (peak * MFU * g)", source="palm-2022-mfu")
def accelerator_hours_from_flop(
    *, train_flop: Num, peak_flop_per_s: Num, mfu: Num, goodput: Num
) -> Num:
    """Billed device-hours of a training run from its work, MFU and goodput.

    Parameters
    ----------
    train_flop
        Model work; recomputation is not in it. [FLOP]
    peak_flop_per_s
        Dense peak of the number format used. [FLOP/s]
    mfu
        Model FLOP utilization of steady steps. [1] 0.2 to 0.55 seen
    goodput
        Useful share of billed time. [1] 0.65 to 0.95 seen

    References
    ----------
    Chowdhery et al., arXiv 2204.02311, appendix B.

    Examples
    --------
    >>> accelerator_hours_from_flop(train_flop=3.6e21, peak_flop_per_s=1e15, mfu=0.5, goodput=0.8)
    2500.0
    """
    return units.hours_from_s(train_flop / (peak_flop_per_s * mfu * goodput))


@formula(unit="h", equation="t = F / (peak * MFU_billed)", source="carbonctl-training-priors")
def accelerator_hours_from_flop_by_billed_mfu(
    *, train_flop: Num, peak_flop_per_s: Num, billed_mfu: Num
) -> Num:
    """Billed device-hours of a training run from its work and billed MFU.

    Parameters
    ----------
    train_flop
        Model work. [FLOP]
    peak_flop_per_s
        Dense peak of the number format used. [FLOP/s]
    billed_mfu
        Model work over peak work of all billed time, restarts and stalls included. [1]

    Notes
    -----
    Steady utilization times goodput, in one number: use either, never both.

    Examples
    --------
    >>> accelerator_hours_from_flop_by_billed_mfu(
    ...     train_flop=3.6e21, peak_flop_per_s=1e15, billed_mfu=0.4)
    2500.0
    """
    return units.hours_from_s(train_flop / (peak_flop_per_s * billed_mfu))


@formula(unit="h", equation="t = E_it / P_it", source="si-energy-from-power")
def accelerator_hours_from_energy(*, it_energy_kwh: Num, it_power_w: Num) -> Num:
    """Device-hours from a measured energy, for the embodied share.

    Parameters
    ----------
    it_energy_kwh
        IT energy. [kWh]
    it_power_w
        Typical AC power per accelerator slot. [W]

    Examples
    --------
    >>> accelerator_hours_from_energy(it_energy_kwh=100.0, it_power_w=1_000.0)
    100.0
    """
    return units.wh_from_kwh(it_energy_kwh) / it_power_w


@formula(unit="h", equation="t = t_0 * r", source="carbonctl-model-residuals")
def accelerator_hours_by_residual(*, modeled_hours: Num, residual: Num) -> Num:
    """Device-hours with the residual of the model.

    Parameters
    ----------
    modeled_hours
        Hours as stated or as the model gives them. [h]
    residual
        1, with the range that the model's own error has at this level of evidence. [1]

    Examples
    --------
    >>> accelerator_hours_by_residual(modeled_hours=100.0, residual=1.0)
    100.0
    """
    return modeled_hours * residual


@formula(unit="h", equation="t = t_1 * n", source="wu-2022-sustainable-ai")
def accelerator_hours_by_repeats(*, run_hours: Num, repeats: Num) -> Num:
    """Device-hours of a run that is repeated in the period.

    Parameters
    ----------
    run_hours
        Hours of one run. [h]
    repeats
        Runs in the period. [1]

    Examples
    --------
    >>> accelerator_hours_by_repeats(run_hours=10.0, repeats=52.0)
    520.0
    """
    return run_hours * repeats


@formula(unit="1", equation="n = T / tau", source="wu-2022-sustainable-ai")
def repeats(*, period_hours: Num, cadence_hours: Num) -> Num:
    """Runs in a period at a cadence.

    Parameters
    ----------
    period_hours
        Length of the period. [h]
    cadence_hours
        Time from one run to the next. [h]

    Examples
    --------
    >>> repeats(period_hours=672.0, cadence_hours=168.0)
    4.0
    """
    return period_hours / cadence_hours


@formula(unit="h", equation="t = s * t_train", source="wu-2022-sustainable-ai")
def accelerator_hours_by_share(*, training_hours: Num, share: Num) -> Num:
    """Device-hours of experiments as a share of training.

    Parameters
    ----------
    training_hours
        Device-hours of all training runs. [h]
    share
        Experiments over training. [1]

    Examples
    --------
    >>> accelerator_hours_by_share(training_hours=200.0, share=0.5)
    100.0
    """
    return training_hours * share


@formula(unit="h", equation="t = n * exp(mu + sigma^2/2)", source="wu-2022-sustainable-ai")
def accelerator_hours_from_trials(
    *, trials: Num, median_hours: Num, tail_hours: Num, tail_z: Num
) -> Num:
    """Device-hours of experiments whose sizes are lognormal between a median and a tail.

    Parameters
    ----------
    trials
        How many. [1]
    median_hours, tail_hours
        Device-hours of a median trial and of one at the tail. [h]
    tail_z
        Standard normal quantile of the tail: 2.326 for the 99th percentile. [1]

    References
    ----------
    Wu et al., MLSys 2022, section II-A: 1.5 GPU-days at the median, 24 at the 99th percentile.

    Examples
    --------
    >>> round(accelerator_hours_from_trials(
    ...     trials=1.0, median_hours=36.0, tail_hours=576.0, tail_z=2.326) / 24.0, 2)
    3.05
    """
    sigma = np.log(tail_hours / median_hours) / tail_z
    return trials * median_hours * np.exp(sigma**2 / 2.0)


@formula(unit="1", equation="MFU_billed = F / (peak * t)", source="palm-2022-mfu")
def billed_mfu(*, train_flop: Num, peak_flop_per_s: Num, accelerator_hours: Num) -> Num:
    """MFU over billed time, implied by work and hours.

    Parameters
    ----------
    train_flop
        Model work. [FLOP]
    peak_flop_per_s
        Dense peak of the number format used. [FLOP/s]
    accelerator_hours
        Billed device-hours. [h]

    Examples
    --------
    >>> billed_mfu(train_flop=3.6e21, peak_flop_per_s=1e15, accelerator_hours=2_500.0)
    0.4
    """
    return train_flop / (peak_flop_per_s * units.s_from_hours(accelerator_hours))


@formula(unit="1", equation="MFU_billed = MFU * g", source="palm-2022-mfu")
def billed_mfu_by_goodput(*, mfu: Num, goodput: Num) -> Num:
    """MFU over billed time, from MFU and goodput.

    Parameters
    ----------
    mfu
        Steady utilization of model work. [1]
    goodput
        Share of billed hours whose work counted. [1]

    Examples
    --------
    >>> billed_mfu_by_goodput(mfu=0.4, goodput=0.75)
    0.30000000000000004
    """
    return mfu * goodput


@formula(unit="1", equation="r = t_stated / t", source="conservation")
def stated_hours_ratio(*, stated_hours: Num, accelerator_hours: Num) -> Num:
    """Stated hours over the hours estimated from other evidence.

    Parameters
    ----------
    stated_hours
        Device-hours under ``cross_check``. [h]
    accelerator_hours
        Device-hours as estimated. [h]

    Examples
    --------
    >>> stated_hours_ratio(stated_hours=150.0, accelerator_hours=100.0)
    1.5
    """
    return stated_hours / accelerator_hours


@formula(unit="h", equation="t = t_0 * f", source="korthikanti-2022-recompute")
def accelerator_hours_by_recompute(*, modeled_hours: Num, recompute_factor: Num) -> Num:
    """Device-hours with activations recomputed in the backward pass.

    Parameters
    ----------
    modeled_hours
        Hours without recomputation. [h]
    recompute_factor
        Hardware work over model work. [1] 4/3 in full, near 1 where selective

    Examples
    --------
    >>> accelerator_hours_by_recompute(modeled_hours=300.0, recompute_factor=1.5)
    450.0
    """
    return modeled_hours * recompute_factor


@formula(unit="h", equation="T = t / n", source="si-energy-from-power")
def wall_hours(*, accelerator_hours: Num, accelerators: Num) -> Num:
    """Wall-clock time of a run on a fixed number of devices.

    Parameters
    ----------
    accelerator_hours
        Billed device-hours of the run. [h]
    accelerators
        Devices reserved. [1]

    Examples
    --------
    >>> wall_hours(accelerator_hours=15_360.0, accelerators=64.0)
    240.0
    """
    return accelerator_hours / accelerators


@formula(unit="1", equation="n = t / t_w", source="conservation")
def accelerators_from_wall_time(*, accelerator_hours: Num, wall_hours: Num) -> Num:
    """Devices that finish a run within a wall-clock time.

    Parameters
    ----------
    accelerator_hours
        Device-hours of the run. [h]
    wall_hours
        Wall-clock time. [h]

    Examples
    --------
    >>> accelerators_from_wall_time(accelerator_hours=15_360.0, wall_hours=240.0)
    64.0
    """
    return accelerator_hours / wall_hours
