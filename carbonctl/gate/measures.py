"""Numbers of a result as a gate asks for them, and the parts that each is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.core.metrics import COST, QUALITY, TOTAL
from carbonctl.core.naming import unit_of, unit_suffix
from carbonctl.core.record import value_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from carbonctl.core.types import Array
    from carbonctl.gate.rules import Limit


@value_record
class Measure:
    """One number with its interval; None where there are no draws."""

    value: float
    p05: float | None = None
    p50: float | None = None
    p95: float | None = None

    def at(self, statistic: str) -> float | None:
        """The value or one of its percentiles."""
        found: float | None = getattr(self, statistic)
        return found

    def times(self, price: float) -> Measure:
        """The same in money."""
        p05, p50, p95 = (None if e is None else e * price for e in (self.p05, self.p50, self.p95))
        return Measure(self.value * price, p05, p50, p95)


@value_record
class Part:
    """One part of a number: an id of the breakdown or a metric."""

    id: str
    label: str
    value: float
    unit: str


def shares_over(
    limits: Iterable[Limit], draws: Mapping[str, Mapping[str, Array]]
) -> dict[Limit, float]:
    """The share of draws above each limit [1], where there are draws of its metric."""
    return {
        limit: float((found * limit.price > limit.limit).mean())
        for limit in limits
        if (found := draws.get(limit.accounting, {}).get(limit.metric)) is not None
    }


def measure(data: dict[str, Any], metric: str) -> Measure | None:
    """A number of a result by its name; None where the result has none."""
    if metric in QUALITY:
        value = _quality(data, metric)
        return None if value is None else Measure(value, value, value, value)
    name = TOTAL if metric == COST else metric
    node = data["metrics"].get(name) or _node(data["breakdown"], name)
    if node is None or node["value"] is None:
        return None
    return Measure(node["value"], node["p05"], node["p50"], node["p95"])


def names(data: dict[str, Any]) -> list[str]:
    """Every name that ``measure`` understands in a result."""
    lines = [f"{node['id']}_kgco2e" for node in nodes(data["breakdown"])]
    return [*data["metrics"], *lines, *QUALITY, COST]


def nodes(lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every line of a breakdown, parents before children."""
    for line in lines:
        yield line
        yield from nodes(line["children"])


def _node(lines: list[dict[str, Any]], metric: str) -> dict[str, Any] | None:
    wanted = metric.removesuffix("_kgco2e")
    return next((node for node in nodes(lines) if node["id"] == wanted), None)


def _quality(data: dict[str, Any], metric: str) -> float | None:
    """How good the data are: shares of inputs, of variance, of the total; width of the interval."""
    doubtful = unsourced_overrides(data)
    if metric == "quality.assumed_share":
        count = len(data["assumptions"]) + len(doubtful)
        return count / len(data["facts"]) if data["facts"] else None
    if metric == "quality.assumed_variance_share":
        if not data["drivers"]:
            return None
        drivers = {d["key"]: float(d["variance_share"]) for d in data["drivers"]}
        given = sum(share for key, share in drivers.items() if key in doubtful)
        return given + sum(float(a["variance_share"]) for a in data["assumptions"])
    total = data["total"]
    if metric == "quality.proxy_share":
        proxy = sum(n["value"] for n in data["breakdown"] if n["tier"] == "proxy")
        return float(proxy / total["value"]) if total["value"] else None
    return float(total["p95"] / total["p05"]) if total["p05"] else None


def unsourced_overrides(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Numbers that a user gave without a source where hardware_db has a sourced one."""
    return {
        key: data["facts"][key]
        for key, row in replaced(data).items()
        if row["origin"] == "hardware_db"
        and key in data["facts"]
        and is_unsourced(data["facts"][key])
    }


def replaced(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The facts of hardware_db that given numbers stand in for, by the keys of those numbers."""
    found: dict[str, dict[str, Any]] = data.get("inputs", {}).get("replaced", {})
    return found


def is_unsourced(fact: dict[str, Any]) -> bool:
    """Whether the user gave this number and named no document for it."""
    return fact["origin"] in {"scenario", "cli"} and fact["source"].strip() in {"", "user"}


def parts(data: dict[str, Any], metric: str) -> list[Part]:
    """What a number is the sum of, largest first; empty where it is no sum."""
    phase, _, name = metric.rpartition(".")
    suffix = unit_suffix(metric)
    if suffix == "_kgco2e" or metric == COST:
        found = [_part(node) for node in _lines(data["breakdown"], metric, phase, name)]
    elif not phase and name in {"facility_energy_kwh", "water_l"}:
        found = [
            Part(m, m.removesuffix(f".{name}"), node["value"], unit_of(name))
            for m, node in data["metrics"].items()
            if m.endswith(f".{name}") and not _has_runs(data["metrics"], m, name)
        ]
    else:
        found = []
    return sorted(found, key=lambda part: -part.value)


def _part(node: dict[str, Any]) -> Part:
    """A line; a stage of one phase is labeled by its phase alone, and says its stage here."""
    stage = node["kind"].replace("_", " ")
    own = "." in node["id"] and ".operational_" not in node["id"]
    label = f"{stage} of {node['label']}" if own else node["label"]
    return Part(node["id"], label, node["value"], "kgCO2e")


def _lines(lines: list[dict[str, Any]], metric: str, phase: str, name: str) -> list[dict[str, Any]]:
    whole = name == TOTAL or name.startswith("per_") or metric == COST
    if whole and not phase:
        return lines
    if whole:
        return list(_of_phase(lines, f"{phase}."))
    node = _node(lines, metric)
    if node is None:
        return []
    children: list[dict[str, Any]] = node["children"]
    return children


def _of_phase(lines: list[dict[str, Any]], prefix: str) -> Iterator[dict[str, Any]]:
    """The highest lines that are of one phase alone."""
    for line in lines:
        if line["id"].startswith(prefix):
            yield line
        else:
            yield from _of_phase(line["children"], prefix)


def _has_runs(metrics: dict[str, Any], metric: str, name: str) -> bool:
    """Whether a metric of a kind of phase is the sum of those of its runs."""
    kind = metric.removesuffix(name)
    return any(m != metric and m.startswith(kind) and m.endswith(f".{name}") for m in metrics)
