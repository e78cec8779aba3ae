"""Batch of a replica: arriving tokens, memory and latency limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(
    unit="1/s",
    equation="lambda = q * L_out * (1 - h) * p / (u * 3600)",
    source="carbonctl-serving-model",
)
def arriving_tokens_per_s(
    *,
    rate_per_hour: Num,
    output_tokens: Num,
    cache_hit_share: Num,
    peak_to_mean: Num,
    busy_share: Num,
) -> Num:
    """Arriving output tokens per second at peak load.

    Parameters
    ----------
    rate_per_hour
        Requests. [1/h]
    output_tokens
        Mean tokens of an answer, reasoning among them. [1]
    cache_hit_share
        Requests that are answered without the model. [1] 0 to 1
    peak_to_mean
        Peak over mean load. [1] >= 1
    busy_share
        Hours in which requests come over all hours. [1] 0 to 1

    Examples
    --------
    >>> arriving_tokens_per_s(rate_per_hour=3_600.0, output_tokens=300.0, cache_hit_share=0.0,
    ...     peak_to_mean=1.0, busy_share=0.5)
    600.0
    """
    tokens_per_hour = rate_per_hour * output_tokens * (1.0 - cache_hit_share)
    return tokens_per_hour * peak_to_mean / (busy_share * units.s_from_hours(1.0))


@formula(
    unit="1/s",
    equation="lambda_1 = lambda / max(1, s * N / n)",
    source="carbonctl-serving-model",
)
def arriving_tokens_per_s_by_fleet_share(
    *,
    arriving_tokens_per_s: Num,
    fleet_share: Num,
    accelerators: Num,
    replica_accelerators: Num,
) -> Num:
    """Arriving output tokens per second at each replica of a dedicated fleet.

    Parameters
    ----------
    arriving_tokens_per_s
        Arriving output tokens per second of the whole load. [1/s]
    fleet_share, accelerators
        Share of a fleet that is held, and devices of the fleet. [1]
    replica_accelerators
        Devices of one replica. [1]

    Examples
    --------
    >>> arriving_tokens_per_s_by_fleet_share(arriving_tokens_per_s=600.0, fleet_share=0.5,
    ...     accelerators=16.0, replica_accelerators=2.0)
    150.0
    """
    replicas = np.maximum(1.0, fleet_share * accelerators / replica_accelerators)
    return arriving_tokens_per_s / replicas


@formula(
    unit="1",
    equation="M = c * max(0, n * f * M_dev - W) / KV_1",
    source="carbonctl-serving-model",
)
def memory_sequences(
    *,
    replica_accelerators: Num,
    device_memory_gb: Num,
    memory_share: Num,
    weight_gb: Num,
    cache_share: Num,
    sequence_gb: Num,
) -> Num:
    """Sequences whose KV caches fit in a replica's memory beside the weights; 0 where none.

    Parameters
    ----------
    replica_accelerators
        Devices of the replica. [1]
    device_memory_gb, memory_share
        Memory of one, and the share of it that may hold weights and cache. [GB], [1]
    weight_gb
        Weights of one copy. [GB]
    cache_share
        Share of the memory beside the weights that holds caches. [1]
    sequence_gb
        Cache of one sequence at its mean context; 0 where nothing is cached. [GB]

    Examples
    --------
    >>> memory_sequences(replica_accelerators=2.0, device_memory_gb=100.0, memory_share=0.9,
    ...     weight_gb=140.0, cache_share=1.0, sequence_gb=0.5)
    80.0
    """
    room = np.maximum(replica_accelerators * device_memory_gb * memory_share - weight_gb, 0)
    sequences = cache_share * room / np.where(sequence_gb > 0, sequence_gb, np.nan)
    return np.where(sequence_gb > 0, sequences, np.where(room > 0, np.inf, 0))


@formula(unit="s", equation="t = max(t_usual, k * t_1)", source="carbonctl-serving-model")
def accepted_latency_s(*, usual_itl_s: Num, usual_slowdown: Num, alone_s: Num) -> Num:
    """Inter-token latency that a service accepts where none is stated.

    Parameters
    ----------
    usual_itl_s
        Of usual services. [s]
    usual_slowdown
        Latency that is accepted on slow devices, over that of one sequence alone. [1]
    alone_s
        Latency of one sequence alone. [s]

    Examples
    --------
    >>> accepted_latency_s(usual_itl_s=0.05, usual_slowdown=2.0, alone_s=0.01)
    0.05
    """
    return np.maximum(usual_itl_s, usual_slowdown * alone_s)


@formula(unit="1", equation="C = max(1, min(C_1, C_2, ...))", source="carbonctl-serving-model")
def most_sequences(*, parts_sequences: tuple[Num, ...]) -> Num:
    """Maximum concurrency of a replica: the least of all limits, at least one.

    Parameters
    ----------
    parts_sequences
        What memory holds, a runtime decodes, a latency allows, or is usual. [1]

    Examples
    --------
    >>> most_sequences(parts_sequences=(80.0, 1_024.0, 64.0))
    64.0
    """
    least: Num = np.min(np.stack(np.broadcast_arrays(*parts_sequences)), axis=0)
    return np.maximum(1.0, least)


@formula(
    unit="1",
    equation="b = min(C, max(1, lambda_1 * t_itl))",
    source="carbonctl-serving-model",
)
def sequences_in_flight(
    *, arriving_tokens_per_s: Num, inter_token_latency_s: Num, most_sequences: Num
) -> Num:
    """Batch of a replica: sequences that the load keeps in flight (Little's law), capped.

    Parameters
    ----------
    arriving_tokens_per_s
        Output tokens that the replica is asked for. [1/s]
    inter_token_latency_s
        Time between two tokens of a sequence, at this many sequences. [s]
    most_sequences
        The most that are decoded together. [1] >= 1

    Notes
    -----
    Little's law (Little 1961, Operations Research 9). Real and never rounded: it is a mean over
    time. Below one the replica works a part of the time, on one sequence.

    Examples
    --------
    >>> sequences_in_flight(arriving_tokens_per_s=600.0, inter_token_latency_s=0.02,
    ...     most_sequences=64.0)
    12.0
    """
    asked = np.maximum(1.0, arriving_tokens_per_s * inter_token_latency_s)
    return np.minimum(most_sequences, asked)


@formula(unit="s", equation="t_itl = r * t * b / g", source="carbonctl-serving-model")
def inter_token_latency_s(
    *, step_s: Num, batch: Num, gained_tokens: Num, time_residual: Num
) -> Num:
    """Inter-token latency (ITL) of a sequence.

    Parameters
    ----------
    step_s
        Time of one decode step, or of a round of drafting and verifying. [s]
    batch
        Sequences decoded together. [1]
    gained_tokens
        Tokens that all of them gain in it. [1]
    time_residual
        1, with the range of the error of the modeled time. [1]

    Examples
    --------
    >>> inter_token_latency_s(step_s=0.02, batch=8.0, gained_tokens=16.0, time_residual=1.0)
    0.01
    """
    return time_residual * step_s * batch / gained_tokens


@formula(unit="h", equation="t_idle = t - t_busy", source="carbonctl-boundary-ladder")
def accelerator_hours_by_idleness(*, accelerator_hours: Num, busy_hours: Num) -> Num:
    """Device-hours in which dedicated devices have no work.

    Parameters
    ----------
    accelerator_hours, busy_hours
        Hours for which the devices are held, and hours of work among them. [h]

    Examples
    --------
    >>> accelerator_hours_by_idleness(accelerator_hours=300.0, busy_hours=100.0)
    200.0
    """
    return accelerator_hours - busy_hours


@formula(unit="kWh", equation="E = P_park * t_idle", source="carbonctl-boundary-ladder")
def device_energy_kwh_by_parked_power(*, parked_power_w: Num, accelerator_hours: Num) -> Num:
    """Energy of boards that hold a model while no requests come.

    Parameters
    ----------
    parked_power_w
        Of one board. [W]
    accelerator_hours
        Hours without work. [h]

    Examples
    --------
    >>> device_energy_kwh_by_parked_power(parked_power_w=100.0, accelerator_hours=200.0)
    20.0
    """
    return units.kwh_from_wh(parked_power_w * accelerator_hours)


@formula(unit="kWh", equation="E_it = E_loaded + E_park", source="carbonctl-boundary-ladder")
def it_energy_kwh_by_idle_hours(*, loaded_energy_kwh: Num, parked_energy_kwh: Num) -> Num:
    """Energy of dedicated devices: busy hours, and idle hours with the model in memory.

    Parameters
    ----------
    loaded_energy_kwh, parked_energy_kwh
        IT energy, AC, of the busy hours and of the idle ones. [kWh]

    Examples
    --------
    >>> it_energy_kwh_by_idle_hours(loaded_energy_kwh=100.0, parked_energy_kwh=30.0)
    130.0
    """
    return loaded_energy_kwh + parked_energy_kwh
