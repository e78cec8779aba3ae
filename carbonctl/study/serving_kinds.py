"""The records that estimates use, filled with the numbers of many cases at once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from carbonctl.estimate import decode, encode, generate
from carbonctl.estimate.picture import denoise_flop
from carbonctl.estimate.service import (
    Board,
    Decoder,
    Diffusion,
    Encoded,
    Looks,
    Mixture,
    Painter,
    Ranks,
    Runtime,
)
from carbonctl.formulas import power, serving_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from carbonctl.core.types import Array, Num, Places
    from carbonctl.study.serving_cases import Case

    Forecast = dict[str, Array]


@dataclass(frozen=True)
class Group:
    """Cases of one kind and form: where they stand among all, and how they are forecast."""

    places: Places
    forecast: Callable[[Mapping[str, Num]], Forecast]


def groups(cases: list[Case]) -> list[Group]:
    """Groups of cases of one form.

    Each forecasts energy [J], throughput [1/s], and energy at the measured throughput [J]: a row
    for each case, a column for each value that its constants take.
    """
    found: list[Group] = []
    for kind, form in dict.fromkeys((case.kind, case.form) for case in cases):
        places = [i for i, case in enumerate(cases) if (case.kind, case.form) == (kind, form)]
        forecast = partial(_KINDS[kind], *_stacked([cases[i] for i in places]))
        found.append(Group(np.array(places), forecast))
    return found


def _stacked(cases: list[Case]) -> tuple[dict[str, Array], list[str], Array]:
    """Numbers and measured throughputs of cases of one form as columns, and their runtimes."""
    names = cases[0].values
    values = {name: np.array([[case.values[name]] for case in cases]) for name in names}
    measured = np.array([[case.per_second] for case in cases])
    return values, [case.runtime for case in cases], measured


def _only(record: type[Any], values: Mapping[str, Any], **more: Any) -> Any:
    """A record of the values that it has a name for."""
    names = {f.name for f in fields(record)}
    return record(**{name: value for name, value in values.items() if name in names}, **more)


def _costs(runtimes: list[str], constants: Mapping[str, Num]) -> Callable[[str], Array]:
    """What each case's own stack costs, by name."""
    stacks, places = np.unique(runtimes, return_inverse=True)

    def cost(name: str) -> Array:
        usual = constants.get(name, np.nan)
        own = (constants.get(f"{name}_{stack}", usual) for stack in stacks)
        return np.stack(np.broadcast_arrays(*map(np.atleast_1d, own)))[places]

    return cost


def _decoders(
    values: dict[str, Array], runtimes: list[str], constants: Mapping[str, Num]
) -> Decoder[Any]:
    """Language models at their operating points."""
    mixture, cost = "experts" in values, _costs(runtimes, constants)

    runtime = Runtime(
        weight_efficiency=constants["expert_weight_efficiency" if mixture else "weight_efficiency"],
        kv_efficiency=constants["kv_efficiency"],
        matmul_efficiency=constants["dense_efficiency"],
        layer_launch_s=cost("expert_layer_launch" if mixture else "layer_launch"),
        sequence_overhead_s=cost("sequence_overhead"),
        request_overhead_s=cost("request_overhead"),
        exchange_latency_s=cost("exchange_latency"),
        communication_factor=cost("communication_factor"),
        resident_factor=constants["resident_factor"],
        energy_j_per_flop=constants["energy_per_flop"],
        energy_j_per_gb=constants["energy_per_gb"],
    )
    latent = "latent_rank" in values
    looks = _only(Looks, {k: v for k, v in values.items() if not (latent and k == "kv_heads")},
                  **({"kv_heads": None} if latent else {}))  # fmt: skip
    made: Decoder[Any] = _only(
        Decoder,
        values,
        looks=looks,
        board=_only(Board, values),
        runtime=runtime,
        mixture=_mixture(values, cost("expert_overhead")) if mixture else None,
        memory_share=1.0,
        energy_residual=1.0,
    )
    return made


def _mixture(values: dict[str, Array], overhead: Array) -> Mixture[Any]:
    ranks = _only(Ranks, values) if "data_parallel" in values else None
    made: Mixture[Any] = _only(Mixture, values, expert_overhead=overhead, ranks=ranks)
    return made


def _language(
    values: dict[str, Array], runtimes: list[str], measured: Array,
    constants: Mapping[str, Num],
) -> Forecast:  # fmt: skip
    m = _decoders(values, runtimes, constants)
    work = decode.decode_work(m)
    step = decode.step_of(m, work)
    given = decode.step_energy_j(m, work, m.batch / measured) / m.batch
    replicas = values["accelerators"] / values["replica_accelerators"]
    rate, energy = replicas * m.batch / step.seconds, step.energy_j / m.batch
    if "wall" in values:  # the server and what its boards lose on the way from the plug
        energy = constants["board_to_wall"] * energy + constants["server_base_power"] / rate
    return {"energy": energy, "throughput": rate, "given": given}


def _pictures(
    values: dict[str, Array], runtimes: list[str], measured: Array,
    constants: Mapping[str, Num],
) -> Forecast:  # fmt: skip
    unet, cost = "params_per_token" not in values, _costs(runtimes, constants)

    painter = Painter(
        sustained_j_per_flop=constants["sustained_energy_unet" if unet else "sustained_energy"],
        matmul_efficiency=constants["dense_efficiency"],
        layer_launch_s=cost("layer_launch"),
        exchange_latency_s=cost("exchange_latency"),
        communication_factor=cost("communication_factor"),
        decoder_overhead=constants["decoder_overhead"],
        resident_factor=constants["resident_factor"],
        energy_j_per_flop=constants["picture_energy_per_flop"],
        activation_bytes=None if unet else constants["picture_activation_bytes"],
    )
    m = _only(Diffusion, values, board=_only(Board, values), painter=painter, energy_residual=1.0)
    work = generate.batch_work(m)
    made = generate.batch_of(m, work)
    return {
        "energy": made.energy_j / m.batch,
        "throughput": m.batch / made.seconds,
        "given": generate.batch_energy_j(m, work, m.batch / measured) / m.batch,
    }


def _samples(
    values: dict[str, Array], _: list[str], measured: Array, constants: Mapping[str, Num]
) -> Forecast:
    packed, served = values["packed"] == 1.0, values["served"] == 1.0
    m = _only(
        Encoded,
        values,
        board=_only(Board, values),
        compute_efficiency=serving_time.served_efficiency(
            queue_efficiency=constants["sample_efficiency"],
            served_share=np.where(served, constants["served_share"], 1.0),
        ),
        resident_factor=constants["resident_factor"],
        energy_j_per_flop=constants["sample_energy_per_flop"]
        * np.where(packed, constants["packed_energy_share"], 1.0),
    )
    sample = encode.encode(m)
    wall = power.wall_power_w(
        server_base_power_w=constants["server_base_power"],
        board_to_wall=constants["board_to_wall"],
        accelerators=values["replica_accelerators"],
        device_power_w=sample.device_power_w,
    )
    rate = values["replica_accelerators"] / sample.unit_s
    made = {"energy": wall / rate, "throughput": rate, "power": wall, "given": wall / measured}
    return {name: np.asarray(values) for name, values in made.items()}


_KINDS: dict[str, Callable[..., Forecast]] = {
    "language": _language,
    "picture": _pictures,
    "sample": _samples,
}


def unit_flop(cases: list[Case]) -> Array:
    """Operations of one token, picture, clip or sample, attention and decoding left out."""
    found = np.full(len(cases), np.nan)
    for kind, form in dict.fromkeys((case.kind, case.form) for case in cases):
        places = [i for i, case in enumerate(cases) if (case.kind, case.form) == (kind, form)]
        values, _, _ = _stacked([cases[i] for i in places])
        if kind == "language":
            flop = 2 * values["active_params"]
        elif kind == "sample":
            flop = values["unit_flop"]
        else:
            m = _only(Diffusion, values, board=None, painter=None, energy_residual=1.0)
            flop = m.steps * m.guidance_passes * denoise_flop(m)
        found[places] = flop[:, 0]
    return found
