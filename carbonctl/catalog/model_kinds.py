"""Kinds of models by the name in their records: label, training data, and properties.

A new kind of model is one entry here; one of ``estimate/training/training_kinds.py`` or
``estimate/serving/service_kinds.py``; a file of its formulas; a file of its record and estimate; a
file of its facts, which the entry here names.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

LearnsFrom = Literal["tokens", "both_tokens", "samples", ""]
Sample = Literal["picture", "photograph", "speech", "tables", ""]


class ModelKind(NamedTuple):
    """Properties of a kind of model that training and reports use.

    ``learns_from`` is the unit of training data: tokens, tokens of encoder and decoder counted
    apart, or samples; ``sample`` is what one sample is. ``is_sized`` is whether the number of
    parameters predicts MFU and power; ``service``
    names the file of ``scenario/resolve/serving`` that resolves it for requests.
    """

    label: str = "LLM"
    learns_from: LearnsFrom = ""
    sample: Sample = ""
    is_bidirectional: bool = False
    is_sized: bool = True
    service: str = ""


MODEL_KINDS: dict[str, ModelKind] = {
    "llm": ModelKind(learns_from="tokens", service="language_serving"),
    "llm_dense": ModelKind(learns_from="tokens", service="language_serving"),
    "llm_moe": ModelKind(learns_from="tokens", service="language_serving"),
    "encoder": ModelKind("encoder", "tokens", is_bidirectional=True, service="encoder_serving"),
    "encoder_decoder": ModelKind(learns_from="both_tokens"),
    "embedding": ModelKind("embedding model", service="encoder_serving"),
    "diffusion_dit": ModelKind("image model", "samples", "picture"),
    "diffusion_unet": ModelKind("image model", "samples", "picture", is_sized=False),
    "video_dit": ModelKind("video model", "samples", "picture"),
    "vision": ModelKind("vision model", "samples", "photograph"),
    "vision_cnn": ModelKind("vision model", is_sized=False),  # only in published runs
    "speech": ModelKind("speech model", "samples", "speech"),
    "dlrm": ModelKind("recommendation model", "samples", "tables", is_sized=False),
}


def model_kind(name: str | None) -> ModelKind:
    """The kind with that name; a kind without known properties if there is none."""
    return MODEL_KINDS.get(name or "", ModelKind())
