"""``concurrency: full``: requests that wait in a queue fill a replica's memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.formulas import roofline
from carbonctl.scenario.latency import chosen
from carbonctl.scenario.room import needs_a_copy

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.service import Decoder
    from carbonctl.scenario.context import Context
    from carbonctl.scenario.machine import Device
    from carbonctl.scenario.room import Room


def fill_replica(
    ctx: Context, m: Decoder[Fact], room: Room, shared: Fact | None, found: Device, path: Path
) -> Decoder[Fact]:
    """The model with as many sequences in flight as memory holds and a runtime decodes.

    A replica has the devices that the scenario states, else the fewest that hold the weights and
    some cache beside them.
    """
    where = (*path, "concurrency")
    if shared is None:
        needs_a_copy(ctx, room, None, found, path)
        least = _fewest_devices(ctx, room)
        count = least if found.count is None else min(least, found.count.value)
        note = "the fewest that hold the weights and some cache"
        shared = chosen(ctx, where, "devices", count, "devices of one replica", note)
    else:
        needs_a_copy(ctx, room, shared, found, path)
    held, most = room.batch(shared.value), m.batch
    limit = "memory holds" if held < most.value else "a runtime decodes"
    note = f"the largest that {limit}; devices of the replica: {shared.value:g}"
    batch = replace(
        chosen(ctx, where, "batch", min(held, most.value), most.label, note),
        low=None if most.low is None else min(held, most.low),
        high=None if most.high is None else min(held, most.high),
        range_kind=most.range_kind,
        mark=most.mark,
    )
    return replace(m, batch=batch, replica_accelerators=shared)


def _fewest_devices(ctx: Context, room: Room) -> float:
    """A power of two of devices that hold the weights, and a share of one's memory as cache."""
    usable = room.memory_gb * float(room.plain.memory_share)
    least = roofline.replica_accelerators(
        weight_gb=room.weight_gb,
        kv_gb=ctx.default("least_cache_share").value * usable,
        device_memory_gb=room.memory_gb,
        memory_share=room.plain.memory_share,
    )
    return max(float(least), room.devices(1.0))
