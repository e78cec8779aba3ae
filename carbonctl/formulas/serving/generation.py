"""Time and energy of generating a batch of images or clips on one or more devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(
    unit="s",
    equation="t = F * (e_s / (TDP - P_res) + 1 / (peak * e_c))",
    source="carbonctl-serving-model",
)
def compute_s(
    *,
    device_flop: Num,
    tdp_w: Num,
    resident_power_w: Num,
    sustained_j_per_flop: Num,
    peak_flop_per_s: Num,
    matmul_efficiency: Num,
) -> Num:
    """Time of sustained dense work on one device, limited by power and by peak.

    Parameters
    ----------
    device_flop
        Work of the device. [FLOP]
    tdp_w, resident_power_w
        Rated board power, and that with nothing to do. [W]
    sustained_j_per_flop
        Energy per operation at which clocks settle under sustained work. [J/FLOP]
    peak_flop_per_s
        Dense peak. [FLOP/s]
    matmul_efficiency
        Reached over peak in matrix multiplications alone. [1]

    Notes
    -----
    Diffusion keeps a device at its rated power: what it computes in a second follows the power
    that is left for it rather than its peak.

    Examples
    --------
    >>> compute_s(device_flop=3e14, tdp_w=700.0, resident_power_w=100.0,
    ...     sustained_j_per_flop=2e-12, peak_flop_per_s=1e15, matmul_efficiency=0.3)
    2.0
    """
    by_power = sustained_j_per_flop / (tdp_w - resident_power_w)
    return device_flop * (by_power + 1.0 / (peak_flop_per_s * matmul_efficiency))


@formula(unit="FLOP", equation="F_n = F / n", source="conservation")
def device_flop(*, denoising_flop: Num, replica_accelerators: Num) -> Num:
    """Work of each device that shares a batch.

    Parameters
    ----------
    denoising_flop
        Work of the batch. [FLOP]
    replica_accelerators
        Devices that share it. [1]

    Examples
    --------
    >>> device_flop(denoising_flop=8e14, replica_accelerators=4.0)
    200000000000000.0
    """
    return denoising_flop / replica_accelerators


@formula(unit="GB", equation="A = B * k * s * c * N * h * L", source="carbonctl-serving-model")
def activation_traffic_gb(
    *,
    batch: Num,
    activation_bytes: Num,
    steps: Num,
    guidance_passes: Num,
    latent_tokens: Num,
    hidden_size: Num,
    layers: Num,
) -> Num:
    """Memory traffic of activations in elementwise operations of a batch.

    Parameters
    ----------
    batch
        Pictures or clips generated together. [1]
    activation_bytes
        Bytes per token, layer and channel. [1]
    steps, guidance_passes
        Denoising steps, and passes in each. [1]
    latent_tokens, hidden_size, layers
        Shape of the work. [1]

    Examples
    --------
    >>> activation_traffic_gb(batch=1.0, activation_bytes=100.0, steps=10.0, guidance_passes=1.0,
    ...     latent_tokens=1_000.0, hidden_size=100.0, layers=10.0)
    1.0
    """
    passes = steps * guidance_passes
    return units.gb_from_bytes(
        batch * activation_bytes * passes * latent_tokens * hidden_size * layers
    )


@formula(
    unit="s", equation="t = s * L * (t_layer + t_x * log2(n))", source="carbonctl-serving-model"
)
def launch_s_by_picture(
    *,
    steps: Num,
    layers: Num,
    layer_launch_s: Num,
    exchange_latency_s: Num,
    replica_accelerators: Num,
) -> Num:
    """Launch time of the layers of all steps.

    Parameters
    ----------
    steps, layers
        Denoising steps, and layers of one pass. [1]
    layer_launch_s
        Cost per layer. [s]
    exchange_latency_s
        Cost per layer of one more halving of the work. [s]
    replica_accelerators
        Devices that share one batch. [1]

    Examples
    --------
    >>> launch_s_by_picture(steps=10.0, layers=100.0, layer_launch_s=1e-3,
    ...     exchange_latency_s=1e-3, replica_accelerators=2.0)
    2.0
    """
    return steps * layers * (layer_launch_s + exchange_latency_s * np.log2(replica_accelerators))


@formula(unit="s", equation="t = A / (n * BW)", source="carbonctl-serving-model")
def activation_s(
    *, activation_traffic_gb: Num, replica_accelerators: Num, bandwidth_gb_per_s: Num
) -> Num:
    """Memory time of activations.

    Parameters
    ----------
    activation_traffic_gb
        Bytes of the batch. [GB]
    replica_accelerators
        Devices that share them. [1]
    bandwidth_gb_per_s
        Of one device. [GB/s]

    Examples
    --------
    >>> activation_s(activation_traffic_gb=4_000.0, replica_accelerators=2.0,
    ...     bandwidth_gb_per_s=2_000.0)
    1.0
    """
    return activation_traffic_gb / (replica_accelerators * bandwidth_gb_per_s)


@formula(
    unit="s",
    equation="t = x * B * s * c * L * 4 * N * h * (n - 1) / (n^2 * link)",
    source="carbonctl-serving-model",
)
def exchange_s(
    *,
    communication_factor: Num,
    batch: Num,
    steps: Num,
    guidance_passes: Num,
    layers: Num,
    latent_tokens: Num,
    hidden_size: Num,
    replica_accelerators: Num,
    link_gb_per_s: Num,
) -> Num:
    """Communication time of devices that generate one image together.

    Parameters
    ----------
    communication_factor
        Loss against the link's nominal speed, over all exchanges of a layer. [1]
    batch, steps, guidance_passes, layers
        Passes through layers. [1]
    latent_tokens, hidden_size
        Size of what is exchanged. [1]
    replica_accelerators
        Devices that share one batch. [1]
    link_gb_per_s
        Link speed of one device, both directions. [GB/s]

    Examples
    --------
    >>> exchange_s(communication_factor=1.0, batch=1.0, steps=1.0, guidance_passes=1.0, layers=1.0,
    ...     latent_tokens=1e9, hidden_size=1.0, replica_accelerators=2.0, link_gb_per_s=1.0)
    1.0
    """
    moved_gb = units.gb_from_bytes(4.0 * latent_tokens * hidden_size)
    share = (replica_accelerators - 1.0) / replica_accelerators**2
    passes = batch * steps * guidance_passes * layers
    return communication_factor * passes * moved_gb * share / link_gb_per_s


@formula(unit="s", equation="t = t_c + t_a + t_x + t_l + t_d", source="carbonctl-serving-model")
def batch_s(
    *, compute_s: Num, activation_s: Num, exchange_s: Num, launch_s: Num, decoder_s: Num
) -> Num:
    """Time of one batch of images or clips, from prompt to pixels.

    Parameters
    ----------
    compute_s, activation_s, exchange_s, launch_s
        Denoising. [s]
    decoder_s
        From latents to pixels, and the encoding of prompts, on one device. [s]

    Examples
    --------
    >>> batch_s(compute_s=1.0, activation_s=0.25, exchange_s=0.25, launch_s=0.25,
    ...     decoder_s=0.25)
    2.0
    """
    return compute_s + activation_s + exchange_s + launch_s + decoder_s


@formula(unit="s", equation="t = t_c + t_l + t_d", source="carbonctl-serving-model")
def batch_s_by_unet(*, compute_s: Num, launch_s: Num, decoder_s: Num) -> Num:
    """Time of one batch of a convolutional denoiser on one device.

    Parameters
    ----------
    compute_s, launch_s
        Denoising; what its activations cost is in the energy at which its clocks settle. [s]
    decoder_s
        From latents to pixels, and the encoding of prompts. [s]

    Examples
    --------
    >>> batch_s_by_unet(compute_s=1.0, launch_s=0.5, decoder_s=0.5)
    2.0
    """
    return compute_s + launch_s + decoder_s


@formula(unit="J", equation="E = n * P * t", source="carbonctl-serving-model")
def batch_energy_j(*, replica_accelerators: Num, device_power_w: Num, batch_s: Num) -> Num:
    """Accelerator energy of one batch of images or clips.

    Parameters
    ----------
    replica_accelerators
        Devices that share one batch. [1]
    device_power_w
        Mean power of one. [W]
    batch_s
        Time of the batch. [s]

    Examples
    --------
    >>> batch_energy_j(replica_accelerators=2.0, device_power_w=500.0, batch_s=3.0)
    3000.0
    """
    return replica_accelerators * device_power_w * batch_s
