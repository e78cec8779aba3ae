"""Training runs: which evidence, how much work, at what power."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.inputs import DlrmWork, LlmWork, Power, TrainRun
from carbonctl.scenario.shape import dlrm_shape, peak, shape

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.inputs import Evidence
    from carbonctl.scenario import schema
    from carbonctl.scenario.context import Context
    from carbonctl.scenario.machine import Device

EVIDENCE = ("energy", "accelerator_hours", "days", "tokens", "samples")
_KIND: dict[str, Evidence] = {
    "energy": "energy",
    "accelerator_hours": "hours",
    "days": "hours",
    "tokens": "work",
    "samples": "work",
}


def evidence(ctx: Context, run: schema.Run, path: Path) -> str:
    """The one kind of evidence that a run is estimated from."""
    given = [name for name in EVIDENCE if getattr(run, name) is not None]
    if len(given) > 1:
        ctx.fail(
            "CC301",
            f"two kinds of evidence: {given[0]} and {given[1]}",
            (*path, given[1]),
            f"keep one; put the other under cross_check: {{{given[1]}: ...}}",
        )
    if not given:
        ctx.fail("CC302", f"no evidence: give one of {', '.join(EVIDENCE)}", path)
    return given[0]


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
    work = hours = None
    if check.tokens is not None:
        if found is None:
            ctx.fail("CC206", "a cross check of work needs hardware", under)
        tokens = ctx.given(check.tokens, (*under, "tokens"), "tokens, only compared")
        work = _llm_work(ctx, run, model, found, tokens, path)
    if check.accelerator_hours is not None:
        where = (*under, "accelerator_hours")
        hours = ctx.given(check.accelerator_hours, where, "hours, only compared", unit="h")
    return replace(made, cross_work=work, cross_hours=hours)


def _run(
    ctx: Context,
    run: schema.Run,
    model: schema.Model | None,
    found: Device | None,
    path: Path,
) -> TrainRun[Fact]:
    name = evidence(ctx, run, path)
    draw = power(ctx, run, found, path)
    if name == "energy":
        return _measured(ctx, run, draw, path)
    residual = ctx.default("hours_residual")
    if name == "accelerator_hours":
        hours = ctx.given(run.accelerator_hours, (*path, name), "accelerator-hours", unit="h")
        return TrainRun(draw, accelerator_hours=hours, residual=_unless_told(draw, residual))
    if name == "days":
        return _days(ctx, run, draw, found, path)
    residual = ctx.default("work_residual")
    if found is None:
        ctx.fail("CC206", "work needs hardware: an accelerator", path)
    if name == "tokens":
        work = _llm(ctx, run, model, found, path)
        return TrainRun(draw, llm=work, residual=residual)
    samples = ctx.given(run.samples, (*path, "samples"), "training samples")
    work_of_sample = dlrm_work(ctx, model, found, path, train=True)
    return TrainRun(draw, dlrm=work_of_sample, train_samples=samples, residual=residual)


def _unless_told(draw: Power[Fact], residual: Fact) -> Fact | None:
    """A power that the user stated leaves no error of ours in hours times power."""
    return None if draw.power_w is not None and draw.power_w.given else residual


def _measured(ctx: Context, run: schema.Run, draw: Power[Fact], path: Path) -> TrainRun[Fact]:
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
    return TrainRun(draw, energy_kwh=energy, energy_boundary=scope)


def _days(
    ctx: Context, run: schema.Run, draw: Power[Fact], found: Device | None, path: Path
) -> TrainRun[Fact]:
    if found is None or found.count is None:
        ctx.fail("CC206", "days need hardware.count, the number of accelerators", (*path, "days"))
    wall = ctx.given(run.days, (*path, "days"), "wall-clock time")
    residual = _unless_told(draw, ctx.default("hours_residual"))
    return TrainRun(draw, accelerators=found.count, wall_hours=wall, residual=residual)


def power(ctx: Context, run: schema.Run, found: Device | None, path: Path) -> Power[Fact]:
    """Power per accelerator: as given, as measured for the device, or from its rating."""
    factor = ctx.either(run.host_power_factor, (*path, "host_power_factor"), "host_power_factor")
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
        return Power(run.power.scope, watts, None, None, factor)
    if found is None:
        return Power("gpu", None, None, None, factor)
    record = found.record
    if found.accelerator is None:
        typical = ctx.needed(record, "typical_power", found.path)
        return Power("node", typical, None, None, None)
    measured = record.fact("train_power", label=f"training power, {record.name}")
    if measured is not None:
        return Power(measured.boundary, measured, None, None, factor)
    if record.id.startswith("google-tpu"):
        ctx.fail(
            "CC304",
            f"no power in training is known for {record.name}; its rating is no guide",
            found.path,
            "give one: train.power: {value: 350 W, scope: it_system}",
        )
    tdp = ctx.needed(record, "tdp", found.path)
    return Power("gpu", None, tdp, ctx.default("device_power_share"), factor)


def _llm(
    ctx: Context, run: schema.Run, model: schema.Model | None, found: Device, path: Path
) -> LlmWork[Fact]:
    tokens = ctx.given(run.tokens, (*path, "tokens"), "training tokens")
    return _llm_work(ctx, run, model, found, tokens, path)


def _llm_work(
    ctx: Context,
    run: schema.Run,
    model: schema.Model | None,
    found: Device,
    tokens: Fact,
    path: Path,
) -> LlmWork[Fact]:
    shaped = shape(ctx, model, path)
    if shaped.kind not in {"llm", "llm_dense", "llm_moe"}:
        ctx.fail("CC306", f"training {shaped.kind} from tokens is not estimated yet", path)
    top = peak(ctx, found, run.precision, path)
    if run.billed_mfu is not None and (run.mfu is not None or run.goodput is not None):
        message = "billed_mfu already holds goodput; give it alone, or mfu and goodput"
        ctx.fail("CC301", message, (*path, "billed_mfu"))
    if run.mfu is not None or run.goodput is not None:
        mfu = ctx.either(run.mfu, (*path, "mfu"), "steady_mfu")
        goodput = ctx.either(run.goodput, (*path, "goodput"), "goodput")
        return LlmWork(shaped.active_params, tokens, top, None, mfu, goodput)
    billed = ctx.either(run.billed_mfu, (*path, "billed_mfu"), "billed_mfu")
    return LlmWork(shaped.active_params, tokens, top, billed, None, None)


def dlrm_work(
    ctx: Context, model: schema.Model | None, found: Device, path: Path, *, train: bool
) -> DlrmWork[Fact]:
    """Work of one sample of a recommendation model on a device."""
    dense, tables, rows, lookups, dim, bytes_ = dlrm_shape(ctx, model, path)
    record = found.record
    passes = "dlrm_train_passes" if train else "dlrm_serve_passes"
    memory_passes = "dlrm_memory_passes" if train else "dlrm_serve_passes"
    return DlrmWork(
        dense_params=dense,
        tables=tables,
        table_rows=rows,
        lookups=lookups,
        embedding_dim=dim,
        embedding_bytes=bytes_,
        compute_passes=ctx.default(passes),
        memory_passes=ctx.default(memory_passes),
        peak_flop_per_s=peak(ctx, found, "bf16" if found.accelerator else "fp32", path),
        matmul_efficiency=ctx.default("matmul_efficiency"),
        bandwidth_gb_per_s=ctx.needed(record, "bandwidth", found.path),
        gather_efficiency=ctx.default("gather_efficiency"),
    )
