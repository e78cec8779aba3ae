"""Work of image and video generation: denoising steps over latent tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="1", equation="N = (w/p) * (h/p) * f", source="peebles-2023-dit")
def latent_tokens(*, width: Num, height: Num, token_edge: Num, latent_frames: Num) -> Num:
    """Tokens that a diffusion transformer denoises at once.

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
    unit="FLOP", equation="F_1 = s * c * F + k * w*h*f + 2*P_t*n_t", source="golden-2024-generative"
)
def unit_flop(
    *,
    steps: Num,
    guidance_passes: Num,
    denoise_flop: Num,
    decoder_pixel_flop: Num,
    width: Num,
    height: Num,
    frames: Num,
    text_encoder_params: Num,
    text_tokens: Num,
) -> Num:
    """Work of one generated picture or clip.

    Parameters
    ----------
    steps
        Denoising steps. [1]
    guidance_passes
        Passes a step: 2 with classifier-free guidance, 1 without. [1]
    denoise_flop
        Work of one pass. [FLOP]
    decoder_pixel_flop
        Work of the image decoder per pixel. [FLOP]
    width, height, frames
        Size of the output. [1]
    text_encoder_params, text_tokens
        Prompt encoding, once. [1]

    Examples
    --------
    >>> unit_flop(steps=20.0, guidance_passes=2.0, denoise_flop=6e12, decoder_pixel_flop=0.0,
    ...     width=1.0, height=1.0, frames=1.0, text_encoder_params=0.0, text_tokens=0.0)
    240000000000000.0
    """
    denoising = steps * guidance_passes * denoise_flop
    decoding = decoder_pixel_flop * width * height * frames
    return denoising + decoding + 2.0 * text_encoder_params * text_tokens


@formula(unit="FLOP", equation="F_1 = s * c * F + k * w*h*f", source="golden-2024-generative")
def unit_flop_by_picture_alone(
    *,
    steps: Num,
    guidance_passes: Num,
    denoise_flop: Num,
    decoder_pixel_flop: Num,
    width: Num,
    height: Num,
    frames: Num,
) -> Num:
    """Work of one generated picture or clip, prompt encoding left out.

    Parameters
    ----------
    steps
        Denoising steps. [1]
    guidance_passes
        Passes a step: 2 with classifier-free guidance, 1 without. [1]
    denoise_flop
        Work of one pass. [FLOP]
    decoder_pixel_flop
        Work of the image decoder per pixel. [FLOP]
    width, height, frames
        Size of the output. [1]

    Examples
    --------
    >>> unit_flop_by_picture_alone(steps=20.0, guidance_passes=2.0, denoise_flop=6e12,
    ...     decoder_pixel_flop=0.0, width=1.0, height=1.0, frames=1.0)
    240000000000000.0
    """
    return steps * guidance_passes * denoise_flop + decoder_pixel_flop * width * height * frames
