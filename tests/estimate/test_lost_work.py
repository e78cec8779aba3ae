"""Work that was lost is a line of its own, and the two parts are the whole."""

from __future__ import annotations

import pytest

WORDS = (
    "train",
    "--params",
    "7B",
    "--gpu",
    "h100-sxm:64",
    "--region",
    "FR",
    "--train-tokens",
    "2T",
)


def test_useful_and_lost_work_are_the_run(result):
    data = result(*WORDS, "--mfu", "0.4", "--set", "train.goodput=0.8")
    (run,) = (node for node in data["breakdown"] if node["kind"] == "train")
    useful, lost = run["children"]
    assert lost["label"] == "lost work"
    assert lost["value"] == pytest.approx(0.2 * run["value"])
    assert useful["value"] + lost["value"] == pytest.approx(run["value"])


def test_a_billed_utilization_tells_no_loss_apart(result):
    (run,) = (node for node in result(*WORDS)["breakdown"] if node["kind"] == "train")
    assert run["children"] == []
