"""The largest batch that meets a target of latency, on the devices that serve it best."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.core.fact import Fact
from carbonctl.core.units import s_from_hours
from carbonctl.scenario.room import needs_a_copy

if TYPE_CHECKING:
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.service import Decoder
    from carbonctl.scenario.context import Context
    from carbonctl.scenario.machine import Device
    from carbonctl.scenario.quantity import Given
    from carbonctl.scenario.room import Room


def fastest(
    ctx: Context,
    itl: Given,
    m: Decoder[Fact],
    room: Room,
    shared: Fact | None,
    found: Device,
    path: Path,
    *,
    arriving: float,
) -> Decoder[Fact]:
    """The largest batch within a time between tokens, where a device makes most of it.

    No batch is larger than what the load keeps in flight: tokens ``arriving`` a second, each of
    which takes that time (Little's law).
    """
    needs_a_copy(ctx, room, shared, found, path)
    where, target = (*path, "latency", "itl"), float(s_from_hours(itl.value))
    groups = [shared.value] if shared is not None else _groups(room, found)
    most = ctx.default("most_sequences")
    batches = {n: _largest(room, n, target, arriving, most.value) for n in groups}
    if not any(batches.values()):
        _too_fast(ctx, room, groups, target, where)
    best = max(groups, key=lambda n: (_per_device(room, batches[n], n), -n))
    kind = "language" if m.moe is None else "mixture"
    residual = ctx.default(f"{kind}_throughput_residual")
    filled = _largest(room, best, target, math.inf, most.value) > batches[best]
    capped = batches[best] == most.value
    limit = "that the load fills" if filled else f"within {target * 1e3:g} ms between tokens"
    note = f"largest on {best:g} devices {'that a runtime decodes' if capped else limit}"
    batch = chosen(ctx, where, "batch", batches[best], m.batch.label, note)
    bounds = (most.low or most.value, most.high or most.value) if capped else (most.value,) * 2
    low, high = (
        None if end is None else max(1.0, _largest(room, best, target * end, arriving, bound))
        for end, bound in zip((residual.low, residual.high), bounds, strict=True)
    )
    batch = replace(batch, low=low, high=high, range_kind=residual.range_kind)
    if capped:
        batch = replace(batch, origin=most.origin, mark=most.mark)
    if shared is None:
        note = "where a device makes most tokens within the target"
        shared = chosen(ctx, where, "devices", best, "devices of one replica", note)
    return replace(m, batch=batch, replica_accelerators=shared)


def _groups(room: Room, found: Device) -> list[float]:
    """Powers of two that hold the model, up to the devices of one machine or as many as stated."""
    least, most = room.devices(1.0), found.per_machine.value
    if found.count is not None:
        most = min(most, found.count.value)
        if least > found.count.value:
            return [found.count.value]
    steps = math.floor(math.log2(max(most / least, 1.0)))
    return [least * 2.0**step for step in range(steps + 1)]


def _largest(room: Room, devices: float, target: float, arriving: float, most: float) -> float:
    """Largest whole batch that memory holds, the load fills, the target and a runtime allow.

    0 for none; ``most`` is what a runtime decodes together.
    """
    low, high = 0.0, min(max(room.batch(devices), 0.0), most)
    while low < high:
        middle = math.ceil((low + high) / 2)
        seconds = room.itl_s(middle, devices)
        if seconds <= target and middle <= in_flight(room, middle, devices, arriving):
            low = middle
        else:
            high = middle - 1.0
    return float(low)


def in_flight(room: Room, batch: float, devices: float, arriving: float) -> float:
    """Sequences that a load keeps in flight where ``batch`` are decoded together; one at least."""
    return max(1.0, _whole(arriving * room.itl_s(batch, devices)))


def kept(room: Room, most: float, devices: float | None, arriving: float) -> float:
    """The largest batch that a load fills, on stated devices or as many as ``most`` takes."""
    if devices is not None:
        return _largest(room, devices, math.inf, arriving, most)
    filled = _largest(room, room.devices(most), math.inf, arriving, most)
    return _largest(room, room.devices(min(filled, most)), math.inf, arriving, most)


def _whole(sequences: float) -> float:
    """The next whole number, or all there may be."""
    return sequences if math.isinf(sequences) else float(math.ceil(sequences))


def _per_device(room: Room, batch: float, devices: float) -> float:
    """Tokens a second of one device; none where no batch meets the target."""
    return batch / (devices * room.itl_s(batch, devices)) if batch else 0.0


def _too_fast(ctx: Context, room: Room, groups: list[float], target: float, where: Path) -> None:
    """The target lies below what bandwidth, or the stack, allows."""
    best = min(groups, key=lambda n: room.itl_s(1.0, n))
    floor, reached = room.floor_s(best) * 1e3, room.itl_s(1.0, best) * 1e3
    message = f"{target * 1e3:g} ms between tokens cannot be met on {best:g} devices: "
    if target * 1e3 < floor:
        message += f"reading the weights once takes {floor:.3g} ms"
    else:
        message += f"one sequence alone takes {reached:.3g} ms"
    ctx.fail("CC304", message, where, f"the nearest that is met is {_up(reached):g} ms")


def _up(value: float) -> float:
    """A value with three digits, not below it."""
    size = 10.0 ** (math.floor(math.log10(value)) - 2)
    return math.ceil(value / size) * size


def chosen(ctx: Context, where: Path, name: str, value: float, label: str, note: str) -> Fact:
    """A part of the operating point that the user leaves to the estimate."""
    key = f"{'.'.join(map(str, where))}/{name}"
    return Fact(key, value, "1", "carbonctl-serving-model", "derived", label=label, note=note,
                where=ctx.mark(where))  # fmt: skip


def first_token(ctx: Context, ttft: Given, room: Room, devices: float, path: Path) -> None:
    """A prompt alone must be computed in the time to the first token; queues are not modeled."""
    target, least = float(s_from_hours(ttft.value)) * 1e3, room.prefill_s(devices) * 1e3
    if target < least:
        message = f"{target:g} ms to the first token cannot be met on {devices:g} devices: "
        message += f"a prompt alone takes {least:.3g} ms"
        hint = f"the nearest that is met is {_up(least):g} ms"
        ctx.fail("CC304", message, (*path, "latency", "ttft"), hint)
    ctx.not_estimated["queues before the first token"] = "ttft is held against a prompt alone"
