"""Model, hardware, site and allocation rule that each phase is charged for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from carbonctl.catalog.model_kinds import model_kind
from carbonctl.core.record import value_record
from carbonctl.report.numbers import format_quantity
from carbonctl.scenario.resolve.hardware.accelerator_counts import format_hardware
from carbonctl.scenario.resolve.serving.dedicated_hardware import dedicated_hardware_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.catalog.read import Catalog
    from carbonctl.estimate.inputs import Phase
    from carbonctl.result.estimate import ChargedPhase, ChargeRule, Operator
    from carbonctl.scenario.resolve.resolve_scenario import ResolvedScenario
    from carbonctl.scenario.schema import scenario_file as schema

_GPU_VENDORS = ("nvidia-", "amd-", "intel-")
_KINDS = ("experiments", "train", "infer", "data", "idle")
_ACTIVITY = {"train": "training", "infer": "serving", "idle": "training"}


@value_record
class PhaseCharge:
    """One phase with its model, hardware and site in words.

    ``rule`` is ``held`` (all devices for the whole period, or a stated share of a fleet) or ``by
    need`` for serving, and empty for other phases. ``count`` is the number of devices in the
    scenario.
    """

    phase: str
    kind: str
    model: str
    hardware: str
    devices: str
    site: str
    operator: str
    count: float | None = None
    rule: str = ""

    def as_dict(self) -> ChargedPhase:
        """The charge as JSON data; missing values are null."""
        return {
            "phase": self.phase,
            "model": self.model or None,
            "hardware": self.hardware or None,
            "devices": self.devices or None,
            "site": self.site,
            "operator": cast("Operator", self.operator),
            "count": self.count,
            "rule": cast("ChargeRule", self.rule) if self.rule else None,
        }


def phase_charges(resolved: ResolvedScenario, catalog: Catalog) -> list[PhaseCharge]:
    """The charge of every estimated phase."""
    return [_phase_charge(phase, resolved.scenario, catalog) for phase in resolved.inputs.phases]


def _phase_charge(phase: Phase[Any], scenario: schema.Scenario, catalog: Catalog) -> PhaseCharge:
    owners = _sections_of_phase(phase.id, scenario)
    named = next((o.hardware for o in owners if getattr(o, "hardware", None)), None)
    model = next((o.model for o in owners if getattr(o, "model", None)), None)
    if phase.kind in ("data", "idle") or (phase.hardware is None and phase.kind != "infer"):
        named = None
    if phase.kind == "data":
        model = None
    words = format_hardware(catalog, named) if named is not None else ""
    count = named.count.value if named is not None and named.count is not None else None
    rule = ""
    if phase.kind == "infer":
        shared_out = scenario.infer is not None and scenario.infer.fleet_share is not None
        rule = "held" if shared_out or dedicated_hardware_path(scenario) is not None else "by need"
    given = any(getattr(o, "site", None) and o.site.grid is not None for o in owners[:1])
    place = phase.site.name
    if given and place != "a given grid":
        place += ", grid as given"
    noun = _device_noun(catalog, named) if named is not None else ""
    return PhaseCharge(
        phase.id,
        phase.kind,
        _model_text(model),
        words,
        noun,
        place,
        _operator(phase, owners, named),
        count,
        rule,
    )


def _operator(phase: Phase[Any], owners: list[Any], hardware: schema.Hardware | None) -> str:
    """Operator of the hardware: as stated, else cloud for an instance, else that of the site."""
    sites = [owner.site for owner in owners if getattr(owner, "site", None) is not None]
    stated = sites[0].operator if sites else None
    if stated is None and hardware is not None and hardware.instance is not None:
        return "cloud"
    return phase.site.operator


def _device_noun(catalog: Catalog, hardware: schema.Hardware) -> str:
    """The unit of a hardware count: GPUs, accelerators, servers or devices."""
    if hardware.accelerator is not None:
        device = catalog.record("accelerators", hardware.accelerator).id
    elif hardware.server is not None:
        device = catalog.record("servers", hardware.server).text("accelerator")
    else:
        return "devices"
    if not device:
        return "servers"
    return "GPUs" if device.startswith(_GPU_VENDORS) else "accelerators"


def _sections_of_phase(phase_id: str, scenario: schema.Scenario) -> list[Any]:
    """Sections of the scenario that apply to a phase, the most specific first."""
    root, _, name = phase_id.partition(".")
    root = "train" if root == "idle" else root
    section = getattr(scenario, root, None)
    owners = [section] if section is not None else []
    if root == "train" and section is not None:
        runs = {run.name or str(n + 1): run for n, run in enumerate(section.runs)}
        owners = [runs[name], *owners] if name in runs else owners
    if root == "experiments" and scenario.train is not None:
        owners.append(scenario.train)
    return [*owners, scenario]


def result_title(resolved: ResolvedScenario, every: list[PhaseCharge]) -> str:
    """Title of a result: name, model, hardware and site of its phases."""
    name = f"{resolved.scenario.name}: " if resolved.scenario.name else ""
    phases = [one for one in every if one.kind not in ("data", "idle")] or every
    models = {
        kind: _common_text(one.model for one in phases if one.kind == kind) for kind in _KINDS
    }
    model = _common_text(
        text for kind, text in models.items() if any(p.kind == kind for p in phases)
    )
    uses: dict[str, list[str]] = {}
    for one in phases:
        own = "" if model else models.get(one.kind, "")
        kinds = uses.setdefault(_describe_use(own, one.hardware, one.site), [])
        if one.kind not in kinds:
            kinds.append(one.kind)
    if len(uses) == 1:
        bare = not (name or model or phases[0].hardware)
        verb = _ACTIVITY.get(phases[0].kind, phases[0].kind) if bare else model
        return name + _describe_use(verb, phases[0].hardware, phases[0].site)
    parts = [
        f"{', '.join(_ACTIVITY.get(k, k) for k in kinds)}: {use}" for use, kinds in uses.items()
    ]
    return f"{name}{model}{', ' if model else ''}{'; '.join(parts)}"


def _common_text(texts: Iterable[str]) -> str:
    """The text that all of them equal; empty if they differ."""
    found = list(dict.fromkeys(texts))
    return found[0] if len(found) == 1 else ""


def _describe_use(model: str, hardware: str, site: str) -> str:
    what = ", ".join(text for text in (model, hardware) if text)
    return f"{what} in {site}".strip()


def _model_text(model: schema.Model | None) -> str:
    if model is None:
        return ""
    if model.id is not None:
        return model.id
    if model.params is not None:
        return f"{format_quantity(model.params.value, '1')} {model_kind(model.kind).label}"
    return model_kind("dlrm").label
