"""Work of image and video generation: denoising steps over latent tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="1", equation="N = (w/p) * (h/p) * f", source="peebles-2023-dit")
def latent_tokens(*, width: Num, height: Num, token_edge: Num, latent_frames: Num) -> Num:
    """Latent tokens of one image or clip in a diffusion transformer.

    Parameters
    ----------
    width, height
        Picture size in pixels. [1]
    token_edge
        Pixels along the edge of one token: autoencoder downsampling times patch. [1]
    latent_frames
        Frames after temporal downsampling; 1 for a picture. [1]

    Examples
    --------
    >>> latent_tokens(width=1_024.0, height=1_024.0, token_edge=16.0, latent_frames=1.0)
    4096.0
    """
    return width / token_edge * (height / token_edge) * latent_frames


@formula(unit="FLOP", equation="F = 2*P_tok*N + 4*L*h*N^2", source="peebles-2023-dit")
def denoise_flop(
    *, params_per_token: Num, latent_tokens: Num, layers: Num, hidden_size: Num
) -> Num:
    """Work of one pass of a diffusion transformer.

    Parameters
    ----------
    params_per_token
        Weights that one token passes; for two-stream models about half of all. [1]
    latent_tokens
        Tokens denoised at once. [1]
    layers, hidden_size
        Shape of the attention. [1]

    Examples
    --------
    >>> denoise_flop(params_per_token=1e9, latent_tokens=1_000.0, layers=0.0, hidden_size=1.0)
    2000000000000.0
    """
    return 2.0 * params_per_token * latent_tokens + 4.0 * layers * hidden_size * latent_tokens**2


@formula(unit="FLOP", equation="F = F_0 * (w*h) / (w_0*h_0)", source="golden-2024-generative")
def denoise_flop_by_unet(
    *, reference_flop: Num, width: Num, height: Num, reference_pixels: Num
) -> Num:
    """Work of one pass of a convolutional denoiser, scaled from its native size.

    Parameters
    ----------
    reference_flop
        Work of one pass at the native size. [FLOP]
    width, height
        Picture size in pixels. [1]
    reference_pixels
        Pixels of the native size. [1]

    Notes
    -----
    Convolutions scale with pixels; attention scales faster, so sizes above the native one are
    low.

    Examples
    --------
    >>> denoise_flop_by_unet(reference_flop=6e12, width=512.0, height=512.0,
    ...     reference_pixels=1_048_576.0)
    1500000000000.0
    """
    return reference_flop * (width * height) / reference_pixels


@formula(
    unit="FLOP", equation="F = 2 * P * x * (w/z) * (h/z) * f", source="carbonctl-serving-model"
)
def denoise_flop_by_params(
    *, unet_params: Num, unet_share: Num, width: Num, height: Num, token_edge: Num, frames: Num
) -> Num:
    """Work of one pass of a convolutional denoiser, from its parameters.

    Parameters
    ----------
    unet_params
        Parameters of the denoiser. [1]
    unet_share
        Share of them that a latent pixel passes: deep levels see fewer pixels. [1]
    width, height, frames
        Size of the output. [1]
    token_edge
        Pixels along the edge of one latent pixel. [1]

    Examples
    --------
    >>> denoise_flop_by_params(unet_params=1e9, unet_share=0.1, width=512.0, height=512.0,
    ...     token_edge=8.0, frames=1.0)
    819200000000.0
    """
    pixels = width / token_edge * (height / token_edge) * frames
    return 2.0 * unet_params * unet_share * pixels


@formula(unit="FLOP", equation="F = B * s * c * F_1", source="golden-2024-generative")
def denoising_flop(*, batch: Num, steps: Num, guidance_passes: Num, denoise_flop: Num) -> Num:
    """Work of denoising a batch.

    Parameters
    ----------
    batch
        Pictures or clips generated together. [1]
    steps
        Denoising steps. [1]
    guidance_passes
        Passes a step: 2 with classifier-free guidance, 1 without. [1]
    denoise_flop
        Work of one pass of one picture. [FLOP]

    Examples
    --------
    >>> denoising_flop(batch=1.0, steps=20.0, guidance_passes=2.0, denoise_flop=6e12)
    240000000000000.0
    """
    return batch * steps * guidance_passes * denoise_flop


@formula(unit="FLOP", equation="F = B * m * k * w*h*f", source="golden-2024-generative")
def decoder_flop(
    *,
    batch: Num,
    decoder_overhead: Num,
    decoder_pixel_flop: Num,
    width: Num,
    height: Num,
    frames: Num,
) -> Num:
    """Work of decoding a batch from latents to pixels, as dense work of equal time.

    Parameters
    ----------
    batch
        Pictures or clips generated together. [1]
    decoder_overhead
        Dense work that takes as long as one operation of the decoder's convolutions. [1]
    decoder_pixel_flop
        Work of the decoder per pixel. [FLOP]
    width, height, frames
        Size of the output. [1]

    Examples
    --------
    >>> decoder_flop(batch=1.0, decoder_overhead=2.0, decoder_pixel_flop=1e6, width=1_000.0,
    ...     height=1_000.0, frames=1.0)
    2000000000000.0
    """
    return batch * decoder_overhead * decoder_pixel_flop * width * height * frames


@formula(unit="FLOP", equation="F = 2 * B * P_t * n_t", source="golden-2024-generative")
def text_encoder_flop(*, batch: Num, text_encoder_params: Num, text_tokens: Num) -> Num:
    """Work of encoding the prompts of a batch, once.

    Parameters
    ----------
    batch
        Prompts. [1]
    text_encoder_params, text_tokens
        Parameters that one token passes, and tokens of a prompt. [1]

    Examples
    --------
    >>> text_encoder_flop(batch=2.0, text_encoder_params=5e9, text_tokens=500.0)
    10000000000000.0
    """
    return 2.0 * batch * text_encoder_params * text_tokens


@formula(unit="FLOP", equation="F = F_d + F_v + F_t", source="golden-2024-generative")
def batch_flop(*, denoising_flop: Num, decoder_flop: Num, text_encoder_flop: Num) -> Num:
    """Work of one batch of images or clips, with the encoding of their prompts.

    Parameters
    ----------
    denoising_flop, decoder_flop, text_encoder_flop
        Of the batch. [FLOP]

    Notes
    -----
    The decoder's share is equivalent work: dense work that takes as long as its convolutions
    (``decoder_overhead``), so the sum is more than the operations that are counted.

    Examples
    --------
    >>> batch_flop(denoising_flop=2e14, decoder_flop=1e13, text_encoder_flop=1e13)
    220000000000000.0
    """
    return denoising_flop + decoder_flop + text_encoder_flop


@formula(unit="FLOP", equation="F = F_d + F_v", source="golden-2024-generative")
def batch_flop_by_picture_alone(*, denoising_flop: Num, decoder_flop: Num) -> Num:
    """Work of one batch of images or clips, without the encoding of prompts.

    Parameters
    ----------
    denoising_flop, decoder_flop
        Of the batch; the decoder's is equivalent work. [FLOP]

    Examples
    --------
    >>> batch_flop_by_picture_alone(denoising_flop=2e14, decoder_flop=1e13)
    210000000000000.0
    """
    return denoising_flop + decoder_flop


@formula(unit="FLOP", equation="F_1 = F", source="carbonctl-serving-model")
def device_flop_by_decoder(*, decoder_flop: Num) -> Num:
    """Work of the one device that decodes a whole batch from latents to pixels.

    Parameters
    ----------
    decoder_flop
        Work of the decoder. [FLOP]

    Examples
    --------
    >>> device_flop_by_decoder(decoder_flop=1e13)
    10000000000000.0
    """
    return decoder_flop


@formula(unit="FLOP", equation="F_1 = F_v + F_t", source="carbonctl-serving-model")
def device_flop_by_decoder_and_prompt(*, decoder_flop: Num, text_encoder_flop: Num) -> Num:
    """Work of the one device that encodes the prompts of a batch and decodes it to pixels.

    Parameters
    ----------
    decoder_flop, text_encoder_flop
        Of the batch. [FLOP]

    Examples
    --------
    >>> device_flop_by_decoder_and_prompt(decoder_flop=1e13, text_encoder_flop=2e12)
    12000000000000.0
    """
    return decoder_flop + text_encoder_flop
