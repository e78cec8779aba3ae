"""Kinds of models, as their records name them: what each learns from, and what it is called.

A new kind of model is one entry here; one of ``estimate/training/training_kinds.py`` or
``estimate/serving/service_kinds.py``; a file of its formulas; a file of its record and estimate; a
file of its facts, which the entry here names.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

LearnsFrom = Literal["tokens", "both_tokens", "samples", ""]
Sample = Literal["picture", "photograph", "speech", "tables", ""]


class ModelKind(NamedTuple):
    """What training and reports need to know of a kind of model.

    ``learns_from`` is the evidence of its work: tokens, tokens read and written apart, samples;
    ``sample`` what one of them is. ``is_sized`` says whether parameters tell what its work draws;
    ``service`` the file of ``scenario/resolve/serving`` that resolves it where it answers requests.
    """

    label: str = "LLM"
    learns_from: LearnsFrom = ""
    sample: Sample = ""
    attends_both_sides: bool = False
    is_sized: bool = True
    service: str = ""


MODEL_KINDS: dict[str, ModelKind] = {
    "llm": ModelKind(learns_from="tokens", service="language_serving"),
    "llm_dense": ModelKind(learns_from="tokens", service="language_serving"),
    "llm_moe": ModelKind(learns_from="tokens", service="language_serving"),
    "encoder": ModelKind("encoder", "tokens", attends_both_sides=True, service="encoder_serving"),
    "encoder_decoder": ModelKind(learns_from="both_tokens"),
    "embedding": ModelKind("embedding model", service="encoder_serving"),
    "diffusion_dit": ModelKind("image model", "samples", "picture"),
    "diffusion_unet": ModelKind("image model", "samples", "picture", is_sized=False),
    "video_dit": ModelKind("video model", "samples", "picture"),
    "vision": ModelKind("vision model", "samples", "photograph"),
    "vision_cnn": ModelKind("vision model", is_sized=False),  # of published runs alone
    "speech": ModelKind("speech model", "samples", "speech"),
    "dlrm": ModelKind("recommendation model", "samples", "tables", is_sized=False),
}


def model_kind(name: str | None) -> ModelKind:
    """The kind of that name; one of which nothing is known where there is none."""
    return MODEL_KINDS.get(name or "", ModelKind())
