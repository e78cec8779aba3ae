"""Summary of the facts behind a number: counts by kind, and shares of the variance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from carbonctl.report import numbers
from carbonctl.report.median import half_of_draws
from carbonctl.report.trace_walk import facts_under
from carbonctl.study.montecarlo import Draws, drivers, interval, replay

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.formula import Traced

MAX_DRIVERS = 8  # drivers in text; json has all
MIN_SHARE = 0.005  # a share that rounds to 1 %


def evidence_kind(fact: Fact) -> str:
    """Kind of evidence of a fact: ``given``, ``sourced`` or ``assumed``."""
    if fact.is_from_user:
        return "given"
    return "assumed" if fact.assumed else "sourced"


def fact_summary(number: Traced, draws: Draws) -> dict[str, Any]:
    """Counts of the facts behind a number, its interval, and its drivers by share of variance."""
    facts = facts_under(number)
    data: dict[str, Any] = {"facts": _count_facts(list(facts.values()))}
    if draws.samples == 0:
        return data | {"interval": None, "drivers": []}
    drawn = np.asarray(replay(number, draws), dtype=float)
    low, middle, high = interval(drawn) or (None, None, None)
    return data | {
        "interval": {
            "p05": low,
            "p50": middle,
            "p95": high,
            "samples": draws.samples,
            "seed": draws.seed,
        },
        "drivers": [
            {
                "key": driver.fact.key,
                "label": driver.fact.label,
                "kind": evidence_kind(driver.fact),
                "origin": driver.fact.origin,
                "low_confidence": driver.fact.is_low_confidence,
                "variance_share": driver.share,
            }
            for driver in drivers(drawn, facts, draws)
        ],
    }


def _count_facts(facts: list[Fact]) -> dict[str, int]:
    kinds = [evidence_kind(fact) for fact in facts]
    counts = {kind: kinds.count(kind) for kind in ("given", "sourced", "assumed")}
    return counts | {
        "default": sum(fact.origin == "default" for fact in facts),
        "archetype": sum(fact.origin == "archetype" for fact in facts),
        "low_confidence": sum(fact.is_low_confidence for fact in facts),
        "without_range": sum(fact.is_from_user and fact.is_exact for fact in facts),
    }


def fact_summary_lines(data: dict[str, Any], unit: str, value: float) -> list[str]:
    """Lines of the summary below the formula tree of a number of this central value."""
    counts = data["facts"]
    texts = [f"{counts[kind]} {kind}" for kind in ("given", "sourced") if counts[kind]]
    if counts["assumed"]:
        parts = [(counts["default"], "by default"), (counts["archetype"], "as archetypes")]
        how = ", ".join(f"{count} {words}" for count, words in parts if count)
        texts.append(f"{counts['assumed']} assumed ({how})")
    lines = [f"rests on       {', '.join(texts)}"]
    if counts["low_confidence"]:
        lines.append(f"low confidence {counts['low_confidence']} of them, marked (!)")
    ends = data["interval"]
    if ends is None or not ends["p95"] > ends["p05"]:
        return lines
    low, high = (numbers.format_quantity(ends[end], unit) for end in ("p05", "p95"))
    lines.append(f"90 % interval  {low} to {high} ({ends['samples']:,} draws, seed {ends['seed']})")
    median = half_of_draws(ends | {"value": value}, lambda v: numbers.format_quantity(v, unit))
    lines += [f"median         {median}"] if median else []
    ranked = [d for d in data["drivers"] if d["variance_share"] >= MIN_SHARE][:MAX_DRIVERS]
    for place, driver in enumerate(ranked):
        head = "what decides it" if place == 0 else ""
        lines.append(f"{head:<15}{driver['variance_share']:>5.0%}  {_driver_text(driver)}")
    return lines


def _driver_text(driver: dict[str, Any]) -> str:
    kind = driver["origin"] if driver["kind"] == "assumed" else ""
    low = " (!)" if driver["low_confidence"] else ""
    return f"{driver['label']}, {driver['kind']}{f' ({kind})' if kind else ''}{low}"
