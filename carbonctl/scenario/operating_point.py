"""The operating point of a language service: a batch that memory holds and a target allows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from carbonctl.core.units import s_from_hours
from carbonctl.estimate.decode import computed_prompt, decode_work, prompt_looks
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.speculate import decode_round, whole_request
from carbonctl.formulas import compute_decode, operating_point, roofline
from carbonctl.scenario.context import Unresolved
from carbonctl.scenario.device import parallel

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.service import Decoder
    from carbonctl.scenario import schema
    from carbonctl.scenario.context import Context
    from carbonctl.scenario.machine import Device


@dataclass(frozen=True)
class Room:
    """What devices hold: one copy's weights, the draft's too, and one sequence's cache."""

    plain: Decoder[Any]
    weight_gb: float
    sequence_gb: float

    @classmethod
    def of(cls, m: Decoder[Fact]) -> Room:
        """Room at the central values of a model."""
        plain = whole_request(bind(m, lambda fact: fact.value))
        models = [plain]
        if plain.speculation is not None:
            models.append(replace(plain.speculation.draft, output_tokens=plain.output_tokens))
        one = [decode_work(replace(each, batch=1.0)) for each in models]
        weights = (
            compute_decode.weight_gb(total_params=m.total_params, weight_bytes=m.weight_bytes)
            for m in models
        )
        return cls(plain, float(sum(weights)), float(sum(work.kv_gb for work in one)))

    @property
    def memory_gb(self) -> float:
        """Memory of one device."""
        return float(self.plain.board.memory_gb)

    def devices(self, batch: float) -> float:
        """Devices that a batch takes: the next power of two that holds it."""
        return float(
            roofline.replica_accelerators(
                weight_gb=self.weight_gb,
                kv_gb=self.sequence_gb * batch,
                device_memory_gb=self.memory_gb,
                memory_share=self.plain.memory_share,
            )
        )

    def batch(self, devices: float) -> float:
        """Sequences that devices hold; below one where they do not hold a copy."""
        if not self.sequence_gb:
            return math.inf if self.devices(0.0) <= devices else 0.0
        return float(
            operating_point.feasible_batch(
                replica_accelerators=devices,
                device_memory_gb=self.memory_gb,
                memory_share=self.plain.memory_share,
                weight_gb=self.weight_gb,
                sequence_gb=self.sequence_gb,
            )
        )

    def at(self, batch: float, devices: float) -> Decoder[Any]:
        """The model at an operating point."""
        return replace(self.plain, batch=batch, replica_accelerators=devices)

    def itl_s(self, batch: float, devices: float) -> float:
        """Time between two tokens of a sequence."""
        made = decode_round(self.at(batch, devices))
        return float(made.seconds * batch / made.gained_tokens)

    def floor_s(self, devices: float) -> float:
        """That time if nothing but one reading of the weights took any."""
        m = self.at(1.0, devices)
        return float(
            operating_point.bandwidth_floor_s(
                weight_read_gb=decode_work(m).weight_read_gb,
                replica_accelerators=devices,
                bandwidth_gb_per_s=m.board.bandwidth_gb_per_s,
            )
        )

    def prefill_s(self, devices: float) -> float:
        """Time of a prompt that waits for no other."""
        m = self.at(1.0, devices)
        look, attended = prompt_looks(m)
        return float(
            operating_point.prefill_s(
                active_params=m.active_params,
                prompt_look_flop=look,
                prompt_layer_tokens=attended,
                prompt_tokens=computed_prompt(m),
                replica_accelerators=devices,
                peak_flop_per_s=m.board.peak_flop_per_s,
                matmul_efficiency=m.runtime.matmul_efficiency,
            )
        )


def placed(
    ctx: Context, infer: schema.Infer, m: Decoder[Fact], found: Device, path: Path
) -> Decoder[Fact]:
    """The same model where it can be run; a problem says what it takes, or what fits."""
    from carbonctl.scenario.latency import chosen, fastest, first_token  # noqa: PLC0415 - see there

    if m.mixture is not None and m.mixture.experts_per_token.value > m.mixture.experts.value:
        raise Unresolved  # said already; no such model takes any time
    room, shared = Room.of(m), parallel(ctx, infer, found, path)
    if shared is not None:
        _divides_heads(ctx, m, shared, path)
    target, arriving = infer.latency, _arriving(ctx, infer, room, path)
    if target is not None and target.itl is not None:
        made = fastest(ctx, target.itl, m, room, shared, found, path, arriving=arriving)
    elif infer.concurrency is not None:
        made = _stated(ctx, m, room, shared, found, path)
        _filled(ctx, made, room, arriving, path)
    else:
        made = _usual(ctx, m, room, shared, found, path, arriving=arriving)
    if made.speculation is not None and made.replica_accelerators is None:
        note, least = "holds the draft beside the model", room.devices(made.batch.value)
        where = (*path, "speculative")
        held = chosen(ctx, where, "devices", least, "devices of one replica", note)
        made = replace(made, replica_accelerators=held)
    devices = made.replica_accelerators
    reached = room.devices(made.batch.value) if devices is None else devices.value
    if target is not None and target.ttft is not None:
        first_token(ctx, target.ttft, room, reached, path)
    if made.measured is not None:
        _reachable(ctx, made, room, reached, path)
    return made


def _divides_heads(ctx: Context, m: Decoder[Fact], shared: Fact, path: Path) -> None:
    """Each device of a replica takes the same number of heads, where their number is known."""
    heads, devices = m.looks.heads, shared.value
    if heads.origin == "archetype" or heads.value % devices == 0:
        return
    fit = [n for n in range(1, int(heads.value) + 1) if heads.value % n == 0]
    below, above = [n for n in fit if n < devices][-1:], [n for n in fit if n > devices][:1]
    message = f"{heads.value:g} attention heads cannot be shared by {devices:g} devices alike"
    hint = f"the nearest that can: {' or '.join(map(str, below + above))}"
    ctx.fail("CC304", message, (*path, "tensor_parallel"), hint)


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
            ctx.fail("CC304", message, where, f"or tensor_parallel: {room.devices(batch):.0f}")
        return replace(m, replica_accelerators=shared)
    if found.count is None or room.devices(batch) <= found.count.value:
        return m
    needs_a_copy(ctx, room, None, found, path)
    most = room.batch(found.count.value)
    if batch > most:
        message = f"a concurrency of {batch:,.0f} takes {room.devices(batch):.0f} devices of"
        message += f" {room.memory_gb:g} GB; hardware.count is {found.count.value:g}"
        ctx.fail("CC304", message, where, f"the largest that fits is {most:,.0f}")
    return replace(m, replica_accelerators=found.count)


def _filled(ctx: Context, m: Decoder[Fact], room: Room, arriving: float, path: Path) -> None:
    """Warn of a stated concurrency that the load does not keep in flight; it stays as stated."""
    from carbonctl.scenario.latency import in_flight, kept  # noqa: PLC0415 - see there

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
    from carbonctl.scenario.latency import kept  # noqa: PLC0415 - see there

    usual, group, held = m.batch, shared or found.count, None
    if group is not None:
        needs_a_copy(ctx, room, shared, found, path)
        held = group if shared is not None or room.devices(1.0) > group.value else None
        power_of_two = 2.0 ** math.floor(math.log2(group.value))
        most = room.batch(group.value if held is not None else power_of_two)
        usual = _at_most(usual, most, f"at most {most:,.0f} fit {group.value:g} devices")
    largest = usual.value if usual.high is None else usual.high
    most = kept(room, largest, None if held is None else held.value, arriving)
    usual = _at_most(usual, most, f"the load keeps at most {most:,.0f} in flight")
    return replace(m, batch=usual, replica_accelerators=held)


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


def needs_a_copy(ctx: Context, room: Room, shared: Fact | None, found: Device, path: Path) -> None:
    """Devices of a replica must hold the weights and one sequence."""
    group = shared or found.count
    if group is None or room.batch(group.value) >= 1:
        return
    least = room.devices(1.0)
    name = "hardware.count" if shared is None else "tensor_parallel"
    where = (*found.path, "count") if shared is None else (*path, "tensor_parallel")
    message = f"one copy of the model takes {least:.0f} devices of {room.memory_gb:g} GB"
    ctx.fail("CC304", f"{message}; {name} is {group.value:g}", where, f"give {least:.0f}")


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
