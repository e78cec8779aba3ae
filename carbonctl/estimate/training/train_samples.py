"""Model work from samples: denoised images, classified images, speech, or as stated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.estimate.denoising_pass import denoise_flop
from carbonctl.estimate.training.sample_inputs import (
    DiffusionSample,
    ImageSample,
    SpeechSample,
    StatedWork,
    TextSample,
)
from carbonctl.estimate.training.train_hours import hours_by_utilization
from carbonctl.formulas.training import sample_work, transformer_work

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.types import Num
    from carbonctl.estimate.training.sample_inputs import SampleWork


def sample_hours(work: SampleWork[Num]) -> Num:
    """Billed device-hours of training on samples."""
    return hours_by_utilization(work, sample_work_flop(work), _billed_mfu)


def sample_work_flop(work: SampleWork[Num]) -> Num:
    """Model FLOP of training on samples."""
    return _TRAIN_FLOP[type(work.sample)](work, work.sample)


def forward_flop(
    sample: ImageSample[Num] | SpeechSample[Num] | StatedWork[Num] | TextSample[Num],
) -> Num:
    """FLOP of one forward pass of a sample, with its transcript for speech."""
    return _FORWARD_FLOP[type(sample)](sample)


def _billed_mfu(work: SampleWork[Num]) -> Num:
    assert work.billed_mfu is not None  # noqa: S101 - resolve gives it, or a steady one
    return work.billed_mfu


def _text_sample_flop(text: TextSample[Num]) -> Num:
    """FLOP of a text in an encoder."""
    return sample_work.sample_flop(
        encoder_params=sample_work.encoder_params_by_vocabulary(
            total_params=text.params,
            vocabulary=text.vocabulary,
            hidden_size=text.hidden_size,
        ),
        sample_tokens=text.sample_tokens,
        layers=text.layers,
        hidden_size=text.hidden_size,
    )


def image_flop(sample: ImageSample[Num]) -> Num:
    """FLOP of one image that is cut into patches."""
    patches = sample_work.patch_tokens(image_edge=sample.image_edge, patch_edge=sample.patch_edge)
    return sample_work.sample_flop(
        encoder_params=sample.params,
        sample_tokens=patches,
        layers=sample.layers,
        hidden_size=sample.hidden_size,
    )


def _train_flop(work: SampleWork[Num], sample_flop: Num) -> Num:
    return sample_work.train_flop_by_samples(
        sample_flop=sample_flop,
        train_passes=work.train_passes,
        train_samples=work.train_samples,
        epochs=work.epochs,
    )


def _diffusion_train_flop(work: SampleWork[Num], picture: DiffusionSample[Num]) -> Num:
    """FLOP of training a denoiser (forward and backward), with frozen encoders (forward)."""
    encoding = sample_work.train_flop_by_samples(
        sample_flop=_frozen_encoder_flop(picture),
        train_passes=picture.frozen_passes,
        train_samples=work.train_samples,
        epochs=picture.frozen_epochs,
    )
    once = sample_work.sample_flop_by_denoiser(denoise_flop=denoise_flop(picture))
    denoising = _train_flop(work, once)
    return transformer_work.train_flop_from_parts(parts_flop=(denoising, encoding))


def _frozen_encoder_flop(picture: DiffusionSample[Num]) -> Num:
    """FLOP of the frozen encoders per sample; without text where its encoder is not known."""
    if picture.text_encoder_params is None or picture.text_tokens is None:
        return sample_work.sample_flop_by_frozen_image_encoder(
            encoder_pixel_flop=picture.encoder_pixel_flop,
            width=picture.width,
            height=picture.height,
            frames=picture.frames,
        )
    return sample_work.sample_flop_by_frozen_encoders(
        encoder_pixel_flop=picture.encoder_pixel_flop,
        width=picture.width,
        height=picture.height,
        frames=picture.frames,
        text_encoder_params=picture.text_encoder_params,
        text_tokens=picture.text_tokens,
    )


def _speech_sample_flop(speech: SpeechSample[Num]) -> Num:
    """FLOP of a window of speech and its transcript."""
    return sample_work.sample_flop_from_parts(parts_flop=_encoder_and_decoder_flop(speech))


def _speech_train_flop(work: SampleWork[Num], speech: SpeechSample[Num]) -> Num:
    hearing, writing = _encoder_and_decoder_flop(speech)
    parts = (_train_flop(work, hearing), _train_flop(work, writing))
    return transformer_work.train_flop_from_parts(parts_flop=parts)


def _encoder_and_decoder_flop(speech: SpeechSample[Num]) -> tuple[Num, Num]:
    """FLOP of the encoder on a window of speech, and of the decoder on its transcript."""
    encoder = sample_work.encoder_params(
        total_params=speech.total_params, encoder_share=speech.encoder_share
    )
    decoder = sample_work.decoder_params(
        total_params=speech.total_params, encoder_share=speech.encoder_share
    )
    hearing = sample_work.sample_flop(
        encoder_params=encoder,
        sample_tokens=speech.sample_tokens,
        layers=speech.layers,
        hidden_size=speech.hidden_size,
    )
    writing = sample_work.sample_flop_by_decoder(
        decoder_params=decoder, target_tokens=speech.target_tokens
    )
    return hearing, writing


# kind of sample -> FLOP of training on it, and FLOP of one forward pass
_TRAIN_FLOP: dict[type, Callable[[SampleWork[Num], Any], Num]] = {
    DiffusionSample: _diffusion_train_flop,
    SpeechSample: _speech_train_flop,
    ImageSample: lambda work, image: _train_flop(work, image_flop(image)),
    StatedWork: lambda work, stated: _train_flop(work, stated.sample_flop),
}
_FORWARD_FLOP: dict[type, Callable[[Any], Num]] = {
    SpeechSample: _speech_sample_flop,
    ImageSample: image_flop,
    StatedWork: lambda stated: stated.sample_flop,
    TextSample: _text_sample_flop,
}
