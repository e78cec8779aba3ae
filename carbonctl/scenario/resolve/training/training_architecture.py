"""The kind of model that a training run trains, by which validation results are looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.catalog.read import AmbiguousName, UnknownName

if TYPE_CHECKING:
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.schema import scenario_file as schema

# training method whose work differs from pre-training -> the kind it is validated as
_METHODS = {"lora": "lora", "qlora": "qlora", "dpo": "dpo", "grpo": "grpo", "ppo": "ppo"}


def find_architecture(ctx: Context, run: schema.Run, model: schema.Model | None) -> str:
    """The kind of model that a run trains, as in models' records; "" where unknown.

    A method such as LoRA, or a teacher, is a kind of its own, because its work differs from
    training the whole model.
    """
    if run.method in _METHODS:
        return _METHODS[run.method]
    if run.teacher is not None:
        return "distillation"
    if model is None:
        return ""
    if model.id is None:
        kind = model.kind or "llm"
        return _llm_architecture(model) if kind == "llm" else kind
    try:
        return ctx.catalog.record("models", model.id).text("kind")
    except (UnknownName, AmbiguousName):  # noted where the model is needed
        return ""


def _llm_architecture(model: schema.Model) -> str:
    """Dense or MoE kind of a language model that is described by its dimensions."""
    mixed = model.experts is not None or model.active_params is not None
    return "llm_moe" if mixed else "llm_dense"
