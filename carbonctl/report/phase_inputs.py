"""Site, hardware and operator of each phase of a result, as given in its scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from carbonctl.result.estimate import EstimateResult
    from carbonctl.result.node import Line


def given_scenario(result: EstimateResult) -> dict[str, Any]:
    """The scenario of a result; empty if the result does not contain it."""
    return _mapping_or_empty(_mapping_or_empty(result.get("inputs")).get("scenario"))


def section_of_phase(result: EstimateResult, phase: str, name: str) -> dict[str, Any]:
    """``site`` or ``hardware`` of a phase: its own section, else that of the whole scenario."""
    scenario = given_scenario(result)
    root, *run = phase.split(".")
    own = _mapping_or_empty(scenario.get(root))
    runs = own.get("runs")
    named = (
        [r for r in runs if _mapping_or_empty(r).get("name") in run]
        if isinstance(runs, list)
        else []
    )
    for place in (*named, own, scenario):
        if found := _mapping_or_empty(_mapping_or_empty(place).get(name)):
            return found
    return {}


def _mapping_or_empty(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def operator_of_phase(result: EstimateResult, phase: str) -> str:
    """Operator of the hardware of a phase: ``own``, ``colocation`` or ``cloud``."""
    stated = {one["phase"]: one["operator"] for one in result.get("charged", ())}
    if phase in stated:
        return str(stated[phase])
    return "cloud" if _is_cloud_region(result, phase) else "own"


def _is_cloud_region(result: EstimateResult, phase: str) -> bool:
    """Whether a phase ran in a cloud, for results of older versions."""
    region = str(section_of_phase(result, phase, "site").get("region", ""))
    by_provider = ":" in region and not region.startswith("egrid")  # aws:us-east-1, not egrid:SRVC
    return by_provider or "instance" in section_of_phase(result, phase, "hardware")


def phase_lines(result: EstimateResult) -> Iterator[Line]:
    """Lines of single phases; parts of one phase stay together."""
    for line in result["breakdown"]:
        for child in line["children"] or [line]:
            yield line if _is_part(child, line) else child
            if _is_part(child, line):
                break


def _is_part(child: Line, line: Line) -> bool:
    """Whether a child is a part of the phase of its line, such as useful and lost work."""
    return phase_of(child) == phase_of(line)


def phase_of(node: Mapping[str, Any]) -> str:
    """The phase of a line: its id without the quantity."""
    phase: str = node["id"].rpartition(".")[0]
    return phase
