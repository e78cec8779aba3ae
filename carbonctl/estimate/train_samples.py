"""From training samples to model work: pictures, photographs, speech, or as stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.estimate.diffusion import denoise_flop
from carbonctl.estimate.samples import Photograph, Picture, SampleWork, Speech, Stated
from carbonctl.formulas import compute_samples, compute_training

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.samples import Text


def sample_work_flop(work: SampleWork[Num]) -> Num:
    """Model work of training on samples."""
    sample = work.sample
    if isinstance(sample, Picture):
        return _picture_flop(work, sample)
    if isinstance(sample, Speech):
        return _speech_flop(work, sample)
    if isinstance(sample, Photograph):
        return _trained(work, photograph_flop(sample))
    return _trained(work, sample.sample_flop)


def forward_flop(sample: Photograph[Num] | Speech[Num] | Stated[Num] | Text[Num]) -> Num:
    """Work of a sample that is read once, and of the text that is written for it."""
    if isinstance(sample, Speech):
        return compute_samples.sample_flop_from_parts(parts_flop=_heard_and_written(sample))
    if isinstance(sample, Photograph):
        return photograph_flop(sample)
    if isinstance(sample, Stated):
        return sample.sample_flop
    return compute_samples.sample_flop(
        encoder_params=compute_samples.encoder_params_by_vocabulary(
            total_params=sample.params,
            vocabulary=sample.vocabulary,
            hidden_size=sample.hidden_size,
        ),
        sample_tokens=sample.sample_tokens,
        layers=sample.layers,
        hidden_size=sample.hidden_size,
    )


def photograph_flop(sample: Photograph[Num]) -> Num:
    """Work of one image that is cut into patches."""
    patches = compute_samples.patch_tokens(
        image_edge=sample.image_edge, patch_edge=sample.patch_edge
    )
    return compute_samples.sample_flop(
        encoder_params=sample.params,
        sample_tokens=patches,
        layers=sample.layers,
        hidden_size=sample.hidden_size,
    )


def _trained(work: SampleWork[Num], sample_flop: Num) -> Num:
    return compute_samples.train_flop_by_samples(
        sample_flop=sample_flop,
        train_passes=work.train_passes,
        train_samples=work.train_samples,
        epochs=work.epochs,
    )


def _picture_flop(work: SampleWork[Num], picture: Picture[Num]) -> Num:
    """The denoiser forward and backward, its frozen encoders forward."""
    encoding = compute_samples.train_flop_by_samples(
        sample_flop=_frozen_flop(picture),
        train_passes=picture.frozen_passes,
        train_samples=work.train_samples,
        epochs=picture.frozen_epochs,
    )
    once = compute_samples.sample_flop_by_denoiser(denoise_flop=denoise_flop(picture))
    denoising = _trained(work, once)
    return compute_training.train_flop_from_parts(parts_flop=(denoising, encoding))


def _frozen_flop(picture: Picture[Num]) -> Num:
    """Encoders before the denoiser; without captions where the text encoder is not known."""
    if picture.text_encoder_params is None or picture.text_tokens is None:
        return compute_samples.sample_flop_by_frozen_image_encoder(
            encoder_pixel_flop=picture.encoder_pixel_flop,
            width=picture.width,
            height=picture.height,
            frames=picture.frames,
        )
    return compute_samples.sample_flop_by_frozen_encoders(
        encoder_pixel_flop=picture.encoder_pixel_flop,
        width=picture.width,
        height=picture.height,
        frames=picture.frames,
        text_encoder_params=picture.text_encoder_params,
        text_tokens=picture.text_tokens,
    )


def _speech_flop(work: SampleWork[Num], speech: Speech[Num]) -> Num:
    hearing, writing = _heard_and_written(speech)
    parts = (_trained(work, hearing), _trained(work, writing))
    return compute_training.train_flop_from_parts(parts_flop=parts)


def _heard_and_written(speech: Speech[Num]) -> tuple[Num, Num]:
    """Work of the encoder on a window of speech, and of the decoder on its text."""
    encoder = compute_samples.encoder_params(
        total_params=speech.total_params, encoder_share=speech.encoder_share
    )
    decoder = compute_samples.decoder_params(
        total_params=speech.total_params, encoder_share=speech.encoder_share
    )
    hearing = compute_samples.sample_flop(
        encoder_params=encoder,
        sample_tokens=speech.sample_tokens,
        layers=speech.layers,
        hidden_size=speech.hidden_size,
    )
    writing = compute_samples.sample_flop_by_decoder(
        decoder_params=decoder, target_tokens=speech.target_tokens
    )
    return hearing, writing
