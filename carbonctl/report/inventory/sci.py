"""Software Carbon Intensity (ISO/IEC 21031) of serving: grams per functional unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.core.units import g_from_kg
from carbonctl.report.ci.findings import overlay, results
from carbonctl.report.machine import as_json

if TYPE_CHECKING:
    from carbonctl.result.estimate import EstimateResult, Estimates
    from carbonctl.result.node import Metric

_HEAD, _TAIL = ".sci_per_", "_kgco2e"


def as_sci(data: Estimates) -> str:
    """SCI scores of all results, as JSON; null with a reason without a functional unit."""
    return as_json(
        {"schema_version": "1.0", "format": "sci", "scores": list(map(_score, results(data)))}
    )


def _score(result: EstimateResult) -> dict[str, Any]:
    metrics = result["metrics"]
    scored = next((name for name in metrics if _HEAD in name), None)
    if scored is None:
        return _row(result, status=_reason_without_score(metrics))
    phase, _, unit = scored.partition(_HEAD)
    return _row(
        result,
        sci_gco2e=g_from_kg(metrics[scored]["value"]),
        functional_unit=unit.removesuffix(_TAIL),
        functional_units=metrics[f"{phase}.functional_units"]["value"],
        operational_kgco2e=metrics[f"{phase}.operational_location_kgco2e"]["value"],
        embodied_kgco2e=metrics[f"{phase}.sci_embodied_kgco2e"]["value"],
        status="computed",
    )


def _reason_without_score(metrics: dict[str, Metric]) -> str:
    if any(name.endswith(".functional_units") for name in metrics):
        return "hardware is not estimated: add it to the scenario"
    return "no functional unit: the scenario has no serving"


def _row(result: EstimateResult, *, status: str, **known: Any) -> dict[str, Any]:
    empty = dict.fromkeys(
        ("sci_gco2e", "functional_unit", "functional_units", "operational_kgco2e",
         "embodied_kgco2e")
    )  # fmt: skip
    return {
        "name": result["name"],
        **empty,
        **known,
        "formula": "sci_kgco2e",
        "source": "iso-iec-21031-2024",
        "status": status,
    } | overlay(result)
