"""A policy file becomes rules in canonical units; its own example, and what defaults mean."""

from __future__ import annotations

import json
import math
from datetime import date

import pytest
from tables import for_each

from carbonctl.core.errors import InputError
from carbonctl.core.metrics import is_possible_metric, metric_label
from carbonctl.gate.policy import read
from carbonctl.gate.policy_schema import json_schema

HEAD = "schema: carbonctl/policy/v1\n"


@pytest.fixture
def policy(tmp_path):
    def of(text):
        path = tmp_path / "policy.yaml"
        path.write_text(HEAD + text, encoding="utf-8")
        return read(str(path))

    return of


def one(policy, words, before=""):
    (rule,) = policy(f"{before}rules:\n  - {{id: r, {words}}}\n").rules
    return rule


@for_each(
    "words, unit, limit",
    [
        ("metric: total_kgco2e, max: 40 t", "kgCO2e", 40_000.0),
        ("metric: infer.per_request_kgco2e, max: 0.1 g", "kgCO2e", 1e-4),
        ("metric: infer.per_request_kgco2e, max: 50 mg", "kgCO2e", 5e-5),
        ("metric: facility_energy_kwh, max: 1.2 GWh", "kWh", 1.2e6),
        ("metric: infer.per_image_energy_wh, max: 3600 J", "Wh", 1.0),
        ("metric: water_l, max: 3 kL", "L", 3000.0),
        ("metric: train.accelerator_hours, max: 10 d", "h", 240.0),
        ("metric: quality.assumed_share, max: 50 %", "1", 0.5),
        ("metric: quality.assumed_share, max: 0.5", "1", 0.5),
        ("metric: total_kgco2e, max: 0 t", "kgCO2e", 0.0),
    ],
)
def test_a_limit_is_read_in_the_unit_of_its_metric(words, unit, limit, policy):
    rule = one(policy, words)
    assert (rule.kind, rule.unit) == ("max", unit)
    assert math.isclose(rule.limit, limit, rel_tol=1e-12)


def test_the_price_of_carbon_is_of_a_tonne_and_the_limit_in_its_currency(policy):
    rule = one(policy, "metric: cost_of_carbon, max: 4_000 USD", "carbon_price: 190 USD/t\n")
    assert (rule.unit, rule.limit) == ("USD", 4000.0)
    assert math.isclose(rule.price.per_kgco2e, 0.19)
    rule = one(policy, "metric: cost_of_carbon, max: 1e3 EUR", "carbon_price: 0.1 EUR/kg\n")
    assert (rule.limit, rule.price.per_kgco2e) == (1000.0, 0.1)


@pytest.mark.parametrize(
    ("raw", "relative", "limit"),
    [("10 %", True, 0.10), ("250 %", True, 2.5), ("5 t", False, 5000.0), ("0 %", True, 0.0)],
)
def test_an_increase_is_a_share_or_an_amount(raw, relative, limit, policy):
    rule = one(policy, f"metric: total_kgco2e, max_increase: {raw}, min_delta: 50 kg")
    assert (rule.kind, rule.relative, rule.min_delta) == ("max_increase", relative, 50.0)
    assert math.isclose(rule.limit, limit)


def test_a_chance_keeps_its_limit_beside_it(policy):
    rule = one(policy, "metric: total_kgco2e, max: 40 t, max_probability: 5 %")
    assert (rule.kind, rule.limit, rule.probability) == ("max_probability", 40_000.0, 0.05)


def test_without_defaults_a_rule_is_an_error_of_the_median_at_the_location(policy):
    rule = one(policy, "metric: total_kgco2e, max: 40 t")
    found = (rule.level, rule.statistic, rule.accounting, rule.on_uncertain, rule.scenarios)
    assert found == ("error", "p50", "location", "warn", ("*",))
    assert not rule.baseline_optional


def test_a_rule_says_otherwise_than_the_defaults(policy):
    before = (
        "defaults: {statistic: p95, level: warn, accounting: market, on_uncertain: fail, "
        "baseline: optional}\n"
    )
    rule = one(policy, "metric: total_kgco2e, max: 40 t", before)
    assert (rule.statistic, rule.level, rule.accounting) == ("p95", "warn", "market")
    assert (rule.on_uncertain, rule.baseline_optional) == ("fail", True)
    words = "metric: total_kgco2e, max: 40 t, statistic: value, level: error, baseline: required"
    rule = one(policy, words, before)
    assert (rule.statistic, rule.level, rule.baseline_optional) == ("value", "error", False)


def test_positions_and_exceptions_are_kept(policy):
    made = policy(
        "rules:\n"
        "  - {id: cap, metric: total_kgco2e, max: 40 t, scenarios: [chat-*]}\n"
        "  - {id: tiers, forbid_tier: [proxy], above_share: 20 %}\n"
        "exceptions:\n"
        "  - {rule: cap, scenario: chat-70b, until: 2027-03-31, reason: pilot, approved_by: me}\n"
    )
    cap, tiers = made.rules
    assert (cap.where.line, cap.where.column, cap.scenarios) == (3, 10, ("chat-*",))
    assert (tiers.kind, tiers.names, tiers.above_share) == ("forbid_tier", ("proxy",), 0.2)
    (excuse,) = made.excuses
    assert (excuse.until, excuse.reason, excuse.approved_by) == (date(2027, 3, 31), "pilot", "me")
    assert excuse.covers(cap, "chat-70b")
    assert not excuse.covers(cap, "chat-7b")
    assert not excuse.covers(tiers, "chat-70b")


def test_the_digest_is_that_of_the_text(policy):
    text = "rules:\n  - {id: cap, metric: total_kgco2e, max: 40 t}\n"
    assert policy(text).sha256 == policy(text).sha256 != policy(text + "# more\n").sha256


def test_the_schema_for_editors_knows_every_key(policy):
    schema = json_schema()
    json.dumps(schema)
    rule = schema["properties"]["rules"]["items"]
    assert rule["required"] == ["id"]
    assert not rule["additionalProperties"]
    for word in rule["properties"]:
        with pytest.raises(InputError) as caught:
            policy(f"rules:\n  - {{id: r, {word}x: 1}}\n")
        assert caught.value.problems[0].code == "CC101"


@for_each(
    "name, known",
    [
        ("total_kgco2e", True),
        ("train.70B.total_kgco2e", True),
        ("infer.per_video_kgco2e", True),
        ("infer.per_sample_kgco2e", True),
        ("infer.per_request_gpu_energy_wh", True),
        ("infer.per_request_gpu_water_ml", False),
        ("train.scope_2_market_kgco2e", True),
        ("break_even_requests", True),
        ("break_even_videos", True),
        ("break_even_answers", False),
        ("cost_of_carbon", True),
        ("total", False),
        ("total_kgco2", False),
        ("inference.total_kgco2e", False),
        ("infer.per_answer_kgco2e", False),
    ],
)
def test_a_number_that_some_result_has_is_told_from_a_slip(name, known):
    assert is_possible_metric(name) == known


def test_a_metric_in_words_has_no_unit():
    assert metric_label("infer.per_request_kgco2e") == "infer per request"
    assert metric_label("cost_of_carbon") == "cost of carbon"
