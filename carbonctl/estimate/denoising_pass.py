"""Work of one denoising pass, to serve or to train."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.formulas import diffusion_work

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.serving.service import Diffusion
    from carbonctl.estimate.training.sample_inputs import DiffusionSample


def denoise_flop(m: Diffusion[Num] | DiffusionSample[Num]) -> Num:
    """Work of one pass [FLOP]: published and scaled, from latent tokens, or from parameters."""
    if m.reference_flop is not None and m.reference_pixels is not None:
        return diffusion_work.denoise_flop_by_unet(
            reference_flop=m.reference_flop,
            width=m.width,
            height=m.height,
            reference_pixels=m.reference_pixels,
        )
    assert m.token_edge is not None  # noqa: S101 - resolve gives one of the forms
    if m.unet_params is not None and m.unet_share is not None:
        return diffusion_work.denoise_flop_by_params(
            unet_params=m.unet_params,
            unet_share=m.unet_share,
            width=m.width,
            height=m.height,
            token_edge=m.token_edge,
            frames=m.frames,
        )
    assert m.params_per_token is not None  # noqa: S101
    assert m.layers is not None  # noqa: S101
    assert m.hidden_size is not None  # noqa: S101
    return diffusion_work.denoise_flop(
        params_per_token=m.params_per_token,
        latent_tokens=latent_tokens(m),
        layers=m.layers,
        hidden_size=m.hidden_size,
    )


def latent_tokens(m: Diffusion[Num] | DiffusionSample[Num]) -> Num:
    """Latent tokens of one image or clip in a diffusion transformer."""
    assert m.token_edge is not None  # noqa: S101 - resolve gives it for transformers
    return diffusion_work.latent_tokens(
        width=m.width, height=m.height, token_edge=m.token_edge, latent_frames=m.latent_frames
    )
