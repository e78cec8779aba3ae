"""Resolve training runs: their kind of evidence, their work, their power."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.inputs import Power
from carbonctl.estimate.training.training_run import (
    Corrections,
    CrossCheck,
    MeteredDays,
    MeteredEnergy,
    MeteredHours,
    RecommendationWork,
    RolloutWork,
    TrainRun,
)
from carbonctl.estimate.training.work_inputs import Rollouts, StrongScaling
from carbonctl.scenario.resolve import plausible
from carbonctl.scenario.resolve.recommender import dlrm_work
from carbonctl.scenario.resolve.training.language_training import (
    encoder_decoder_work,
    llm_work,
    llm_work_6nd,
    recompute_factor,
)
from carbonctl.scenario.resolve.training.metering import (
    host_factor,
    is_rated_above_use,
    server_power,
    with_node_factor,
)
from carbonctl.scenario.resolve.training.training_expectations import power_by_size
from carbonctl.scenario.resolve.training.training_state import (
    resolve_table_memory,
    resolve_training_memory,
)

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.inputs import Evidence
    from carbonctl.estimate.training.work_inputs import LlmWork
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema

# key of a run's evidence -> the level of evidence as printed
_LEVEL: dict[str, Evidence] = {
    "energy": "energy",
    "accelerator_hours": "hours",
    "days": "hours",
    "tokens": "work",
    "input_tokens": "work",
    "samples": "work",
    "rollouts": "work",
    "federated": "hours",
}
EVIDENCE = tuple(_LEVEL)


def find_evidence(ctx: Context, run: schema.Run, path: Path) -> str:
    """The key of the one kind of evidence of a run; none or several are a problem."""
    stated = [name for name in EVIDENCE if getattr(run, name) is not None]
    if run.target_tokens is not None and run.input_tokens is None:
        stated.append("target_tokens")
    if len(stated) > 1:
        ctx.fail(
            "CC301",
            f"two kinds of evidence: {stated[0]} and {stated[1]}",
            (*path, stated[1]),
            _hint_for_second_evidence(stated),
        )
    if not stated:
        ctx.fail("CC302", f"no evidence: give one of {', '.join(EVIDENCE)}", path)
    return stated[0].replace("target", "input")


def _hint_for_second_evidence(stated: list[str]) -> str:
    """Hint where to write a second kind of evidence."""
    if stated[:2] == ["energy", "accelerator_hours"]:
        return "keep one, or give hours that were measured with it as energy.accelerator_hours"
    return f"keep one; put the other under cross_check: {{{stated[1]}: ...}}"


def evidence_level(name: str) -> Evidence:
    """The level of evidence as printed, of a key of evidence."""
    return _LEVEL[name]


def resolve_train_run(
    ctx: Context,
    run: schema.Run,
    model: schema.Model | None,
    device: Device | None,
    path: Path,
) -> TrainRun[Fact]:
    """Inputs of one run, with the cross check that is only compared."""
    train_run = _run_from_evidence(ctx, run, model, device, path)
    check, under = run.cross_check, (*path, "cross_check")
    if check is None:
        return train_run
    work = hours = wall = None
    if check.tokens is not None:
        if device is None:
            ctx.fail("CC206", "a cross check of work needs hardware", under, absent=True)
        tokens = ctx.stated_fact(check.tokens, (*under, "tokens"), "tokens, only compared")
        convention = llm_work_6nd if run.context is None else llm_work
        work = convention(ctx, run, model, device, tokens, path)
    if check.accelerator_hours is not None:
        where = (*under, "accelerator_hours")
        hours = ctx.stated_fact(check.accelerator_hours, where, "hours, only compared", unit="h")
    if check.days is not None:
        if train_run.accelerators is None and device is not None:
            train_run = replace(train_run, accelerators=device.count)
        if train_run.accelerators is None:
            message = "a cross check of days needs hardware.count, the number of accelerators"
            ctx.fail("CC206", message, (*under, "days"), absent=device is None)
        wall = ctx.stated_fact(check.days, (*under, "days"), "wall-clock time, only compared")
    return replace(train_run, cross_check=CrossCheck(work, hours, wall))


def _run_from_evidence(
    ctx: Context,
    run: schema.Run,
    model: schema.Model | None,
    device: Device | None,
    path: Path,
) -> TrainRun[Fact]:
    name = find_evidence(ctx, run, path)
    draw = resolve_power(ctx, run, device, path, model)
    _check_host_factor(ctx, run, draw, path)
    if name == "energy":
        return _run_from_energy(ctx, run, draw, device, path)
    if name == "accelerator_hours":
        hours = ctx.stated_fact(run.accelerator_hours, (*path, name), "accelerator-hours", unit="h")
        train_run = TrainRun(draw, MeteredHours(hours))
    elif name == "days":
        train_run = _run_from_days(ctx, run, draw, device, path)
    elif device is None:
        ctx.fail("CC206", "work needs hardware: an accelerator", path)
    else:
        train_run = _run_from_work(ctx, run, model, device, draw, path)
        scaling = _strong_scaling(ctx, run, device, path)
        assert train_run.corrections is not None  # noqa: S101 - all work has them
        train_run = replace(train_run, corrections=replace(train_run.corrections, scaling=scaling))
    if device is None:
        return train_run
    memory = train_run.memory or resolve_training_memory(ctx, run, model, device, path)
    return replace(train_run, accelerators=device.count, memory=memory)


_WITHIN_IT_SYSTEM = {"gpu", "node"}  # boundaries to which ``host_power_factor`` applies


def _check_host_factor(ctx: Context, run: schema.Run, draw: Power[Fact], path: Path) -> None:
    """Report a stated ``host_power_factor`` where power is not at the boundary of boards."""
    scope = draw.boundary if run.energy is None else run.energy.scope
    where = (*path, "host_power_factor")
    if run.host_power_factor is None or scope in _WITHIN_IT_SYSTEM or run.energy is not None:
        return
    message = f"host_power_factor has no effect: the power is already that of the {scope}"
    ctx.fail("CC303", message, where, "remove it, or give power: {value: 700 W, scope: gpu}")


def _strong_scaling(
    ctx: Context, run: schema.Run, device: Device, path: Path
) -> StrongScaling[Fact] | None:
    """Strong scaling of a job of fixed size; None otherwise, and for rollouts."""
    if not run.fixed_size or run.rollouts is not None:
        return None
    if device.count is None:
        message = "a fixed size needs hardware.count, the number of accelerators"
        ctx.fail("CC206", message, (*path, "fixed_size"))
    return StrongScaling(device.count, device.per_machine, ctx.default("strong_scaling_exponent"))


def _run_from_work(
    ctx: Context,
    run: schema.Run,
    model: schema.Model | None,
    device: Device,
    draw: Power[Fact],
    path: Path,
) -> TrainRun[Fact]:
    """Inputs of a run with evidence of work: tokens, samples or rollouts."""
    name, residual = find_evidence(ctx, run, path), ctx.default("hours_residual")
    if name == "samples":
        return _run_from_samples(ctx, run, model, device, draw, path)
    repeated = recompute_factor(ctx, run, path)
    corrections = Corrections(residual, repeated)
    if name == "input_tokens":
        return TrainRun(draw, encoder_decoder_work(ctx, run, model, device, path), corrections)
    if name == "rollouts":
        return TrainRun(draw, _rollout_work(ctx, run, model, device, path), corrections)
    return TrainRun(draw, _language_work(ctx, run, model, device, path), corrections)


def _run_from_samples(
    ctx: Context,
    run: schema.Run,
    model: schema.Model | None,
    device: Device,
    draw: Power[Fact],
    path: Path,
) -> TrainRun[Fact]:
    from carbonctl.scenario.resolve.training.sample_training import sample_work

    residual = ctx.default("hours_residual")
    seen = sample_work(ctx, run, model, device, path)
    if seen is not None:
        repeated = recompute_factor(ctx, run, path)
        return TrainRun(draw, seen, Corrections(residual, repeated))
    samples = ctx.stated_fact(run.samples, (*path, "samples"), "training samples")
    work = dlrm_work(ctx, model, device, path, train=True, run=run)
    memory = resolve_table_memory(ctx, run, work, device, path)
    return TrainRun(draw, RecommendationWork(work, samples), Corrections(residual), memory=memory)


def _rollout_work(
    ctx: Context, run: schema.Run, model: schema.Model | None, device: Device, path: Path
) -> RolloutWork[Fact]:
    """Rollouts at a stated throughput, and the work of training on them."""
    assert run.rollouts is not None  # noqa: S101 - this is the evidence
    under = (*path, "rollouts")
    if run.method not in {"grpo", "ppo"}:
        ctx.fail("CC206", "rollouts need method: grpo or ppo", under)
    if run.rollout_throughput is None or device.count is None:
        lacking = "hardware.count" if device.count is None else "rollout_throughput"
        message = f"rollouts need {lacking}: tokens per second of all devices together"
        ctx.fail("CC206", message, under, "as in rollout_throughput: 40k/s")
    rollouts = Rollouts(
        ctx.stated_fact(run.rollouts.prompts, (*under, "prompts"), "prompts"),
        ctx.stated_fact(run.rollouts.group, (*under, "group"), "rollouts per prompt"),
        ctx.stated_fact(run.rollouts.tokens, (*under, "tokens"), "tokens per rollout"),
        ctx.stated_fact(
            run.rollout_throughput, (*path, "rollout_throughput"), "rollout throughput"
        ),
        device.count,
    )
    # the tokens of the updates follow from the rollouts, inside the estimate
    work = llm_work(ctx, run, model, device, rollouts.tokens_per_rollout, path)
    return RolloutWork(work, rollouts)


def _run_from_energy(
    ctx: Context, run: schema.Run, draw: Power[Fact], device: Device | None, path: Path
) -> TrainRun[Fact]:
    assert run.energy is not None  # noqa: S101 - this is the evidence
    scope = run.energy.scope
    if not scope:
        ctx.fail(
            "CC206",
            "a measured energy needs its boundary",
            (*path, "energy"),
            "as in energy: {value: 433 MWh, scope: it_system}",
            "scopes: gpu, node, it_system, facility",
        )
    energy = ctx.stated_fact(run.energy, (*path, "energy"), "measured energy")
    if scope == "node":
        draw = with_node_factor(ctx, draw, device)
    hours = None
    if run.energy.accelerator_hours is not None:
        where, label = (*path, "energy", "accelerator_hours"), "measured accelerator-hours"
        hours = ctx.stated_fact(run.energy.accelerator_hours, where, label, unit="h")
    return TrainRun(draw, MeteredEnergy(energy, scope, hours))


def _run_from_days(
    ctx: Context, run: schema.Run, draw: Power[Fact], device: Device | None, path: Path
) -> TrainRun[Fact]:
    if device is None or device.count is None:
        message = "days need hardware.count, the number of accelerators"
        hint = "as in hardware: {accelerator: h100-sxm, count: 64}, or --gpu h100-sxm:64"
        ctx.fail("CC206", message, (*path, "days"), hint)
    wall = ctx.stated_fact(run.days, (*path, "days"), "wall-clock time")
    return TrainRun(draw, MeteredDays(device.count, wall), accelerators=device.count)


def resolve_power(
    ctx: Context,
    run: schema.Run,
    device: Device | None,
    path: Path,
    model: schema.Model | None = None,
) -> Power[Fact]:
    """Power per accelerator: as stated, as measured for the device, or from its TDP."""
    factor = host_factor(ctx, device, run.host_power_factor, (*path, "host_power_factor"))
    if run.power is not None:
        if not run.power.scope:
            ctx.fail(
                "CC206",
                "a power needs its boundary",
                (*path, "power"),
                "as in power: {value: 700 W, scope: gpu}",
                "scopes: gpu, node, it_system, facility",
            )
        watts = ctx.stated_fact(run.power, (*path, "power"), "power per accelerator")
        if device is not None and device.accelerator is not None:
            plausible.board_power(ctx, watts, device.accelerator, (*path, "power"))
            watts = _replace_device_power(ctx, watts, device.accelerator)
        stated = Power(run.power.scope, watts, None, None, factor)
        return with_node_factor(ctx, stated, device) if stated.boundary == "node" else stated
    if device is None:
        return Power("gpu", None, None, None, factor)
    record = device.record
    if device.accelerator is None:
        return server_power(ctx, run, device, factor)
    measured = record.fact("train_power", label=f"training power, {record.name}")
    if measured is not None:
        return Power(measured.boundary, measured, None, None, factor)
    if is_rated_above_use(record):
        ctx.fail(
            "CC304",
            f"the training power of {record.name} is not known, and its TDP is far above",
            device.path,
            "give one: train.power: {value: 350 W, scope: it_system}",
        )
    tdp = ctx.required_fact(record, "tdp", device.path)
    return Power(
        "gpu", None, tdp, power_by_size(ctx, model, path), factor, ctx.default("power_residual")
    )


def _replace_device_power(ctx: Context, watts: Fact, device: Record) -> Fact:
    """A stated power that replaces the device's training power, or is bounded by its idle power."""
    known = device.fact("train_power", label=f"training power, {device.name}")
    if known is not None and known.boundary == watts.boundary:
        return ctx.override(watts, known)
    idle = device.fact("idle_power", label=f"idle power, {device.name}")
    return ctx.override(watts, idle, alike=False)


def _language_work(
    ctx: Context, run: schema.Run, model: schema.Model | None, device: Device, path: Path
) -> LlmWork[Fact]:
    if run.method in {"grpo", "ppo"}:
        message = f"method: {run.method} learns from rollouts, not from tokens"
        ctx.fail("CC206", message, (*path, "method"), "give rollouts: {prompts, group, tokens}")
    tokens = ctx.stated_fact(run.tokens, (*path, "tokens"), "training tokens")
    return llm_work(ctx, run, model, device, tokens, path)
