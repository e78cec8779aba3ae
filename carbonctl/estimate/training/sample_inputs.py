"""Work of training on samples, as records of facts or of numbers."""

from __future__ import annotations

from typing import Generic, TypeVar

from carbonctl.core.record import record

T = TypeVar("T")


@record
class Picture(Generic[T]):
    """A picture or clip that a diffusion model learns to denoise."""

    width: T
    height: T
    frames: T
    latent_frames: T
    token_edge: T | None
    params_per_token: T | None
    layers: T | None
    hidden_size: T | None
    reference_flop: T | None
    reference_pixels: T | None
    encoder_pixel_flop: T
    text_encoder_params: T | None
    text_tokens: T | None
    frozen_passes: T
    frozen_epochs: T
    unet_params: T | None = None
    unet_share: T | None = None


@record
class Photograph(Generic[T]):
    """An image cut into patches."""

    params: T
    image_edge: T
    patch_edge: T
    layers: T
    hidden_size: T


@record
class Speech(Generic[T]):
    """A window of 30 s of speech and its text."""

    total_params: T
    encoder_share: T
    sample_tokens: T
    target_tokens: T
    layers: T
    hidden_size: T


@record
class Text(Generic[T]):
    """A text that an encoder reads; its table of words is looked up, not multiplied."""

    params: T
    vocabulary: T
    sample_tokens: T
    layers: T
    hidden_size: T


@record
class Stated(Generic[T]):
    """A sample whose forward work the user states."""

    sample_flop: T


@record
class SampleWork(Generic[T]):
    """Training on samples that each hold a forward and a backward pass."""

    sample: Picture[T] | Photograph[T] | Speech[T] | Stated[T]
    train_samples: T
    epochs: T
    train_passes: T
    peak_flop_per_s: T
    billed_mfu: T | None
    mfu: T | None
    goodput: T | None
