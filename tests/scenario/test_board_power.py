"""What boards draw beside their work: with a model in memory, parked, and in their servers."""

import pytest
from tables import for_each

LOAD = ("--requests", "10/day", "--tokens", "500:300", "--region", "FR")


def served(result, gpu, *more, model="llama-3.1-8b"):
    return result("infer", "--model", model, "--gpu", gpu, *LOAD, "--samples", "0", *more)


def constant(data, name):
    return data["facts"][f"default:{name}"]["value"]


def watts(data, devices=1):
    """Mean power of the held devices and their server, which are almost always idle [W]."""
    energy = data["metrics"]["infer.it_energy_kwh"]["value"]
    return energy * 1e3 / 8760 / devices


@for_each(
    "gpu, parked",
    [
        ("l40s", 102),  # keeps its clocks while a model is in memory
        ("a40", 100),
        ("l4", 27),
        ("h100-sxm", 121.7),
        ("rtx-3090", 24),  # falls back when no requests come
        ("rtx-6000-ada", 22),  # measured while requests come alone: idle power
        ("rtx-5090", 17.5),
        ("a10", 0.29 * 150),  # not measured: as is usual of server boards
    ],
)
def test_a_board_that_waits_draws_what_was_measured_with_a_model_in_memory(gpu, parked, result):
    """One board in a server, which takes watts of its own and a quarter of its board's."""
    data = served(result, f"{gpu}:1")
    base, factor = constant(data, "server_base_power"), constant(data, "board_to_wall")
    assert (base, factor) == (pytest.approx(180, abs=15), pytest.approx(1.24, abs=0.05))
    assert watts(data) == pytest.approx(base + factor * parked, rel=0.01)


def test_boards_of_one_server_share_it(result):
    one, eight = (served(result, f"h100-sxm:{n}") for n in (1, 8))
    base = constant(one, "server_base_power")
    assert watts(one) - watts(eight, 8) == pytest.approx(base * 7 / 8, rel=0.01)


def test_a_stated_factor_replaces_the_watts_of_a_server(result):
    data = served(result, "l40s:1", "--set", "infer.host_power_factor=1.5")
    assert watts(data) == pytest.approx(1.5 * 102, rel=0.01)


def test_one_busy_a10_draws_about_400_w_at_its_plug(result):
    # MLPerf power rows of one A10: 400 W.
    data = served(result, "a10", "--concurrency", "32", "--set", "infer.busy_share=1")
    energy = data["metrics"]["infer.loaded_energy_kwh"]["value"]
    board = data["metrics"]["infer.device_energy_kwh"]["value"]
    hours = data["metrics"]["infer.accelerator_hours"]["value"]
    assert board / hours * 1e3 <= 150
    per_machine = next(f["value"] for f in data["facts"].values() if "per machine" in f["label"])
    around = (energy - constant(data, "board_to_wall") * board) / hours * 1e3
    assert around == pytest.approx(constant(data, "server_base_power") / per_machine, rel=0.01)
    alone = served(result, "a10:1", "--set", "infer.requests=60k/day")
    metrics = alone["metrics"]
    busy = metrics["infer.busy_share"]["value"] * 8760
    assert 280 < metrics["infer.loaded_energy_kwh"]["value"] * 1e3 / busy < 420


def test_a_kind_of_board_that_was_not_fitted_is_warned_of_and_its_interval_is_wider(
    carbonctl, result
):
    words = ("infer", "--model", "llama-3.1-8b", *LOAD, "--samples", "400")
    known, unseen = (carbonctl(*words, "--gpu", gpu) for gpu in ("h100-sxm", "rtx-3090"))
    assert "outside of what was fitted" not in known.err
    assert "warning[CC304]: outside of what was fitted: gddr6x" in unseen.err
    wide, narrow = (
        next(
            fact
            for fact in result(*words, "--gpu", gpu)["facts"].values()
            if fact["label"] == "model error, language energy"
        )
        for gpu in ("rtx-3090", "h100-sxm")
    )
    assert wide["high"] / wide["low"] > 1.5 * narrow["high"] / narrow["low"]
