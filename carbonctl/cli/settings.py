"""Conversion of the flags of a command into settings of a scenario: path and value."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carbonctl.catalog.instances import find_instance, list_instances
from carbonctl.catalog.read import AmbiguousName, UnknownName
from carbonctl.core.errors import UsageError
from carbonctl.core.units import UnitError, parse_number
from carbonctl.scenario.read.read_scenario import Setting, parse_sets
from carbonctl.scenario.resolve.hardware.accelerator_counts import accelerators_in, is_server

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.cli.options import ScenarioOptions

# field of ScenarioOptions -> flag, path in the scenario
_PATH_OF_OPTION = {
    "subject": ("--subject", "embodied.subject"),
    "device": ("--device", "embodied.device"),
    "model": ("--model", "model"),
    "params": ("--params", "model.params"),
    "active_params": ("--active-params", "model.active_params"),
    "region": ("--region", "site.region"),
    "grid": ("--grid", "site.grid"),
    "pue": ("--pue", "site.pue"),
    "contracted_clean": ("--contracted-clean", "site.contracted_clean"),
    "period": ("--period", "period"),
    "accelerator_hours": ("--accelerator-hours", "train.accelerator_hours"),
    "train_tokens": ("--train-tokens", "train.tokens"),
    "train_samples": ("--train-samples", "train.samples"),
    "mfu": ("--mfu", "train.mfu"),
    "requests": ("--requests", "infer.requests"),
    "images": ("--images", "infer.images"),
    "videos": ("--videos", "infer.videos"),
    "items": ("--items", "infer.items"),
    "latency": ("--latency", "infer.latency.itl"),
    "tensor_parallel": ("--tensor-parallel", "infer.tensor_parallel"),
    "data_parallel": ("--data-parallel", "infer.data_parallel"),
    "expert_parallel": ("--expert-parallel", "infer.expert_parallel"),
    "concurrency": ("--concurrency", "infer.concurrency"),
    "precision": ("--precision", "infer.precision"),
    "runtime": ("--runtime", "infer.runtime"),
    "accounting": ("--accounting", "accounting"),
    "performance": ("--performance", "refresh.performance"),
    "horizon": ("--horizon", "refresh.horizon"),
    "growth": ("--growth", "refresh.demand_growth"),
}
_COUNTED_OPTIONS = {
    "gpu": ("--gpu", "accelerator"),
    "server": ("--server", "server"),
    "instance": ("--instance", "instance"),
}


def settings_from_options(options: ScenarioOptions, catalog: Catalog) -> list[Setting]:
    """Settings of a scenario from the flags of a command, ``--set`` last."""
    found_settings = [
        Setting(path, value, flag, applies_to_phases=True)
        for name, (flag, path) in _PATH_OF_OPTION.items()
        if (value := getattr(options, name)) is not None
    ]
    found_settings += _hardware_settings(options, catalog)
    if options.shared:
        found_settings.append(Setting("infer.shared", True, "--shared"))
    for side, text in (("old", options.old), ("new", options.new)):
        if text is not None:
            found_settings += _replacement_settings(side, text, catalog)
    if options.days is not None:
        found_settings.append(
            Setting("train.days", _with_unit(options.days, "d"), "--days", applies_to_phases=True)
        )
    if options.hours is not None:
        if options.days is not None:
            message = "--days and --hours both give the duration of training"
            raise UsageError(message, "give one of the two")
        found_settings.append(
            Setting("train.days", _with_unit(options.hours, "h"), "--hours", applies_to_phases=True)
        )
    if options.lora:
        found_settings.append(Setting("train.method", "lora", "--lora", applies_to_phases=True))
    if options.energy is not None:
        value, _, scope = options.energy.partition(":")
        measured = {"value": value, "scope": scope} if scope else value
        found_settings.append(Setting("train.energy", measured, "--energy", applies_to_phases=True))
    if options.tokens is not None:
        found_settings += _token_settings(options.tokens)
    return [*found_settings, *parse_sets(options.sets or ())]


def _hardware_settings(options: ScenarioOptions, catalog: Catalog) -> list[Setting]:
    """One setting with all hardware of the flags: it replaces the hardware of the file."""
    values: dict[str, tuple[Any, str]] = {}
    for name, (flag, key) in _COUNTED_OPTIONS.items():
        text: str | None = getattr(options, name)
        if text is None:
            continue
        for setting in _name_and_count(flag, key, text, catalog):
            _, _, place = setting.path.partition(".")
            if place in values:
                message = f"{values[place][1]} and {flag} both give a count"
                raise UsageError(message, "give it once")
            values[place] = (setting.value, flag)
    flag = next((flag for _, flag in values.values()), "")
    return [Setting("hardware", values, flag, applies_to_phases=True)] if values else []


def _name_and_count(flag: str, key: str, text: str, catalog: Catalog) -> list[Setting]:
    """Settings of ``NAME:COUNT``; a flag counts machines, the scenario accelerators."""
    name, colon, count = text.rpartition(":")
    if not colon or (key == "instance" and _is_instance(text, catalog)):
        return [Setting(f"hardware.{key}", text, flag)]
    devices = _count_devices(count, accelerators_in(catalog, key, name))
    return [Setting(f"hardware.{key}", name, flag), Setting("hardware.count", devices, flag)]


def _replacement_settings(side: str, text: str, catalog: Catalog) -> list[Setting]:
    """Settings of one side of a replacement: a server, else an accelerator, with its count."""
    name = text.rpartition(":")[0] or text
    key = "server" if is_server(catalog, name) else "accelerator"
    made = _name_and_count(f"--{side}", key, text, catalog)
    return [replace(s, path=s.path.replace("hardware", f"refresh.{side}", 1)) for s in made]


def _is_instance(text: str, catalog: Catalog) -> bool:
    """Whether a text is an instance without a count, such as ``aws:p5.48xlarge``."""
    try:
        find_instance(catalog, text)
    except UnknownName:
        head = text.rpartition(":")[0]
        return any(head == row["provider"] for row in list_instances(catalog))
    except AmbiguousName:
        pass
    return True


def _count_devices(count: str, each: float) -> str:
    """Number of accelerators in ``count`` machines; an invalid count is returned unchanged."""
    try:
        machines = parse_number(count)
    except UnitError:
        return count
    return count if each == 1 or machines <= 0 else f"{machines * each:.12g}"


def _with_unit(text: str, unit: str) -> str:
    """A duration with a unit: ``10`` becomes ``10 d``, ``10 h`` stays."""
    return f"{text} {unit}" if text.replace(".", "", 1).isdigit() else text


def _token_settings(text: str) -> list[Setting]:
    """Settings of ``PROMPT:OUTPUT`` tokens; an encoder has no output."""
    prompt, colon, output = text.partition(":")
    made = [Setting("infer.prompt_tokens", prompt, "--tokens")]
    return [*made, Setting("infer.output_tokens", output, "--tokens")] if colon else made
