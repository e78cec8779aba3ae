"""Work of training on samples: images, clips, windows of speech."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="1", equation="n = (e / p)^2", source="dosovitskiy-2020-vit")
def patch_tokens(*, image_edge: Num, patch_edge: Num) -> Num:
    """Tokens of a square image cut into square patches.

    Parameters
    ----------
    image_edge, patch_edge
        Edges in pixels. [1]

    Examples
    --------
    >>> patch_tokens(image_edge=224.0, patch_edge=16.0)
    196.0
    """
    return (image_edge / patch_edge) ** 2


@formula(unit="FLOP", equation="F_1 = 2 * N * n + 4 * L * d * n^2", source="dosovitskiy-2020-vit")
def sample_flop(*, encoder_params: Num, sample_tokens: Num, layers: Num, hidden_size: Num) -> Num:
    """Forward work of an encoder on one sample.

    Parameters
    ----------
    encoder_params
        Parameters that every token passes. [1]
    sample_tokens
        Tokens of a sample: patches of an image, frames of a window of speech. [1]
    layers, hidden_size
        Shape of the attention, without a mask. [1]

    References
    ----------
    Dosovitskiy et al., arXiv 2010.11929, table 6: 17.6 G multiply-adds for ViT-B/16 at 224.

    Examples
    --------
    >>> sample_flop(encoder_params=1e8, sample_tokens=200.0, layers=0.0, hidden_size=1.0)
    40000000000.0
    """
    attention_flop = 4.0 * layers * hidden_size * sample_tokens**2
    return 2.0 * encoder_params * sample_tokens + attention_flop


@formula(unit="FLOP", equation="F_1 = 2 * N_dec * n_out", source="radford-2022-whisper")
def sample_flop_by_decoder(*, decoder_params: Num, target_tokens: Num) -> Num:
    """Forward work of a decoder on the text of one sample.

    Parameters
    ----------
    decoder_params
        Parameters that every written token passes. [1]
    target_tokens
        Tokens written for one sample. [1]

    Examples
    --------
    >>> sample_flop_by_decoder(decoder_params=1e9, target_tokens=100.0)
    200000000000.0
    """
    return 2.0 * decoder_params * target_tokens


@formula(unit="FLOP", equation="F_1 = F", source="peebles-2023-dit")
def sample_flop_by_denoiser(*, denoise_flop: Num) -> Num:
    """Forward work of a denoiser on one sample: one pass, at one level of noise.

    Parameters
    ----------
    denoise_flop
        Work of one pass. [FLOP]

    Examples
    --------
    >>> sample_flop_by_denoiser(denoise_flop=6e12)
    6000000000000.0
    """
    return denoise_flop


@formula(
    unit="FLOP", equation="F_1 = k_e * w * h * f + 2 * P_t * n_t", source="golden-2024-generative"
)
def sample_flop_by_frozen_encoders(
    *,
    encoder_pixel_flop: Num,
    width: Num,
    height: Num,
    frames: Num,
    text_encoder_params: Num,
    text_tokens: Num,
) -> Num:
    """Forward work of the frozen encoders of an image and its caption.

    Parameters
    ----------
    encoder_pixel_flop
        Work of the image encoder per pixel. [FLOP]
    width, height, frames
        Size of a sample. [1]
    text_encoder_params, text_tokens
        Caption encoding. [1]

    Examples
    --------
    >>> sample_flop_by_frozen_encoders(encoder_pixel_flop=4e6, width=500.0, height=500.0,
    ...     frames=1.0, text_encoder_params=1e9, text_tokens=100.0)
    1200000000000.0
    """
    picture_flop = encoder_pixel_flop * width * height * frames
    return picture_flop + 2.0 * text_encoder_params * text_tokens


@formula(unit="FLOP", equation="F_1 = k_e * w * h * f", source="golden-2024-generative")
def sample_flop_by_frozen_image_encoder(
    *, encoder_pixel_flop: Num, width: Num, height: Num, frames: Num
) -> Num:
    """Forward work of the frozen encoder of an image, without its caption.

    Parameters
    ----------
    encoder_pixel_flop
        Work of the image encoder per pixel. [FLOP]
    width, height, frames
        Size of a sample. [1]

    Examples
    --------
    >>> sample_flop_by_frozen_image_encoder(encoder_pixel_flop=4e6, width=500.0, height=500.0,
    ...     frames=1.0)
    1000000000000.0
    """
    return encoder_pixel_flop * width * height * frames


@formula(unit="1", equation="P_e = P * e", source="radford-2022-whisper")
def encoder_params(*, total_params: Num, encoder_share: Num) -> Num:
    """Parameters of the encoder.

    Parameters
    ----------
    total_params
        All parameters. [1]
    encoder_share
        Share of them in the encoder. [1]

    Examples
    --------
    >>> encoder_params(total_params=2e9, encoder_share=0.5)
    1000000000.0
    """
    return total_params * encoder_share


@formula(unit="1", equation="P_d = P * (1 - e)", source="radford-2022-whisper")
def decoder_params(*, total_params: Num, encoder_share: Num) -> Num:
    """Parameters of the decoder.

    Parameters
    ----------
    total_params
        All parameters. [1]
    encoder_share
        Share of them in the encoder. [1]

    Examples
    --------
    >>> decoder_params(total_params=2e9, encoder_share=0.25)
    1500000000.0
    """
    return total_params * (1.0 - encoder_share)


@formula(unit="FLOP", equation="F = k * F_1 * S * E", source="kaplan-2020-scaling")
def train_flop_by_samples(
    *, sample_flop: Num, train_passes: Num, train_samples: Num, epochs: Num
) -> Num:
    """Model work of training on samples.

    Parameters
    ----------
    sample_flop
        Forward work of one sample. [FLOP]
    train_passes
        3 for what is trained (forward, and twice that backward); 1 for what is frozen. [1]
    train_samples
        Samples of one epoch. [1]
    epochs
        How often each is seen; 1 for what is kept after the first time. [1]

    Examples
    --------
    >>> train_flop_by_samples(sample_flop=1e12, train_passes=3.0, train_samples=1e6, epochs=10.0)
    3e+19
    """
    return train_passes * sample_flop * train_samples * epochs


@formula(unit="FLOP", equation="F_1 = sum(F_i)", source="conservation")
def sample_flop_from_parts(*, parts_flop: tuple[Num, ...]) -> Num:
    """Forward work of a sample as the sum of its parts.

    Parameters
    ----------
    parts_flop
        What reads, and what writes. [FLOP]

    Examples
    --------
    >>> sample_flop_from_parts(parts_flop=(3e12, 1e12))
    4000000000000.0
    """
    return sum(parts_flop[1:], start=parts_flop[0])


@formula(unit="1", equation="P_e = P - V * d", source="kaplan-2020-scaling")
def encoder_params_by_vocabulary(*, total_params: Num, vocabulary: Num, hidden_size: Num) -> Num:
    """Parameters of an encoder without its embedding table, which is only looked up.

    Parameters
    ----------
    total_params
        All parameters. [1]
    vocabulary, hidden_size
        Shape of the table. [1]

    Examples
    --------
    >>> encoder_params_by_vocabulary(total_params=110e6, vocabulary=30_000.0, hidden_size=1_000.0)
    80000000.0
    """
    return total_params - vocabulary * hidden_size
