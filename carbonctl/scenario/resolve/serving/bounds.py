"""What no device exceeds: tokens a second at its peak, and the least time of one unit."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carbonctl.core.units import s_from_hours
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.serving.encoder_sample import encoder_sample, sample_time_and_power
from carbonctl.estimate.serving.generated_batch import batch_work
from carbonctl.estimate.serving.recommendation_service import table_devices
from carbonctl.estimate.serving.request import include_reasoning
from carbonctl.estimate.serving.service import Diffusion, Encoder, Ranking
from carbonctl.estimate.training.train_dlrm import device_s, dlrm_limits
from carbonctl.formulas.serving import decode_work as compute_decode
from carbonctl.formulas.serving import serving_time

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.serving.service import Throughput
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.resolve.model_shape import ModelShape
    from carbonctl.scenario.schema import scenario_file as schema

_UNIT_TARGETS = ("p50", "p95", "p99")


def within_peak(
    ctx: Context,
    infer: schema.Infer,
    made: Throughput[Fact],
    shape: ModelShape,
    device: Device,
    path: Path,
) -> None:
    """No throughput whose operations exceed the highest peak of all stated devices."""
    names = [name for name in device.record.data if name.startswith("peak_")]
    peaks = [fact.value for name in names if (fact := device.record.fact(name)) is not None]
    if not peaks:
        return
    told = include_reasoning(bind(made, lambda fact: fact.value))
    seconds = serving_time.unit_s_from_flop(
        unit_flop=_token_flop(ctx, infer, shape, told.output_tokens, path),
        peak_flop_per_s=max(peaks) * told.accelerators,
        compute_efficiency=1.0,
    )
    if told.throughput_per_hour * seconds > s_from_hours(1.0):
        message = f"that throughput takes more operations than {told.accelerators:g} devices"
        message += f" of {device.record.name} make at their highest peak"
        hint = f"at most {_down(float(1.0 / seconds)):,.0f} token/s"
        ctx.fail("CC304", message, (*path, "throughput"), hint)


def _token_flop(
    ctx: Context, infer: schema.Infer, shape: ModelShape, output_tokens: float, path: Path
) -> float:
    """Least operations of an output token with its share of the prompt: no attention counted."""
    ctx.used_paths.update({(*path, "prompt_tokens"), (*path, "prompt_cache_hits")})
    prompt = 0.0 if infer.prompt_tokens is None else infer.prompt_tokens.value
    cached = 0.0 if infer.prompt_cache_hits is None else infer.prompt_cache_hits.value
    return float(
        compute_decode.step_flop(
            active_params=shape.active_params.value,
            look_flop=0.0,
            attended_layer_tokens=0.0,
            prompt_look_flop=0.0,
            prompt_layer_tokens=0.0,
            prompt_tokens=prompt * (1.0 - cached),
            output_tokens=output_tokens,
            batch=1.0,
        )
    )


def unit_in_time(
    ctx: Context,
    infer: schema.Infer,
    model: Ranking[Fact] | Diffusion[Fact] | Encoder[Fact],
    device: Device,
    path: Path,
) -> None:
    """A target of a picture, a sample or an item is no shorter than its least time."""
    target = infer.latency
    if target is None:
        return
    for name in sorted(target.model_fields_set):
        if name not in _UNIT_TARGETS:
            message = f"{name} is of requests and not used: give p50, p95 or p99"
            ctx.warn("CC303", message, (*path, "latency", name))
    least = _least_s(bind(model, lambda fact: fact.value), device) * 1e3
    for name in _UNIT_TARGETS:
        given = getattr(target, name)
        asked = None if given is None else float(s_from_hours(given.value)) * 1e3
        if asked is not None and asked < least:
            message = f"{asked:g} ms cannot be met: at the peak of its devices one takes"
            ctx.fail("CC304", f"{message} {_down(least):g} ms", (*path, "latency", name))
    ctx.not_estimated["latency"] = "the target is held against the least time of one alone"


def _least_s(model: Any, device: Device) -> float:
    """Time of one batch of pictures, one sample or one item, at the peak of its devices."""
    if isinstance(model, Ranking):
        devices = max(table_devices(model), device.count.value if device.count else 1.0)
        at_peak = replace(model.work, matmul_efficiency=1.0, gather_efficiency=1.0, exchange=None)
        return float(device_s(dlrm_limits(at_peak)) / devices)
    if isinstance(model, Encoder):
        return float(
            sample_time_and_power(replace(encoder_sample(model), compute_efficiency=1.0)).unit_s
        )
    return float(
        serving_time.unit_s_from_flop(
            unit_flop=batch_work(model).flop,
            peak_flop_per_s=model.board.peak_flop_per_s * model.replica_accelerators,
            compute_efficiency=1.0,
        )
    )


def _down(value: float) -> float:
    """A value with three digits, not above it."""
    size = 10.0 ** (math.floor(math.log10(value)) - 2)
    return math.floor(value / size) * size
