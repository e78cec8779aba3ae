"""From work to time and energy: utilization for training, a roofline for serving."""

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
    """Billed device-hours of a training run from its work, steady utilization and goodput.

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
    """Billed device-hours of a training run from its work and run-average utilization.

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
    """Device-hours behind a measured energy, for the embodied share.

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


@formula(unit="W", equation="P_it = P_dev * k_host", source="training-power-boundaries")
def it_power_w_from_device_power(*, device_power_w: Num, host_power_factor: Num) -> Num:
    """AC power per accelerator slot, with host and network.

    Parameters
    ----------
    device_power_w
        Mean board power. [W]
    host_power_factor
        (accelerators + host + network) / accelerators. [1]

    Examples
    --------
    >>> it_power_w_from_device_power(device_power_w=600.0, host_power_factor=1.5)
    900.0
    """
    return device_power_w * host_power_factor


@formula(
    unit="s",
    equation="t = W/(n*BW*e_w) + KV/(n*BW*e_kv) + m*F/(n*peak*e_c)",
    source="carbonctl-serving-model",
)
def stream_s(
    *,
    weight_read_gb: Num,
    kv_gb: Num,
    step_flop: Num,
    replica_accelerators: Num,
    bandwidth_gb_per_s: Num,
    peak_flop_per_s: Num,
    weight_efficiency: Num,
    kv_efficiency: Num,
    matmul_efficiency: Num,
    expert_overhead: Num,
) -> Num:
    """Time in which one decode step moves its bytes and does its work.

    Parameters
    ----------
    weight_read_gb, kv_gb
        Bytes read per step. [GB]
    step_flop
        Work per step. [FLOP]
    replica_accelerators
        Devices that hold one copy of the model. [1]
    bandwidth_gb_per_s, peak_flop_per_s
        Of one device. [GB/s], [FLOP/s]
    weight_efficiency, kv_efficiency, matmul_efficiency
        Reached over peak. [1]
    expert_overhead
        Loss of efficiency of a mixture's small matrices; 1 for a dense model. [1] 1.5 to 5

    Notes
    -----
    The terms add rather than overlap: on measured configurations sums fit better than maxima.

    Examples
    --------
    >>> stream_s(weight_read_gb=10.0, kv_gb=0.0, step_flop=0.0, replica_accelerators=1.0,
    ...     bandwidth_gb_per_s=2_000.0, peak_flop_per_s=1e15, weight_efficiency=0.5,
    ...     kv_efficiency=1.0, matmul_efficiency=1.0, expert_overhead=1.0)
    0.01
    """
    bandwidth = replica_accelerators * bandwidth_gb_per_s
    peak = replica_accelerators * peak_flop_per_s
    reading = weight_read_gb / (bandwidth * weight_efficiency) + kv_gb / (bandwidth * kv_efficiency)
    return reading + expert_overhead * step_flop / (peak * matmul_efficiency)


@formula(
    unit="s",
    equation="t = L * (t_layer + c * 4*h*B*(n-1)/n / link) + t_seq * B",
    source="carbonctl-serving-model",
)
def overhead_s(
    *,
    layers: Num,
    layer_launch_s: Num,
    sequence_overhead_s: Num,
    batch: Num,
    replica_accelerators: Num,
    hidden_size: Num,
    communication_factor: Num,
    link_gb_per_s: Num,
) -> Num:
    """Time of one decode step in which the device waits: launches, scheduling, communication.

    Parameters
    ----------
    layers, hidden_size
        Shape of the model. [1]
    layer_launch_s, sequence_overhead_s
        Cost per layer, and per sequence in the batch. [s]
    batch
        Sequences decoded together. [1]
    replica_accelerators
        Devices in the tensor-parallel group. [1]
    communication_factor
        Loss against the link's nominal speed. [1]
    link_gb_per_s
        Link speed of one device, both directions. [GB/s]

    Examples
    --------
    >>> overhead_s(layers=100.0, layer_launch_s=1e-4, sequence_overhead_s=0.0, batch=1.0,
    ...     replica_accelerators=1.0, hidden_size=1.0, communication_factor=1.0, link_gb_per_s=1.0)
    0.01
    """
    moved_gb = units.gb_from_bytes(4.0 * hidden_size * batch)
    share = (replica_accelerators - 1.0) / replica_accelerators
    communication_s = communication_factor * moved_gb * share / link_gb_per_s
    return layers * (layer_launch_s + communication_s) + sequence_overhead_s * batch


@formula(
    unit="J",
    equation="D = n * P_busy * t_stream + e_flop * F + e_byte * (W + KV)",
    source="carbonctl-serving-model",
)
def dynamic_energy_j(
    *,
    replica_accelerators: Num,
    busy_power_w: Num,
    stream_s: Num,
    step_flop: Num,
    weight_read_gb: Num,
    kv_gb: Num,
    energy_j_per_flop: Num,
    energy_j_per_gb: Num,
) -> Num:
    """Energy of one decode step above the resident idle power.

    Parameters
    ----------
    replica_accelerators
        Devices in one replica. [1]
    busy_power_w
        Extra power of a device whose units are switched on. [W]
    stream_s
        Time in which they are. [s]
    step_flop, weight_read_gb, kv_gb
        Work and bytes of the step. [FLOP], [GB], [GB]
    energy_j_per_flop, energy_j_per_gb
        Energy per operation and per byte moved. [J/FLOP], [J/GB]

    Examples
    --------
    >>> dynamic_energy_j(replica_accelerators=1.0, busy_power_w=0.0, stream_s=0.0, step_flop=1e12,
    ...     weight_read_gb=10.0, kv_gb=0.0, energy_j_per_flop=1e-12, energy_j_per_gb=0.1)
    2.0
    """
    moving = energy_j_per_flop * step_flop + energy_j_per_gb * (weight_read_gb + kv_gb)
    return replica_accelerators * busy_power_w * stream_s + moving


@formula(
    unit="s",
    equation="t = max(t_stream + t_over, D / (n * (TDP - P_idle)))",
    source="carbonctl-serving-model",
)
def step_s(
    *,
    stream_s: Num,
    overhead_s: Num,
    dynamic_energy_j: Num,
    replica_accelerators: Num,
    tdp_w: Num,
    resident_power_w: Num,
) -> Num:
    """Time of one decode step, stretched where rated power would be exceeded.

    Parameters
    ----------
    stream_s, overhead_s
        Busy and waiting time. [s]
    dynamic_energy_j
        Energy above the resident idle power. [J]
    replica_accelerators
        Devices in one replica. [1]
    tdp_w, resident_power_w
        Rated power, and power with the model resident and nothing to do. [W]

    Examples
    --------
    >>> step_s(stream_s=0.01, overhead_s=0.005, dynamic_energy_j=1.0, replica_accelerators=1.0,
    ...     tdp_w=700.0, resident_power_w=150.0)
    0.015
    """
    power_bound_s = dynamic_energy_j / (replica_accelerators * (tdp_w - resident_power_w))
    return np.maximum(stream_s + overhead_s, power_bound_s)


@formula(unit="J", equation="E = n * P_idle * t + D", source="carbonctl-serving-model")
def step_energy_j(
    *, replica_accelerators: Num, resident_power_w: Num, step_s: Num, dynamic_energy_j: Num
) -> Num:
    """Accelerator energy of one decode step of one replica.

    Parameters
    ----------
    replica_accelerators
        Devices in one replica. [1]
    resident_power_w
        Power with the model resident and nothing to do. [W]
    step_s
        Time of the step. [s]
    dynamic_energy_j
        Energy above that power. [J]

    Examples
    --------
    >>> step_energy_j(replica_accelerators=2.0, resident_power_w=150.0, step_s=0.01,
    ...     dynamic_energy_j=5.0)
    8.0
    """
    return replica_accelerators * resident_power_w * step_s + dynamic_energy_j


@formula(
    unit="kWh", equation="E_dev = R * L_out * E_step / B * r", source="carbonctl-serving-model"
)
def device_energy_kwh_from_steps(
    *,
    served_units: Num,
    output_tokens: Num,
    step_energy_j: Num,
    batch: Num,
    energy_residual: Num,
) -> Num:
    """Accelerator energy of all requests.

    Parameters
    ----------
    served_units
        Requests that reach the model. [1]
    output_tokens
        Mean output tokens of a request. [1]
    step_energy_j
        Energy of one decode step of one replica. [J]
    batch
        Sequences decoded together. [1]
    energy_residual
        Error of this model itself: 1, with a range. [1]

    Examples
    --------
    >>> device_energy_kwh_from_steps(served_units=3.6e6, output_tokens=100.0, step_energy_j=10.0,
    ...     batch=10.0, energy_residual=1.0)
    100.0
    """
    tokens = served_units * output_tokens
    return units.kwh_from_j(tokens * step_energy_j / batch) * energy_residual


@formula(unit="h", equation="t_busy = R * L_out * t_step * n / B", source="carbonctl-serving-model")
def busy_hours_from_steps(
    *,
    served_units: Num,
    output_tokens: Num,
    step_s: Num,
    replica_accelerators: Num,
    batch: Num,
) -> Num:
    """Device-hours of serving all requests at the operating point.

    Parameters
    ----------
    served_units
        Requests that reach the model. [1]
    output_tokens
        Mean output tokens of a request. [1]
    step_s
        Time of one decode step. [s]
    replica_accelerators
        Devices in one replica. [1]
    batch
        Sequences decoded together. [1]

    Examples
    --------
    >>> busy_hours_from_steps(served_units=3_600.0, output_tokens=100.0, step_s=0.1,
    ...     replica_accelerators=2.0, batch=10.0)
    2.0
    """
    tokens = served_units * output_tokens
    return units.hours_from_s(tokens * step_s * replica_accelerators / batch)


@formula(unit="h", equation="t_busy = R * L_out * n / q", source="carbonctl-serving-model")
def busy_hours_from_throughput(
    *, served_units: Num, output_tokens: Num, accelerators: Num, throughput_per_hour: Num
) -> Num:
    """Device-hours of serving all requests at a measured throughput.

    Parameters
    ----------
    served_units
        Requests that reach the model. [1]
    output_tokens
        Mean output tokens of a request. [1]
    accelerators
        Devices that reach the throughput together. [1]
    throughput_per_hour
        Output tokens per hour of those devices. [1/h]

    Examples
    --------
    >>> busy_hours_from_throughput(served_units=1_000.0, output_tokens=100.0, accelerators=8.0,
    ...     throughput_per_hour=1e5)
    8.0
    """
    return served_units * output_tokens * accelerators / throughput_per_hour


@formula(unit="h", equation="t_busy = R * F_1 / (peak * e)", source="carbonctl-serving-model")
def busy_hours_from_flop(
    *, served_units: Num, unit_flop: Num, peak_flop_per_s: Num, compute_efficiency: Num
) -> Num:
    """Device-hours of compute-bound serving.

    Parameters
    ----------
    served_units
        Images, clips or items that reach the model. [1]
    unit_flop
        Work of one. [FLOP]
    peak_flop_per_s
        Dense peak of one device in the number format used. [FLOP/s]
    compute_efficiency
        Reached over peak. [1]

    Examples
    --------
    >>> busy_hours_from_flop(served_units=3_600.0, unit_flop=1e14, peak_flop_per_s=1e15,
    ...     compute_efficiency=0.2)
    0.5
    """
    return units.hours_from_s(served_units * unit_flop / (peak_flop_per_s * compute_efficiency))


@formula(unit="h", equation="t_busy = R * t_1", source="carbonctl-serving-model")
def busy_hours_from_unit_time(*, served_units: Num, unit_s: Num) -> Num:
    """Device-hours of serving units that each hold one device for a time.

    Parameters
    ----------
    served_units
        Units that reach the model. [1]
    unit_s
        Time of one unit on one device at the operating point. [s]

    Examples
    --------
    >>> busy_hours_from_unit_time(served_units=3_600.0, unit_s=0.5)
    0.5
    """
    return units.hours_from_s(served_units * unit_s)


@formula(unit="h", equation="t = max(t_load, n_mem * T)", source="wu-2022-sustainable-ai")
def accelerator_hours_by_capacity(
    *, load_hours: Num, memory_devices: Num, period_hours: Num
) -> Num:
    """Provisioned hours when either load or memory capacity sets the fleet.

    Parameters
    ----------
    load_hours
        Hours that the load asks for. [h]
    memory_devices
        Devices needed to hold the tables at all. [1]
    period_hours
        Length of the period. [h]

    Examples
    --------
    >>> accelerator_hours_by_capacity(load_hours=100.0, memory_devices=2.0, period_hours=60.0)
    120.0
    """
    return np.maximum(load_hours, memory_devices * period_hours)


@formula(unit="1", equation="u = t_busy / t_prov", source="carbonctl-boundary-ladder")
def mean_busy_share_from_hours(*, busy_hours: Num, accelerator_hours: Num) -> Num:
    """Busy over provisioned hours, as they came out.

    Parameters
    ----------
    busy_hours
        Hours of work. [h]
    accelerator_hours
        Hours provisioned. [h]

    Examples
    --------
    >>> mean_busy_share_from_hours(busy_hours=30.0, accelerator_hours=120.0)
    0.25
    """
    return busy_hours / accelerator_hours


@formula(unit="1", equation="n = ceil(S / (f * M))", source="carbonctl-serving-model")
def memory_devices(*, table_gb: Num, device_memory_gb: Num, memory_share: Num) -> Num:
    """Devices needed to hold tables in memory.

    Parameters
    ----------
    table_gb
        Bytes to hold. [GB]
    device_memory_gb
        Memory of one device. [GB]
    memory_share
        Share of it that may hold them. [1]

    Examples
    --------
    >>> memory_devices(table_gb=100.0, device_memory_gb=40.0, memory_share=0.9)
    3.0
    """
    return np.ceil(table_gb / (device_memory_gb * memory_share))


@formula(unit="h", equation="t = t_0 * r", source="carbonctl-model-residuals")
def accelerator_hours_by_residual(*, modeled_hours: Num, residual: Num) -> Num:
    """Device-hours with the error of the model itself.

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
    """Device-hours of a run that is made several times in the period.

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


@formula(unit="h", equation="t_busy = t_0 * r", source="carbonctl-serving-model")
def busy_hours_by_residual(*, modeled_hours: Num, energy_residual: Num) -> Num:
    """Device-hours of serving with the error of the model itself.

    Parameters
    ----------
    modeled_hours
        Hours as the model gives them. [h]
    energy_residual
        1, with the range of the model's own error. [1]

    Examples
    --------
    >>> busy_hours_by_residual(modeled_hours=100.0, energy_residual=1.0)
    100.0
    """
    return modeled_hours * energy_residual


@formula(
    unit="1", equation="n = 2^ceil(log2((W + KV) / (f * M)))", source="carbonctl-serving-model"
)
def replica_accelerators(
    *, weight_gb: Num, kv_gb: Num, device_memory_gb: Num, memory_share: Num
) -> Num:
    """Devices that one copy of a model takes: the next power of two that holds it.

    Parameters
    ----------
    weight_gb, kv_gb
        Weights and cache of one replica. [GB]
    device_memory_gb
        Memory of one device. [GB]
    memory_share
        Share of it that may hold them. [1]

    Examples
    --------
    >>> replica_accelerators(weight_gb=140.0, kv_gb=10.0, device_memory_gb=80.0, memory_share=0.9)
    4.0
    """
    needed = (weight_gb + kv_gb) / (device_memory_gb * memory_share)
    return 2.0 ** np.ceil(np.log2(np.maximum(needed, 1.0)))
