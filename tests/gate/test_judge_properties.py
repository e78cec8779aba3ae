"""What holds of every gate, whatever the numbers: limits, levels, exceptions, phases."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scenarios import CONFIGS, command_of
from tables import for_each

from carbonctl.gate.judge import Subject, judge
from carbonctl.gate.measures import shares_over
from carbonctl.gate.rules import Excuse, Rule

TODAY = date(2026, 11, 25)
SEVERITY = {"pass": 0, "uncertain": 1, "warn": 2, "fail": 3}
amounts = st.floats(1e-6, 1e9, allow_nan=False)
draws = st.lists(amounts, min_size=2, max_size=50)
rules = st.builds(
    Rule,
    st.just("r"),
    st.just("max"),
    level=st.sampled_from(["error", "warn"]),
    metric=st.just("total_kgco2e"),
    unit=st.just("kgCO2e"),
    limit=amounts,
    statistic=st.sampled_from(["value", "p50", "p95"]),
    on_uncertain=st.sampled_from(["warn", "fail"]),
)


def subject(drawn):
    drawn = np.sort(np.asarray(drawn))
    p05, p50, p95 = (float(np.quantile(drawn, q)) for q in (0.05, 0.5, 0.95))
    node = {"value": float(np.median(drawn)), "p05": p05, "p50": p50, "p95": p95}
    data = {"metrics": {"total_kgco2e": node}, "breakdown": []}
    return data, {"location": {"total_kgco2e": drawn}}


def held(rule, drawn, excuses=()):
    data, draws = subject(drawn)
    shares = shares_over([rule.draw_limit], draws)
    return judge(rule, Subject("f.yaml", "f", {"location": data}, shares), None, excuses, TODAY)


@given(rules, draws, amounts)
def test_a_higher_limit_is_never_worse(rule, drawn, more):
    low, high = held(rule, drawn), held(replace(rule, limit=rule.limit + more), drawn)
    assert SEVERITY[high.status] <= SEVERITY[low.status]
    assert high.probability <= low.probability


@given(rules, draws)
def test_a_pass_is_within_and_a_violation_is_over(rule, drawn):
    one = held(rule, drawn)
    assert (one.observed > one.limit) == (one.status in {"fail", "warn"})
    assert (one.exit_code == 4) == (one.status == "fail")
    assert one.exit_code in {0, 4, 5}
    assert 0 <= one.probability <= 1


@given(rules, draws)
def test_a_warning_never_blocks_and_an_error_is_as_bad_or_worse(rule, drawn):
    warned, failed = (held(replace(rule, level=level), drawn) for level in ("warn", "error"))
    assert warned.exit_code == 0
    assert (failed.status == "fail") == (warned.status == "warn")


@given(rules, draws)
def test_an_exception_in_force_lets_everything_pass(rule, drawn):
    one = held(rule, drawn, (Excuse("r", "f", TODAY, "pilot"),))
    assert one.exit_code == 0
    assert one.status in {"pass", "excepted"}


@for_each(
    "config",
    [c for c in sorted(CONFIGS.glob("*.yaml")) if command_of(c) not in {"embodied", "refresh"}],
    ids=lambda path: path.stem,
)
def test_phases_and_the_share_of_a_base_model_add_up_to_the_total(config, result):
    data = result(command_of(config), str(config), "--samples", "0")
    metrics = data["metrics"]
    wholes = {name for name in metrics if name.endswith(".total_kgco2e")}
    kinds = {w for w in wholes for other in wholes if other != w and other.startswith(w[:-12])}
    parts = [metrics[name]["value"] for name in wholes - kinds]
    parts += [m["value"] for name, m in metrics.items() if name == "base_share_kgco2e"]
    assert math.isclose(math.fsum(parts), data["total_kgco2e"], rel_tol=1e-9)
    assert all(metrics[name]["formula"] == "total_kgco2e" for name in wholes)
