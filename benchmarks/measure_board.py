"""Measure a CUDA board: idle states, decode, prefill and a training step, as rows of ``verify``.

    python benchmarks/measure_board.py --out FOLDER [--accelerator ID] [--device N] [--quick]
    python benchmarks/measure_board.py --dry-run [--accelerator ID]

It needs PyTorch 2.5 or later with CUDA, and the NVIDIA driver; nothing is downloaded, since weights
are random. What the rows mean, and how precise they are: docs/measure_board.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from board_cuda import CudaDevice
from board_plan import (
    QUICK,
    SHAPES,
    TRAINED,
    Board,
    Options,
    Plan,
    describe_plan,
    make_plan,
    shape_from_catalog,
)
from board_power import BoardError
from board_rows import Origin, write_session
from board_sensor import check_facts, open_sensor
from board_session import run_session

from carbonctl.catalog.read import AmbiguousName, Catalog, UnknownName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from board_sensor import BoardFacts, BoardSensor

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = ROOT / "hardware_db" / "published"
FP8, NO_FP8 = (8, 9), (8, 0)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Flags of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Format)
    add = parser.add_argument
    add("--out", type=Path, default=Path("board"), help="folder that is written (default board)")
    add("--device", type=int, default=0, help="number of the board, as nvidia-smi counts")
    add("--accelerator", help="its id in hardware_db/accelerators (default: found by its name)")
    add("--quick", action="store_true", help="two batches and one length")
    add("--shapes", nargs="+", default=list(SHAPES), help="models of hardware_db/models")
    add("--precision", nargs="+", choices=("bf16", "fp8"), default=["bf16", "fp8"])
    add("--no-training", action="store_true", help="leave out the training steps")
    add("--eager", action="store_true", help="launch each kernel of a decode step from Python")
    add("--window", type=float, help="seconds of one repeat")
    add("--repeats", type=int, help="repeats of each point")
    add("--dry-run", action="store_true", help="print the plan and measure nothing")
    given = parser.parse_args(arguments)
    if (given.window or 1.0) < 1.0 or (given.repeats or 2) < 2:  # noqa: PLR2004
        parser.error("--window must be at least 1 s, --repeats at least 2: a spread needs two")
    return given


class _Format(argparse.RawDescriptionHelpFormatter):
    """Help with the text at the top of this file as it stands."""


def options_from(given: argparse.Namespace) -> Options:
    """What is measured, by the flags."""
    base = QUICK if given.quick else Options()
    return replace(
        base,
        shapes=tuple(given.shapes),
        precisions=tuple(dict.fromkeys(given.precision)),
        window_s=given.window or base.window_s,
        repeats=given.repeats or base.repeats,
        train_batches=() if given.no_training else base.train_batches,
    )


def board_from_facts(facts: BoardFacts) -> Board:
    """What decides the plan, from the driver."""
    if facts.capability is None:
        raise BoardError("the driver does not state the compute capability: update it")
    return Board(facts.name, facts.memory_gb, facts.capability)


def board_from_catalog(name: str, catalog: Catalog) -> Board:
    """What decides the plan, from a record; BoardError for a board that the catalog lacks."""
    try:
        record = catalog.record("accelerators", name)
    except UnknownName as error:
        raise BoardError(f"--accelerator {name}: not in the catalog {error.hint()}") from None
    except AmbiguousName as error:
        raise BoardError(f"--accelerator {name}: one of {', '.join(error.choices)}") from None
    memory = record.fact("memory")
    if memory is None:
        raise BoardError(f"the record {record.id} has no memory: choose another --accelerator")
    has_fp8 = record.fact("peak_fp8") is not None
    return Board(record.id, memory.value, FP8 if has_fp8 else NO_FP8)


def accelerator_id(stated: str | None, name: str, catalog: Catalog) -> str:
    """Id of a board in the catalog; an id made of its name where there is no record."""
    try:
        return catalog.record("accelerators", stated or name).id
    except (AmbiguousName, UnknownName):
        return re.sub(r"[^a-z0-9]+", "-", (stated or name).lower()).strip("-")


def plan_for(board: Board, options: Options, catalog: Catalog) -> Plan:
    """The plan for a board; BoardError for a model that cannot be built."""
    try:
        shapes = [shape_from_catalog(name, catalog) for name in options.shapes]
        return make_plan(options, shapes, board, shape_from_catalog(TRAINED, catalog))
    except UnknownName as error:
        raise BoardError(f"--shapes {error.name}: not in the catalog {error.hint()}") from None
    except (AmbiguousName, ValueError) as error:
        raise BoardError(f"--shapes: {error}") from None


def _dry_run(given: argparse.Namespace, catalog: Catalog) -> None:
    if given.accelerator:
        board = board_from_catalog(given.accelerator, catalog)
    else:
        try:
            board = board_from_facts(open_sensor(given.device).facts())
        except BoardError as error:
            raise BoardError(f"{error}; or plan for a board with --accelerator ID") from None
    print(describe_plan(plan_for(board, options_from(given), catalog), board))


def _measure(given: argparse.Namespace, catalog: Catalog) -> None:
    sensor: BoardSensor = open_sensor(given.device)
    facts = sensor.facts()
    check_facts(facts)
    board = board_from_facts(facts)
    plan = plan_for(board, options_from(given), catalog)
    device = CudaDevice(given.device, is_graphed=not given.eager)
    print(describe_plan(plan, board), flush=True)
    origin = Origin(
        accelerator_id(given.accelerator, facts.name, catalog),
        facts,
        not given.eager,
        device.torch.__version__,
        dt.datetime.now(tz=dt.UTC).date().isoformat(),
    )
    written: list[Path] = []
    left_out: list[tuple[str, str]] = []
    for session in run_session(sensor, device, plan, _say, device.is_out_of_memory):
        written = write_session(session, plan.options.served, origin, given.out, PUBLISHED)
        left_out = session.left_out
    for label, reason in left_out:
        print(f"left out: {label}: {reason}")
    print("wrote " + ", ".join(map(str, written)))


def _say(text: str) -> None:
    print(text, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0, or 2 with one line on the error stream."""
    given, catalog = parse(arguments), Catalog.open()
    try:
        (_dry_run if given.dry_run else _measure)(given, catalog)
    except BoardError as error:
        print(f"measure_board: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
