"""Tables of other measured services: what they may state, and all that is wrong with one."""

import csv
import json

import pytest

from carbonctl.catalog.locate import bundled_folder
from carbonctl.catalog.read import Catalog
from carbonctl.verify import training_runs

TABLE = bundled_folder("hardware_db") / "published" / "inference.csv"


@pytest.fixture
def table(tmp_path):
    """Rows of the bundled table of one task, with changes; a row for each of them."""

    def write(*changes, task="gpqa", source=TABLE, which=bool):
        with source.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        base = next(r for r in rows if r.get("task", task) == task and which(r))
        header = list(dict.fromkeys([*base, *(name for change in changes for name in change)]))
        path = tmp_path / "cases.csv"
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, header, restval="")
            writer.writeheader()
            writer.writerows(
                base | {"family": f"f{n}"} | change for n, change in enumerate(changes)
            )
        return path

    return write


def scored(carbonctl, path, test="energy_per_token"):
    data = json.loads(carbonctl("verify", "inference", "--cases", path, "-f", "json").out)
    return next(s for s in data["tests"] if (s["test"], s["group"], s["method"])
                == (test, "all", "carbonctl"))  # fmt: skip


@pytest.mark.parametrize(
    ("task", "column", "cell"),
    [
        ("gpqa", "prompt_tokens_mean", "9000"),
        ("gpqa", "output_cv", "1.5"),
        ("gpqa", "output_cv", "0"),
        ("gpqa", "kv_precision", "fp8"),
        ("text-to-image", "guidance_passes", "3"),
    ],
)
def test_a_table_may_state_what_is_usual_else(table, carbonctl, task, column, cell):
    test = "energy_per_image" if task == "text-to-image" else "energy_per_token"
    silent = scored(carbonctl, table({column: ""}, task=task), test)
    stated = scored(carbonctl, table({column: cell}, task=task), test)
    assert silent["n"] == stated["n"] == 1
    assert stated["bias"] != pytest.approx(silent["bias"], abs=1e-3)


def test_a_task_of_no_usual_lengths_needs_its_own(table, carbonctl):
    silent, stated = (scored(carbonctl, table({"task": "poems", **more}))
                      for more in ({}, {"prompt_tokens_mean": "100"}))  # fmt: skip
    assert (silent["n"], silent["excluded"]) == (0, {"work of poems not known": 1})
    assert stated["n"] == 1


def test_all_bad_cells_come_out_in_one_pass(table, carbonctl):
    path = table(
        {"n_accelerators": "many", "weight_precision": "fp9"},
        {"kv_precision": "fp99", "output_cv": "-1"},
        {"avg_batch_size": "inf"},
    )
    ran = carbonctl("verify", "inference", "--cases", path)
    assert (ran.code, ran.out) == (3, "")
    for line, said in (
        (2, 'n_accelerators is "many", not a number of 0 or more'),
        (2, 'weight_precision is "fp9", not one of'),
        (3, 'kv_precision is "fp99", not one of'),
        (3, 'output_cv is "-1", not a number of 0 or more'),
        (4, 'avg_batch_size is "inf", not a number of 0 or more'),
    ):
        assert f"cases.csv:{line}:1: error[CC502]: {said}" in ran.err
    assert "5 errors" in ran.err


def test_training_runs_may_state_their_precision(table):
    source = bundled_folder("hardware_db") / "published" / "training.csv"
    catalog = Catalog.open()

    def peak(**more):
        path = table(
            more,
            source=source,
            which=lambda row: row["accelerator_id"].startswith("nvidia-h100-sxm"),
        )
        return next(c.peak_flop_per_s for c in training_runs.read_cases(path, catalog).cases)

    assert peak(precision="fp8") == pytest.approx(2 * peak(), rel=0.01)
    assert peak(precision="bf16") == peak(precision="") == peak()
