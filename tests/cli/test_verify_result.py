"""``verify RESULT`` computes a saved result again: the same is 0, anything else 7 and by name."""

from __future__ import annotations

import json
import re

import pytest
from gate_example import several
from scenarios import CONFIGS, LIVES_AND_ITEMS, command_of
from tables import for_each

LIFECYCLE = CONFIGS / "lifecycle-chat-7b.yaml"
ONE_LINER = (
    "lifecycle", "--params", "7B", "--gpu", "h100-sxm:64", "--days", "10",
    "--region", "aws:us-east-1", "--requests", "1M/day", "--tokens", "500:300",
)  # fmt: skip


def save(carbonctl, path, *words):
    ran = carbonctl(*words, "-f", "json", "-o", path)
    assert ran.code == 0, ran.err
    return path


@pytest.fixture
def chat(carbonctl, tmp_path):
    return save(carbonctl, tmp_path / "chat.json", "lifecycle", LIFECYCLE, "--samples", "100")


def edited(path, change):
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


@for_each("file", LIVES_AND_ITEMS, ids=lambda file: file.stem)
def test_every_bundled_scenario_is_the_same_again(file, carbonctl, tmp_path):
    path = save(carbonctl, tmp_path / "r.json", command_of(file), file, "--samples", "100")
    ran = carbonctl("verify", path, "--tolerance", "0")
    assert ran.code == 0, ran.out
    assert "\nsame: " in ran.out


@pytest.mark.parametrize(
    "words", [ONE_LINER, ("embodied", "--gpu", "h100-sxm")], ids=lambda w: w[0]
)
def test_a_result_of_flags_alone_is_the_same_again(words, carbonctl, tmp_path):
    assert carbonctl("verify", save(carbonctl, tmp_path / "r.json", *words)).code == 0


def test_flags_over_a_file_and_a_base_file_are_kept_in_the_result(carbonctl, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(f"extends: {LIFECYCLE}\nname: mine\n", encoding="utf-8")
    flags = ("--region", "NO", "--set", "train.tokens=3T", "--seed", "7", "--samples", "200")
    path = save(carbonctl, tmp_path / "r.json", "lifecycle", mine, "--root", "/", *flags)
    mine.unlink()
    assert carbonctl("verify", path, "--tolerance", "0").code == 0
    inputs = json.loads(path.read_text(encoding="utf-8"))["inputs"]
    assert inputs["scenario"]["train"]["tokens"] == "3T"
    assert {flag["flag"] for flag in inputs["flags"]} == {"--region", "--set train.tokens"}


def test_a_pipe_is_verified(carbonctl, chat):
    ran = carbonctl("verify", "-", stdin=chat.read_bytes())
    assert (ran.code, ran.err) == (0, "")


@for_each("form", ["table", "csv", "markdown", "json"])
@for_each("samples", ["0", "100"])
def test_a_decision_to_replace_is_read_back_and_looks_the_same(form, samples, carbonctl, tmp_path):
    words = ("refresh", CONFIGS / "refresh-a100-to-h100.yaml", "--samples", samples)
    path = save(carbonctl, tmp_path / "r.json", *words)
    ran = carbonctl("report", path, "-f", form)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == carbonctl(*words, "-f", form).out


def test_a_decision_to_replace_is_no_estimate_and_its_sums_are_held(carbonctl, tmp_path):
    words = ("refresh", CONFIGS / "refresh-a100-to-h100.yaml", "--samples", "0")
    path = save(carbonctl, tmp_path / "r.json", *words)
    for command in (("verify", path), ("diff", path, path)):
        ran = carbonctl(*command)
        assert (ran.code, ran.out) == (3, "")
        assert "error[CC705]" in ran.err

    def change(data):
        data["keep"]["breakdown"][0]["value"] *= 2

    ran = carbonctl("report", edited(path, change))
    assert (ran.code, ran.out) == (3, "")
    assert "error[CC704]: the breakdown does not add up to its total" in ran.err


def test_a_saved_result_is_validated_as_what_it_is(carbonctl, chat):
    assert carbonctl("validate", chat).out == f"{chat}: valid\n"

    def change(data):
        data["total_kgco2e"] *= 2

    ran = carbonctl("validate", edited(chat, change))
    assert (ran.code, ran.out) == (3, "")
    assert "error[CC704]: this differs from total_kgco2e" in ran.err


def test_results_under_one_verdict_are_verified_each(carbonctl, tmp_path):
    path = tmp_path / "gate.json"
    path.write_text(json.dumps(several()), encoding="utf-8")
    ran = carbonctl("verify", path)
    assert ran.code == 7  # the second one was given another name by hand
    assert ran.out.count("\nsame: ") == 1
    assert re.search(r"\ndiffers: 1 of [\d,]+ values\n  name: other -> chat-7b\n$", ran.out)


def test_another_fact_ends_with_7_and_is_named(carbonctl, chat):
    def change(data):
        data["facts"]["grid/IE:lifecycle"]["value"] *= 1.1

    ran = carbonctl("verify", edited(chat, change))
    assert ran.code == 7
    assert "facts/grid/IE:lifecycle/value: " in ran.out
    assert "(-9.09 %)" in ran.out


def test_another_input_moves_the_total_and_that_is_said_first(carbonctl, chat):
    def change(data):
        data["inputs"]["scenario"]["train"]["tokens"] = "4T"

    ran = carbonctl("verify", edited(chat, change), "-f", "json")
    (result,) = json.loads(ran.out)["results"]
    assert ran.code == 7
    first = result["differences"][0]
    assert (first["kind"], first["path"]) == ("total", "total_kgco2e")
    assert first["relative"] == pytest.approx(first["now"] / first["saved"] - 1)
    assert first["relative"] > 0.5
    assert "inputs/sha256" in {one["path"] for one in result["differences"]}


def test_an_input_that_moves_nothing_is_still_another_input(carbonctl, chat):
    def change(data):
        data["inputs"]["scenario"]["budget"] = {"total": "70 t", "per_request": "0.1 g"}
        data["inputs"]["scenario"]["functional_unit"] = "request"
        data["inputs"]["scenario"]["train"]["tokens"] = "2.0T"

    ran = carbonctl("verify", edited(chat, change))
    assert ran.code == 7
    assert "inputs/sha256: " in ran.out
    assert "differs: 1 of " in ran.out


@pytest.mark.parametrize("value", [1e-320, 1e308, -1e308, 0.0])
def test_a_difference_of_any_size_is_json(value, carbonctl, chat):
    def change(data):
        data["metrics"]["water_l"]["value"] = value

    ran = carbonctl("verify", edited(chat, change), "-f", "json")
    (one,) = json.loads(ran.out)["results"][0]["differences"]
    assert (ran.code, one["saved"]) == (7, value)


def test_a_tolerance_lets_small_differences_pass(carbonctl, chat):
    def change(data):
        data["metrics"]["water_l"]["value"] *= 1 + 1e-7

    edited(chat, change)
    assert carbonctl("verify", chat).code == 7
    assert carbonctl("verify", chat, "--tolerance", "1e-6").code == 0


def test_where_a_scenario_stood_and_who_computed_it_are_no_difference(carbonctl, chat):
    def change(data):
        data["tool"]["version"] = "0.0.9"
        for fact in data["facts"].values():
            fact["where"] = None

    ran = carbonctl("verify", edited(chat, change))
    assert ran.code == 0
    assert ran.out.startswith("chat-7b: saved by carbonctl 0.0.9, recomputed by ")


def test_a_file_and_the_subcommands_live_side_by_side(carbonctl, chat):
    assert carbonctl("verify", chat).out == carbonctl("verify", "result", chat).out
    assert (
        carbonctl("verify", "-f", "json", chat).out == carbonctl("verify", chat, "-f", "json").out
    )
    assert "forecast" in carbonctl("verify", "training").out
    assert carbonctl("verify").code == 2


def test_markdown_of_a_verification_has_its_marker(carbonctl, chat):
    out = carbonctl("verify", chat, "-f", "markdown").out
    assert out.startswith("<!-- carbonctl:verify -->\n- chat-7b: saved by carbonctl ")


def without_places(value):
    """A tree without where its facts stand: in the scenario, or in the result that holds it."""
    if isinstance(value, dict):
        return {k: without_places(v) for k, v in value.items() if k != "where"}
    return [without_places(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("lifecycle-chat-7b", "total"),
        ("lifecycle-chat-7b", "infer.per_request_kgco2e"),
        ("embodied-act-fairphone-3", "total"),
    ],
)
def test_a_number_of_a_saved_result_is_explained_as_that_of_its_scenario(
    name, of, carbonctl, tmp_path
):
    file = CONFIGS / f"{name}.yaml"
    path = save(carbonctl, tmp_path / "r.json", command_of(file), file, "--samples", "0")
    asked = ("--of", of, "--samples", "300")
    tree, again = (carbonctl("explain", f, *asked, "-f", "json") for f in (file, path))
    assert (tree.code, again.code) == (0, 0), again.err
    assert without_places(json.loads(again.out)) == without_places(json.loads(tree.out))
    piped = carbonctl("explain", "-", *asked, "-f", "json", stdin=path.read_bytes())
    assert without_places(json.loads(piped.out)) == without_places(json.loads(tree.out))
    assert f"given at {path}:" in carbonctl("explain", path, *asked).out


def test_the_total_of_one_command_is_explained_as_that_command_made_it(carbonctl, tmp_path):
    path = save(carbonctl, tmp_path / "r.json", "train", LIFECYCLE, "--samples", "0")
    ran = carbonctl("explain", path, "-f", "json", "--samples", "0")
    assert json.loads(ran.out)["value"] == json.loads(path.read_text())["total_kgco2e"]


def test_what_cannot_be_computed_again_is_not_explained(carbonctl, chat, tmp_path):
    many = tmp_path / "gate.json"
    many.write_text(json.dumps(several()), encoding="utf-8")
    both = tmp_path / "diff.json"
    assert carbonctl("diff", chat, chat, "-f", "json", "-o", both).code == 0
    assert carbonctl("explain", chat, "--accounting", "market").code == 2
    for ran, code, place in (
        (carbonctl("explain", many), "CC705", "expected a file with one result, got"),
        (
            carbonctl("explain", both),
            "CC705",
            'estimate, got one of "diff"',
        ),
        (
            carbonctl("explain", edited(chat, lambda d: d.pop("inputs"))),
            "CC705",
            "contain its inputs",
        ),
    ):
        assert (ran.code, ran.out) == (3, "")
        assert f"error[{code}]" in ran.err
        assert place in ran.err
