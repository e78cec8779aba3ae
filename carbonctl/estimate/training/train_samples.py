"""From training samples to model work: pictures, photographs, speech, or as stated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.estimate.denoising_pass import denoise_flop
from carbonctl.estimate.training.sample_inputs import Photograph, Picture, Speech, Stated, Text
from carbonctl.estimate.training.train_hours import hours_by_utilization
from carbonctl.formulas.training import sample_work as compute_samples
from carbonctl.formulas.training import transformer_work as compute_training

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.types import Num
    from carbonctl.estimate.training.sample_inputs import SampleWork


def sample_hours(work: SampleWork[Num]) -> Num:
    """Billed device-hours of training on samples."""
    return hours_by_utilization(work, sample_work_flop(work), _billed_mfu)


def sample_work_flop(work: SampleWork[Num]) -> Num:
    """Model work of training on samples."""
    return _TRAINED[type(work.sample)](work, work.sample)


def forward_flop(sample: Photograph[Num] | Speech[Num] | Stated[Num] | Text[Num]) -> Num:
    """Work of a sample that is read once, and of the text that is written for it."""
    return _FORWARD[type(sample)](sample)


def _billed_mfu(work: SampleWork[Num]) -> Num:
    assert work.billed_mfu is not None  # noqa: S101 - resolve gives it, or a steady one
    return work.billed_mfu


def _text_flop(text: Text[Num]) -> Num:
    """Work of a text that an encoder reads."""
    return compute_samples.sample_flop(
        encoder_params=compute_samples.encoder_params_by_vocabulary(
            total_params=text.params,
            vocabulary=text.vocabulary,
            hidden_size=text.hidden_size,
        ),
        sample_tokens=text.sample_tokens,
        layers=text.layers,
        hidden_size=text.hidden_size,
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


def _heard_flop(speech: Speech[Num]) -> Num:
    """Work of a window of speech and of writing its text."""
    return compute_samples.sample_flop_from_parts(parts_flop=_heard_and_written(speech))


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


# kinds of samples -> work of a training on them, and of one that is read once
_TRAINED: dict[type, Callable[[SampleWork[Num], Any], Num]] = {
    Picture: _picture_flop,
    Speech: _speech_flop,
    Photograph: lambda work, image: _trained(work, photograph_flop(image)),
    Stated: lambda work, stated: _trained(work, stated.sample_flop),
}
_FORWARD: dict[type, Callable[[Any], Num]] = {
    Speech: _heard_flop,
    Photograph: photograph_flop,
    Stated: lambda stated: stated.sample_flop,
    Text: _text_flop,
}
