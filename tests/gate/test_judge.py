"""The truth table of a gate: every status and every exit code, on numbers that are given here."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from tables import for_each

from carbonctl.gate.judge import Subject, Unanswerable, exit_code, judge, worst_status
from carbonctl.gate.limits import Price
from carbonctl.gate.measures import shares_over
from carbonctl.gate.rules import Excuse, Rule

TODAY = date(2026, 11, 25)


def node(value, p05=None, p50=None, p95=None):
    return {"value": value, "p05": p05, "p50": p50, "p95": p95, "unit": "kgCO2e"}


def line(line_id, kind, value, tier="modeled", share=0.5):
    own = {"id": line_id, "label": kind, "kind": kind, "tier": tier, "share": share}
    return own | node(value) | {"children": []}


def result(total=None, *, lines=(), missing=None, market=None):
    return {
        "metrics": {"total_kgco2e": total or node(100.0, 50.0, 100.0, 200.0)},
        "total": total or node(100.0, 50.0, 100.0, 200.0),
        "breakdown": list(lines),
        "operational": {"market": {"value": market}},
        "coverage": {"not_estimated": missing or {}},
        "assumptions": [{"key": "a", "variance_share": 0.25}],
        "drivers": [{"key": "a", "variance_share": 0.25}],
        "facts": {"a": {}, "b": {}, "c": {}, "d": {}},
    }


class Drawn:
    """The share of draws over any limit that is asked for."""

    def __init__(self, draws):
        self.draws = draws

    def get(self, limit):
        return shares_over([limit], self.draws).get(limit)


def subject(data=None, draws=None, name="chat"):
    drawn = {} if draws is None else {"total_kgco2e": np.asarray(draws, dtype=float)}
    return Subject("chat.yaml", name, {"location": data or result()}, Drawn({"location": drawn}))


def exact(value):
    """A total that every draw agrees on."""
    return result(node(value, value, value, value))


def rule(kind="max", metric="total_kgco2e", **more):
    return Rule("cap", kind, metric=metric, unit="kgCO2e", **more)


def held(rule_, subject_=None, reference=None, excuses=()):
    return judge(rule_, subject_ or subject(), reference, excuses, TODAY)


@for_each(
    "limit, statistic, level, on_uncertain, verdict, code",
    [
        # value 100, p50 100, p95 200
        (250.0, "value", "error", "fail", "pass", 0),
        (200.0, "p95", "error", "fail", "pass", 0),  # at the limit is within it
        (150.0, "value", "error", "warn", "uncertain", 0),
        (150.0, "value", "error", "fail", "uncertain", 5),
        (150.0, "p50", "error", "fail", "uncertain", 5),
        (150.0, "value", "warn", "fail", "uncertain", 0),  # a warning never blocks
        (150.0, "p95", "error", "fail", "fail", 4),
        (150.0, "p95", "warn", "fail", "warn", 0),
        (99.0, "value", "error", "warn", "fail", 4),
        (99.0, "value", "warn", "warn", "warn", 0),
    ],
)
def test_an_absolute_limit(limit, statistic, level, on_uncertain, verdict, code):
    one = held(rule(limit=limit, statistic=statistic, level=level, on_uncertain=on_uncertain))
    assert (one.status, one.exit_code) == (verdict, code)


@for_each(
    "limit, statistic, on_uncertain, verdict, code, observed",
    [
        # value 100, p50 120, p95 200: a limit without a statistic is one on the median
        (110.0, None, "warn", "fail", 4, 120.0),
        (110.0, "p50", "warn", "fail", 4, 120.0),
        (110.0, "value", "warn", "uncertain", 0, 100.0),  # as it was without a statistic
        (110.0, "p95", "warn", "fail", 4, 200.0),
        (150.0, None, "warn", "uncertain", 0, 120.0),
        (150.0, None, "fail", "uncertain", 5, 120.0),
        (200.0, None, "fail", "pass", 0, 120.0),
    ],
)
def test_a_limit_without_a_statistic_is_on_the_median(
    limit, statistic, on_uncertain, verdict, code, observed
):
    named = {} if statistic is None else {"statistic": statistic}
    skewed = subject(result(node(100.0, 50.0, 120.0, 200.0)))
    one = held(rule(limit=limit, on_uncertain=on_uncertain, **named), skewed)
    assert (one.status, one.exit_code, one.observed) == (verdict, code, observed)
    assert one.reason == ("p95 is over the limit" if verdict == "uncertain" else "")


def test_a_null_metric_is_undecided_whatever_a_rule_says_of_uncertainty():
    for choice in ("warn", "fail"):
        one = held(rule(metric="infer.per_request_kgco2e", limit=1.0, on_uncertain=choice))
        assert (one.status, one.exit_code, one.observed) == ("uncertain", 5, None)
        assert "infer.per_request_kgco2e" in one.reason
    one = held(rule(metric="infer.per_request_kgco2e", limit=1.0, level="warn"))
    assert (one.status, one.exit_code) == ("uncertain", 0)


def test_a_percentile_without_draws_is_undecided():
    blind = subject(result(node(100.0)))
    for named, word in (({}, "median (p50)"), ({"statistic": "p95"}, "p95")):
        for choice in ("warn", "fail"):
            one = held(rule(limit=1e9, on_uncertain=choice, **named), blind)
            assert (one.status, one.exit_code, one.observed) == ("uncertain", 5, None)
            assert f"the result has no draws, so no {word}; estimate with --samples" in one.reason
    assert held(rule(limit=1e9, level="warn"), blind).exit_code == 0
    excuse = Excuse("cap", "*", date(2027, 3, 31), "pilot")
    assert held(rule(limit=1e9), blind, excuses=(excuse,)).exit_code == 0


def test_the_central_value_without_draws_is_judged_where_a_rule_asks_for_it():
    blind = subject(result(node(100.0)))  # within its limit, and nothing told of its interval
    central = {"statistic": "value"}
    assert held(rule(limit=1e9, **central), blind).status == "uncertain"
    assert held(rule(limit=1e9, **central), blind).exit_code == 0
    assert held(rule(limit=1e9, on_uncertain="fail", **central), blind).exit_code == 5
    assert held(rule(limit=1.0, **central), blind).exit_code == 4


def test_a_median_that_is_not_finite_is_undecided_and_not_for_lack_of_draws():
    one = held(rule(limit=1e9), subject(result(node(100.0, 50.0, None, None))))
    assert (one.status, one.exit_code) == ("uncertain", 5)
    assert one.reason == "the median (p50) of the result is not finite"
    one = held(rule(limit=1e9), subject(result(node(100.0, 50.0, 100.0, None))))
    assert (one.status, one.reason) == ("uncertain", "p95 is not finite")


def test_a_basis_that_the_result_is_not_on_is_undecided():
    one = held(rule(limit=1e9, accounting="market"))
    assert (one.status, one.exit_code) == ("uncertain", 5)
    assert "market basis" in one.reason


@pytest.mark.parametrize(
    ("allowed", "verdict", "code"), [(0.50, "pass", 0), (0.25, "pass", 0), (0.2, "fail", 4)]
)
def test_a_limit_on_the_share_of_draws(allowed, verdict, code):
    one = held(
        rule("max_probability", limit=150.0, probability=allowed),
        subject(draws=[100.0, 120.0, 140.0, 160.0]),
    )
    assert (one.status, one.exit_code, one.observed) == (verdict, code, 0.25)
    assert one.limit == allowed


def test_a_limit_on_the_share_of_draws_without_draws_is_undecided():
    one = held(rule("max_probability", limit=150.0, probability=0.05))
    assert (one.status, one.exit_code) == ("uncertain", 5)


@for_each(
    "before, relative, limit, least, verdict",
    [
        (95.0, True, 0.10, 0.0, "pass"),  # 5.3 %
        (90.0, True, 0.10, 0.0, "fail"),  # 11.1 %
        (90.0, True, 0.10, 20.0, "pass"),  # 10 kg, below the delta that counts
        (90.0, True, 0.10, 5.0, "fail"),
        (90.0, False, 10.0, 0.0, "pass"),  # 10 kg, and 10 kg are allowed
        (89.0, False, 10.0, 0.0, "fail"),
        (120.0, True, 0.0, 0.0, "pass"),  # a decrease
        (0.0, True, 0.10, 0.0, "fail"),  # from nothing
    ],
)
def test_an_increase_against_a_baseline(before, relative, limit, least, verdict):
    reference = subject(exact(before))
    asked = rule("max_increase", relative=relative, limit=limit, min_delta=least)
    one = held(asked, reference=reference)
    assert (one.status, one.exit_code) == (verdict, 4 if verdict == "fail" else 0)
    assert one.baseline == before


@for_each(
    "statistic, limit, verdict, observed, before",
    [
        # value 100 -> 100, p50 120 -> 150, p95 200 -> 200
        (None, 0.10, "fail", 150.0, 120.0),
        ("p50", 0.30, "pass", 150.0, 120.0),
        ("value", 0.10, "pass", 100.0, 100.0),
        ("p95", 0.10, "pass", 200.0, 200.0),
    ],
)
def test_an_increase_compares_the_same_statistic_of_both_sides(
    statistic, limit, verdict, observed, before
):
    named = {} if statistic is None else {"statistic": statistic}
    sides = [subject(result(node(100.0, 50.0, median, 200.0))) for median in (150.0, 120.0)]
    one = held(rule("max_increase", relative=True, limit=limit, **named), *sides)
    assert (one.status, one.observed, one.baseline) == (verdict, observed, before)


def test_an_increase_without_draws_is_undecided_on_either_side():
    drawn, blind = subject(), subject(result(node(100.0)))
    asked = rule("max_increase", relative=True, limit=0.1)
    for mine, theirs, what in ((blind, drawn, "result"), (drawn, blind, "baseline")):
        one = held(asked, mine, theirs)
        assert (one.status, one.exit_code) == ("uncertain", 5)
        assert one.reason.startswith(f"the {what} has no draws, so no median (p50)")
    central = rule("max_increase", relative=True, limit=0.1, statistic="value")
    assert held(central, blind, drawn).status == "pass"


@for_each(
    "statistic, before, on_uncertain, verdict, code",
    [
        ("p50", 100.0, "warn", "uncertain", 0),  # within, by draws that are not common
        ("p50", 100.0, "fail", "uncertain", 5),
        ("p50", 10.0, "warn", "fail", 4),
        ("value", 100.0, "fail", "pass", 0),  # no draws are asked for
    ],
)
def test_an_increase_by_draws_that_are_not_common_is_no_pass(
    statistic, before, on_uncertain, verdict, code
):
    now = subject(exact(100.0) | {"samples": 2000, "seed": 0})
    reference = subject(exact(before) | {"samples": 300, "seed": 7})
    asked = rule("max_increase", relative=True, limit=0.1, statistic=statistic,
                 on_uncertain=on_uncertain)  # fmt: skip
    one = held(asked, now, reference)
    assert (one.status, one.exit_code) == (verdict, code)
    said = "2,000 draws of seed 0 here, 300 draws of seed 7 in the baseline: not common draws"
    assert one.reason == ("" if statistic == "value" else said)


def test_a_missing_baseline_is_an_error_unless_it_is_optional():
    with pytest.raises(Unanswerable, match="there is none") as caught:
        held(rule("max_increase", relative=True, limit=0.1))
    assert caught.value.code == "CC605"
    one = held(rule("max_increase", relative=True, limit=0.1, baseline_optional=True))
    assert (one.status, one.exit_code) == ("skipped", 0)


def test_a_baseline_on_another_basis_is_an_error():
    other = Subject("main.json", "chat", {"market": result()})
    with pytest.raises(Unanswerable, match="location basis"):
        held(rule("max_increase", relative=True, limit=0.1), reference=other)


def test_a_baseline_without_the_number_is_undecided():
    empty = subject(result() | {"metrics": {}})
    one = held(rule("max_increase", relative=True, limit=0.1), reference=empty)
    assert (one.status, one.exit_code) == ("uncertain", 5)
    assert one.reason == f"the baseline has no {one.rule.metric}"
    mine = rule("max_increase", relative=True, limit=0.1)
    lacking = judge(mine, empty, subject(result()), (), TODAY)
    assert lacking.reason == f"the result has no {mine.metric}"


def test_an_unknown_metric_is_an_error_of_the_policy():
    with pytest.raises(Unanswerable, match='unknown metric "total_kgco2"') as caught:
        held(rule(metric="total_kgco2", limit=1.0))
    assert caught.value.code == "CC606"


def test_the_cost_of_carbon_is_the_total_at_its_price():
    asked = Rule(
        "cost", "max", metric="cost_of_carbon", unit="EUR", limit=15.0, price=Price(0.1, "EUR"),
        statistic="p95",
    )  # fmt: skip
    one = held(asked, subject(draws=[100.0, 140.0, 160.0, 200.0]))
    assert one.observed == pytest.approx(20.0)  # 200 kg at 100 EUR/t
    assert (one.status, one.probability) == ("fail", 0.5)


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("quality.assumed_share", 0.25),  # 1 of 4 inputs
        ("quality.assumed_variance_share", 0.25),
        ("quality.proxy_share", 0.1),  # 10 of 100 kg
        ("quality.spread", 4.0),  # 200 over 50
    ],
)
def test_the_quality_of_data_is_a_number_too(metric, value):
    lines = [line("a", "train", 90.0), line("b", "construction", 10.0, tier="proxy")]
    asked = Rule("quality", "max", metric=metric, unit="1", limit=value - 0.01)
    one = held(asked, subject(result(lines=lines)))
    assert one.observed == pytest.approx(value)
    assert one.status == "fail"


LINES = (line("train.x", "train", 90.0), line("manufacturing", "manufacturing", 10.0))


@for_each(
    "names, missing, lacking",
    [
        (("train", "embodied"), {}, []),
        (("train", "infer"), {"infer": "not in the scenario"}, ["infer"]),
        (("embodied",), {"embodied share of training": "no hardware is named"}, ["embodied"]),
        (("train",), {"embodied share of training": "no hardware is named"}, []),
        (("transport",), {"transport, end of life": "no mass is known"}, ["transport"]),
        (("train",), {"data labeling": "outside the boundary"}, []),
        (("data",), {"data labeling": "outside the boundary"}, ["data"]),
        (("water", "market"), {"water": "no water intensity"}, ["water", "market"]),
    ],
)
def test_what_a_policy_requires_must_be_estimated_in_whole(names, missing, lacking):
    one = held(
        rule("require", metric="", names=names), subject(result(lines=LINES, missing=missing))
    )
    assert [finding.name for finding in one.findings] == lacking
    assert one.status == ("fail" if lacking else "pass")
    reasons = {finding.reason for finding in one.findings}
    assert not lacking or reasons & {*missing.values(), "not estimated"}


def test_a_refused_tier_counts_above_its_share():
    lines = [line("a", "train", 90.0, share=0.9), line("b", "construction", 10.0, "proxy", 0.1)]
    data = subject(result(lines=lines))
    refused = held(rule("forbid_tier", metric="", names=("proxy",)), data)
    assert (refused.status, [f.line for f in refused.findings]) == ("fail", ["b"])
    small = held(rule("forbid_tier", metric="", names=("proxy",), above_share=0.1), data)
    assert small.status == "pass"


@pytest.mark.parametrize(
    ("until", "name", "verdict", "code"),
    [
        (date(2026, 11, 25), "chat", "excepted", 0),  # its last day
        (date(2026, 11, 24), "chat", "fail", 4),
        (date(2027, 3, 31), "other", "fail", 4),
        (date(2027, 3, 31), "c*", "excepted", 0),
    ],
)
def test_an_exception_covers_until_its_day_and_an_expired_one_does_not(until, name, verdict, code):
    excuse = Excuse("cap", name, until, "pilot")
    one = held(rule(limit=1.0), excuses=(excuse,))
    assert (one.status, one.exit_code) == (verdict, code)
    assert one.expired == (until < TODAY)


def test_an_exception_of_one_rule_covers_no_other():
    excuse = Excuse("other", "*", date(2027, 3, 31), "pilot")
    assert held(rule(limit=1.0), excuses=(excuse,)).status == "fail"


def test_an_exception_says_nothing_of_a_rule_that_passes():
    excuse = Excuse("cap", "*", date(2020, 1, 1), "pilot")
    one = held(rule(limit=1e9), excuses=(excuse,))
    assert (one.status, one.excuse) == ("pass", None)


def test_a_violation_outranks_an_undecided_rule():
    failed, undecided = held(rule(limit=1.0)), held(rule(limit=150.0, on_uncertain="fail"))
    assert exit_code([undecided.exit_code, failed.exit_code]) == 4
    assert exit_code([undecided.exit_code]) == 5
    assert exit_code([]) == 0
    assert worst_status([undecided.status, failed.status]) == "fail"
    assert worst_status([undecided.status]) == "uncertain"
    assert worst_status([held(rule(limit=1.0, level="warn")).status]) == "warn"


def test_a_rule_is_about_scenarios_of_some_names():
    assert rule(scenarios=("chat-*", "feed")).applies("chat-70b")
    assert not rule(scenarios=("chat-*", "feed")).applies("feeds")
