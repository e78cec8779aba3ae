"""The product and its proof are one road: measured rows give the same numbers on both."""

import importlib.util
import random
import sys
from functools import cache

import numpy as np
import pytest
from scenarios import ROOT

from carbonctl.catalog.locate import bundled_folder
from carbonctl.catalog.read import Catalog
from carbonctl.core.fact import Fact
from carbonctl.core.record import record
from carbonctl.estimate.serving.service import Decoder
from carbonctl.verify import cases, serving_cases, stacks

SPEC = importlib.util.spec_from_file_location("parity", ROOT / "benchmarks" / "parity.py")
parity = sys.modules["parity"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(parity)
CATALOG = Catalog.open()
KINDS = {
    "dense": lambda case: case.error_group == "language" and case.row["task"] != "gpqa",
    "mixture": lambda case: case.error_group == "mixture",
    "reasoning": lambda case: case.row["task"] == "gpqa",
    "media": lambda case: case.error_group == "media",
    "not in the catalog": lambda case: case.archetype,
    "image": lambda case: case.error_group == "image",
    "video": lambda case: case.error_group == "video",
    "sample": lambda case: case.kind == "sample",
    "queue": lambda case: case.kind == "language" and case.wall,
}
SAMPLED = 60


@cache
def bundled_cases():
    """Cases of the bundled table; read when first asked for, for that takes a second."""
    return serving_cases.read_cases(
        bundled_folder("hardware_db") / "published" / "inference.csv", CATALOG
    )


def sampled():
    """Rows of each kind by turns, in an order that a fixed seed shuffles."""
    generator, found = random.Random(12), []
    of_kinds = [[case for case in bundled_cases().cases if holds(case)] for holds in KINDS.values()]
    for of_kind in of_kinds:
        generator.shuffle(of_kind)
    for turn in range(SAMPLED):
        found += [of_kind[turn] for of_kind in of_kinds if turn < len(of_kind)]
    return found


def test_measured_rows_are_the_same_by_infer_and_by_verify():
    """A row that a replica would not hold is refused by infer; the next of its kind is taken."""
    chosen, refused = [], []
    for case in sampled():
        made = parity.estimate(case, CATALOG)
        if isinstance(made, str):
            refused.append((case, made))
        else:
            chosen.append((case, made))
        if len(chosen) == SAMPLED:
            break
    stacked = parity.forecast([case for case, _ in chosen], CATALOG)
    assert stacked == pytest.approx(np.array([made for _, made in chosen]), rel=parity.NEAR)
    assert all(any(holds(case) for case, _ in chosen) for holds in KINDS.values())
    for case, why in refused:
        assert isinstance(case.record, Decoder), why
        assert why.startswith("CC304 a concurrency of"), why


def test_no_row_of_the_table_is_dropped_because_infer_refuses_it():
    reasons = {reason for counted in bundled_cases().excluded.values() for reason in counted}
    assert not any("fit" in reason.split() and "concurrency" in reason for reason in reasons)
    assert len(bundled_cases().cases) == 1889


def test_a_row_states_its_scenario_and_nothing_else():
    tables = cases.CaseTables.of(CATALOG)
    row = next(c for c in bundled_cases().cases if c.row["task"] == "gpqa" and not c.is_moe).row
    said = cases.scenario_from_row(row, tables)
    assert said["infer"]["output_cv"]["value"] == 0.6
    assert said["infer"]["concurrency"] == float(row["avg_batch_size"])
    assert set(said["infer"]) == {
        "requests", "prompt_tokens", "output_tokens", "output_cv", "precision", "runtime",
        "concurrency", "tensor_parallel",
    }  # fmt: skip
    own = row | {"prompt_tokens_mean": "111", "output_cv": "0.9", "kv_precision": "fp8"}
    infer = cases.scenario_from_row(own, tables)["infer"]
    assert (infer["prompt_tokens"], infer["output_cv"], infer["kv_precision"]) == (111, 0.9, "fp8")


def test_passes_of_the_denoiser_are_those_of_the_row():
    tables = cases.CaseTables.of(CATALOG)
    row = next(c for c in bundled_cases().cases if c.error_group == "image").row
    once, twice = (
        cases.resolve_service(
            cases.scenario_from_row(row | {"guidance_passes": n}, tables), CATALOG
        )
        for n in "12"
    )
    assert (once.guidance_passes.value, twice.guidance_passes.value) == (1, 2)


@record
class Pair:
    """Two facts, one of them optional."""

    one: Fact
    other: Fact | None = None


def fact(key, value):
    return Fact(key, value, "1", "test", "default")


def test_records_of_one_form_are_one_record_of_columns():
    records = [
        Pair(fact("default:a", 1.0), fact("x", 5.0)),
        Pair(fact("default:b", 2.0)),
        Pair(fact("default:a", 3.0), fact("y", 7.0)),
    ]
    constants = {"default:a": "a"}
    forms = [stacks.Form.of(record) for record in records]
    made = stacks.stack_records(records, forms, lambda f: constants.get(f.key, ""), ["same"] * 3)
    assert [list(stack.places) for stack in made] == [[0, 2], [1]]
    bound = made[0].bind({"a": np.array([10.0, 20.0])})
    assert bound.one.tolist() == [10.0, 20.0]
    assert bound.other.tolist() == [[5.0], [7.0]]
    assert made[1].bind({}).one == 2.0
    with pytest.raises(KeyError):  # a constant that a fit does not know must not slip in
        made[0].bind({})


def test_a_constant_stands_only_in_the_rows_that_have_it():
    records = [Pair(fact("default:a", 1.0)), Pair(fact("stated", 2.0))]
    forms = [stacks.Form.of(record) for record in records]
    named = {"default:a": "a"}
    (made,) = stacks.stack_records(records, forms, lambda f: named.get(f.key, ""), [0, 0])
    assert made.bind({"a": 10.0}).one.tolist() == [[10.0], [2.0]]
    assert made.bind({"a": np.array([10.0, 20.0])}).one.tolist() == [[10.0, 20.0], [2.0, 2.0]]
