"""Software Carbon Intensity (ISO/IEC 21031) of what is served: grams for one functional unit."""

from __future__ import annotations

from typing import Any

from carbonctl.core.units import g_from_kg
from carbonctl.formulas.carbon_metrics import reserved_kgco2e, sci_kgco2e
from carbonctl.report.findings import results
from carbonctl.report.machine import as_json

_STANDARD = "iso-iec-21031-2024"
_HARDWARE = ("manufacturing", "transport", "end_of_life")


def as_sci(data: dict[str, Any]) -> str:
    """The score of every result; null with the reason where no functional unit is declared."""
    return as_json(
        {"schema_version": "1.0", "format": "sci", "scores": list(map(_score, results(data)))}
    )


def _score(result: dict[str, Any]) -> dict[str, Any]:
    score: dict[str, Any] = {
        "name": result["name"],
        "sci_gco2e": None,
        "functional_unit": None,
        "functional_units": None,
        "operational_kgco2e": None,
        "embodied_kgco2e": None,
        "formula": "sci_kgco2e",
        "source": _STANDARD,
        "status": "no functional unit: nothing is served",
    }
    metrics = result["metrics"]
    units = next((name for name in metrics if name.endswith(".functional_units")), None)
    if units is None:
        return score
    phase = units.rpartition(".")[0]
    energy = metrics.get(f"{phase}.operational_location_kgco2e")
    made, rate = _hardware(result, phase), _rate(result)
    count = metrics[units]["value"]
    if energy is None or not made or rate is None or not count:
        return score | {"status": "hardware is not estimated: name it"}
    reserved = sum(reserved_kgco2e(amortized_kgco2e=share, allocation_rate=rate) for share in made)
    sci = sci_kgco2e(used_kgco2e=energy["value"], hardware_kgco2e=reserved, functional_units=count)
    return score | {
        "sci_gco2e": g_from_kg(sci),
        "functional_unit": _unit(metrics, phase),
        "functional_units": count,
        "operational_kgco2e": energy["value"],
        "embodied_kgco2e": reserved,
        "status": "computed",
    }


def _hardware(result: dict[str, Any], phase: str) -> list[float]:
    """The shares of making, moving and ending hardware that a phase carries."""
    wanted = {f"{phase}.{stage}" for stage in _HARDWARE}
    nodes = [node for line in result["breakdown"] for node in (*line["children"], line)]
    return [float(node["value"]) for node in nodes if node["id"] in wanted]


def _rate(result: dict[str, Any]) -> float | None:
    """By which the share was raised for idle hours; the standard leaves them unallocated."""
    for key, fact in result["facts"].items():
        if key.rpartition(":")[2].rpartition(".")[2] in ("allocation_rate", "allocation_rate_sci"):
            return float(fact["value"])
    return None


def _unit(metrics: dict[str, Any], phase: str) -> str | None:
    head, tail = f"{phase}.per_", "_kgco2e"
    names = (n for n in metrics if n.startswith(head) and n.endswith(tail))
    return next((name.removeprefix(head).removesuffix(tail) for name in names), None)
