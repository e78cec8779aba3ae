"""A replica of a language model, and the choice of its operating point."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from carbonctl.core.fact import Fact
from carbonctl.core.formula import Traced
from carbonctl.estimate.serving import kernels, sequence_context
from carbonctl.estimate.serving.decode_step import chunk_work
from carbonctl.estimate.serving.layout import (
    cache_copies,
    replica_accelerators,
    replica_layout,
    replica_weight_gb,
)
from carbonctl.estimate.serving.request import decode_round, include_reasoning_and_media
from carbonctl.formulas.serving import decode_work, occupancy, replica_limits, request_work
from carbonctl.formulas.serving import layout as layouts
from carbonctl.plan.operating_point import Limits, Load, choose_operating_point, is_feasible

if TYPE_CHECKING:
    from carbonctl.core.types import Array, Num
    from carbonctl.estimate.serving.service import Decoder, Fleet
    from carbonctl.plan.operating_point import OperatingPoint

_STEPS_DENSE, _STEPS_MOE = 5, 9  # time is nearly affine in the batch for dense models


class DecoderReplica:
    """One replica of a model and its draft model: latency, energy and capacity by size."""

    def __init__(self, model: Decoder[Any]) -> None:
        self.model = model
        self.search_steps = _STEPS_DENSE if model.moe is None else _STEPS_MOE
        self._models = [model]
        if model.speculation is not None:
            draft = replace(model.speculation.draft, output_tokens=model.output_tokens)
            self._models.append(draft)
        self.weight_gb = sum(replica_weight_gb(each) for each in self._models)

    @property
    def ranks(self) -> Num:
        """Data-parallel ranks of one replica [1]."""
        ranks: Num = self.model.data_parallel
        return ranks

    @property
    def _time_residual(self) -> Num:
        """Residual of the modeled time [1]."""
        return time_residual(self.model)

    def at(self, batch: Num, devices: Num) -> Decoder[Any]:
        """The model at a batch, on this number of devices."""
        return set_operating_point(self.model, batch, devices)

    def inter_token_latency_s(self, batch: Num, devices: Num) -> Num:
        """Inter-token latency of a sequence [s]."""
        made = decode_round(self.at(batch, devices))
        return occupancy.inter_token_latency_s(
            step_s=made.latency_s,
            batch=batch,
            gained_tokens=made.gained_tokens,
            time_residual=self._time_residual,
        )

    def token_energy_j(self, batch: Num, devices: Num) -> Num:
        """Board energy per token [J]."""
        made = decode_round(self.at(batch, devices))
        return np.asarray(made.energy_j / made.gained_tokens)

    def sequence_gb(self, devices: Num) -> Num:
        """Memory that a runtime keeps for one sequence, all copies on a replica's devices [GB]."""
        return sum(
            self._sequence_gb(replace(each, replica_accelerators=devices)) for each in self._models
        )

    def _sequence_gb(self, m: Decoder[Any]) -> Num:
        """Memory for one sequence of one model: at its mean length, or at its final one [GB]."""
        limits = self.model.limits
        if limits is not None and limits.reserves_final_length:
            attended = decode_work.attended_layer_tokens_by_full_layers(
                layers=m.attention.layers,
                mean_context_tokens=request_work.final_tokens(
                    prompt_tokens=m.prompt_tokens, output_tokens=m.output_tokens
                ),
            )
        else:
            attended = sequence_context.attended_layer_tokens(
                m.attention, sequence_context.mean_context(m)
            )
        return layouts.kv_gb_by_copies(
            kv_gb=sequence_context.cache_gb(m, attended, 1.0),
            cache_copies=cache_copies(m, replica_layout(m)),
        )

    def memory_sequences(self, devices: Num) -> Array:
        """Sequences that memory holds beside the weights [1]."""
        return np.asarray(
            occupancy.memory_sequences(
                replica_accelerators=devices,
                device_memory_gb=self.model.board.memory_gb,
                memory_share=self.model.memory_share,
                weight_gb=self.weight_gb,
                cache_share=self.model.cache_share,
                sequence_gb=self.sequence_gb(devices),
            )
        )

    def bandwidth_floor_s(self, devices: Num) -> Num:
        """Lower bound of inter-token latency: one read of the weights [s]."""
        m = self.at(1.0, devices)
        return replica_limits.bandwidth_floor_s(
            device_gb=kernels.least_read_gb(m, replica_layout(m)),
            bandwidth_gb_per_s=m.board.bandwidth_gb_per_s,
        )

    def prefill_s(self, devices: Num) -> Num:
        """Prefill time of one prompt, without queueing, on one rank [s]."""
        m = self.at(1.0, devices)
        alone = replace(m, prefill=replace(m.prefill, mode="disaggregated"))
        return chunk_work(
            alone, replica_layout(m), sequence_context.uncached_prompt_tokens(m)
        ).working_s


class ChosenModel(NamedTuple):
    """A model at its operating point, and the fields of ``ServiceSummary`` that report it."""

    model: Any
    point: dict[str, Any] = {}  # noqa: RUF012 - never written to


def at_operating_point(model: Decoder[Num], fleet: Fleet[Num]) -> ChosenModel:
    """The model of a whole request at the batch and on the devices that are chosen for its load."""
    model = whole_replica(model)
    limits = model.limits
    if limits is None:
        return ChosenModel(model, {"batch": model.batch})
    load = arriving_load(model, fleet)
    plain, bounds = strip_provenance(model), strip_provenance(limits)
    point = choose_operating_point(
        DecoderReplica(plain),
        bounds,
        Load(*map(strip_provenance, load)),
        _max_ndim((plain, bounds, load)),
    )
    numbers: dict[str, Num] = {}

    def chosen(name: str, value: Num, unit: str, label: str, note: str) -> Num:
        key = f"{_key_prefix(limits)}/{name}"
        numbers[key] = value
        if not isinstance(load.arriving_tokens_per_s, Traced):
            return value
        made = Fact(key, float(value), unit, "carbonctl-serving-model", "derived",
                    note=note, label=label, derived_from=_usual_limits(limits))  # fmt: skip
        return Traced(made.value, made)

    devices = limits.replica_accelerators
    if devices is None:
        note = "the size at which a token takes least energy, of those that hold the model"
        devices = chosen("devices", point.devices, "1", "devices of one replica", note)
    batch = limits.concurrency
    if limits.is_full or (batch is not None and limits.is_stated and not limits.is_exact):
        batch = _max_sequences(limits, point, chosen)
    elif batch is None or not limits.is_stated:
        itl = chosen("itl", point.inter_token_latency_s, "s", "time between two tokens",
                     "at the sequences in flight")  # fmt: skip
        batch = occupancy.sequences_in_flight(
            arriving_tokens_per_s=load.load_per_replica(devices),
            inter_token_latency_s=itl,
            most_sequences=_max_sequences(limits, point, chosen),
        )
    made = set_operating_point(model, batch, devices)
    keeps = is_feasible(point, is_exact=limits.is_stated and limits.is_exact)
    return ChosenModel(made, {"batch": made.batch, "chosen": numbers, "is_feasible": keeps})


def whole_replica(model: Decoder[Num]) -> Decoder[Num]:
    """The model of a whole request, with the devices of all its ranks where ranks are stated."""
    model = include_reasoning_and_media(model)
    if model.limits is None or not model.has_ranks:
        return model
    return replace(model, limits=replace(model.limits, replica_accelerators=stated_size(model)))


def stated_size(model: Decoder[Num]) -> Num | None:
    """Devices of one replica where that is stated: of all ranks, or those that share the model."""
    if model.has_ranks:
        return replica_accelerators(model)
    return None if model.limits is None else model.limits.replica_accelerators


def _max_sequences(limits: Limits[Num], point: OperatingPoint, chosen: Any) -> Num:
    """Maximum concurrency, as the least of all limits."""
    caps: list[Num] = [] if limits.is_stated else [limits.most_sequences]
    if np.all(np.isfinite(point.memory_sequences)):  # else there is no cache, and no limit
        label = "sequences that memory holds"
        caps.append(chosen("memory", point.memory_sequences, "1", label, "beside the weights"))
    if point.latency_sequences is not None:
        note = (
            "the most that keep the target"
            if limits.itl_s is not None
            else "the most of a usual service"
        )
        caps.append(
            chosen("latency", point.latency_sequences, "1", "sequences within the latency", note)
        )
    if limits.concurrency is not None:
        caps.append(limits.concurrency)
    return occupancy.most_sequences(parts_sequences=tuple(caps))


def _usual_limits(limits: Limits[Num]) -> tuple[str, ...]:
    """Keys of the defaults that bound an operating point of which nothing is stated."""
    causes = (getattr(end, "cause", None) for end in (limits.usual_itl_s, limits.usual_slowdown))
    return tuple(cause.key for cause in causes if isinstance(cause, Fact))


def _key_prefix(limits: Limits[Any]) -> str:
    """Start of the fact keys of chosen values."""
    return "infer.concurrency" if limits.itl_s is None else "infer.latency.itl"


def set_operating_point(model: Decoder[Any], batch: Num, devices: Num) -> Decoder[Any]:
    """The model with this batch and number of devices, and without limits."""
    return replace(model, batch=batch, replica_accelerators=devices, limits=None)


def arriving_load(model: Decoder[Num], fleet: Fleet[Num]) -> Load:
    """Arriving tokens per second, and the dedicated devices that share them."""
    arriving = occupancy.arriving_tokens_per_s(
        rate_per_hour=fleet.rate_per_hour,
        output_tokens=model.output_tokens,
        cache_hit_share=fleet.cache_hit_share,
        peak_to_mean=fleet.peak_to_mean,
        busy_share=fleet.busy_share,
    )
    return Load(arriving, fleet.fleet_share, fleet.accelerators)


def time_residual(model: Decoder[Num]) -> Num:
    """Residual of the modeled time, with that of media tokens; 1 with measured throughput."""
    if model.measured is not None:
        return 1.0
    if model.media_residual is None:
        return model.energy_residual
    return model.energy_residual * model.media_residual


def strip_provenance(value: Any) -> Any:
    """A number, or a record of numbers, without provenance (floats for traced numbers)."""
    if isinstance(value, float):
        return float(value)
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(map(strip_provenance, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{f.name: strip_provenance(getattr(value, f.name)) for f in fields(value)}
        )
    return value


def _max_ndim(*values: Any) -> int:
    """Maximum number of axes of arrays in records, at any depth; 0 where all are floats."""
    most = 0
    for value in values:
        if isinstance(value, np.ndarray):
            most = max(most, value.ndim)
        elif isinstance(value, tuple):
            most = max(most, _max_ndim(*value))
        elif is_dataclass(value) and not isinstance(value, type):
            most = max(most, _max_ndim(*(getattr(value, f.name) for f in fields(value))))
    return most
