"""What a training run keeps in the memory of its devices: facts of its state and activations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.catalog.model_kinds import model_kind
from carbonctl.plan.training_memory import Activations, Tables, TrainingMemory
from carbonctl.scenario.resolve.context import derived
from carbonctl.scenario.resolve.model_shape import element_bytes, model_path, shape
from carbonctl.scenario.resolve.training.language_training import adapter_params, training_context

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.training.work_inputs import DlrmWork
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema

_ADAPTED = {"lora", "qlora"}  # the model is frozen, adapters are trained in it
_COMPARED = {"dpo", "grpo", "ppo"}  # a frozen copy of the model says how far it has moved
_FROZEN = {"lora": "bf16", "qlora": "int4", **dict.fromkeys(_COMPARED, "bf16")}
_OTHER_LAYERS = {"hybrid", "linear", "ssm"}  # attention of models that are not all of it


def memory(
    ctx: Context, run: schema.Run, model: schema.Model | None, found: Device, path: Path
) -> TrainingMemory[Fact] | None:
    """What a model keeps on its devices in training; None where its size or theirs is unknown."""
    room = found.accelerator.fact("memory", label="device memory") if found.accelerator else None
    total = _total(ctx, model, path)
    if room is None or total is None:
        return None
    adapters = _adapters(ctx, run, total, path) if run.method in _ADAPTED else None
    frozen = element_bytes(ctx, _FROZEN[run.method]) if run.method in _FROZEN else None
    ppo = run.method == "ppo"
    return TrainingMemory(
        device_memory_gb=room,
        memory_share=ctx.default("memory_share"),
        state_bytes=ctx.either(run.state_bytes, (*path, "state_bytes"), "adam_state_bytes"),
        total_params=total,
        adapter_params=adapters,
        frozen_bytes=frozen,
        activations=_activations(ctx, run, model, path),
        reference_params=_like(total, "the reference") if run.method in _COMPARED else None,
        reward_params=_like(total, "the reward model") if ppo else None,
        critic_params=_like(total, "the critic") if ppo else None,
    )


def _adapters(ctx: Context, run: schema.Run, total: Fact, path: Path) -> Fact:
    """Parameters of the adapters; work needs them stated, memory does with a usual share."""
    by_work = any(getattr(run, name) is not None for name in ("tokens", "input_tokens", "rollouts"))
    if run.adapter_params is not None or by_work:
        return adapter_params(ctx, run, path)
    share = ctx.default("adapter_share")
    note = f"{share.value:.2g} of the parameters, as usual"
    key = ".".join(str(step) for step in (*path, "adapter_params"))
    return derived(key, total.value * share.value, share, note, "adapter parameters")


def _like(total: Fact, whose: str) -> Fact:
    return replace(total, label=f"parameters of {whose}")


def _activations(
    ctx: Context, run: schema.Run, model: schema.Model | None, path: Path
) -> Activations[Fact] | None:
    """What a transformer keeps for its backward pass; None where shape or context is unknown."""
    if model is None or model_kind(model.kind).sample == "tables":
        return None
    shaped = shape(ctx, model, path)
    kind = shaped.record.text("attention") if shaped.record else "full"
    if model_kind(shaped.kind).learns_from != "tokens" or kind in _OTHER_LAYERS:
        return None
    context = training_context(ctx, run, shaped, path)
    dims = [shaped.fields.get(name) for name in ("layers", "hidden_size", "heads")]
    layers, width, heads = dims
    if context is None or layers is None or width is None or any(
        dim is None or dim.origin == "archetype" for dim in dims
    ):  # fmt: skip
        return None
    batch, kept = ctx.default("micro_batch"), ctx.default("activation_bytes")
    if run.recompute == "none":
        score = ctx.default("attention_score_bytes")
        return Activations(layers, width, context, batch, kept, heads, score)
    # frozen weights need no inputs for gradients of their own: the least, unless it is said
    usual = "full" if run.method in _ADAPTED else "selective"
    if (run.recompute or usual) == "full":
        kept = replace(element_bytes(ctx, "bf16"), label="activation bytes, all computed again")
    return Activations(layers, width, context, batch, kept)


def _total(ctx: Context, model: schema.Model | None, path: Path) -> Fact | None:
    if model is None:
        return None
    at = model_path(ctx, path)
    if model.id is not None:
        record = ctx.record("models", model.id, at)
        has_tables = model_kind(record.text("kind")).sample == "tables"
        return None if has_tables else record.plain("total_params")
    return None if model.params is None else ctx.given(model.params, (*at, "params"), "parameters")


def memory_of_tables(
    ctx: Context, run: schema.Run, work: DlrmWork[Fact], found: Device, path: Path
) -> TrainingMemory[Fact] | None:
    """What a recommendation model keeps on its devices: tables and their optimizer state."""
    room = found.accelerator.fact("memory", label="device memory") if found.accelerator else None
    if room is None:
        return None
    state = ctx.either(run.state_bytes, (*path, "state_bytes"), "embedding_row_state")
    tables = Tables(work.tables, work.table_rows, work.embedding_dim, work.embedding_bytes)
    return TrainingMemory(room, ctx.default("memory_share"), state, tables=tables)
