"""Sensitivity of the total to assumed facts, and the flag that would state such a fact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import Traced
from carbonctl.report import numbers
from carbonctl.report.facts import facts_behind

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.types import Num
    from carbonctl.report.facts import Result
    from carbonctl.result.estimate import EstimateResult
    from carbonctl.result.facts import Sensitivity

MIN_VARIANCE_SHARE = 0.05  # of the variance; facts below it are not worth a question

# prefix of an assumed fact's name -> flag that states it; the user replaces the capital letter
_FLAGS = {
    "busy_share": "--set infer.busy_share=S",
    "peak_to_mean": "--set infer.peak_to_mean=R",
    "saturated_mfu": "--set train.billed_mfu=M",
    "billed_mfu": "--set train.billed_mfu=M",
    "federated_device_power": "--set train.federated.device_power=P",
    "allocation_rate": "--set embodied.allocation_rate=A",
    "lifetime": "--set embodied.lifetime=L",
    "hyperscale:pue": "--pue P",
}
_OTHER_MEANING = "saturated_mfu"  # for large models; the flag states the MFU of this run
_HOST = "host_power_factor"
_WITH_HOSTS = ("train", "infer")  # sections that have a factor each


def sensitivity(result: Result) -> list[Sensitivity]:
    """The total at both ends of the range of each influential assumed fact, others central."""
    total = result.point.total_kgco2e
    assert isinstance(total, Traced)  # noqa: S101 - point estimates are traced
    facts = facts_behind(result, total)
    deciding = [d.fact.key for d in result.drivers if d.share >= MIN_VARIANCE_SHARE]
    return [
        _total_at_ends(result, fact, fact.low, fact.high)
        for fact in (facts[key] for key in deciding if key in facts)
        if fact.assumed and fact.low is not None and fact.high is not None
    ]


def _total_at_ends(result: Result, fact: Fact, low: float, high: float) -> Sensitivity:
    """The total in kgCO2e at both ends of the range of one fact."""
    (low, at_low), (high, at_high) = (_total_at(result, fact, end) for end in (low, high))
    return {
        "key": fact.key,
        "label": fact.label,
        "unit": fact.unit,
        "source": fact.source,
        "low": low,
        "high": high,
        "total_at_low_kgco2e": at_low,
        "total_at_high_kgco2e": at_high,
    }


def _total_at(result: Result, changed: Fact, value: float) -> tuple[float, float]:
    """A value of one fact, and the total in kgCO2e with it, planned again."""

    def lens(fact: Fact) -> Num:
        return value if fact.key == changed.key else fact.value

    made = result.run(lens)
    return value, float(made.total_kgco2e)


def _shown(value: float, unit: str) -> str:
    """A value as it is shown; a count with three digits, as the total beside it."""
    return numbers.format_quantity(float(f"{value:.3g}") if unit == "1" else value, unit)


def next_question(data: EstimateResult) -> str:
    """Hint to state the most influential assumed fact that has a flag, with its effect."""
    for item in data.get("sensitivity", []):  # results of older versions lack it
        name = item["key"].removeprefix("default:").rpartition("/")[2]
        flag = _flag(name, data)
        if not flag:
            continue
        low, high = (_shown(end, item["unit"]) for end in (item["low"], item["high"]))
        named = f"{item['label']} " if name.startswith(_OTHER_MEANING) else ""
        totals = (item["total_at_low_kgco2e"], item["total_at_high_kgco2e"])
        first, last = (
            numbers.format_mass(one).replace(" ", "\u00a0") for one in totals
        )  # one word
        ends = f"at {named}{low} the total is {first}, at {high} it is {last}"
        return f"state {flag}: {ends}"
    return ""


def _flag(name: str, data: EstimateResult) -> str:
    """The flag that states an assumed fact; empty if there is none."""
    if name.startswith(_HOST):
        phases = {metric.partition(".")[0] for metric in data["metrics"] if "." in metric}
        sections = [section for section in _WITH_HOSTS if section in phases]
        return " ".join(f"--set {section}.{_HOST}=F" for section in sections)
    return next((flag for known, flag in _FLAGS.items() if name.startswith(known)), "")
