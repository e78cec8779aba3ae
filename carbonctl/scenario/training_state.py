"""Whether a run can be: memory of its devices, utilization, wall-clock time, cross checks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.core.units import HOURS_PER_DAY, HOURS_PER_YEAR
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.train import train
from carbonctl.estimate.train_work import billed_mfu
from carbonctl.estimate.work import Activations, DlrmWork, Memory
from carbonctl.scenario.context import derived
from carbonctl.scenario.language import adapter_params, training_context
from carbonctl.scenario.measured import check_measured_energy
from carbonctl.scenario.shape import element_bytes, model_path, shape

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.inputs import Site, TrainRun
    from carbonctl.scenario import schema
    from carbonctl.scenario.context import Context
    from carbonctl.scenario.machine import Device

HIGHEST_MFU = 0.65  # no published run of a language model has reached it over billed time
_APART = 2.0  # cross checks further apart than this contradict the evidence
_SAME = 1.02  # hours that agree but for rounding
_ADAPTED = {"lora", "qlora"}  # the model is frozen, adapters are trained in it
_COMPARED = {"dpo", "grpo", "ppo"}  # a frozen copy of the model says how far it has moved
_FROZEN = {"lora": "bf16", "qlora": "int4", **dict.fromkeys(_COMPARED, "bf16")}
_TRANSFORMERS = {"llm", "llm_dense", "llm_moe", "encoder"}
_OTHER_LAYERS = {"hybrid", "linear", "ssm"}  # attention of models that are not all of it


def memory(
    ctx: Context, run: schema.Run, model: schema.Model | None, found: Device, path: Path
) -> Memory[Fact] | None:
    """What a model keeps on its devices in training; None where its size or theirs is unknown."""
    room = found.accelerator.fact("memory", label="device memory") if found.accelerator else None
    total = _total(ctx, model, path)
    if room is None or total is None:
        return None
    adapters = _adapters(ctx, run, total, path) if run.method in _ADAPTED else None
    frozen = element_bytes(ctx, _FROZEN[run.method]) if run.method in _FROZEN else None
    ppo = run.method == "ppo"
    return Memory(
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
    if model is None or model.kind == "dlrm":
        return None
    shaped = shape(ctx, model, path)
    kind = shaped.record.text("attention") if shaped.record else "full"
    if shaped.kind not in _TRANSFORMERS or kind in _OTHER_LAYERS:
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
        return None if record.text("kind") == "dlrm" else record.plain("total_params")
    return None if model.params is None else ctx.given(model.params, (*at, "params"), "parameters")


def memory_of_tables(
    ctx: Context, run: schema.Run, work: DlrmWork[Fact], found: Device, path: Path
) -> Memory[Fact] | None:
    """What a recommendation model keeps on its devices: tables and their optimizer state."""
    room = found.accelerator.fact("memory", label="device memory") if found.accelerator else None
    if room is None:
        return None
    state = ctx.either(run.state_bytes, (*path, "state_bytes"), "embedding_row_state")
    return Memory(room, ctx.default("memory_share"), state, tables=work)


def check(
    ctx: Context,
    run: schema.Run,
    work: TrainRun[Fact],
    device: Device | None,
    site: Site[Fact],
    life_hours: float,
    path: Path,
) -> None:
    """Problems and warnings of a run, found by estimating it at its central values."""
    check_measured_energy(ctx, run, work, device, site, path)
    use = train(bind(work, _central), bind(site, _central))
    found = {name: float(value) for name, value in (use.details | use.cross_check).items()}
    _memory(ctx, work, found, path)
    for name in ("mfu", "billed_mfu"):
        given = getattr(run, name)
        if given is not None and given.value > HIGHEST_MFU:
            message = f"an MFU of {given.value:.2f} is above any published run ({HIGHEST_MFU})"
            ctx.warn("CC303", message, (*path, name))
    _work_agrees(ctx, work, found, path)
    _hours_agree(ctx, run, found, path)
    _duration(ctx, work, found, life_hours, path)


def _central(fact: Fact) -> float:
    return fact.value


def _memory(ctx: Context, work: TrainRun[Fact], found: dict[str, float], path: Path) -> None:
    count, least = work.accelerators, found.get("minimum_accelerators")
    if count is None or least is None or count.value >= least:
        return
    assert work.memory is not None  # noqa: S101 - the least count comes from it
    room = work.memory.device_memory_gb.value
    kept = work.memory.activations
    ctx.fail(
        "CC304",
        f"training this model{_beside(work.memory)} takes at least {least:,.0f} devices of "
        f"{room:.0f} GB for weights, "
        f"gradients{_held(kept)}; {count.value:,.0f} are named",
        _hardware(ctx, path),
        *_remedies(kept),
    )


def _beside(held: Memory[Fact]) -> str:
    if held.critic_params is not None:
        return " with a critic, a reference and a reward model"
    return " with its reference" if held.reference_params is not None else ""


def _held(kept: Activations[Fact] | None) -> str:
    if kept is None:
        return " and optimizer state"
    return f", optimizer state and activations of {kept.context_tokens.value:,.0f} tokens"


def _remedies(kept: Activations[Fact] | None) -> tuple[str, ...]:
    if kept is None:
        return ("activations come on top; train.state_bytes where the optimizer keeps less",)
    return (
        "train.recompute: full or a shorter train.context where fewer activations are kept",
        "train.state_bytes where the optimizer keeps less",
    )


def _hardware(ctx: Context, path: Path) -> Path:
    own = ctx.written((*path, "hardware", "count"))
    return own if own in ctx.document.marks else ("hardware", "count")


def _work_agrees(ctx: Context, work: TrainRun[Fact], found: dict[str, float], path: Path) -> None:
    """The utilization that stated work and evidence imply together."""
    implied = found.get("implied_mfu")
    if implied is None or work.cross_work is None:
        return
    at, usual = (*path, "cross_check", "tokens"), _usual_mfu(work)
    if implied > 1:
        message = f"these tokens in that time are an MFU of {implied:.2f}: above 1, impossible"
        ctx.fail("CC303", message, at)
    if not usual / _APART <= implied <= usual * _APART:
        message = (
            f"these tokens imply an MFU of {implied:.2g} per billed hour, where {usual:.2g} is "
            f"expected: more than {_APART:g} times apart"
        )
        ctx.fail("CC303", message, at, "correct the evidence or the cross check")
    if implied > HIGHEST_MFU:
        message = f"these tokens imply an MFU of {implied:.2f}, above any published run"
        ctx.warn("CC303", message, at)


def _usual_mfu(work: TrainRun[Fact]) -> float:
    assert work.cross_work is not None  # noqa: S101 - the caller looked
    expected = work.cross_work
    if expected.mfu is not None and expected.goodput is not None:
        return expected.mfu.value * expected.goodput.value
    return float(billed_mfu(bind(expected, _central)))


def _hours_agree(ctx: Context, run: schema.Run, found: dict[str, float], path: Path) -> None:
    """Hours stated beside the evidence: in reach of it, and within devices times days."""
    ratio = found.get("stated_hours_ratio")
    if ratio is None or run.cross_check is None:
        return
    name = "days" if run.cross_check.accelerator_hours is None else "accelerator_hours"
    at: Path = (*path, "cross_check", name)
    over = ratio if run.days is not None else 1 / ratio
    stated = run.days is not None or (run.accelerator_hours is not None and name == "days")
    if stated and over > _SAME:
        message = f"more device-hours than devices x days: {over:.3g} times as many"
        ctx.fail("CC303", message, at)
    if not 1 / _APART <= ratio <= _APART:
        message = (
            f"the stated hours are {ratio:.2g} times those of the evidence: more than "
            f"{_APART:g} times apart"
        )
        ctx.fail("CC303", message, at, "correct the evidence or the cross check")


def _duration(
    ctx: Context, work: TrainRun[Fact], found: dict[str, float], life_hours: float, path: Path
) -> None:
    """Wall-clock time: a year is long, the life of the hardware too long."""
    wall = found.get("wall_hours")
    if wall is None or work.energy_kwh is not None:
        return
    stated = (*path, "days") if work.wall_hours is not None else _hardware(ctx, path)
    if wall > life_hours:
        years = life_hours / HOURS_PER_YEAR
        message = f"the run takes {_in_words(wall)}, longer than its hardware lives ({years:g} y)"
        ctx.fail("CC304", message, stated, _enough(work, wall))
    cadence = work.cadence_hours
    if cadence is not None and wall > cadence.value * _SAME:
        message = f"one run takes {_in_words(wall)} and starts again every "
        ctx.fail("CC304", message + _in_words(cadence.value), (*path, "every"))
    if wall > HOURS_PER_YEAR:
        message = f"the run takes {_in_words(wall)} on its devices"
        ctx.warn("CC304", message, stated, _enough(work, wall))


def _enough(work: TrainRun[Fact], wall: float) -> str:
    if work.accelerators is None or work.wall_hours is not None:
        return ""
    return f"{work.accelerators.value * wall / HOURS_PER_YEAR:,.0f} devices would take a year"


def _in_words(hours: float) -> str:
    if hours > HOURS_PER_YEAR:
        return f"{hours / HOURS_PER_YEAR:,.3g} y"
    return f"{hours / HOURS_PER_DAY:.3g} d"
