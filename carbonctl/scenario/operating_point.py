"""The operating point of a language service: a batch that memory holds and a target allows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.core.units import s_from_hours
from carbonctl.formulas import operating_point
from carbonctl.scenario.context import Unresolved
from carbonctl.scenario.full_replica import fill_replica
from carbonctl.scenario.latency import chosen, fastest, first_token, in_flight, kept
from carbonctl.scenario.parallel import replica
from carbonctl.scenario.room import Room, needs_a_copy, takes, wider

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.service import Decoder
    from carbonctl.scenario import schema
    from carbonctl.scenario.context import Context
    from carbonctl.scenario.machine import Device


def placed(
    ctx: Context, infer: schema.Infer, m: Decoder[Fact], found: Device, path: Path
) -> Decoder[Fact]:
    """The same model where it can be run; a problem says what it takes, or what fits."""
    if m.moe is not None and m.moe.experts_per_token.value >= m.moe.experts.value:
        raise Unresolved  # said already; no such model takes any time
    room, shared = Room.of(m), replica(ctx, infer, m, found, path)
    _holds_one(ctx, room, path)
    target, arriving = infer.latency, _arriving(ctx, infer, room, path)
    if target is not None and target.itl is not None:
        made = fastest(ctx, target.itl, m, room, shared, found, path, arriving=arriving)
    elif infer.concurrency == "full":
        made = fill_replica(ctx, m, room, shared, found, path)
    elif infer.concurrency is not None:
        made = _stated(ctx, m, room, shared, found, path)
        _filled(ctx, made, room, arriving, path)
    else:
        made = _usual(ctx, m, room, shared, found, path, arriving=arriving)
    if made.replica_accelerators is None:
        made = _with_copies(ctx, made, room, found, path)
    devices = made.replica_accelerators
    reached = room.devices(made.batch.value) if devices is None else devices.value
    if target is not None and target.ttft is not None:
        first_token(ctx, target.ttft, room, reached, path)
    if made.measured is not None:
        _reachable(ctx, made, room, reached, path)
    return made


def _holds_one(ctx: Context, room: Room, path: Path) -> None:
    """Some number of devices holds one sequence."""
    if math.isinf(room.devices(1.0)):
        message = f"one sequence fits no number of devices of {room.memory_gb:g} GB: each holds"
        message += f" {room.sequence_gb(room.ranks):,.3g} GB of keys and values"
        hint = "give shorter prompts, or devices with more memory"
        ctx.fail("CC304", message, (*path, "prompt_tokens"), hint)


def _with_copies(
    ctx: Context, m: Decoder[Fact], room: Room, found: Device, path: Path
) -> Decoder[Fact]:
    """The same model on more devices than its weights and one cache take, where it needs more."""
    drafted, largest = m.speculation is not None, _largest(m.batch)
    if not drafted and not room.copied(largest):
        return m
    least = room.devices(m.batch.value if drafted else largest)
    if math.isinf(least) or (found.count is not None and least > found.count.value):
        least = room.devices(m.batch.value)
    note = "holds the draft beside the model" if drafted else "each copy of the cache fits"
    where = (*path, "speculative" if drafted else "concurrency")
    held = chosen(ctx, where, "devices", least, "devices of one replica", note)
    most = room.batch(least)
    batch = _at_most(m.batch, most, f"at most {most:,.0f} fit {least:,.0f} devices")
    return replace(m, batch=batch, replica_accelerators=held)


def _arriving(ctx: Context, infer: schema.Infer, room: Room, path: Path) -> float:
    """Output tokens a second that the load asks for at its peak, in the hours that are busy."""
    assert infer.requests is not None  # noqa: S101 - requests alone come here
    asked = infer.requests.value * room.plain.output_tokens / s_from_hours(1.0)
    hits = ctx.either(infer.cache_hits, (*path, "cache_hits"), "cache_hit_share")
    peak = ctx.either(infer.peak_to_mean, (*path, "peak_to_mean"), "peak_to_mean")
    busy = ctx.either(infer.busy_share, (*path, "busy_share"), "busy_share")
    return float(asked * (1.0 - hits.value) * peak.value / busy.value)


def _stated(
    ctx: Context, m: Decoder[Fact], room: Room, shared: Fact | None, found: Device, path: Path
) -> Decoder[Fact]:
    """A concurrency that the user states must fit."""
    batch, where = m.batch.value, (*path, "concurrency")
    if shared is not None:
        needs_a_copy(ctx, room, shared, found, path)
        most = room.batch(shared.value)
        if batch > most:
            message = f"a concurrency of {batch:,.0f} does not fit {shared.value:g} devices of"
            message += f" {room.memory_gb:g} GB: the largest that fits is {most:,.0f}"
            ctx.fail("CC304", message, where, wider(room, batch))
        return replace(m, replica_accelerators=shared)
    if found.count is None:
        _fits_some(ctx, m, room, path)
        return m
    if room.devices(batch) <= found.count.value:
        return m
    needs_a_copy(ctx, room, None, found, path)
    most = room.batch(found.count.value)
    if batch > most:
        message = f"a concurrency of {batch:,.0f} {takes(room, batch)};"
        message += f" hardware.count is {found.count.value:g}"
        ctx.fail("CC304", message, where, f"the largest that fits is {most:,.0f}")
    return replace(m, replica_accelerators=found.count)


def _fits_some(ctx: Context, m: Decoder[Fact], room: Room, path: Path) -> None:
    """A concurrency that some number of devices holds."""
    batch = m.batch.value
    if math.isinf(room.devices(batch)):
        message = f"a concurrency of {batch:,.0f} {takes(room, batch)}"
        hint = f"the largest that fits is {room.most():,.0f}"
        if m.moe is not None:
            hint += "; data_parallel gives each rank sequences of its own"
        ctx.fail("CC304", message, (*path, "concurrency"), hint)


def _filled(ctx: Context, m: Decoder[Fact], room: Room, arriving: float, path: Path) -> None:
    """Warn of a stated concurrency that the load does not keep in flight; it stays as stated."""
    batch, held = m.batch.value, m.replica_accelerators
    devices = room.devices(batch) if held is None else held.value
    if batch <= in_flight(room, batch, devices, arriving):
        return
    most = kept(room, batch, None if held is None else held.value, arriving)
    message = f"a concurrency of {batch:,.0f} is more than the load keeps in flight: {most:,.0f}"
    hint = "right where requests are gathered and run together; else leave it out"
    ctx.warn("CC303", message, (*path, "concurrency"), hint)


def _usual(
    ctx: Context,
    m: Decoder[Fact],
    room: Room,
    shared: Fact | None,
    found: Device,
    path: Path,
    *,
    arriving: float,
) -> Decoder[Fact]:
    """The usual concurrency, or as much of it as the devices hold and the load fills."""
    usual, group, held = m.batch, shared or found.count, None
    if group is not None:
        needs_a_copy(ctx, room, shared, found, path)
        held = group if shared is not None or room.devices(1.0) > group.value else None
        power_of_two = 2.0 ** math.floor(math.log2(group.value))
        most = room.batch(group.value if held is not None else power_of_two)
        usual = _at_most(usual, most, f"at most {most:,.0f} fit {group.value:g} devices")
    if held is None and room.copied(_largest(usual)):
        held_by = room.devices(usual.value)
        most = room.most() if math.isinf(held_by) else room.batch(held_by)
        usual = _at_most(usual, most, f"at most {most:,.0f} fit beside the copies of the cache")
    most = kept(room, _largest(usual), None if held is None else held.value, arriving)
    usual = _at_most(usual, most, f"the load keeps at most {most:,.0f} in flight")
    return replace(m, batch=usual, replica_accelerators=held)


def _largest(batch: Fact) -> float:
    """The high end of a batch, or the batch."""
    return batch.value if batch.high is None else batch.high


def _at_most(usual: Fact, most: float, why: str) -> Fact:
    """A number and its range, cut at a limit."""
    if most >= (usual.value if usual.high is None else usual.high):
        return usual
    return replace(
        usual,
        value=min(usual.value, most),
        low=None if usual.low is None else min(usual.low, most),
        high=None if usual.high is None else most,
        note=f"{usual.note}; {why}",
    )


def _reachable(ctx: Context, m: Decoder[Fact], room: Room, devices: float, path: Path) -> None:
    """No throughput beyond that of a step that does nothing but read the weights."""
    assert m.measured is not None  # noqa: S101 - the caller looked
    told = m.measured
    seconds = operating_point.step_s_from_throughput(
        batch=m.batch.value,
        accelerators=told.accelerators.value,
        replica_accelerators=devices,
        throughput_per_hour=told.throughput_per_hour.value,
    )
    floor = room.floor_s(devices)
    if seconds < floor:
        most = told.throughput_per_hour.value / s_from_hours(1.0) * seconds / floor
        message = f"that throughput takes steps of {seconds * 1e3:.3g} ms at this concurrency;"
        message += f" reading the weights once takes {floor * 1e3:.3g} ms"
        ctx.fail("CC304", message, (*path, "throughput"), f"at most {most:,.0f} token/s")
