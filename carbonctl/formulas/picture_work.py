"""Work of a picture where its prompt's encoding is not known and stays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


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
