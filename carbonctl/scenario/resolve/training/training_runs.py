"""Training runs: which evidence, how much work, at what power."""

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
    both_halves,
    llm_work,
    plain_work,
    recompute,
)
from carbonctl.scenario.resolve.training.metering import (
    host_factor,
    metered,
    of_server,
    rated_above_use,
)
from carbonctl.scenario.resolve.training.training_expectations import power_by_size
from carbonctl.scenario.resolve.training.training_state import memory, memory_of_tables

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.inputs import Evidence
    from carbonctl.estimate.training.work_inputs import LlmWork
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema

# what a run may be estimated from -> the level of evidence as it is printed
_KIND: dict[str, Evidence] = {
    "energy": "energy",
    "accelerator_hours": "hours",
    "days": "hours",
    "tokens": "work",
    "input_tokens": "work",
    "samples": "work",
    "rollouts": "work",
    "federated": "hours",
}
EVIDENCE = tuple(_KIND)


def evidence(ctx: Context, run: schema.Run, path: Path) -> str:
    """The one kind of evidence that a run is estimated from."""
    given = [name for name in EVIDENCE if getattr(run, name) is not None]
    if run.target_tokens is not None and run.input_tokens is None:
        given.append("target_tokens")
    if len(given) > 1:
        ctx.fail(
            "CC301",
            f"two kinds of evidence: {given[0]} and {given[1]}",
            (*path, given[1]),
            _beside(given),
        )
    if not given:
        ctx.fail("CC302", f"no evidence: give one of {', '.join(EVIDENCE)}", path)
    return given[0].replace("target", "input")


def _beside(given: list[str]) -> str:
    """Where a second kind of evidence belongs."""
    if given[:2] == ["energy", "accelerator_hours"]:
        return "keep one, or give hours that were measured with it as energy.accelerator_hours"
    return f"keep one; put the other under cross_check: {{{given[1]}: ...}}"


def kind(name: str) -> Evidence:
    """The level of evidence as it is printed."""
    return _KIND[name]


def train_run(
    ctx: Context,
    run: schema.Run,
    model: schema.Model | None,
    found: Device | None,
    path: Path,
) -> TrainRun[Fact]:
    """Facts of one run, and of the evidence beside it that is only compared."""
    made = _run(ctx, run, model, found, path)
    check, under = run.cross_check, (*path, "cross_check")
    if check is None:
        return made
    work = hours = wall = None
    if check.tokens is not None:
        if found is None:
            ctx.fail("CC206", "a cross check of work needs hardware", under, absent=True)
        tokens = ctx.given(check.tokens, (*under, "tokens"), "tokens, only compared")
        convention = plain_work if run.context is None else llm_work
        work = convention(ctx, run, model, found, tokens, path)
    if check.accelerator_hours is not None:
        where = (*under, "accelerator_hours")
        hours = ctx.given(check.accelerator_hours, where, "hours, only compared", unit="h")
    if check.days is not None:
        if made.accelerators is None and found is not None:
            made = replace(made, accelerators=found.count)
        if made.accelerators is None:
            message = "a cross check of days needs hardware.count, the number of accelerators"
            ctx.fail("CC206", message, (*under, "days"), absent=found is None)
        wall = ctx.given(check.days, (*under, "days"), "wall-clock time, only compared")
    return replace(made, cross_check=CrossCheck(work, hours, wall))


def _run(
    ctx: Context,
    run: schema.Run,
    model: schema.Model | None,
    found: Device | None,
    path: Path,
) -> TrainRun[Fact]:
    name = evidence(ctx, run, path)
    draw = power(ctx, run, found, path, model)
    _needs_host_factor(ctx, run, draw, path)
    if name == "energy":
        return _measured(ctx, run, draw, found, path)
    if name == "accelerator_hours":
        hours = ctx.given(run.accelerator_hours, (*path, name), "accelerator-hours", unit="h")
        made = TrainRun(draw, MeteredHours(hours))
    elif name == "days":
        made = _days(ctx, run, draw, found, path)
    elif found is None:
        ctx.fail("CC206", "work needs hardware: an accelerator", path)
    else:
        made = _worked(ctx, run, model, found, draw, path)
        scaling = _scaling(ctx, run, found, path)
        assert made.corrections is not None  # noqa: S101 - all work has them
        made = replace(made, corrections=replace(made.corrections, scaling=scaling))
    if found is None:
        return made
    held = made.memory or memory(ctx, run, model, found, path)
    return replace(made, accelerators=found.count, memory=held)


_AT_BOARDS = {"gpu", "node"}  # boundaries within the IT system, which a factor leads out of


def _needs_host_factor(ctx: Context, run: schema.Run, draw: Power[Fact], path: Path) -> None:
    """A stated factor from boards to the IT system is of use to something that ends within it."""
    scope = draw.boundary if run.energy is None else run.energy.scope
    where = (*path, "host_power_factor")
    if run.host_power_factor is None or scope in _AT_BOARDS or run.energy is not None:
        return
    message = f"host_power_factor changes nothing: the power is that of the {scope} already"
    ctx.fail("CC303", message, where, "remove it, or give power: {value: 700 W, scope: gpu}")


def _scaling(
    ctx: Context, run: schema.Run, found: Device, path: Path
) -> StrongScaling[Fact] | None:
    """What it costs to spread a job of fixed size; the hours of rollouts follow their devices."""
    if not run.fixed_size or run.rollouts is not None:
        return None
    if found.count is None:
        message = "a fixed size needs hardware.count, the number of accelerators"
        ctx.fail("CC206", message, (*path, "fixed_size"))
    return StrongScaling(found.count, found.per_machine, ctx.default("strong_scaling_exponent"))


def _worked(
    ctx: Context,
    run: schema.Run,
    model: schema.Model | None,
    found: Device,
    draw: Power[Fact],
    path: Path,
) -> TrainRun[Fact]:
    """A run estimated from its work: tokens, samples or rollouts."""
    name, residual = evidence(ctx, run, path), ctx.default("hours_residual")
    if name == "samples":
        return _sampled(ctx, run, model, found, draw, path)
    repeated = recompute(ctx, run, path)
    corrections = Corrections(residual, repeated)
    if name == "input_tokens":
        return TrainRun(draw, both_halves(ctx, run, model, found, path), corrections)
    if name == "rollouts":
        return TrainRun(draw, _rollouts(ctx, run, model, found, path), corrections)
    return TrainRun(draw, _llm(ctx, run, model, found, path), corrections)


def _sampled(
    ctx: Context,
    run: schema.Run,
    model: schema.Model | None,
    found: Device,
    draw: Power[Fact],
    path: Path,
) -> TrainRun[Fact]:
    from carbonctl.scenario.resolve.training.sample_training import sample_work  # noqa: PLC0415 - only for samples

    residual = ctx.default("hours_residual")
    seen = sample_work(ctx, run, model, found, path)
    if seen is not None:
        repeated = recompute(ctx, run, path)
        return TrainRun(draw, seen, Corrections(residual, repeated))
    samples = ctx.given(run.samples, (*path, "samples"), "training samples")
    work = dlrm_work(ctx, model, found, path, train=True, run=run)
    held = memory_of_tables(ctx, run, work, found, path)
    return TrainRun(draw, RecommendationWork(work, samples), Corrections(residual), memory=held)


def _rollouts(
    ctx: Context, run: schema.Run, model: schema.Model | None, found: Device, path: Path
) -> RolloutWork[Fact]:
    """Answers generated at serving throughput, and the work of learning from them."""
    assert run.rollouts is not None  # noqa: S101 - this is the evidence
    under = (*path, "rollouts")
    if run.method not in {"grpo", "ppo"}:
        ctx.fail("CC206", "rollouts need method: grpo or ppo", under)
    if run.rollout_throughput is None or found.count is None:
        lacking = "hardware.count" if found.count is None else "rollout_throughput"
        message = f"rollouts need {lacking}: tokens a second that the devices decode together"
        ctx.fail("CC206", message, under, "as in rollout_throughput: 40k/s")
    rollouts = Rollouts(
        ctx.given(run.rollouts.prompts, (*under, "prompts"), "prompts"),
        ctx.given(run.rollouts.group, (*under, "group"), "rollouts per prompt"),
        ctx.given(run.rollouts.tokens, (*under, "tokens"), "tokens per rollout"),
        ctx.given(run.rollout_throughput, (*path, "rollout_throughput"), "rollout throughput"),
        found.count,
    )
    # the tokens of the updates follow from the rollouts, inside the estimate
    work = llm_work(ctx, run, model, found, rollouts.tokens_per_rollout, path)
    return RolloutWork(work, rollouts)


def _measured(
    ctx: Context, run: schema.Run, draw: Power[Fact], found: Device | None, path: Path
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
    energy = ctx.given(run.energy, (*path, "energy"), "measured energy")
    if scope == "node":
        draw = metered(ctx, draw, found)
    hours = None
    if run.energy.accelerator_hours is not None:
        where, label = (*path, "energy", "accelerator_hours"), "measured accelerator-hours"
        hours = ctx.given(run.energy.accelerator_hours, where, label, unit="h")
    return TrainRun(draw, MeteredEnergy(energy, scope, hours))


def _days(
    ctx: Context, run: schema.Run, draw: Power[Fact], found: Device | None, path: Path
) -> TrainRun[Fact]:
    if found is None or found.count is None:
        message = "days need hardware.count, the number of accelerators"
        hint = "as in hardware: {accelerator: h100-sxm, count: 64}, or --gpu h100-sxm:64"
        ctx.fail("CC206", message, (*path, "days"), hint)
    wall = ctx.given(run.days, (*path, "days"), "wall-clock time")
    return TrainRun(draw, MeteredDays(found.count, wall), accelerators=found.count)


def power(
    ctx: Context,
    run: schema.Run,
    found: Device | None,
    path: Path,
    model: schema.Model | None = None,
) -> Power[Fact]:
    """Power per accelerator: as given, as measured for the device, or from its rating."""
    factor = host_factor(ctx, found, run.host_power_factor, (*path, "host_power_factor"))
    if run.power is not None:
        if not run.power.scope:
            ctx.fail(
                "CC206",
                "a power needs its boundary",
                (*path, "power"),
                "as in power: {value: 700 W, scope: gpu}",
                "scopes: gpu, node, it_system, facility",
            )
        watts = ctx.given(run.power, (*path, "power"), "power per accelerator")
        if found is not None and found.accelerator is not None:
            plausible.board_power(ctx, watts, found.accelerator, (*path, "power"))
            watts = _over_the_device(ctx, watts, found.accelerator)
        given = Power(run.power.scope, watts, None, None, factor)
        return metered(ctx, given, found) if given.boundary == "node" else given
    if found is None:
        return Power("gpu", None, None, None, factor)
    record = found.record
    if found.accelerator is None:
        return of_server(ctx, run, found, factor)
    measured = record.fact("train_power", label=f"training power, {record.name}")
    if measured is not None:
        return Power(measured.boundary, measured, None, None, factor)
    if rated_above_use(record):
        ctx.fail(
            "CC304",
            f"no power in training is known for {record.name}; its rating is no guide",
            found.path,
            "give one: train.power: {value: 350 W, scope: it_system}",
        )
    tdp = ctx.needed(record, "tdp", found.path)
    return Power(
        "gpu", None, tdp, power_by_size(ctx, model, path), factor, ctx.default("power_residual")
    )


def _over_the_device(ctx: Context, watts: Fact, device: Record) -> Fact:
    """A given power with that of the device in training, or with what it draws idle."""
    known = device.fact("train_power", label=f"training power, {device.name}")
    if known is not None and known.boundary == watts.boundary:
        return ctx.override(watts, known)
    idle = device.fact("idle_power", label=f"idle power, {device.name}")
    return ctx.override(watts, idle, alike=False)


def _llm(
    ctx: Context, run: schema.Run, model: schema.Model | None, found: Device, path: Path
) -> LlmWork[Fact]:
    if run.method in {"grpo", "ppo"}:
        message = f"method: {run.method} learns from rollouts, not from given tokens"
        ctx.fail("CC206", message, (*path, "method"), "give rollouts: {prompts, group, tokens}")
    tokens = ctx.given(run.tokens, (*path, "tokens"), "training tokens")
    return llm_work(ctx, run, model, found, tokens, path)
