"""A measurement of a simulated board, from the plan to the rows that verify takes."""

from __future__ import annotations

import csv

import pytest
import yaml
from simulated_board import FACTS, SimulatedBoard, SimulatedDevice, with_capability
from tables import for_each

from carbonctl.catalog.read import Catalog
from carbonctl.verify import serving_cases, training_runs

import board_model  # isort: skip
import measure_board  # isort: skip
from board_plan import (  # isort: skip
    QUICK,
    SHAPES,
    Board,
    Options,
    Served,
    describe_plan,
    needed_gb,
    shape_from_catalog,
)
from board_power import BoardError  # isort: skip
from board_rows import Origin, part_row, write_session  # isort: skip
from board_session import run_session  # isort: skip

CATALOG = Catalog.open()
H100 = Board("NVIDIA H100 80GB HBM3", 85.0, (9, 0))


def origin(accelerator="nvidia-h100-sxm5-80gb"):
    return Origin(accelerator, FACTS, True, "2.9.0", "2026-12-01")


def session_of(board, options=QUICK, facts=H100, **more):
    plan = measure_board.plan_for(facts, options, CATALOG)
    device = SimulatedDevice(board, **more)
    states = list(run_session(board, device, plan, lambda _: None, is_no_memory))
    return states[-1], device


def is_no_memory(error):
    return isinstance(error, MemoryError)


@pytest.fixture(scope="module")
def whole():
    return session_of(SimulatedBoard())[0]


@for_each("name", SHAPES)
def test_parameters_of_a_shape_are_those_of_its_record(name):
    record, shape = CATALOG.record("models", name), shape_from_catalog(name, CATALOG)
    assert shape.total_params == pytest.approx(record.number("total_params"), rel=0.01)
    assert shape.active_params == pytest.approx(record.number("active_params"), rel=0.05)


@for_each("name", ["sdxl", "deepseek-v3"])
def test_a_model_that_cannot_be_built_is_refused(name):
    with pytest.raises(BoardError, match="--shapes"):
        measure_board.plan_for(H100, Options(shapes=(name,)), CATALOG)


def test_the_plan_leaves_out_what_a_board_cannot_do():
    small = Board("NVIDIA A10", 24.0, (8, 6))
    plan = measure_board.plan_for(small, Options(), CATALOG)
    assert {point.precision for point in plan.points} == {"bf16"}
    assert all(needed_gb(point) < 24 for point in plan.points)
    reasons = dict(plan.left_out)
    assert reasons["decode llama-3.1-8b bf16, batch 128, 4096 tokens"].startswith("needs 8")
    assert reasons["decode llama-3.1-8b fp8, batch 1, 512 tokens"].endswith("capability 8.6")
    text = describe_plan(plan, small)
    assert "left out: " in text
    assert f"{len(plan.points)} points, about " in text


def test_the_whole_plan_takes_less_than_an_hour():
    plan = measure_board.plan_for(H100, Options(), CATALOG)
    assert 20 < plan.seconds / 60 < 45
    assert measure_board.plan_for(H100, QUICK, CATALOG).seconds < plan.seconds / 2


def test_a_session_finds_the_energy_and_time_of_the_board(whole):
    assert {state: round(idle.watts.middle) for state, idle in whole.idle.items()} == {
        "deep_idle": 70, "p0_without_context": 70, "between_requests": 110, "resident": 110,
    }  # fmt: skip
    device = SimulatedDevice(SimulatedBoard())
    assert len(whole.points) == 19
    for part in whole.points:
        seconds, watts = device.step_s(part.point), device.power_w(part.point)
        assert part.seconds.middle == pytest.approx(seconds, rel=0.02), part.point.label
        assert part.joules.middle == pytest.approx(seconds * watts, rel=0.02), part.point.label


def test_verify_takes_the_rows(whole, tmp_path):
    write_session(whole, QUICK.served, origin(), tmp_path, measure_board.PUBLISHED)
    served = serving_cases.read_cases(tmp_path / "inference.csv", CATALOG)
    trained = training_runs.read_cases(tmp_path / "training.csv", CATALOG)
    assert len(served.cases) == 12
    assert not any(served.excluded.values())
    assert [case.test for case in trained.cases] == ["time", "power", "energy"]
    assert not any(trained.excluded.values())
    assert {case.scenario["model"]["id"] for case in served.cases} == set(SHAPES)
    assert {case.scenario["infer"]["kv_precision"] for case in served.cases} == {"bf16"}
    assert {case.runtime for case in served.cases} == {"vllm_2025"}


def test_a_request_is_its_prompt_and_its_tokens(whole, tmp_path):
    write_session(whole, QUICK.served, origin(), tmp_path, measure_board.PUBLISHED)
    with (tmp_path / "inference.csv").open(encoding="utf-8") as file:
        row = next(r for r in csv.DictReader(file) if r["row_id"].endswith("1b-bf16-b32-p384-o256"))
    parts = {part.point.label: part for part in whole.points}
    decode = parts["decode llama-3.2-1b bf16, batch 32, 512 tokens"]
    prefill = parts["prefill llama-3.2-1b bf16, batch 21, 384 tokens"]
    joules = 32 / 21 * prefill.joules.middle + 256 * decode.joules.middle
    assert float(row["energy_per_output_token_j"]) == pytest.approx(joules / 256 / 32, rel=1e-4)
    latency = 32 / 21 * prefill.seconds.middle + 256 * decode.seconds.middle
    assert float(row["batch_latency_s"]) == pytest.approx(latency, rel=1e-4)
    assert float(row["throughput_per_s"]) == pytest.approx(32 * 256 / latency, rel=1e-4)


def test_the_record_has_its_state_and_source(whole, tmp_path):
    write_session(whole, QUICK.served, origin(), tmp_path, measure_board.PUBLISHED)
    facts = yaml.safe_load((tmp_path / "accelerator.yaml").read_text(encoding="utf-8"))
    assert set(facts) == {"tdp", "idle_power", "resident_power"}
    assert facts["idle_power"]["value"] == "70 W"
    assert facts["resident_power"]["value"] == "110 W"
    assert facts["resident_power"]["note"].startswith("model loaded, parked, P0, n=")
    assert facts["idle_power"]["source"] == "measured-nvidia-h100-sxm5-80gb-2026"


def test_a_workstation_board_falls_back_when_parked():
    board = SimulatedBoard(deep_w=25, context_w=95, hold_s=6.0, is_deep_at_p0=False)
    options = Options(shapes=("llama-3.2-1b",), batches=(1,), served=(Served(384, 256),))
    session, _ = session_of(board, options)
    assert session.idle["resident"].last.p_state == "P8"
    assert session.idle["resident"].watts.middle == 25
    assert session.idle["between_requests"].watts.middle == pytest.approx(95)


def test_heat_is_recorded_and_lowers_confidence(tmp_path):
    board = SimulatedBoard(throttle="hardware thermal slowdown")
    session, _ = session_of(board)
    write_session(session, QUICK.served, origin(), tmp_path, measure_board.PUBLISHED)
    with (tmp_path / "inference.csv").open(encoding="utf-8") as file:
        assert {row["confidence"] for row in csv.DictReader(file)} == {"low"}
    assert part_row(session.points[0])["throttle"] == "hardware thermal slowdown"


def test_a_point_without_memory_is_left_out_and_the_rest_goes_on():
    label = "decode llama-3.1-8b bf16, batch 32, 512 tokens"
    session, device = session_of(SimulatedBoard(), no_memory_at=label)
    assert (label, "out of memory") in session.left_out
    assert len(session.points) == len(device.loaded) - 1 == 18


@for_each(
    "board, said",
    [
        (SimulatedBoard(others=("41",)), r"other processes hold the board \(41\)"),
        (SimulatedBoard(joins_at_s=150.0), "joined"),
        (SimulatedBoard(facts_=with_capability(9, 0, mig=True)), "MIG"),
    ],
    ids=["held", "joined", "mig"],
)
def test_a_board_that_is_shared_is_refused(board, said):
    with pytest.raises(BoardError, match=said):
        session_of(board)


def test_the_dry_run_plans_for_a_board_of_the_catalog(capsys):
    assert measure_board.main(["--dry-run", "--accelerator", "h100-sxm", "--quick"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("nvidia-h100-sxm5-80gb, 80 GB")
    assert "decode olmoe-1b-7b fp8, batch 32, 512 tokens" in printed
    assert "19 points, about " in printed


@for_each(
    "flags, said",
    [
        (["--dry-run", "--accelerator", "h100-smx"], "not in the catalog"),
        (["--dry-run"], "--accelerator ID"),
        ([], "no NVIDIA board"),
    ],
)
def test_what_is_missing_is_one_line(flags, said, monkeypatch, capsys):
    monkeypatch.setattr(measure_board, "open_sensor", no_board)
    assert measure_board.main(flags) == 2
    line = capsys.readouterr().err
    assert said in line
    assert line.count("\n") == 1


def no_board(_):
    raise BoardError("no NVIDIA board: install the NVIDIA driver")


def test_a_missing_torch_is_one_line(monkeypatch):
    monkeypatch.setattr(board_model, "import_module", lambda _: (_ for _ in ()).throw(ImportError))
    with pytest.raises(BoardError, match=r"pip install 'torch>=2\.5'"):
        board_model.import_torch()
