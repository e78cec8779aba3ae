"""The operating point of a replica: how many sequences it decodes together, on how many devices.

Everything is a number or an array over ``(rows, draws)``; the sizes that a replica may have stand
on a leading axis, and the best of them is taken for each element.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from carbonctl.core.record import record
from carbonctl.formulas.serving import occupancy
from carbonctl.plan.search import find_last_within, find_root

if TYPE_CHECKING:
    from carbonctl.core.types import Array, Num, Places

T = TypeVar("T")

LARGEST = 9  # doublings: no replica has more than 512 devices
# the limit that stops a size, in the order in which they are looked at; OK where none does
NOT_ALLOWED, NO_SEQUENCE, NO_CONCURRENCY, NO_ITL, NO_TTFT, NO_LOAD, OK = range(7)
_OVER = 1.0 + 1e-9  # a load at the very edge of what a replica carries is carried
_SLACK = 1e-9


@record
class Limits(Generic[T]):
    """What bounds the choice: stated or usual concurrency, devices there are, latency.

    ``linked_accelerators`` are those that links join, a machine or a pod.
    ``concurrency`` is taken as it is where ``is_stated``, of a range no more than memory holds;
    else it is the most that is usual. A queue ``is_full``: it keeps in flight what memory holds.
    ``replica_accelerators`` is the size of a replica where that is stated, ``accelerators`` all
    devices where they are counted, ``heads`` what a size must divide where that is known.
    """

    concurrency: T | None
    is_stated: bool
    is_exact: bool
    most_sequences: T
    linked_accelerators: T
    replica_accelerators: T | None = None
    accelerators: T | None = None
    heads: T | None = None
    itl_s: T | None = None
    ttft_s: T | None = None
    throughput_residual: T | None = None
    is_full: bool = False


class Load(NamedTuple):
    """Tokens that arrive in a second, and the held devices that they are spread over, if any."""

    arriving_tokens_per_s: Num
    fleet_share: Num | None = None
    accelerators: Num | None = None

    def of_one(self, devices: Num) -> Num:
        """Tokens that arrive in a second at one replica [1/s]."""
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
    """One copy of a model on some devices, as the choice sees it."""

    search_steps: int

    def inter_token_latency_s(self, batch: Num, devices: Num) -> Num:
        """Time between two tokens of a sequence [s]."""

    def token_energy_j(self, batch: Num, devices: Num, *, above_resident: bool) -> Num:
        """Energy of the boards for one token; above that of boards that only wait [J]."""

    def memory_sequences(self, devices: Num) -> Array:
        """Sequences that memory holds beside the weights [1]."""

    def prefill_s(self, devices: Num) -> Num:
        """Time of a prompt that waits for no other [s]."""


@record
class OperatingPoint:
    """The choice: sequences in flight, devices of a replica, and how far the limits hold."""

    batch: Num
    devices: Num
    most_sequences: Num
    memory_sequences: Num
    latency_sequences: Num | None
    inter_token_latency_s: Num
    status: Num


class _Sizes(NamedTuple):
    """Every size of a replica on the leading axis, and what each of them would do."""

    devices: Array
    batch: Array
    most: Array
    memory: Array
    latency: Array | None
    status: Array
    cost_j: Array


def choose_operating_point(
    replica: Replica, limits: Limits[Num], load: Load, axes: int
) -> OperatingPoint:
    """Batch and devices of a replica at which a token takes least energy of the boards.

    Of sizes that stop at different limits the one that comes furthest is taken, and ``status`` says
    what stops it; ties go to the fewest devices. ``axes`` is the number of axes of the numbers.
    """
    sizes = _look_at(replica, limits, load, sizes_of(limits, axes))
    furthest = np.max(sizes.status, axis=0)
    cost = np.where(sizes.status == furthest, sizes.cost_j, np.inf)
    place: Places = np.asarray(np.argmin(cost, axis=0))
    devices, batch = _taken(sizes.devices, place), _taken(sizes.batch, place)
    return OperatingPoint(
        batch=batch,
        devices=devices,
        most_sequences=_taken(sizes.most, place),
        memory_sequences=_taken(sizes.memory, place),
        latency_sequences=None if sizes.latency is None else _taken(sizes.latency, place),
        inter_token_latency_s=replica.inter_token_latency_s(batch, devices),
        status=furthest,
    )


def is_feasible(point: OperatingPoint, *, is_exact: bool) -> Any:
    """Whether a choice keeps its limits: latency, and memory unless the concurrency is stated.

    What a stated concurrency takes does not depend on whether memory holds it, and of a range no
    more is taken than it holds; that a load is beyond held devices shows in their hours.
    """
    status = np.asarray(point.status)
    stated = (status == NO_CONCURRENCY) | (is_exact & (status < NO_CONCURRENCY))
    return (status >= NO_LOAD) | stated


def sizes_of(limits: Limits[Num], axes: int) -> Array:
    """Sizes that a replica may have, rising, on an axis before all others.

    The stated one; else powers of two for each rank, and all devices where they are counted.
    """
    if limits.replica_accelerators is not None:
        stated = np.asarray(limits.replica_accelerators, dtype=float)
        return stated.reshape(1, *(1,) * (axes - stated.ndim), *stated.shape)
    powers = np.array([2.0**step for step in range(LARGEST + 1)]).reshape(-1, *(1,) * axes)
    if limits.accelerators is None:
        return powers
    counted = np.broadcast_to(limits.accelerators, np.broadcast_shapes(
        np.shape(limits.accelerators), (1,) * axes))  # fmt: skip
    whole = np.broadcast_to(powers, (len(powers), *counted.shape))
    return np.concatenate([whole, counted[None]])


def _look_at(replica: Replica, limits: Limits[Num], load: Load, devices: Array) -> _Sizes:
    """What a replica of each size would do, and the first limit that stops it."""
    memory = replica.memory_sequences(devices)
    latency = _latency_sequences(replica, limits, memory, devices)
    most = _most_sequences(limits, memory, latency)
    arriving = load.of_one(devices)
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
        memory >= most * (1.0 - _SLACK) if limits.is_stated else True,
        True if latency is None else latency >= 1.0,
        True if limits.ttft_s is None else replica.prefill_s(devices) <= limits.ttft_s,
        not load.is_held or arriving * replica.inter_token_latency_s(most, devices) <= most * _OVER,
    )
    cost = replica.token_energy_j(batch, devices, above_resident=load.is_held)
    status, shape = _stages(passed), np.shape(cost)
    same: list[Any] = [
        None if one is None else np.broadcast_to(one, np.broadcast_shapes(shape, np.shape(status)))
        for one in (devices, batch, most, memory, latency, status, cost)
    ]
    return _Sizes(*same)


def _stages(passed: tuple[Any, ...]) -> Num:
    """How many of some limits hold, up to the first that does not."""
    reached: Any = True
    stages: Any = 0
    for holds in passed:
        reached = np.logical_and(reached, holds)
        stages = stages + reached
    return np.asarray(stages)


def _most_sequences(limits: Limits[Num], memory: Array, latency: Array | None) -> Num:
    """The most sequences that are decoded together; as many as stated where that is stated."""
    if limits.is_stated and limits.concurrency is not None:
        return limits.concurrency
    caps = (memory, limits.most_sequences, latency, limits.concurrency)
    return occupancy.most_sequences(parts_sequences=tuple(c for c in caps if c is not None))


def is_allowed(devices: Array, memory: Array, limits: Limits[Num]) -> Any:
    """Sizes that share the heads alike, or are the fewest devices that hold one sequence.

    Beyond what links join, layers and not heads are divided: more devices hold more, but make no
    token faster. Under a target of latency they are allowed where none within holds the model.
    Where devices are counted none is larger, and all of them are one size where no other holds it,
    or the concurrency that is stated.
    """
    if limits.replica_accelerators is not None:
        return np.ones(np.shape(memory + devices), dtype=bool)
    holds, sizes = memory >= 1.0, np.broadcast_to(devices, np.shape(memory))
    counted = limits.accelerators is not None
    powers = slice(0, -1) if counted else slice(None)
    within = sizes <= (np.inf if limits.accelerators is None else limits.accelerators)
    fewest = np.min(np.where(holds[powers], sizes[powers], np.inf), axis=0)
    linked = np.inf if limits.itl_s is None else limits.linked_accelerators
    joined = sizes <= np.maximum(linked, fewest)
    alike = True if limits.heads is None else np.mod(limits.heads, sizes) == 0.0
    allowed = within & joined & (alike | (sizes == fewest))
    if counted:
        wanted = limits.concurrency if limits.is_stated and limits.concurrency is not None else 1.0
        others = np.any(allowed[powers] & (memory >= wanted)[powers], axis=0)
        allowed = np.stack(np.broadcast_arrays(*allowed[powers], ~others))
    return allowed


def _latency_sequences(
    replica: Replica, limits: Limits[Num], memory: Array, devices: Array
) -> Array | None:
    """Sequences that keep the target of inter-token latency; None without one."""
    if limits.itl_s is None:
        return None
    residual = 1.0 if limits.throughput_residual is None else limits.throughput_residual
    high = np.maximum(np.minimum(memory, limits.most_sequences), 1.0)
    return np.asarray(find_last_within(
        lambda batch: replica.inter_token_latency_s(batch, devices) / residual,
        np.ones_like(high), high, limits.itl_s, replica.search_steps,
    ))  # fmt: skip


def _taken(values: Array, place: Places) -> Num:
    """The value of the size at each place of the leading axis."""
    found = np.take_along_axis(values, place[None], axis=0)[0]
    return float(found) if found.ndim == 0 else found
