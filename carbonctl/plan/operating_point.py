"""Choose the operating point of a replica: its batch and its number of devices.

Everything is a number or an array over ``(rows, draws)``. The sizes that a replica may have are on
a leading axis, and the best size is chosen for each element.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from carbonctl.core.record import record
from carbonctl.formulas.serving import occupancy
from carbonctl.plan.search import find_last_within, find_root

if TYPE_CHECKING:
    from carbonctl.core.types import Array, Indexes, Num

T = TypeVar("T")

MAX_DOUBLINGS = 9  # a replica has at most 2^9 = 512 devices
_LOAD_TOLERANCE = 1.0 + 1e-9  # tolerance: a load equal to the capacity of a replica is accepted
_RELATIVE_TOLERANCE = 1e-9


class ServingStatus(IntEnum):
    """The first limit that a size of a replica violates, in this order; FEASIBLE: none."""

    NOT_ALLOWED = 0  # it does not divide the heads, or is beyond the stated devices
    NO_SEQUENCE_FITS = 1
    CONCURRENCY_DOES_NOT_FIT = 2
    ITL_NOT_MET = 3
    TTFT_NOT_MET = 4
    LOAD_ABOVE_CAPACITY = 5
    FEASIBLE = 6


@record
class Limits(Generic[T]):
    """Limits of the choice: concurrency, number of devices, latency targets.

    ``concurrency`` is used as it is (a range is capped by memory). Where nothing is stated,
    sequences are those that the load keeps in flight; a fleet that grows with its load keeps them
    within ``usual_itl_s``, or ``usual_slowdown`` times the latency of one sequence alone. Where the
    load ``is_full`` (a queue), the batch is what memory holds.
    ``replica_accelerators`` is the stated size of a replica, ``accelerators`` the stated number of
    all devices, ``heads`` the number of attention heads, which a size must divide. Memory for a
    sequence is kept at its mean length, or ``reserves_final_length``.
    """

    concurrency: T | None
    is_stated: bool
    is_exact: bool
    most_sequences: T
    replica_accelerators: T | None = None
    accelerators: T | None = None
    heads: T | None = None
    itl_s: T | None = None
    usual_itl_s: T | None = None
    usual_slowdown: T | None = None
    ttft_s: T | None = None
    throughput_residual: T | None = None
    is_full: bool = False
    reserves_final_length: bool = False


class Load(NamedTuple):
    """Arriving tokens per second, and the dedicated devices that share them, if any."""

    arriving_tokens_per_s: Num
    fleet_share: Num | None = None
    accelerators: Num | None = None

    def load_per_replica(self, devices: Num) -> Num:
        """Arriving tokens per second at one replica of this size [1/s]."""
        if self.fleet_share is None or self.accelerators is None:
            return self.arriving_tokens_per_s
        return occupancy.arriving_tokens_per_s_by_fleet_share(
            arriving_tokens_per_s=self.arriving_tokens_per_s,
            fleet_share=self.fleet_share,
            accelerators=self.accelerators,
            replica_accelerators=devices,
        )

    @property
    def is_held(self) -> bool:
        """Whether the devices are charged for the whole period, busy or not."""
        return self.fleet_share is not None


class Replica(Protocol):
    """What the choice needs of a replica: latency, energy and capacity by batch and size."""

    search_steps: int

    def inter_token_latency_s(self, batch: Num, devices: Num) -> Num:
        """Inter-token latency of a sequence [s]."""

    def token_energy_j(self, batch: Num, devices: Num) -> Num:
        """Board energy per token [J]."""

    def memory_sequences(self, devices: Num) -> Array:
        """Sequences whose KV caches fit in memory beside the weights [1]."""

    def prefill_s(self, devices: Num) -> Num:
        """Prefill time of one prompt, without queueing [s]."""


@record
class OperatingPoint:
    """The chosen batch and number of devices, the limits, and the ``ServingStatus``."""

    batch: Num
    devices: Num
    most_sequences: Num
    memory_sequences: Num
    latency_sequences: Num | None
    inter_token_latency_s: Num
    status: Num


class _Sizes(NamedTuple):
    """Results of every size of a replica, on the leading axis."""

    devices: Array
    batch: Array
    most: Array
    memory: Array
    latency: Array | None
    status: Array
    cost: Array


def choose_operating_point(
    replica: Replica, limits: Limits[Num], load: Load, axes: int
) -> OperatingPoint:
    """Batch and devices of a replica with the least board energy per token.

    Dedicated devices are divided into replicas once, whatever the load of the hour: by the size at
    which full replicas carry most, within the share of the fleet where one of that size is allowed.
    Among sizes that violate limits, those that pass most limits in order are preferred; ties go to
    the fewest devices. ``axes`` is the number of axes of the numbers.
    """
    sizes = _evaluate_sizes(replica, limits, load, replica_sizes(limits, axes))
    furthest = np.max(sizes.status, axis=0)
    eligible = sizes.status == furthest
    if load.fleet_share is not None and load.accelerators is not None:
        within = eligible & (sizes.devices <= load.fleet_share * load.accelerators)
        eligible = np.where(np.any(within, axis=0), within, eligible)
    cost = np.where(eligible, sizes.cost, np.inf)
    place: Indexes = np.asarray(np.argmin(cost, axis=0))
    devices, batch = _select_size(sizes.devices, place), _select_size(sizes.batch, place)
    return OperatingPoint(
        batch=batch,
        devices=devices,
        most_sequences=_select_size(sizes.most, place),
        memory_sequences=_select_size(sizes.memory, place),
        latency_sequences=None if sizes.latency is None else _select_size(sizes.latency, place),
        inter_token_latency_s=replica.inter_token_latency_s(batch, devices),
        status=furthest,
    )


def is_feasible(point: OperatingPoint, *, is_exact: bool) -> Any:
    """Whether an operating point meets its limits: latency, and memory unless stated exactly.

    The energy at an exactly stated concurrency does not depend on memory, and a stated range is
    capped by memory. A load beyond dedicated devices shows in their hours instead.
    """
    status = np.asarray(point.status)
    too_many = ServingStatus.CONCURRENCY_DOES_NOT_FIT
    stated = (status == too_many) | (is_exact & (status < too_many))
    return (status >= ServingStatus.LOAD_ABOVE_CAPACITY) | stated


def replica_sizes(limits: Limits[Num], axes: int) -> Array:
    """Possible numbers of devices of a replica, ascending, on a new leading axis.

    The stated size; else powers of two, and the number of all devices where it is stated.
    """
    if limits.replica_accelerators is not None:
        stated = np.asarray(limits.replica_accelerators, dtype=float)
        return stated.reshape(1, *(1,) * (axes - stated.ndim), *stated.shape)
    powers = np.array([2.0**step for step in range(MAX_DOUBLINGS + 1)]).reshape(-1, *(1,) * axes)
    if limits.accelerators is None:
        return powers
    counted = np.broadcast_to(limits.accelerators, np.broadcast_shapes(
        np.shape(limits.accelerators), (1,) * axes))  # fmt: skip
    whole = np.broadcast_to(powers, (len(powers), *counted.shape))
    return np.concatenate([whole, counted[None]])


def _evaluate_sizes(replica: Replica, limits: Limits[Num], load: Load, devices: Array) -> _Sizes:
    """Batch, cost and ``ServingStatus`` of each size of a replica."""
    memory = replica.memory_sequences(devices)
    latency = _sequences_within_latency(replica, limits, load, memory, devices)
    most = _max_sequences(limits, memory, latency)
    arriving = load.load_per_replica(devices)
    if limits.is_stated:
        batch = most if limits.is_exact else np.minimum(most, np.maximum(memory, 1.0))
    elif limits.is_full:
        batch = most + np.zeros_like(memory)
    else:
        batch = find_root(
            lambda b: b - arriving * replica.inter_token_latency_s(b, devices),
            np.ones_like(memory), most + np.zeros_like(memory), replica.search_steps,
        )  # fmt: skip
    passed = (
        is_allowed(devices, memory, limits),
        memory >= 1.0,
        memory >= most * (1.0 - _RELATIVE_TOLERANCE) if limits.is_stated else True,
        True if limits.itl_s is None or latency is None else latency >= 1.0,
        True if limits.ttft_s is None else replica.prefill_s(devices) <= limits.ttft_s,
        not load.is_held
        or arriving * replica.inter_token_latency_s(most, devices) <= most * _LOAD_TOLERANCE,
    )
    cost: Num
    if load.is_held:
        full = batch if limits.is_stated else most
        cost = devices * replica.inter_token_latency_s(full, devices) / full
    else:
        cost = replica.token_energy_j(batch, devices)
    status, shape = _count_limits_met(passed), np.shape(cost)
    same: list[Any] = [
        None if one is None else np.broadcast_to(one, np.broadcast_shapes(shape, np.shape(status)))
        for one in (devices, batch, most, memory, latency, status, cost)
    ]
    return _Sizes(*same)


def _count_limits_met(passed: tuple[Any, ...]) -> Num:
    """Number of limits that are met before the first violated one."""
    reached: Any = True
    stages: Any = 0
    for holds in passed:
        reached = np.logical_and(reached, holds)
        stages = stages + reached
    return np.asarray(stages)


def _max_sequences(limits: Limits[Num], memory: Array, latency: Array | None) -> Num:
    """Maximum concurrency: as stated, else the least of all limits."""
    if limits.is_stated and limits.concurrency is not None:
        return limits.concurrency
    caps = (memory, limits.most_sequences, latency, limits.concurrency)
    return occupancy.most_sequences(parts_sequences=tuple(c for c in caps if c is not None))


def is_allowed(devices: Array, memory: Array, limits: Limits[Num]) -> Any:
    """Which sizes are allowed: they divide the heads, or are the smallest that fits a sequence.

    Where the number of devices is stated, no size is larger, and the size of all devices
    is allowed only where no other fits the model or the stated concurrency.
    """
    if limits.replica_accelerators is not None:
        return np.ones(np.shape(memory + devices), dtype=bool)
    holds, sizes = memory >= 1.0, np.broadcast_to(devices, np.shape(memory))
    counted = limits.accelerators is not None
    powers = slice(0, -1) if counted else slice(None)
    within = sizes <= (np.inf if limits.accelerators is None else limits.accelerators)
    fewest = np.min(np.where(holds[powers], sizes[powers], np.inf), axis=0)
    alike = True if limits.heads is None else np.mod(limits.heads, sizes) == 0.0
    allowed = within & (alike | (sizes == fewest))
    if counted:
        wanted = limits.concurrency if limits.is_stated and limits.concurrency is not None else 1.0
        others = np.any(allowed[powers] & (memory >= wanted)[powers], axis=0)
        allowed = np.stack(np.broadcast_arrays(*allowed[powers], ~others))
    return allowed


def _sequences_within_latency(
    replica: Replica, limits: Limits[Num], load: Load, memory: Array, devices: Array
) -> Array | None:
    """Maximum batch within the target inter-token latency, or within a usual one; None without."""
    target = limits.itl_s
    if target is None and limits.usual_itl_s is not None and not load.is_held:
        assert limits.usual_slowdown is not None  # noqa: S101 - both are defaults
        target = occupancy.accepted_latency_s(
            usual_itl_s=limits.usual_itl_s,
            usual_slowdown=limits.usual_slowdown,
            alone_s=replica.inter_token_latency_s(np.ones_like(memory), devices),
        )
    if target is None:
        return None
    residual = 1.0 if limits.throughput_residual is None else limits.throughput_residual
    high = np.maximum(np.minimum(memory, limits.most_sequences), 1.0)
    return np.asarray(find_last_within(
        lambda batch: replica.inter_token_latency_s(batch, devices) / residual,
        np.ones_like(high), high, target, replica.search_steps,
    ))  # fmt: skip


def _select_size(values: Array, place: Indexes) -> Num:
    """Values at the chosen index of the leading axis."""
    found = np.take_along_axis(values, place[None], axis=0)[0]
    return float(found) if found.ndim == 0 else found
