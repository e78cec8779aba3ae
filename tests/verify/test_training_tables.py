"""Tables of other runs: whole rows, each run once, and those that the fit has seen counted."""

import csv
import json

import pytest

from carbonctl.catalog.locate import bundled_folder
from carbonctl.catalog.read import Catalog
from carbonctl.verify import training_runs

TABLE = bundled_folder("hardware_db") / "published" / "training.csv"
FITTED = training_runs.read_cases(TABLE, Catalog.open()).cases
NEW = {"run_id": "new", "family": "new", "organisation": "New"}


@pytest.fixture
def table(tmp_path):
    """Rows of the bundled table with changes, the same run of it unless another is named."""

    def write(*changes, like="llama2_7b", more=""):
        with TABLE.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        base = next(row for row in rows if row["run_id"] == like)
        path = tmp_path / "cases.csv"
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, list(base), lineterminator="\n")
            writer.writeheader()
            writer.writerows({**base, **change} for change in changes)
            handle.write(more)
        return path

    return write


def scored(carbonctl, *words):
    return json.loads(carbonctl("verify", "training", *words, "-f", "json").out)


def test_a_run_of_the_bundled_table_is_in_sample_by_whatever_name(table, carbonctl):
    path = table({}, {"run_id": "other", "model": "Other"}, NEW)
    assert scored(carbonctl, "--cases", path)["in_sample"]["time"] == 2


def test_a_run_is_in_sample_only_where_its_own_number_is(table, carbonctl):
    """Other hours are another time; the power of the run stays what the fit has seen."""
    same, other = (
        scored(carbonctl, "--cases", table(change, like="olmo_3_7b"))["in_sample"]
        for change in ({}, {"accel_hours": "200000"})
    )
    assert same == {"time": 1, "power": 1, "energy": 1}
    assert other == same | {"time": 0}


def test_every_case_of_the_bundled_table_is_in_sample_unless_it_is_held_out(carbonctl):
    again = scored(carbonctl, "--cases", TABLE)["in_sample"]
    assert again == {t: sum(c.test == t for c in FITTED) for t in training_runs.TESTS}
    assert set(scored(carbonctl)["in_sample"].values()) == {0}


def test_the_table_says_what_is_in_sample(table, carbonctl):
    seen = carbonctl("verify", "training", "--cases", table({})).out
    assert "In sample: 1 of time" in seen
    assert max(map(len, seen.splitlines())) <= 80
    assert "In sample" not in carbonctl("verify", "training", "--cases", table(NEW)).out
    assert "In sample" not in carbonctl("verify", "training").out


@pytest.mark.parametrize("change", [{}, {"run_id": "renamed"}])
def test_a_run_that_stands_twice_is_refused_with_both_lines(table, carbonctl, change):
    path = table({}, {"train_tokens_b": "4000"}, change)
    result = carbonctl("verify", "training", "--cases", path)
    assert (result.code, result.out) == (3, "")
    assert "cases.csv:4:1: error[CC505]" in result.err
    assert "line 2" in result.err


@pytest.mark.parametrize("row", ["a,b\n", "," * 60 + "\n"], ids=["short", "long"])
def test_a_row_of_other_length_is_refused_with_its_line(table, carbonctl, row):
    result = carbonctl("verify", "training", "--cases", table({}, more=row))
    assert (result.code, result.out) == (3, "")
    assert "cases.csv:3:1: error[CC502]" in result.err
    assert f"{row.count(',') + 1} cells under" in result.err


def test_an_open_quote_is_refused_with_a_line(table, carbonctl):
    result = carbonctl("verify", "training", "--cases", table({}, more='"open,1\n'))
    assert result.code == 3
    assert "cases.csv:3:1: error[CC502]" in result.err


def test_two_columns_of_one_name_are_refused(table, carbonctl):
    path = table({})
    path.write_text(path.read_text().replace("model,", "run_id,", 1), encoding="utf-8")
    result = carbonctl("verify", "training", "--cases", path)
    assert result.code == 3
    assert "two columns are called run_id" in result.err


def test_an_empty_line_is_no_row(table, carbonctl):
    path = table(NEW, more="\n\n")
    assert carbonctl("verify", "training", "--cases", path).code == 0
