"""What ``next`` says: which value to state, and what the answer is at the ends of its range."""

import re
import shlex

import pytest
from scenarios import CONFIGS, command_of
from tables import for_each

FILES = [p for p in sorted(CONFIGS.glob("*.yaml")) if command_of(p) != "refresh"]
PLACEHOLDER = re.compile(r"(?:^|(?<==))[A-Z]$")
OTHERWISE = (
    "saturated_mfu",
    "host_power_factor",
    "usual_itl",
)  # stating these states another thing


def next_line(out):
    """The note that begins with ``next``, on one line."""
    return " ".join(out.split("\nnext ")[1].split())


def stated(words, value):
    """The flag of a ``next`` line with a value in the place of its capital letter."""
    return [PLACEHOLDER.sub(value, word) for word in words]


@for_each("file", FILES, ids=lambda file: file.stem)
def test_no_command_of_next_can_be_pasted_with_a_value_that_nobody_measured(
    file, carbonctl, result
):
    command = command_of(file)
    said = next_line(carbonctl(command, file, "--samples", "200").out)
    if not said.startswith("state "):
        words = shlex.split(said)
        assert "FILE" in words
        assert carbonctl(*words[1:]).code == 3
        return
    flag = shlex.split(said.removeprefix("state ").partition(": at ")[0])
    assert any(PLACEHOLDER.search(word) for word in flag)
    assert not re.search(r"\d", " ".join(flag))
    ran = carbonctl(command, file, *flag)
    assert (ran.code, ran.out) == (3, "")
    data = result(command, str(file), "--samples", "200")
    assumed = {item["key"]: item for item in data["assumptions"]}
    for item in data["sensitivity"]:
        fact = data["facts"][item["key"]]
        assert item["key"] in assumed
        assert fact["low"] <= item["low"] < item["high"] <= fact["high"]
        assert item["total_at_low_kgco2e"] != item["total_at_high_kgco2e"]


@pytest.mark.parametrize("name", ["train-vit", "train-federated", "train-llama-2", "train-moe"])
def test_the_total_at_an_end_is_that_of_the_command_with_the_end_stated(name, carbonctl, result):
    file = CONFIGS / f"{name}.yaml"
    command = command_of(file)
    said = next_line(carbonctl(command, file, "--samples", "200").out)
    words = shlex.split(said.removeprefix("state ").partition(": at ")[0])
    known = result(command, str(file), "--samples", "200")["sensitivity"]
    item = next(i for i in known if not i["key"].split(":")[1].startswith(OTHERWISE)
                and "residual" not in i["key"])  # fmt: skip
    unit = "" if item["unit"] == "1" else f" {item['unit']}"
    for end in ("low", "high"):
        at_end = stated(words, f"{item[end]!r}{unit}")
        total = result(command, str(file), "--samples", "0", *at_end)["total_kgco2e"]
        assert total == pytest.approx(item[f"total_at_{end}_kgco2e"], rel=1e-9)


def test_contracts_are_not_suggested_where_they_leave_the_number_as_it_is(carbonctl, configs):
    for name in ("train-bloom", "lifecycle-chat-7b", "infer-chat-70b"):
        out = carbonctl(command_of(configs / f"{name}.yaml"), configs / f"{name}.yaml").out
        assert "--contracted-clean" not in out


def test_without_draws_nothing_is_known_to_decide(result, configs):
    data = result("infer", str(configs / "infer-gemini-boundary.yaml"), "--samples", "0")
    assert data["sensitivity"] == []
