"""Every leaf of every scenario's total is sourced, given with its place, or assumed."""

from __future__ import annotations

import json

from scenarios import CONFIGS
from tables import for_each

from carbonctl.cli.app import run


def leaves(node: dict) -> list[dict]:
    if node["kind"] != "formula":
        return [node]
    return [leaf for child in node["children"] for leaf in leaves(child)]


@for_each("config", sorted(CONFIGS.glob("*.yaml")), ids=lambda p: p.stem)
def test_every_leaf_is_one_of_three_kinds(config, capsys):
    assert run(["explain", str(config), "--of", "total", "-f", "json"]) == 0
    tree = json.loads(capsys.readouterr().out)
    found = leaves(tree)
    assert found
    for leaf in found:
        assert leaf["kind"] in {"sourced", "given", "assumed"}, leaf
        if leaf["kind"] == "given":
            assert leaf["where"].startswith((str(CONFIGS), "--")), leaf
        else:
            assert leaf["source"], leaf
        if leaf["kind"] == "assumed":
            assert leaf["note"] or leaf["low"] is not None, leaf


def test_given_leaves_name_file_and_line(capsys):
    config = CONFIGS / "train-bloom.yaml"
    assert run(["explain", str(config), "--of", "train.operational_location"]) == 0
    text = capsys.readouterr().out
    line = next(
        n for n, row in enumerate(config.read_text().splitlines(), 1) if "accelerator_hours" in row
    )
    assert f"given at {config}:{line}:" in text


def test_marks_of_recalled_values_reach_explain(capsys):
    assert run(["explain", str(CONFIGS / "train-bloom.yaml"), "--of", "transport"]) == 0
    assert "recalled-vendor-documents, recalled" in capsys.readouterr().out


def test_an_unknown_number_lists_what_there_is(capsys):
    assert run(["explain", str(CONFIGS / "train-bloom.yaml"), "--of", "totl"]) == 3
    assert "total" in capsys.readouterr().err
