"""Each section of a scenario as phases of the life."""

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
from carbonctl.scenario.resolve.context import ONE, tried
from carbonctl.scenario.resolve.hardware import machine as machines
from carbonctl.scenario.resolve.hardware.machine_parts import flash_per_gb
from carbonctl.scenario.resolve.recommender import dlrm_work
from carbonctl.scenario.resolve.serving.held_hardware import held_path
from carbonctl.scenario.resolve.site import site
from carbonctl.scenario.resolve.training.ingestion import ingestion
from carbonctl.scenario.resolve.training.measured_power import check_measured_energy
from carbonctl.scenario.resolve.training.training_architecture import architecture
from carbonctl.scenario.resolve.training.training_check import TrainingCheck
from carbonctl.scenario.resolve.training.training_runs import evidence, kind, power, train_run

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
    """All devices that a scenario gives a phase, where it does, and how busy services are."""

    phase: str
    count: Fact
    usual_busy_share: Fact
    path: Path


@record
class Sections:
    """A scenario while its sections are turned into phases."""

    ctx: Context
    scenario: schema.Scenario
    period: Fact
    counted: list[CountedDevices] = field(default_factory=list)
    training_checks: dict[str, TrainingCheck] = field(default_factory=dict)

    def site(self, own: schema.Site | None, path: Path) -> Site[Fact]:
        """A section's own site, else the one at the top."""
        if own is not None or self._other_runs_name("site", path):
            return site(self.ctx, own, (*path, "site"))
        return site(self.ctx, self.scenario.site, ("site",))

    def device(self, own: schema.Hardware | None, path: Path) -> Device:
        """A section's own hardware, else the one at the top."""
        if own is not None or self._other_runs_name("hardware", path):
            return machines.device(self.ctx, own, (*path, "hardware"))
        return machines.device(self.ctx, self.scenario.hardware, ("hardware",))

    def _other_runs_name(self, key: str, path: Path) -> bool:
        """Whether a run is the one that lacks what others name and the top of the file does not."""
        train = self.scenario.train
        if getattr(self.scenario, key) is not None or train is None or "runs" not in path:
            return False
        return any(getattr(run, key) is not None for run in train.runs)

    def hardware(self, found: Device, *, held: bool = False) -> Hardware[Fact]:
        """The machine behind a device, with the rules of sharing it.

        One that is ``held`` for the whole period has no hours that belong to nobody.
        """
        embodied, end = self.scenario.embodied, self.scenario.end_of_life
        if embodied is not None and embodied.parts:
            from carbonctl.scenario.resolve.hardware.bill_of_materials import bill  # noqa: PLC0415 - only for listed parts

            made = bill(self.ctx, embodied, found.per_machine, found.accelerator)
        else:
            made = machines.machine(self.ctx, found, embodied)
        shared = machines.hardware(self.ctx, made, embodied, end)
        if not held:
            return shared
        return replace(shared, allocation_rate=self.ctx.rule("allocation_rate_held"))


def builders(sections: Sections, wanted: list[str]) -> Iterator[Builder]:
    """One function a phase; each fails alone, so that all problems are found."""
    scenario = sections.scenario
    found: list[Iterable[Builder]] = []
    if "data" in wanted and scenario.data is not None:
        found.append(_stored(sections, scenario.data))
    if "train" in wanted and scenario.train is not None:
        found.append(_runs(sections, scenario.train))
    if "experiments" in wanted and scenario.experiments is not None:
        found.append([partial(_experiments, sections, scenario.experiments)])
    if "infer" in wanted and scenario.infer is not None:
        found.append([partial(_infer, sections, scenario.infer)])
    for of_section in found:
        yield from tried(partial(list, of_section)) or ()


def _stored(s: Sections, data: schema.Data) -> Iterator[Builder]:
    yield partial(_data, s, data)
    if data.ingest_servers is not None:
        yield partial(ingestion, s, data)


def _data(s: Sections, data: schema.Data) -> Phase[Fact]:
    ctx, path, disk = s.ctx, ("data",), data.media == "hdd"
    if data.ingest is not None and data.ingest_servers is None:
        reason = "no sourced throughput per server; give data.ingest_servers"
        ctx.not_estimated["data ingestion servers"] = reason
    media = ctx.catalog.record("storage", "hdd-nearline" if disk else "nvme-tlc-2022")
    growth = data.growth
    ratio = hours = None
    if growth is not None:
        ratio = ctx.given(growth.ratio, ("data", "growth", "ratio"), "growth of data")
        hours = ctx.given(growth.per, ("data", "growth", "per"), "time of growth")
    work = Storage(
        data_gb=ctx.given(data.stored, ("data", "stored"), "data stored"),
        replicas=ctx.either(data.replicas, ("data", "replicas"), "replicas"),
        mean_growth=ONE if growth is None else None,
        growth_ratio=ratio,
        growth_hours=hours,
        storage_w_per_gb=ctx.needed(media, "power_per_tb", path, "power per stored byte"),
        storage_kgco2e_per_gb=ctx.needed(media, "embodied_per_tb", path, "drive per stored byte")
        if disk
        else flash_per_gb(ctx, media, path),
        period_hours=s.period,
        lifetime_hours=ctx.default("drive_lifetime"),
    )
    alone = data.ingest_servers is None
    name, label = ("data", "data") if alone else ("data.storage", "data storage")
    return Phase(name, label, "data", "storage", work, s.site(data.site, path), None)


def _experiments(s: Sections, experiments: schema.Experiments) -> Phase[Fact]:
    ctx, train, path = s.ctx, s.scenario.train, ("experiments",)
    own, at = experiments.hardware, path
    if own is None and train is not None and train.hardware is not None:
        own, at = train.hardware, ("train",)
    found = s.device(own, at)
    if experiments.hardware is not None and experiments.hardware.count is not None:
        message = "experiments are charged by their device-hours: this count changes nothing"
        ctx.fail("CC303", message, (*path, "hardware", "count"), "remove it")
    if experiments.site is None and train is not None:
        place = s.site(train.site, ("train",))
    else:
        place = s.site(experiments.site, path)
    work, level = _trials(ctx, experiments, found, path, trained=train is not None)
    hardware = s.hardware(found)
    return Phase("experiments", "experiments", "experiments", level, work, place, hardware)


def _trials(
    ctx: Context, experiments: schema.Experiments, found: Device, path: Path, *, trained: bool
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
        share = ctx.given(experiments.share_of_training, where, "experiments / training")
        return ShareOfTraining(share), "share"
    draw = power(ctx, _bare_run(), found, path)
    if experiments.accelerator_hours is not None:
        where = (*path, "accelerator_hours")
        hours = ctx.given(experiments.accelerator_hours, where, "accelerator-hours", unit="h")
        return TrainRun(draw, MeteredHours(hours)), "hours"
    sizes = experiments.accelerator_days
    if sizes is None or experiments.trials is None:
        hint = "as in experiments: {share_of_training: 50 %}"
        ctx.fail("CC302", "experiments need trials and accelerator_days, or a share", path, hint)
    under = (*path, "accelerator_days")
    trials = TrialSizes(
        trials=ctx.given(experiments.trials, (*path, "trials"), "trials"),
        median_hours=_days(ctx.given(sizes.p50, (*under, "p50"), "median trial")),
        tail_hours=_days(ctx.given(sizes.p99, (*under, "p99"), "99th percentile trial")),
        tail_z=ctx.default("tail_z"),
    )
    return TrainRun(draw, trials), "hours"


def _days(fact: Fact) -> Fact:
    """Device-days as device-hours."""
    ends = (None if end is None else end * HOURS_PER_DAY for end in (fact.low, fact.high))
    low, high = ends
    return replace(fact, value=fact.value * HOURS_PER_DAY, unit="h", low=low, high=high)


def _bare_run() -> schema.Run:
    from carbonctl.scenario.schema.scenario_file import Run  # noqa: PLC0415 - only experiments need it

    return Run()


def _runs(s: Sections, train: schema.Train) -> Iterator[Builder]:
    """One phase a run, then online updates and idle reservation where they are stated."""
    if not train.runs and train.online is not None:
        yield partial(_run, s, train, ("train",), "train.offline", "training offline")
    elif not train.runs:
        yield partial(_run, s, train, ("train",), "train", "training")
    for place, run in enumerate(train.runs):
        yield partial(_one_of, s, train, run, place)
    if train.online is not None:
        yield partial(_online, s, train)
    if train.idle is not None:
        yield partial(_idle, s, train)


def _one_of(s: Sections, train: schema.Train, run: schema.Run, place: int) -> Phase[Fact]:
    """One of several runs."""
    name = run.name or str(place + 1)
    path: Path = ("train", "runs", place)
    return _run(s, _inherit(train, run), path, f"train.{name}", f"training {name}")


def _inherit(train: schema.Train, run: schema.Run) -> schema.Run:
    """A run, with what the training section says for all of its runs."""
    shared = {
        name: getattr(train, name)
        for name in type(run).model_fields
        if name in train.model_fields_set and name not in run.model_fields_set
    }
    return run.model_copy(update=shared)


def _run(s: Sections, run: schema.Run, path: Path, phase_id: str, label: str) -> Phase[Fact]:
    ctx = s.ctx
    name = evidence(ctx, run, path)
    if run.federated is not None:
        from carbonctl.scenario.resolve.training.federated import federated  # noqa: PLC0415 - only if asked

        made, home = federated(ctx, run.federated, s.site(run.site, path), path)
        _no_pue(s, run, path)
        return Phase(phase_id, label, "train", kind(name), made, home, None, "federated")
    found = None
    if (run.hardware or s.scenario.hardware) is not None or name != "energy":
        found = s.device(run.hardware, path)
    work = train_run(ctx, run, run.model or s.scenario.model, found, path)
    if run.every is not None:
        cadence = ctx.given(run.every, (*path, "every"), "cadence")
        work = replace(work, cadence=Cadence(s.period, cadence))
    place = s.site(run.site, path)
    _check_pue(s, run, path)
    hardware = s.hardware(found) if found is not None else None
    life = hardware.lifetime_hours if hardware is not None else ctx.default("lifetime")
    check_measured_energy(ctx, run, work, found, place, path)
    s.training_checks[phase_id] = TrainingCheck(run, life, path)
    trained = architecture(ctx, run, run.model or s.scenario.model)
    return Phase(phase_id, label, "train", kind(name), work, place, hardware, trained)


def _no_pue(s: Sections, run: schema.Run, path: Path) -> None:
    """A problem where the site of a federated run states a PUE, which homes do not have."""
    own = run.site is not None and run.site.pue is not None
    section = run.site or s.scenario.site
    if section is not None and section.pue is not None:
        where = (*path, "site", "pue") if own else ("site", "pue")
        message = "pue changes nothing of a federated run: homes have none"
        s.ctx.fail("CC303", message, where, "leave it out")


def _check_pue(s: Sections, run: schema.Run, path: Path) -> None:
    """PUE is applied once: watts at the meter hold it, and say so."""
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


def _online(s: Sections, train: schema.Train) -> Phase[Fact]:
    assert train.online is not None  # noqa: S101 - the caller looked
    ctx, path = s.ctx, ("train", "online")
    found = s.device(train.hardware, ("train",))
    work = TrainRun(
        power(ctx, _bare_run(), found, ("train",)),
        RecommendationWork(
            dlrm_work(ctx, train.model or s.scenario.model, found, ("train",), train=True),
            ctx.given(train.online.samples, (*path, "samples"), "samples per update"),
        ),
        Corrections(residual=ctx.default("hours_residual")),
        cadence=Cadence(
            s.period, ctx.given(train.online.every, (*path, "every"), "cadence of updates")
        ),
    )
    place, hardware = s.site(train.site, ("train",)), s.hardware(found)
    return Phase("train.online", "training online", "train", "work", work, place, hardware, "dlrm")


def _idle(s: Sections, train: schema.Train) -> Phase[Fact]:
    assert train.idle is not None  # noqa: S101 - the caller looked
    ctx, path = s.ctx, ("train", "idle", "energy")
    given = train.idle.energy
    if not given.scope:
        hint = "as in energy: {value: 257 MWh, scope: it_system}"
        ctx.fail("CC206", "a measured energy needs its boundary", path, hint)
    draw: Power[Fact] = Power("it_system", None, None, None, ctx.default("host_power_factor"))
    energy = ctx.given(given, path, "idle energy")
    work = TrainRun(draw, MeteredEnergy(energy, given.scope))
    place = s.site(train.site, ("train",))
    return Phase("idle", "training, idle", "idle", "energy", work, place, None)


def _infer(s: Sections, infer: schema.Infer) -> Phase[Fact]:
    from carbonctl.scenario.resolve.serving.services import serving  # noqa: PLC0415 - only to serve

    path: Path = ("infer",)
    found = s.device(infer.hardware, path)
    model = infer.model or s.scenario.model
    held = held_path(s.scenario) is not None
    work, level = serving(s.ctx, infer, model, found, s.period, path, held=held)
    place, hardware = s.site(infer.site, path), s.hardware(found, held=held)
    if found.count is not None:
        s.counted.append(
            CountedDevices("infer", found.count, s.ctx.default("busy_share"), found.path)
        )
    return Phase("infer", "serving", "infer", level, work, place, hardware)
