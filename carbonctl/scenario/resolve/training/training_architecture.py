"""What kind of model a training run is of, by which tests of the estimate are looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.catalog.read import AmbiguousName, UnknownName

if TYPE_CHECKING:
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.schema import scenario_file as schema

# a method whose work is another than that of its model's pre-training -> what it is tested as
_METHODS = {"lora": "lora", "qlora": "qlora", "dpo": "dpo", "grpo": "grpo", "ppo": "ppo"}


def architecture(ctx: Context, run: schema.Run, model: schema.Model | None) -> str:
    """The kind of model that a run trains, as models' records write it; empty where unknown.

    A method such as LoRA, or a teacher, does other work than training the model as a whole, and is
    a kind of its own.
    """
    if run.method in _METHODS:
        return _METHODS[run.method]
    if run.teacher is not None:
        return "distillation"
    if model is None:
        return ""
    if model.id is None:
        kind = model.kind or "llm"
        return _of_llm(model) if kind == "llm" else kind
    try:
        return ctx.catalog.record("models", model.id).text("kind")
    except (UnknownName, AmbiguousName):  # noted where the model is needed
        return ""


def _of_llm(model: schema.Model) -> str:
    """The kind of a language model that is described by its shape."""
    mixed = model.experts is not None or model.active_params is not None
    return "llm_moe" if mixed else "llm_dense"
