"""The proof of accuracy: nothing circular, nothing leaked, shipped constants reproducible."""

import csv
import hashlib
import io
import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from carbonctl.catalog.locate import bundled_folder
from carbonctl.catalog.read import Catalog, saturated_mfu_name
from carbonctl.verify import scoring, training_model, training_runs, training_scores

CATALOG = Catalog.open()
TABLE = bundled_folder("hardware_db") / "published" / "training.csv"
FOUND = training_runs.read_cases(TABLE, CATALOG)
PRIORS = training_model.load_priors(CATALOG)
KEYS = {
    "test", "group", "method", "n", "families", "median_ape", "p90_ape", "median_abs_log_ratio",
    "bias", "within_2x", "coverage", "width_factor", "interval_score", "excluded",
}  # fmt: skip


@cache
def all_scores():
    return training_scores.scores(FOUND, CATALOG, bundled=True)


def score(test, method="carbonctl", group="all"):
    return next(
        s for s in all_scores() if (s["test"], s["method"], s["group"]) == (test, method, group)
    )


@pytest.fixture
def table(tmp_path):
    """Write rows with the columns of the bundled table, ``changes`` over one of its runs."""

    def write(*changes, like="llama2_7b"):
        with TABLE.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        base = next(row for row in rows if row["run_id"] == like)
        path = tmp_path / "cases.csv"
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, list(base))
            writer.writeheader()
            writer.writerows({**base, **change} for change in changes)
        return path

    return write


def test_every_row_of_the_table_is_a_case_or_left_out_for_a_reason():
    rows = list(csv.DictReader(io.StringIO(TABLE.read_text(encoding="utf-8"))))
    for test in training_runs.TESTS:
        cases = sum(case.test == test for case in FOUND.cases)
        assert cases + sum(FOUND.excluded[test].values()) == len(rows)


def test_every_row_names_where_it_was_read():
    rows = csv.DictReader(io.StringIO(TABLE.read_text(encoding="utf-8")))
    assert all(row["source"] and row["read_or_recalled"] for row in rows)


def test_no_nominal_power_is_forecast():
    for case in FOUND.cases:
        if case.test == "power":
            assert case.row["power_scope"] not in ("tdp_nominal", "assumed", "extrapolated")
        if case.test == "energy":
            assert case.row["energy_independent_of_tdp"] == "yes"


@pytest.mark.parametrize("by", ["family", "organisation"])
def test_what_a_group_measured_does_not_reach_its_own_forecast(by):
    group = FOUND.cases[0].row[by]
    falsified = [
        replace(case, measured=case.measured * 10) if case.row[by] == group else case
        for case in FOUND.cases
    ]
    own = [case.row[by] == group for case in FOUND.cases]
    true = training_scores.held_out_forecast(FOUND.cases, CATALOG, by).log_value
    false = training_scores.held_out_forecast(falsified, CATALOG, by).log_value
    assert np.array_equal(true[own], false[own], equal_nan=True)
    assert not np.allclose(true, false, equal_nan=True)


def test_the_shipped_constants_are_what_the_fit_gives():
    fitted = training_model.fit_model(FOUND.cases, PRIORS)
    shipped = training_model.shipped_model(CATALOG)
    assert shipped.constants == pytest.approx(fitted.constants, rel=1e-3)
    assert shipped.residual_sd["time"] == pytest.approx(fitted.residual_sd["time"], rel=1e-2)


def test_the_fit_finds_constants_that_made_the_cases():
    truth = training_model.shipped_model(CATALOG).constants
    own = {"google-tpu-v2": 220.0, "google-tpu-v3": 280.0}
    made = np.exp(training_model.log_forecast(FOUND.cases, truth, own, PRIORS.resident_power_share))
    cases = [
        replace(case, measured=float(value))
        for case, value in zip(FOUND.cases, made, strict=True)
        if np.isfinite(value)
    ]
    errors = dict.fromkeys(PRIORS.errors, 1e-3)  # data outweigh the priors
    found = training_model.fit_model(cases, replace(PRIORS, errors=errors)).constants
    assert found == pytest.approx({name: truth[name] for name in found}, rel=1e-2)


def test_no_constant_belongs_to_a_model():
    names = training_model.fit_model(FOUND.cases, PRIORS).constants
    architectures = {saturated_mfu_name(case.architecture) for case in FOUND.cases}
    assert set(names) <= set(PRIORS.shared) | architectures


def test_the_scores_have_their_contract():
    assert all(set(s) == KEYS for s in all_scores())
    assert all(s["group"] == "all" or "=" in s["group"] for s in all_scores())


def test_methods_of_a_group_are_scored_on_the_same_rows():
    for s in all_scores():
        if s["method"] != "carbonctl_by_organisation":  # its folds lack more accelerators
            assert s["n"] == score(s["test"], "carbonctl", s["group"])["n"]


@pytest.mark.parametrize("test", training_runs.TESTS)
def test_ours_beats_every_baseline_and_the_constant_factor_in_its_interval(test):
    ours = score(test)
    for s in all_scores():
        if s["test"] == test and s["group"] == "all" and not s["method"].startswith("carbonctl"):
            assert ours["median_ape"] < s["median_ape"]
    assert ours["interval_score"] < score(test, "constant_factor")["interval_score"]


def test_scores_of_known_misses_are_right():
    cases = FOUND.cases[:4]
    measured = np.log([case.measured for case in cases])
    rows = np.arange(4)
    forecast = scoring.Forecast(measured + np.log([1.99, 1.0, 1.0, 1 / 1.99]), np.full(4, 0.1))
    found = scoring.score("time", "all", "m", forecast, rows, training_scores.measured(cases), {})
    assert found["median_ape"] == pytest.approx((1 - 1 / 1.99) / 2)
    assert found["bias"] == pytest.approx(0.0)
    assert found["coverage"] == pytest.approx(0.5)
    assert found["within_2x"] == 1.0
    half = scoring.Z90 * 0.1
    missed = 2 * half + 20 * (np.log(1.99) - half)
    assert found["interval_score"] == pytest.approx((missed + 2 * half) / 2)


def test_other_cases_are_forecast_with_the_shipped_constants(table, carbonctl):
    path = table({"run_id": "new", "model": "New", "family": "new", "organisation": "New"})
    result = carbonctl("verify", "training", "--cases", str(path), "-f", "json")
    data = json.loads(result.out)
    assert data["cases_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    ours = next(s for s in data["tests"] if s["method"] == "carbonctl" and s["test"] == "time")
    assert ours["n"] == 1
    assert 0 < ours["median_ape"] < 1
    assert {s["method"] for s in data["tests"]}.isdisjoint({"constant_factor"})


def test_hours_are_linear_in_tokens(table):
    path = table({}, {"train_tokens_b": "4000"})
    one, two = (c for c in training_runs.read_cases(path, CATALOG).cases if c.test == "time")
    shipped = training_model.shipped_model(CATALOG)
    idle = PRIORS.resident_power_share
    first, second = training_model.log_forecast([one, two], shipped.constants, {}, idle)
    assert np.exp(second - first) == pytest.approx(2.0)


def test_a_table_without_a_column_is_refused(tmp_path, carbonctl):
    path = tmp_path / "cases.csv"
    path.write_text("run_id,family\na,b\n", encoding="utf-8")
    result = carbonctl("verify", "training", "--cases", str(path))
    assert result.code == 3
    assert "CC502" in result.err
    assert "cases.csv:1" in result.err
    assert "organisation" in result.err


@pytest.mark.parametrize(
    ("column", "cell"),
    [("accel_hours", "inf"), ("accel_hours", "184,320"), ("train_tokens_b", "-3"), ("pue", "0.5")],
)
def test_a_cell_that_is_no_number_is_refused_with_its_line(table, carbonctl, column, cell):
    result = carbonctl("verify", "training", "--cases", str(table({column: cell})))
    assert result.code == 3
    assert "cases.csv:2" in result.err
    assert column in result.err


def test_a_power_at_the_meter_holds_its_pue(table):
    measured = {"power_boundary": "it_system", "avg_power_w_per_accel": "440", "pue": "2"}
    meter = measured | {"power_boundary": "facility", "avg_power_w_per_accel": "880"}
    used = {"use_in_power_test": "1"}
    cases = training_runs.read_cases(table(measured | used, meter | used), CATALOG).cases
    inside, outside = (case for case in cases if case.test == "power")
    model = training_model.shipped_model(CATALOG)
    first, second = training_model.log_forecast(
        [inside, outside], model.constants, {}, PRIORS.resident_power_share
    )
    assert np.exp(second - first) == pytest.approx(2.0)


def test_rows_that_cannot_be_forecast_are_counted_all_the_same(table, carbonctl):
    path = table({"accelerator_id": "no-such"})
    data = json.loads(carbonctl("verify", "training", "--cases", str(path), "-f", "json").out)
    assert [s["n"] for s in data["tests"]] == [0, 0, 0]
    assert all(s["excluded"] and s["median_ape"] is None for s in data["tests"])


def test_a_table_saved_with_a_byte_order_mark_is_the_same_table(tmp_path):
    path = tmp_path / "cases.csv"
    path.write_bytes(b"\xef\xbb\xbf" + TABLE.read_bytes())
    cases = training_runs.read_cases(path, CATALOG).cases
    assert [case.measured for case in cases] == [case.measured for case in FOUND.cases]


def test_an_estimate_from_flags_and_a_case_forecast_the_same_hours(table, result):
    """What is verified is what a user gets."""
    (case, *_) = training_runs.read_cases(table({}), CATALOG).cases
    model = training_model.shipped_model(CATALOG)
    (hours,) = training_model.log_forecast([case], model.constants, {}, 0.2)
    size, tokens = case.row["active_params_b"], case.row["train_tokens_b"]
    for words in (("--params", f"{size}B"), ("--model", "llama-2-7b")):
        data = result("train", *words, "--gpu", f"{case.accelerator}:64", "--train-tokens",
                      f"{tokens}B", "--region", "FR")  # fmt: skip
        got = data["metrics"]["train.accelerator_hours"]["value"]
        assert got == pytest.approx(np.exp(hours), rel=0.01)


def test_an_unknown_accelerator_is_left_out_and_counted(table):
    found = training_runs.read_cases(table({"accelerator_id": "no-such"}), CATALOG)
    assert found.excluded["time"] == {"accelerator not in hardware_db": 1}


def test_the_table_is_readable_at_80_columns(carbonctl):
    text = carbonctl("verify", "training").out
    assert "time, accelerator-hours from work: 28 runs of 12 families" in text
    assert max(map(len, text.splitlines())) <= 80
