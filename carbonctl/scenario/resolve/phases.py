"""Resolve each section of a scenario to phases of the life cycle."""

from __future__ import annotations

from dataclasses import field, replace
from functools import partial
from typing import TYPE_CHECKING

from carbonctl.core.record import record
from carbonctl.core.units import HOURS_PER_DAY
from carbonctl.estimate.inputs import Phase, Power, ShareOfTraining, Storage
from carbonctl.estimate.training.training_run import (
    Cadence,
    Corrections,
    MeteredEnergy,
    MeteredHours,
    RecommendationWork,
    TrainRun,
)
from carbonctl.estimate.training.training_run import Trials as TrialSizes
from carbonctl.scenario.resolve.context import ONE, attempt
from carbonctl.scenario.resolve.hardware.machine import (
    resolve_device,
    resolve_hardware,
    resolve_machine,
)
from carbonctl.scenario.resolve.hardware.machine_parts import flash_per_gb
from carbonctl.scenario.resolve.recommender import dlrm_work
from carbonctl.scenario.resolve.serving.dedicated_hardware import dedicated_hardware_path
from carbonctl.scenario.resolve.site import resolve_site
from carbonctl.scenario.resolve.training.ingestion import ingestion_phase
from carbonctl.scenario.resolve.training.measured_power import check_measured_energy
from carbonctl.scenario.resolve.training.training_architecture import find_architecture
from carbonctl.scenario.resolve.training.training_check import TrainingCheck
from carbonctl.scenario.resolve.training.training_runs import (
    evidence_level,
    find_evidence,
    resolve_power,
    resolve_train_run,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.embodied.bom import Hardware
    from carbonctl.estimate.inputs import Evidence, Site
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema

    Builder = Callable[[], Phase[Fact]]


@record
class CountedDevices:
    """A stated count of devices of a phase, and the busy share that services have by default."""

    phase: str
    count: Fact
    default_busy_share: Fact
    path: Path


@record
class PhaseContext:
    """What phases are resolved from: the scenario, its period, and what is noted on the way."""

    ctx: Context
    scenario: schema.Scenario
    period: Fact
    counted: list[CountedDevices] = field(default_factory=list)
    training_checks: dict[str, TrainingCheck] = field(default_factory=dict)

    def find_site(self, own: schema.Site | None, path: Path) -> Site[Fact]:
        """Facts of a section's own site, else of the site at the top of the file."""
        if own is not None or self._is_missing_in_run("site", path):
            return resolve_site(self.ctx, own, (*path, "site"))
        return resolve_site(self.ctx, self.scenario.site, ("site",))

    def find_device(self, own: schema.Hardware | None, path: Path) -> Device:
        """Device of a section's own hardware, else of the hardware at the top of the file."""
        if own is not None or self._is_missing_in_run("hardware", path):
            return resolve_device(self.ctx, own, (*path, "hardware"))
        return resolve_device(self.ctx, self.scenario.hardware, ("hardware",))

    def _is_missing_in_run(self, key: str, path: Path) -> bool:
        """Whether a run lacks a key that other runs state and the top of the file does not."""
        train = self.scenario.train
        if getattr(self.scenario, key) is not None or train is None or "runs" not in path:
            return False
        return any(getattr(run, key) is not None for run in train.runs)

    def find_hardware(self, device: Device, *, is_dedicated: bool = False) -> Hardware[Fact]:
        """The machine that holds a device, with the rules that allocate its embodied carbon.

        Where it ``is_dedicated`` to a service for the whole period, no idle hours are unallocated.
        """
        embodied, end = self.scenario.embodied, self.scenario.end_of_life
        if embodied is not None and embodied.parts:
            from carbonctl.scenario.resolve.hardware.bill_of_materials import resolve_bill

            made = resolve_bill(self.ctx, embodied, device.per_machine, device.accelerator)
        else:
            made = resolve_machine(self.ctx, device, embodied)
        shared = resolve_hardware(self.ctx, made, embodied, end)
        if not is_dedicated:
            return shared
        return replace(shared, allocation_rate=self.ctx.rule("allocation_rate_held"))


def phase_builders(context: PhaseContext, phase_names: list[str]) -> Iterator[Builder]:
    """One function for each phase; each may fail alone, so that all problems are found."""
    scenario = context.scenario
    groups: list[Iterable[Builder]] = []
    if "data" in phase_names and scenario.data is not None:
        groups.append(_storage_builders(context, scenario.data))
    if "train" in phase_names and scenario.train is not None:
        groups.append(_training_builders(context, scenario.train))
    if "experiments" in phase_names and scenario.experiments is not None:
        groups.append([partial(_experiments_phase, context, scenario.experiments)])
    if "infer" in phase_names and scenario.infer is not None:
        groups.append([partial(_serving_phase, context, scenario.infer)])
    for group in groups:
        yield from attempt(partial(list, group)) or ()


def _storage_builders(s: PhaseContext, data: schema.Data) -> Iterator[Builder]:
    yield partial(_storage_phase, s, data)
    if data.ingest_servers is not None:
        yield partial(ingestion_phase, s, data)


def _storage_phase(s: PhaseContext, data: schema.Data) -> Phase[Fact]:
    ctx, path, disk = s.ctx, ("data",), data.media == "hdd"
    if data.ingest is not None and data.ingest_servers is None:
        reason = "no sourced throughput per server; give data.ingest_servers"
        ctx.not_estimated["data ingestion servers"] = reason
    media = ctx.catalog.record("storage", "hdd-nearline" if disk else "nvme-tlc-2022")
    growth = data.growth
    ratio = hours = None
    if growth is not None:
        ratio = ctx.stated_fact(growth.ratio, ("data", "growth", "ratio"), "growth of data")
        hours = ctx.stated_fact(growth.per, ("data", "growth", "per"), "time of growth")
    work = Storage(
        data_gb=ctx.stated_fact(data.stored, ("data", "stored"), "data stored"),
        replicas=ctx.stated_or_default(data.replicas, ("data", "replicas"), "replicas"),
        mean_growth=ONE if growth is None else None,
        growth_ratio=ratio,
        growth_hours=hours,
        storage_w_per_gb=ctx.required_fact(media, "power_per_tb", path, "power per stored byte"),
        storage_kgco2e_per_gb=ctx.required_fact(
            media, "embodied_per_tb", path, "drive per stored byte"
        )
        if disk
        else flash_per_gb(ctx, media, path),
        period_hours=s.period,
        lifetime_hours=ctx.default("drive_lifetime"),
    )
    alone = data.ingest_servers is None
    name, label = ("data", "data") if alone else ("data.storage", "data storage")
    return Phase(name, label, "data", "storage", work, s.find_site(data.site, path), None)


def _experiments_phase(s: PhaseContext, experiments: schema.Experiments) -> Phase[Fact]:
    ctx, train, path = s.ctx, s.scenario.train, ("experiments",)
    own, at = experiments.hardware, path
    if own is None and train is not None and train.hardware is not None:
        own, at = train.hardware, ("train",)
    device = s.find_device(own, at)
    if experiments.hardware is not None and experiments.hardware.count is not None:
        message = "experiments are charged by their device-hours: this count has no effect"
        ctx.fail("CC303", message, (*path, "hardware", "count"), "remove it")
    if experiments.site is None and train is not None:
        place = s.find_site(train.site, ("train",))
    else:
        place = s.find_site(experiments.site, path)
    work, level = _experiment_work(ctx, experiments, device, path, trained=train is not None)
    hardware = s.find_hardware(device)
    return Phase("experiments", "experiments", "experiments", level, work, place, hardware)


def _experiment_work(
    ctx: Context, experiments: schema.Experiments, device: Device, path: Path, *, trained: bool
) -> tuple[TrainRun[Fact] | ShareOfTraining[Fact], Evidence]:
    ways = [
        name
        for name in ("share_of_training", "accelerator_hours", "accelerator_days")
        if getattr(experiments, name) is not None
    ]
    if len(ways) > 1:
        message = f"two kinds of evidence: {ways[0]} and {ways[1]}"
        ctx.fail("CC301", message, (*path, ways[1]), "keep one")
    if experiments.share_of_training is not None:
        if not trained:
            ctx.fail("CC302", "a share of training needs a train section", path, absent=True)
        where = (*path, "share_of_training")
        share = ctx.stated_fact(experiments.share_of_training, where, "experiments / training")
        return ShareOfTraining(share), "share"
    draw = resolve_power(ctx, _empty_run(), device, path)
    if experiments.accelerator_hours is not None:
        where = (*path, "accelerator_hours")
        hours = ctx.stated_fact(experiments.accelerator_hours, where, "accelerator-hours", unit="h")
        return TrainRun(draw, MeteredHours(hours)), "hours"
    sizes = experiments.accelerator_days
    if sizes is None or experiments.trials is None:
        hint = "as in experiments: {share_of_training: 50 %}"
        ctx.fail("CC302", "experiments need trials and accelerator_days, or a share", path, hint)
    under = (*path, "accelerator_days")
    trials = TrialSizes(
        trials=ctx.stated_fact(experiments.trials, (*path, "trials"), "trials"),
        median_hours=_hours_from_days(ctx.stated_fact(sizes.p50, (*under, "p50"), "median trial")),
        tail_hours=_hours_from_days(
            ctx.stated_fact(sizes.p99, (*under, "p99"), "99th percentile trial")
        ),
        tail_z=ctx.default("tail_z"),
    )
    return TrainRun(draw, trials), "hours"


def _hours_from_days(fact: Fact) -> Fact:
    """The same time, from device-days to device-hours."""
    ends = (None if end is None else end * HOURS_PER_DAY for end in (fact.low, fact.high))
    low, high = ends
    return replace(fact, value=fact.value * HOURS_PER_DAY, unit="h", low=low, high=high)


def _empty_run() -> schema.Run:
    from carbonctl.scenario.schema.scenario_file import Run

    return Run()


def _training_builders(s: PhaseContext, train: schema.Train) -> Iterator[Builder]:
    """Builders of one phase per run, then of online updates and idle energy where stated."""
    if not train.runs and train.online is not None:
        yield partial(_run_phase, s, train, ("train",), "train.offline", "training offline")
    elif not train.runs:
        yield partial(_run_phase, s, train, ("train",), "train", "training")
    for place, run in enumerate(train.runs):
        yield partial(_listed_run_phase, s, train, run, place)
    if train.online is not None:
        yield partial(_online_phase, s, train)
    if train.idle is not None:
        yield partial(_idle_phase, s, train)


def _listed_run_phase(
    s: PhaseContext, train: schema.Train, run: schema.Run, place: int
) -> Phase[Fact]:
    """Phase of one entry of ``train.runs``."""
    name = run.name or str(place + 1)
    path: Path = ("train", "runs", place)
    return _run_phase(s, _with_shared_keys(train, run), path, f"train.{name}", f"training {name}")


def _with_shared_keys(train: schema.Train, run: schema.Run) -> schema.Run:
    """A run with the keys that the training section states for all of its runs."""
    shared = {
        name: getattr(train, name)
        for name in type(run).model_fields
        if name in train.model_fields_set and name not in run.model_fields_set
    }
    return run.model_copy(update=shared)


def _run_phase(
    s: PhaseContext, run: schema.Run, path: Path, phase_id: str, label: str
) -> Phase[Fact]:
    ctx = s.ctx
    name = find_evidence(ctx, run, path)
    if run.federated is not None:
        from carbonctl.scenario.resolve.training.federated import resolve_federated

        made, home = resolve_federated(ctx, run.federated, s.find_site(run.site, path), path)
        _check_no_pue(s, run, path)
        return Phase(phase_id, label, "train", evidence_level(name), made, home, None, "federated")
    device = None
    if (run.hardware or s.scenario.hardware) is not None or name != "energy":
        device = s.find_device(run.hardware, path)
    work = resolve_train_run(ctx, run, run.model or s.scenario.model, device, path)
    if run.every is not None:
        cadence = ctx.stated_fact(run.every, (*path, "every"), "cadence")
        work = replace(work, cadence=Cadence(s.period, cadence))
    place = s.find_site(run.site, path)
    _check_pue(s, run, path)
    hardware = s.find_hardware(device) if device is not None else None
    life = hardware.lifetime_hours if hardware is not None else ctx.default("lifetime")
    check_measured_energy(ctx, run, work, device, place, path)
    s.training_checks[phase_id] = TrainingCheck(run, life, path)
    trained = find_architecture(ctx, run, run.model or s.scenario.model)
    return Phase(phase_id, label, "train", evidence_level(name), work, place, hardware, trained)


def _check_no_pue(s: PhaseContext, run: schema.Run, path: Path) -> None:
    """Report a PUE stated for a federated run, whose devices are in homes."""
    own = run.site is not None and run.site.pue is not None
    section = run.site or s.scenario.site
    if section is not None and section.pue is not None:
        where = (*path, "site", "pue") if own else ("site", "pue")
        message = "pue has no effect on a federated run: homes have no PUE"
        s.ctx.fail("CC303", message, where, "leave it out")


def _check_pue(s: PhaseContext, run: schema.Run, path: Path) -> None:
    """Check that PUE is applied once: power at the facility meter includes it."""
    section = run.site or s.scenario.site
    if section is None or section.pue is None:
        return
    at_meter = run.power is not None and run.power.scope == "facility"
    at_meter = at_meter or (run.energy is not None and run.energy.scope == "facility")
    if section.pue == "included" and not at_meter:
        message = "pue: included needs a power or an energy with scope: facility"
        own = run.site is not None and run.site.pue is not None
        where = (*path, "site", "pue") if own else ("site", "pue")
        s.ctx.fail("CC303", message, where, "or give the site's PUE")
    if section.pue != "included" and at_meter:
        message = "PUE is not applied: the evidence is stated at the facility meter"
        s.ctx.warn("CC303", message, ("site", "pue"))


def _online_phase(s: PhaseContext, train: schema.Train) -> Phase[Fact]:
    assert train.online is not None  # noqa: S101 - checked by the caller
    ctx, path = s.ctx, ("train", "online")
    device = s.find_device(train.hardware, ("train",))
    work = TrainRun(
        resolve_power(ctx, _empty_run(), device, ("train",)),
        RecommendationWork(
            dlrm_work(ctx, train.model or s.scenario.model, device, ("train",), train=True),
            ctx.stated_fact(train.online.samples, (*path, "samples"), "samples per update"),
        ),
        Corrections(residual=ctx.default("hours_residual")),
        cadence=Cadence(
            s.period, ctx.stated_fact(train.online.every, (*path, "every"), "cadence of updates")
        ),
    )
    place, hardware = s.find_site(train.site, ("train",)), s.find_hardware(device)
    return Phase("train.online", "training online", "train", "work", work, place, hardware, "dlrm")


def _idle_phase(s: PhaseContext, train: schema.Train) -> Phase[Fact]:
    assert train.idle is not None  # noqa: S101 - checked by the caller
    ctx, path = s.ctx, ("train", "idle", "energy")
    given = train.idle.energy
    if not given.scope:
        hint = "as in energy: {value: 257 MWh, scope: it_system}"
        ctx.fail("CC206", "a measured energy needs its boundary", path, hint)
    draw: Power[Fact] = Power("it_system", None, None, None, ctx.default("host_power_factor"))
    energy = ctx.stated_fact(given, path, "idle energy")
    work = TrainRun(draw, MeteredEnergy(energy, given.scope))
    place = s.find_site(train.site, ("train",))
    return Phase("idle", "training, idle", "idle", "energy", work, place, None)


def _serving_phase(s: PhaseContext, infer: schema.Infer) -> Phase[Fact]:
    from carbonctl.scenario.resolve.serving.services import serving

    path: Path = ("infer",)
    device = s.find_device(infer.hardware, path)
    model = infer.model or s.scenario.model
    is_dedicated = dedicated_hardware_path(s.scenario) is not None
    work, level = serving(s.ctx, infer, model, device, s.period, path, is_dedicated=is_dedicated)
    place, hardware = (
        s.find_site(infer.site, path),
        s.find_hardware(device, is_dedicated=is_dedicated),
    )
    if device.count is not None:
        s.counted.append(
            CountedDevices("infer", device.count, s.ctx.default("busy_share"), device.path)
        )
    return Phase("infer", "serving", "infer", level, work, place, hardware)
