"""Resolve the device memory of a training run: model state and activations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.catalog.model_kinds import model_kind
from carbonctl.plan.training_memory import Activations, Tables, TrainingMemory
from carbonctl.scenario.resolve.context import derive_fact
from carbonctl.scenario.resolve.model_shape import element_bytes, model_path, resolve_shape
from carbonctl.scenario.resolve.training.language_training import adapter_params, training_context

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.training.work_inputs import DlrmWork
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema

_ADAPTER_METHODS = {"lora", "qlora"}  # the model is frozen, adapters are trained
_REFERENCE_METHODS = {"dpo", "grpo", "ppo"}  # need a frozen reference copy of the model
_FROZEN_PRECISION = {"lora": "bf16", "qlora": "int4", **dict.fromkeys(_REFERENCE_METHODS, "bf16")}
_NOT_FULL_ATTENTION = {
    "hybrid",
    "linear",
    "ssm",
}  # kinds of attention without full attention in all layers


def resolve_training_memory(
    ctx: Context, run: schema.Run, model: schema.Model | None, device: Device, path: Path
) -> TrainingMemory[Fact] | None:
    """Device memory of a training run; None where model size or device memory is unknown."""
    room = device.accelerator.fact("memory", label="device memory") if device.accelerator else None
    total = _total_params(ctx, model, path)
    if room is None or total is None:
        return None
    adapters = _adapter_params(ctx, run, total, path) if run.method in _ADAPTER_METHODS else None
    frozen = (
        element_bytes(ctx, _FROZEN_PRECISION[run.method])
        if run.method in _FROZEN_PRECISION
        else None
    )
    ppo = run.method == "ppo"
    return TrainingMemory(
        device_memory_gb=room,
        memory_share=ctx.default("memory_share"),
        state_bytes=ctx.stated_or_default(
            run.state_bytes, (*path, "state_bytes"), "adam_state_bytes"
        ),
        total_params=total,
        adapter_params=adapters,
        frozen_bytes=frozen,
        activations=_activations(ctx, run, model, path),
        reference_params=_copy_of_params(total, "the reference")
        if run.method in _REFERENCE_METHODS
        else None,
        reward_params=_copy_of_params(total, "the reward model") if ppo else None,
        critic_params=_copy_of_params(total, "the critic") if ppo else None,
    )


def _adapter_params(ctx: Context, run: schema.Run, total: Fact, path: Path) -> Fact:
    """Parameters of the adapters: as stated, else a default share where only memory needs them."""
    by_work = any(getattr(run, name) is not None for name in ("tokens", "input_tokens", "rollouts"))
    if run.adapter_params is not None or by_work:
        return adapter_params(ctx, run, path)
    share = ctx.default("adapter_share")
    note = f"{share.value:.2g} of the parameters, as usual"
    key = ".".join(str(step) for step in (*path, "adapter_params"))
    return derive_fact(key, total.value * share.value, share, note, "adapter parameters")


def _copy_of_params(total: Fact, whose: str) -> Fact:
    return replace(total, label=f"parameters of {whose}")


def _activations(
    ctx: Context, run: schema.Run, model: schema.Model | None, path: Path
) -> Activations[Fact] | None:
    """Activations kept for the backward pass; None where shape or context is unknown."""
    if model is None or model_kind(model.kind).sample == "tables":
        return None
    shape = resolve_shape(ctx, model, path)
    kind = shape.record.text("attention") if shape.record else "full"
    if model_kind(shape.kind).learns_from != "tokens" or kind in _NOT_FULL_ATTENTION:
        return None
    context = training_context(ctx, run, shape, path)
    dims = [shape.fields.get(name) for name in ("layers", "hidden_size", "heads")]
    layers, width, heads = dims
    if context is None or layers is None or width is None or any(
        dim is None or dim.origin == "archetype" for dim in dims
    ):  # fmt: skip
        return None
    batch, kept = ctx.default("micro_batch"), ctx.default("activation_bytes")
    if run.recompute == "none":
        score = ctx.default("attention_score_bytes")
        return Activations(layers, width, context, batch, kept, heads, score)
    # frozen weights keep no inputs for their gradients, so assume full recomputation
    usual = "full" if run.method in _ADAPTER_METHODS else "selective"
    if (run.recompute or usual) == "full":
        kept = replace(element_bytes(ctx, "bf16"), label="activation bytes, all computed again")
    return Activations(layers, width, context, batch, kept)


def _total_params(ctx: Context, model: schema.Model | None, path: Path) -> Fact | None:
    if model is None:
        return None
    at = model_path(ctx, path)
    if model.id is not None:
        record = ctx.record("models", model.id, at)
        has_tables = model_kind(record.text("kind")).sample == "tables"
        return None if has_tables else record.plain_fact("total_params")
    return (
        None
        if model.params is None
        else ctx.stated_fact(model.params, (*at, "params"), "parameters")
    )


def resolve_table_memory(
    ctx: Context, run: schema.Run, work: DlrmWork[Fact], device: Device, path: Path
) -> TrainingMemory[Fact] | None:
    """Device memory of embedding tables and their optimizer state; None where it is unknown."""
    room = device.accelerator.fact("memory", label="device memory") if device.accelerator else None
    if room is None:
        return None
    state = ctx.stated_or_default(run.state_bytes, (*path, "state_bytes"), "embedding_row_state")
    tables = Tables(work.tables, work.table_rows, work.embedding_dim, work.embedding_bytes)
    return TrainingMemory(room, ctx.default("memory_share"), state, tables=tables)
