"""What the devices of a replica hold, and how long they take for a step of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carbonctl.core.record import compared
from carbonctl.estimate.decode import computed_prompt, decode_work, prefill_attention
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.moe import held_weight_gb, ranks_of
from carbonctl.estimate.speculate import decode_round, whole_request
from carbonctl.formulas import operating_point, roofline
from carbonctl.scenario.parallel import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.service import Decoder
    from carbonctl.scenario.context import Context
    from carbonctl.scenario.machine import Device

_DOUBLINGS = 10  # of the devices that would do without copies; no replica is larger


@compared
class Room:
    """What devices hold: one copy's weights, the draft's too, and one sequence's cache."""

    plain: Decoder[Any]
    models: tuple[Decoder[Any], ...]
    weight_gb: float
    heads: float | None

    @classmethod
    def of(cls, m: Decoder[Fact]) -> Room:
        """Room at the central values of a model."""
        plain = whole_request(bind(m, lambda fact: fact.value))
        models = [plain]
        if plain.speculation is not None:
            models.append(replace(plain.speculation.draft, output_tokens=plain.output_tokens))
        weight = float(sum(held_weight_gb(each) for each in models))
        known = m.attention.heads.origin != "archetype" and m.attention.heads.value > 0
        return cls(plain, tuple(models), weight, m.attention.heads.value if known else None)

    @property
    def memory_gb(self) -> float:
        """Memory of one device."""
        return float(self.plain.board.memory_gb)

    @property
    def ranks(self) -> float:
        """Copies of the attention in one replica, a device each at least."""
        ranks = ranks_of(self.plain)
        return 1.0 if ranks is None else float(ranks.data_parallel)

    def sequence_gb(self, devices: float) -> float:
        """Cache of one sequence, each copy that devices hold of it."""
        one = [replace(each, batch=1.0, replica_accelerators=devices) for each in self.models]
        return float(sum(decode_work(each).kv_gb for each in one))

    def devices(self, batch: float) -> float:
        """Devices that a batch takes, a power of two for each rank; inf where none does."""
        least = self._powered(self.sequence_gb(self.ranks) * batch)
        each = 2.0 ** math.ceil(math.log2(max(least / self.ranks, 1.0)))
        groups = self._doubled(self.ranks * each)
        return next((n for n in groups if self.batch(n) >= batch), math.inf)

    def copied(self, batch: float) -> bool:
        """Whether copies of the cache make a batch take more devices than one copy would."""
        return self.devices(batch) != self._powered(self.sequence_gb(self.ranks) * batch)

    def most(self) -> float:
        """Sequences that any number of devices holds: each may have all of the cache."""
        least = self.devices(1.0)
        return 0.0 if math.isinf(least) else max(map(self.batch, self._doubled(least)))

    def _doubled(self, least: float) -> Iterator[float]:
        """Devices, and more of them as long as those of a rank share its heads alike."""
        yield least
        for step in range(1, _DOUBLINGS):
            devices = least * 2.0**step
            if self.heads is None or self.heads % (devices / self.ranks) == 0:
                yield devices

    def batch(self, devices: float) -> float:
        """Sequences that devices hold; below one where they do not hold a copy."""
        sequence = self.sequence_gb(devices)
        if not sequence:
            return math.inf if self._powered(0.0) <= devices else 0.0
        return float(
            operating_point.feasible_batch(
                replica_accelerators=devices,
                device_memory_gb=self.memory_gb,
                memory_share=self.plain.memory_share,
                weight_gb=self.weight_gb,
                sequence_gb=sequence,
            )
        )

    def _powered(self, cache_gb: float) -> float:
        return float(
            roofline.replica_accelerators(
                weight_gb=self.weight_gb,
                kv_gb=cache_gb,
                device_memory_gb=self.memory_gb,
                memory_share=self.plain.memory_share,
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
        """Time of a prompt that waits for no other; one rank computes it, others pad theirs."""
        m = self.at(1.0, devices)
        look, attended = prefill_attention(m)
        return float(
            operating_point.prefill_s(
                active_params=m.active_params,
                prompt_look_flop=look,
                prompt_layer_tokens=attended,
                prompt_tokens=computed_prompt(m),
                replica_accelerators=devices / self.ranks,
                peak_flop_per_s=m.board.peak_flop_per_s,
                matmul_efficiency=m.runtime.matmul_efficiency,
            )
        )


def needs_a_copy(ctx: Context, room: Room, shared: Fact | None, found: Device, path: Path) -> None:
    """Devices of a replica must hold the weights and one sequence."""
    group = shared or found.count
    if group is None or room.batch(group.value) >= 1:
        return
    least, ranks = room.devices(1.0), room.ranks
    message = f"one copy of the model takes {least:.0f} devices of {room.memory_gb:g} GB"
    if shared is None:
        message, hint = f"{message}; hardware.count is {group.value:g}", f"give {least:.0f}"
        ctx.fail("CC304", message, (*found.path, "count"), hint)
    each, wanted, key = group.value / ranks, least / ranks, named(ctx, path)
    if ranks == 1.0:
        ctx.fail("CC304", f"{message}; {key} is {each:g}", (*path, key), f"give {wanted:.0f}")
    message = f"{ranks:g} ranks of the model take {least:.0f} devices of {room.memory_gb:g} GB"
    hint = f"give tensor_parallel: {wanted:.0f}, or fewer ranks"
    ctx.fail("CC304", f"{message}; they have {group.value:g}", (*path, key), hint)


def takes(room: Room, batch: float) -> str:
    """What a batch takes, in words; past the heads of a cache more devices do not help."""
    devices, each = room.devices(batch), f"devices of {room.memory_gb:g} GB"
    if math.isinf(devices):
        return f"fits no number of {each}: each holds keys and values of all"
    return f"takes {devices:.0f} {each}"


def wider(room: Room, batch: float) -> str:
    """Devices of a rank that would hold a batch, as a hint."""
    devices = room.devices(batch)
    if math.isinf(devices):
        return "or more ranks" if room.ranks > 1 else "more devices hold no more of the cache"
    return f"or tensor_parallel: {devices / room.ranks:.0f}"
