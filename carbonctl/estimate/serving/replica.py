"""A language model on the devices of one replica, and the operating point at which it serves."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from carbonctl.core.fact import Fact
from carbonctl.core.formula import Traced
from carbonctl.estimate.serving.decode_step import computed_prompt, decode_work, prefill_attention
from carbonctl.estimate.serving.moe import held_weight_gb, ranks_of, replica_accelerators
from carbonctl.estimate.serving.request import decode_round, whole_request
from carbonctl.formulas.hardware import power
from carbonctl.formulas.serving import occupancy
from carbonctl.formulas.serving import replica_limits as operating_point
from carbonctl.plan.operating_point import Limits, Load, choose_operating_point, is_feasible

if TYPE_CHECKING:
    from carbonctl.core.types import Array, Num
    from carbonctl.estimate.serving.service import Decoder, Fleet
    from carbonctl.plan.operating_point import OperatingPoint

_STEPS_DENSE, _STEPS_MIXTURE = 3, 9  # time is affine in the batch; that of experts is not


class DecoderReplica:
    """One copy of a model, and of what drafts for it, as the choice of a point sees it."""

    def __init__(self, model: Decoder[Any]) -> None:
        self.model = model
        self.search_steps = _STEPS_DENSE if model.moe is None else _STEPS_MIXTURE
        self._models = [model]
        if model.speculation is not None:
            draft = replace(model.speculation.draft, output_tokens=model.output_tokens)
            self._models.append(draft)
        self.weight_gb = sum(held_weight_gb(each) for each in self._models)

    @property
    def ranks(self) -> Num:
        """Copies of the attention in one replica, a device each at least [1]."""
        ranks = ranks_of(self.model)
        return 1.0 if ranks is None else ranks.data_parallel

    @property
    def _time_residual(self) -> Num:
        """Error of the modeled time, as the hours of a service have it [1]."""
        return time_residual(self.model)

    def at(self, batch: Num, devices: Num) -> Decoder[Any]:
        """The model with this many sequences in flight on a replica of these devices."""
        return placed(self.model, batch, devices)

    def inter_token_latency_s(self, batch: Num, devices: Num) -> Num:
        """Time between two tokens of a sequence [s]."""
        made = decode_round(self.at(batch, devices))
        return occupancy.inter_token_latency_s(
            step_s=made.seconds,
            batch=batch,
            gained_tokens=made.gained_tokens,
            time_residual=self._time_residual,
        )

    def token_energy_j(self, batch: Num, devices: Num, *, above_resident: bool) -> Num:
        """Energy of the boards for one token; above that of boards that only wait [J]."""
        made = decode_round(self.at(batch, devices))
        energy = made.energy_j
        if above_resident:
            energy = energy - devices * resident_power_w(self.model) * made.seconds
        return np.asarray(energy / made.gained_tokens)

    def sequence_gb(self, devices: Num) -> Num:
        """Cache of one sequence, each copy that devices hold of it [GB]."""
        ones = [replace(each, batch=1.0, replica_accelerators=devices) for each in self._models]
        return sum(decode_work(each).kv_gb for each in ones)

    def memory_sequences(self, devices: Num) -> Array:
        """Sequences that memory holds beside the weights [1]."""
        return np.asarray(
            occupancy.memory_sequences(
                replica_accelerators=devices,
                device_memory_gb=self.model.board.memory_gb,
                memory_share=self.model.memory_share,
                weight_gb=self.weight_gb,
                sequence_gb=self.sequence_gb(devices),
            )
        )

    def floor_s(self, devices: Num) -> Num:
        """Time between two tokens if nothing but one reading of the weights took any [s]."""
        m = self.at(1.0, devices)
        return operating_point.bandwidth_floor_s(
            weight_read_gb=decode_work(m).weight_read_gb,
            replica_accelerators=devices,
            bandwidth_gb_per_s=m.board.bandwidth_gb_per_s,
        )

    def prefill_s(self, devices: Num) -> Num:
        """Time of a prompt that waits for no other; one rank computes it, others pad theirs [s]."""
        m = self.at(1.0, devices)
        look, attended = prefill_attention(m)
        return operating_point.prefill_s(
            active_params=m.active_params,
            prompt_look_flop=look,
            prompt_layer_tokens=attended,
            prompt_tokens=computed_prompt(m),
            replica_accelerators=devices / self.ranks,
            peak_flop_per_s=m.board.peak_flop_per_s,
            matmul_efficiency=m.runtime.matmul_efficiency,
        )


class Chosen(NamedTuple):
    """A model at its operating point, and what a result says of the point by its fields."""

    model: Any
    point: dict[str, Any] = {}  # noqa: RUF012 - never written to


def at_operating_point(model: Decoder[Num], fleet: Fleet[Num]) -> Chosen:
    """The model of a whole request at the batch and on the devices that are chosen for its load."""
    model = whole_replica(model)
    limits = model.limits
    if limits is None:
        return Chosen(model, {"batch": model.batch})
    load = load_of(model, fleet)
    plain, bounds = bare(model), bare(limits)
    point = choose_operating_point(
        DecoderReplica(plain), bounds, Load(*map(bare, load)), _axes((plain, bounds, load))
    )
    numbers: dict[str, Num] = {}

    def chosen(name: str, value: Num, unit: str, label: str, note: str) -> Num:
        key = f"{_prefix(limits)}/{name}"
        numbers[key] = value
        if not isinstance(load.arriving_tokens_per_s, Traced):
            return value
        made = Fact(key, float(value), unit, "carbonctl-serving-model", "derived",
                    note=note, label=label)  # fmt: skip
        return Traced(made.value, made)

    devices = limits.replica_accelerators
    if devices is None:
        note = "the size at which a token takes least energy, of those that hold the model"
        devices = chosen("devices", point.devices, "1", "devices of one replica", note)
    batch = limits.concurrency
    if limits.is_full or (batch is not None and limits.is_stated and not limits.is_exact):
        batch = _most(limits, point, chosen)
    elif batch is None or not limits.is_stated:
        itl = chosen("itl", point.inter_token_latency_s, "s", "time between two tokens",
                     "at the sequences in flight")  # fmt: skip
        batch = occupancy.sequences_in_flight(
            arriving_tokens_per_s=load.of_one(devices),
            inter_token_latency_s=itl,
            most_sequences=_most(limits, point, chosen),
        )
    made = placed(model, batch, devices)
    keeps = is_feasible(point, is_exact=limits.is_stated and limits.is_exact)
    return Chosen(made, {"batch": made.batch, "chosen": numbers, "is_feasible": keeps})


def whole_replica(model: Decoder[Num]) -> Decoder[Num]:
    """The model of a whole request, with the devices of all its ranks where ranks are stated."""
    model = whole_request(model)
    if model.limits is None or ranks_of(model) is None:
        return model
    return replace(model, limits=replace(model.limits, replica_accelerators=stated_size(model)))


def stated_size(model: Decoder[Num]) -> Num | None:
    """Devices of one replica where that is stated: of all ranks, or those that share the model."""
    if ranks_of(model) is not None:
        return replica_accelerators(model)
    return None if model.limits is None else model.limits.replica_accelerators


def _most(limits: Limits[Num], point: OperatingPoint, chosen: Any) -> Num:
    """The most sequences, from what limits them."""
    caps: list[Num] = [] if limits.is_stated else [limits.most_sequences]
    if np.all(np.isfinite(point.memory_sequences)):  # else there is no cache, and no limit
        label = "sequences that memory holds"
        caps.append(chosen("memory", point.memory_sequences, "1", label, "beside the weights"))
    if point.latency_sequences is not None:
        note = "the most that keep the target"
        caps.append(
            chosen("latency", point.latency_sequences, "1", "sequences within the latency", note)
        )
    if limits.concurrency is not None:
        caps.append(limits.concurrency)
    return occupancy.most_sequences(parts_sequences=tuple(caps))


def _prefix(limits: Limits[Any]) -> str:
    """Start of the keys of what is chosen."""
    return "infer.concurrency" if limits.itl_s is None else "infer.latency.itl"


def placed(model: Decoder[Any], batch: Num, devices: Num) -> Decoder[Any]:
    """A model with a batch on the devices of one replica."""
    return replace(model, batch=batch, replica_accelerators=devices, limits=None)


def load_of(model: Decoder[Num], fleet: Fleet[Num]) -> Load:
    """Tokens that arrive in a second, and the held devices that they are spread over."""
    arriving = occupancy.arriving_tokens_per_s(
        rate_per_hour=fleet.rate_per_hour,
        output_tokens=model.output_tokens,
        cache_hit_share=fleet.cache_hit_share,
        peak_to_mean=fleet.peak_to_mean,
        busy_share=fleet.busy_share,
    )
    return Load(arriving, fleet.fleet_share, fleet.accelerators)


def resident_power_w(model: Decoder[Num]) -> Num:
    """Power of one board that holds the model and has nothing to do [W]."""
    return power.resident_power_w(
        idle_power_w=model.board.idle_power_w, resident_factor=model.runtime.resident_factor
    )


def time_residual(model: Decoder[Num]) -> Num:
    """Error of the time that is modeled, media in the prompt among it; 1 where it is measured."""
    if model.measured is not None:
        return 1.0
    if model.media_residual is None:
        return model.energy_residual
    return model.energy_residual * model.media_residual


def bare(value: Any) -> Any:
    """A number, or a record of numbers, without what they remember."""
    if isinstance(value, float):
        return float(value)
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(map(bare, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: bare(getattr(value, f.name)) for f in fields(value)})
    return value


def _axes(*values: Any) -> int:
    """Axes of the arrays among numbers, at any depth; 0 where all are floats."""
    most = 0
    for value in values:
        if isinstance(value, np.ndarray):
            most = max(most, value.ndim)
        elif isinstance(value, tuple):
            most = max(most, _axes(*value))
        elif is_dataclass(value) and not isinstance(value, type):
            most = max(most, _axes(*(getattr(value, f.name) for f in fields(value))))
    return most
