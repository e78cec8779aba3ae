"""Work of training on samples, as records of facts or of numbers."""

from __future__ import annotations

from typing import Generic, TypeVar

from carbonctl.core.record import record

T = TypeVar("T")


@record
class DiffusionSample(Generic[T]):
    """An image or clip that a diffusion model is trained to denoise."""

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
class ImageSample(Generic[T]):
    """An image cut into patches."""

    params: T
    image_edge: T
    patch_edge: T
    layers: T
    hidden_size: T


@record
class SpeechSample(Generic[T]):
    """A window of 30 s of speech and its transcript."""

    total_params: T
    encoder_share: T
    sample_tokens: T
    target_tokens: T
    layers: T
    hidden_size: T


@record
class TextSample(Generic[T]):
    """A text for an encoder; its embedding table is looked up, not multiplied."""

    params: T
    vocabulary: T
    sample_tokens: T
    layers: T
    hidden_size: T


@record
class StatedWork(Generic[T]):
    """A sample whose forward work the user states."""

    sample_flop: T


@record
class SampleWork(Generic[T]):
    """Training on samples, each with a forward and a backward pass."""

    sample: DiffusionSample[T] | ImageSample[T] | SpeechSample[T] | StatedWork[T]
    train_samples: T
    epochs: T
    train_passes: T
    peak_flop_per_s: T
    billed_mfu: T | None
    mfu: T | None
    goodput: T | None
