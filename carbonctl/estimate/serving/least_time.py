"""The least time that devices take at their peak: of one unit of a service, and of one token."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from carbonctl.estimate.serving.encoder_sample import encoder_sample, sample_time_and_power
from carbonctl.estimate.serving.generated_batch import batch_work
from carbonctl.estimate.serving.recommendation_service import table_devices
from carbonctl.estimate.serving.request import include_reasoning
from carbonctl.estimate.training.train_dlrm import device_s, dlrm_limits
from carbonctl.formulas.serving import decode_work, serving_time

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.serving.service import Diffusion, Encoder, Ranking, Throughput


def least_item_s(model: Ranking[Num], accelerators: Num) -> Num:
    """Time [s] of one ranked item, its tables spread over all devices of the service [1]."""
    devices = np.maximum(table_devices(model), accelerators)
    at_peak = replace(model.work, matmul_efficiency=1.0, gather_efficiency=1.0, exchange=None)
    return device_s(dlrm_limits(at_peak)) / devices


def least_sample_s(model: Encoder[Num], _accelerators: Num) -> Num:
    """Time [s] of one sample, which one device reads."""
    return sample_time_and_power(replace(encoder_sample(model), compute_efficiency=1.0)).unit_s


def least_batch_s(model: Diffusion[Num], _accelerators: Num) -> Num:
    """Time [s] of one batch of pictures or clips on the devices of one replica."""
    return serving_time.unit_s_from_flop(
        unit_flop=batch_work(model).flop,
        peak_flop_per_s=model.board.peak_flop_per_s * model.replica_accelerators,
        compute_efficiency=1.0,
    )


def least_token_s(
    service: Throughput[Num], active_params: Num, prompt_tokens: Num, peak_flop_per_s: Num
) -> Num:
    """Time [s] of one output token with its share of the prompt, at the peak of all devices.

    ``prompt_tokens`` are those that no cache spares [1], ``peak_flop_per_s`` is of one device.
    Attention is not counted, so no device is faster.
    """
    whole = include_reasoning(service)
    flop = decode_work.step_flop(
        active_params=active_params,
        look_flop=0.0,
        attended_layer_tokens=0.0,
        prompt_look_flop=0.0,
        prompt_layer_tokens=0.0,
        prompt_tokens=prompt_tokens,
        output_tokens=whole.output_tokens,
        batch=1.0,
    )
    return serving_time.unit_s_from_flop(
        unit_flop=flop,
        peak_flop_per_s=peak_flop_per_s * whole.accelerators,
        compute_efficiency=1.0,
    )
