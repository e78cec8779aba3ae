"""Forecast energy and throughput of measured services with the estimate's functions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from carbonctl.catalog.read import constant_names
from carbonctl.core.units import s_from_hours
from carbonctl.estimate.denoising_pass import denoise_flop
from carbonctl.estimate.serving.decode_step import (
    chunk_work,
    decode_step,
    step_from_work,
    step_work,
)
from carbonctl.estimate.serving.encoder_sample import encoder_sample, sample_time_and_power
from carbonctl.estimate.serving.generated_batch import batch_energy_j, batch_from_work, batch_work
from carbonctl.estimate.serving.layout import replica_layout
from carbonctl.estimate.serving.replica import set_operating_point, whole_replica
from carbonctl.estimate.serving.service import Decoder, Diffusion, Encoder, MeasuredThroughput
from carbonctl.estimate.training.sample_inputs import StatedWork
from carbonctl.formulas.hardware import power
from carbonctl.verify.stacks import stack_records

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from carbonctl.core.fact import Fact
    from carbonctl.core.types import Array, Indexes, Num
    from carbonctl.verify.serving_cases import Case
    from carbonctl.verify.stacks import Stack

    Forecast = dict[str, Num]

# fitted costs of a runtime; other facts of runtimes are recalled
COSTS = (
    "layer_launch", "expert_launch", "sequence_overhead", "request_overhead", "exchange_latency",
    "dispatch_latency", "link_efficiency", "kernel_quality", "exchange_overlap", "uneven_routing",
    "communication_factor",
)  # fmt: skip
_RUNTIMES, _DEFAULT = "runtimes/", "default:"


@dataclass(frozen=True)
class Group:
    """Cases with the same inputs: indices among all, constants they use, forecast function."""

    places: Indexes
    constants: frozenset[str]
    forecast: Callable[[Mapping[str, Num]], Forecast]

    def forecast_columns(self, constants: Mapping[str, Num]) -> Forecast:
        """The forecast for each column of the constants, once for all that equal the last one."""
        used = [name for name in constants if name in self.constants]
        table = np.stack(np.broadcast_arrays(*(np.atleast_1d(constants[name]) for name in used)))
        own = np.flatnonzero((table[:, :-1] != table[:, -1:]).any(axis=0))
        kept = np.append(own, table.shape[1] - 1)
        place = np.full(table.shape[1], len(own))
        place[own] = np.arange(len(own))
        made = self.forecast(dict(constants) | dict(zip(used, table[:, kept], strict=True)))
        return {
            name: np.broadcast_to(value, (len(self.places), len(kept)))[:, place]
            for name, value in made.items()
        }


def groups(cases: Sequence[Case]) -> list[Group]:
    """Groups of cases with the same inputs.

    Each forecasts energy [J], throughput [1/s], and energy at the measured throughput [J], from
    constants by name: a row for each case, a column for each value that its constants take.
    """
    made = stack_records(
        [case.record for case in cases],
        [case.form for case in cases],
        _constant_of,
        [(case.wall, case.phase, case.runtime) for case in cases],
    )
    return [_group(stack, [cases[place] for place in stack.places]) for stack in made]


def _group(stack: Stack, cases: list[Case]) -> Group:
    measured = np.array([[case.per_second] for case in cases])
    devices = np.array([[case.accelerators] for case in cases])
    forecast = _FORECASTS[type(stack.like)]
    if isinstance(stack.like, Decoder):
        of_phase = {"prefill_only": _prefill, "decode_only": _decode}
        forecast = _language_at_wall if cases[0].wall else of_phase.get(cases[0].phase, _language)
    used = {name for column in stack.columns for name in column.constants if name}
    if cases[0].wall:
        used |= {"server_base_power", "board_to_wall"}
    return Group(stack.places, frozenset(used), partial(forecast, stack, measured, devices))


def _constant_of(fact: Fact) -> str:
    """Name of the fitted constant of a fact, such as ``layer_launch_vllm_2025``; else ""."""
    return _constant_of_key(fact.key)


@cache
def _constant_of_key(key: str) -> str:
    if key.startswith(_DEFAULT):
        name = key.removeprefix(_DEFAULT)
        return name if name in _fitted_constants() else ""
    if key.startswith(_RUNTIMES):
        stack, _, cost = key.removeprefix(_RUNTIMES).partition(":")
        return f"{cost}_{stack}" if cost in COSTS else ""
    return ""


@cache
def _fitted_constants() -> frozenset[str]:
    """Names of fitted constants, without residuals."""
    from carbonctl.catalog.read import Catalog

    names = constant_names(Catalog.open(), "serving")
    return frozenset(name for name in names if not name.endswith("_residual"))


def _language(
    stack: Stack, measured: Array, devices: Array, constants: Mapping[str, Num]
) -> Forecast:
    """Decode steps of language models: as long as they are modeled, and as they were measured."""
    m = _bind_model(stack, constants)
    work = step_work(m)
    step = step_from_work(m, work)
    per_hour = measured * s_from_hours(1.0)
    seen = step_from_work(replace(m, measured=MeasuredThroughput(per_hour, devices)), work)
    replicas = devices / step.replica_accelerators
    return {
        "energy": step.energy_j / m.batch,
        "throughput": replicas * m.batch / step.seconds,
        "given": seen.energy_j / m.batch,
    }


def _decode(stack: Stack, _: Array, devices: Array, constants: Mapping[str, Num]) -> Forecast:
    """Decode steps alone, whose prompts are computed on devices of their own."""
    m = _bind_model(stack, constants)
    step = decode_step(m)
    replicas = devices / step.replica_accelerators
    return _throughput_alone(replicas * m.batch / step.latency_s)


def _prefill(stack: Stack, _: Array, devices: Array, constants: Mapping[str, Num]) -> Forecast:
    """Prompt tokens of full chunks on devices of their own."""
    m = _bind_model(stack, constants)
    layout, tokens = replica_layout(m), m.prefill.chunk_limit_tokens
    seconds = chunk_work(m, layout, tokens).working_s
    replicas = devices / layout.replica_accelerators
    return _throughput_alone(replicas * layout.data_parallel * tokens / seconds)


def _throughput_alone(rate: Array) -> Forecast:
    """The forecast of a throughput whose energy is not modeled."""
    unknown = np.full(np.shape(rate), np.nan)
    return {"energy": unknown, "throughput": rate, "given": unknown}


def _bind_model(stack: Stack, constants: Mapping[str, Num]) -> Decoder[Any]:
    """A whole replica at its stated operating point, with these constants."""
    return at_stated_operating_point(whole_replica(stack.bind(constants)))


def at_stated_operating_point(m: Decoder[Any]) -> Decoder[Any]:
    """A model at its stated batch and number of devices."""
    limits = m.limits
    assert limits is not None  # noqa: S101 - a service has them until its point is chosen
    assert limits.replica_accelerators is not None  # noqa: S101 - a case says how many
    return set_operating_point(m, m.batch, limits.replica_accelerators)


def _language_at_wall(
    stack: Stack, measured: Array, devices: Array, constants: Mapping[str, Num]
) -> Forecast:
    """Forecast of language models metered at the wall, with server base power and losses."""
    made = _language(stack, measured, devices, constants)
    wall = power.wall_power_w(
        server_base_power_w=constants["server_base_power"],
        board_to_wall=constants["board_to_wall"],
        accelerators=devices,
        device_power_w=made["energy"] * made["throughput"] / devices,
    )
    return made | {"energy": wall / made["throughput"]}


def _diffusion(stack: Stack, measured: Array, _: Array, constants: Mapping[str, Num]) -> Forecast:
    """Forecast of batches of images or clips."""
    m = stack.bind(constants)
    work = batch_work(m)
    made = batch_from_work(m, work)
    return {
        "energy": made.energy_j / m.batch,
        "throughput": m.batch / made.seconds,
        "given": batch_energy_j(m, work, m.batch / measured) / m.batch,
    }


def _samples(
    stack: Stack, measured: Array, devices: Array, constants: Mapping[str, Num]
) -> Forecast:
    """Forecast of samples, which are all metered at the wall."""
    sample = sample_time_and_power(encoder_sample(stack.bind(constants)))
    wall = power.wall_power_w(
        server_base_power_w=constants["server_base_power"],
        board_to_wall=constants["board_to_wall"],
        accelerators=devices,
        device_power_w=sample.device_power_w,
    )
    rate = devices / sample.unit_s
    return {"energy": wall / rate, "throughput": rate, "power": wall, "given": wall / measured}


_FORECASTS: dict[type, Callable[..., Forecast]] = {
    Decoder: _language,
    Diffusion: _diffusion,
    Encoder: _samples,
}


def unit_flop(case: Case) -> float:
    """FLOP of one token, image, clip or sample, without attention and image decoder."""
    record: Any = case.central
    if isinstance(record, Decoder):
        return float(2.0 * record.active_params)
    if isinstance(record, Encoder):
        assert isinstance(record.sample, StatedWork)  # noqa: S101 - rows state the work of a sample
        return float(record.sample.sample_flop)
    return float(record.steps * record.guidance_passes * denoise_flop(record))
