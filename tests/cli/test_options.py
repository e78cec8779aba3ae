"""Records of options become flags of a command in the order that it names, and come back filled."""

from __future__ import annotations

import inspect

import pytest

from carbonctl.cli import options as o
from carbonctl.core.errors import UsageError


def command(scenario, run, file=None):
    """What a command is given."""
    return scenario, run, file


command.__annotations__ = {"scenario": o.ScenarioOptions, "run": o.RunOptions, "file": o.File}


def test_flags_stand_in_the_order_that_is_named_after_the_command_s_own():
    taken = o.with_flags("gpu", "format", "model", "seed")(command)
    shown = inspect.signature(taken).parameters
    assert list(shown) == ["file", "gpu", "format", "model", "seed"]
    assert shown["seed"].default == 1
    assert shown["gpu"].annotation == o.Gpu
    assert (taken.__name__, taken.__doc__) == ("command", command.__doc__)


def test_records_are_filled_and_what_has_no_flag_keeps_its_default():
    taken = o.with_flags("gpu", "seed")(command)
    scenario, run, file = taken(file="a.yaml", gpu="h100-sxm", seed=7)
    assert (scenario.gpu, scenario.model, run.seed, run.samples, file) == (
        "h100-sxm", None, 7, 2000, "a.yaml",
    )  # fmt: skip


def test_a_name_that_is_no_option_is_a_mistake_of_ours():
    with pytest.raises(KeyError):
        o.with_flags("gpus")(command)


def test_a_saved_result_takes_no_flag_of_a_scenario():
    o.ScenarioOptions().check_is_empty(("model", "sets"))
    with pytest.raises(UsageError, match=r"--train-tokens changes a scenario"):
        o.ScenarioOptions(train_tokens="1T").check_is_empty(("sets", "train_tokens", "format"))
