"""Work of one denoising pass, to serve or to train."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.formulas import compute_diffusion

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.samples import Picture
    from carbonctl.estimate.service import Diffusion


def denoise_flop(m: Diffusion[Num] | Picture[Num]) -> Num:
    """Work of one pass: from the database and scaled, or from latent tokens."""
    if m.reference_flop is not None and m.reference_pixels is not None:
        return compute_diffusion.denoise_flop_by_unet(
            reference_flop=m.reference_flop,
            width=m.width,
            height=m.height,
            reference_pixels=m.reference_pixels,
        )
    assert m.token_edge is not None  # noqa: S101 - resolve gives one of the two forms
    assert m.params_per_token is not None  # noqa: S101
    assert m.layers is not None  # noqa: S101
    assert m.hidden_size is not None  # noqa: S101
    tokens = compute_diffusion.latent_tokens(
        width=m.width, height=m.height, token_edge=m.token_edge, latent_frames=m.latent_frames
    )
    return compute_diffusion.denoise_flop(
        params_per_token=m.params_per_token,
        latent_tokens=tokens,
        layers=m.layers,
        hidden_size=m.hidden_size,
    )
