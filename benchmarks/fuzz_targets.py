"""What ``fuzz.py`` reads: one line of TARGETS for each reader, and how its inputs are made."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carbonctl.scenario.read.read_scenario import read_scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

ROOT = Path(__file__).resolve().parent.parent
Edit = tuple[str, int, int, bytes]
_WORD = re.compile(rb"[A-Za-z0-9_.+-]+")
_TOKEN = re.compile(rb"[A-Za-z0-9_.+-]+|\s+|[^A-Za-z0-9_.+\s-]")
GOOD_LINES = (
    "lifecycle --params 7B --gpu h100-sxm:64 --days 10 --region NO --requests 1M/day --tokens 5:3",
    "train --instance aws:p5.48xlarge:8 --train-tokens 2T --params 7B --mfu 0.4 --region NO -f csv",
    "train --server dgx-h100:8 --energy 433MWh:it_system --grid '0.4 kg/kWh' --pue 1.2 -f json",
    "infer --model llama-2-7b --gpu h100-sxm:8 --region FR --requests 1k/day --tokens 5:3 -q",
    "embodied --gpu h100-sxm:8 --samples 0 -f markdown",
    "hw search h100",
    "grid show NO",
    "model show llama-2-7b -f json",
)
ODD = (
    b"", b"0", b"-1", b"1e3", b"1e308", b"1e-320", b"1e400", b"nan", b".inf", b"017", b"0x10",
    b"NO", b"null", b"~", b"true", b"7B", b"10 d", b"150 %", b"5 kg", b"700 W", b"1M/day",
    b"0.4 kg/kWh", b"[1, 2, 3]", b"[3 d, 2 d, 1 d]", b"{value: 1, range: [0, 2]}", b"{}", b"[]",
    b"!!int 3", b"*a", b"&a", b"\t", b"\r\n", b"\xef\xbb\xbf", b"\xff", b"\x00", b"\x1b[31m",
    b"'", b'"', b"---", b": ", b"- ", b"h100", b"h100-sxm", b"US", b"aws:us-east-1",
    b"llama-3.1-70b", b"9" * 400, b"\xd9\xa3", b"2026-03-01T10:00:00", b"[N/A]", b"1,000",
    b"train.runs.9.name=x", b"--set", b"0.5", b"1", b"8",
)  # fmt: skip


@cache
def _catalog() -> Any:
    from carbonctl.catalog.read import Catalog

    return Catalog.open()


def _stdin(raw: bytes) -> None:
    sys.stdin = io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8")


def scenario(raw: bytes, samples: int = 0) -> None:
    """Read, resolve and estimate a scenario of either kind; its result as JSON."""
    from carbonctl.app.estimate_scenario import evaluate as phases_of
    from carbonctl.app.load import Scenario
    from carbonctl.app.plan_hardware import plan_item
    from carbonctl.core.phase_names import PHASES
    from carbonctl.estimate.embodied.hardware import embodied
    from carbonctl.report.envelope import ResultMetadata, build_result
    from carbonctl.report.facts import with_citations
    from carbonctl.report.machine import as_json
    from carbonctl.study.montecarlo import evaluate

    _stdin(raw)
    made, document = read_scenario("-", (), _catalog(), keep=True)
    result: Any
    loaded = Scenario(made, document, _catalog())
    if made.embodied is not None and not loaded.has_phases:
        item = plan_item(made, document, _catalog())
        result = evaluate(item.inputs, embodied, samples=samples, seed=1)
    else:
        result = phases_of(loaded, PHASES, samples=samples, seed=1)[1]
    metadata = ResultMetadata("", "", None, {}, [])
    as_json(with_citations(build_result("lifecycle", result, _catalog(), metadata), _catalog()))


def drawn(raw: bytes) -> None:
    """A scenario with its interval: draws reach where central values do not."""
    scenario(raw, samples=100)


def imported(raw: bytes) -> None:
    """A log or table of another tool, read and written as a scenario."""
    from carbonctl.imports.detect import import_files
    from carbonctl.imports.writer import write_scenario as written

    _stdin(raw)
    written(import_files(["-"], _catalog()), ["-"], _catalog())


def policy(raw: bytes) -> None:
    """A policy of a gate."""
    from carbonctl.gate.policy import read

    path = Path("policy.yaml")
    path.write_bytes(raw)
    read(str(path))


def result(raw: bytes) -> None:
    """A saved result, rendered in every format that takes it."""
    from carbonctl.report import formats, saved

    data = saved.parse_result(raw, "result.json").data
    if data["command"] in saved.ESTIMATES:
        for form in ("ndjson", "markdown", "github", "sarif", "junit", "ghg"):
            formats.render(data, form)


def card(raw: bytes) -> None:
    """The emissions of a model card."""
    from carbonctl.imports.model_card import check_model_card

    path = Path("card.md")  # in the empty folder that the fuzzer works in
    path.write_bytes(raw)
    check_model_card(path, _catalog())


def flags(raw: bytes) -> None:
    """A whole command line; every expected failure ends with 2, 3 or 6."""
    from carbonctl.cli.app import run

    text = raw.decode(errors="replace").replace("\0", "")
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    words = [word for word in words if not word.startswith(("-o", "--out", "--in", "--show"))]
    _stdin(b"")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = run([*words, "--debug"] if words[:1] == ["--debug"] else ["--debug", *words])
    if code:
        raise Ended(code)


def quantity(raw: bytes) -> None:
    """A value of ``--set``, a scalar, and a quantity of each kind of unit."""
    from carbonctl.core import strict_yaml, units
    from carbonctl.scenario.read.read_scenario import parse_set

    text = raw.decode(errors="replace")
    strict_yaml.parse_scalar(text)
    for target in ("1", "W", "kWh", "h", "GB", "1/h", "kgCO2e", "kgCO2e/kWh"):
        with contextlib.suppress(units.UnitError):
            units.parse(text, target)
    parse_set("train.mfu=" + text)


class Ended(Exception):  # noqa: N818 - a command that ended with an expected code
    """The exit code of a command that refused its input."""


@dataclass(frozen=True)
class Target:
    """What reads the inputs, the good ones to start from, and the share of all inputs it gets."""

    read: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    share: float


def _files(folder: str, *patterns: str) -> tuple[bytes, ...]:
    found = sorted(p for pattern in patterns for p in (ROOT / folder).glob(pattern))
    return tuple(path.read_bytes() for path in found)


def _lines() -> tuple[bytes, ...]:
    said = (ROOT / "tests" / "cli" / "bad_flags.txt").read_text(encoding="utf-8")
    lines = [line.partition(" :: ")[2] for line in said.splitlines() if " :: " in line]
    files = {"configs": str(ROOT / "configs"), "tmp": "none"}
    kept = [line.format(**files) for line in lines if " -o" not in line and "verify" not in line]
    return tuple(line.encode() for line in [*kept, *GOOD_LINES * 6])


@cache
def _results() -> tuple[bytes, ...]:
    """Saved results to start from, made now: of a training, of a service, of hardware."""
    from carbonctl.cli.app import run

    made = []
    for name in ("train-bloom", "infer-sdxl", "embodied-8xh100"):
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            command = name.partition("-")[0]
            run([command, str(ROOT / "configs" / f"{name}.yaml"), "-f", "json", "--samples", "100"])
        made.append(out.getvalue().encode())
    return tuple(made)


_LOGS = "tests/imports/data"
TARGETS = {
    "scenario": Target(scenario, _files("configs", "*.yaml"), 0.16),
    "scenario with draws": Target(drawn, _files("configs", "*.yaml"), 0.08),
    "bad scenario": Target(scenario, _files("tests/cli/bad", "*.yaml"), 0.15),
    "codecarbon": Target(imported, _files(_LOGS, "emissions*.csv"), 0.07),
    "nvidia-smi": Target(imported, _files(_LOGS, "smi*.csv"), 0.07),
    "dcgm": Target(imported, _files(_LOGS, "dmon*", "dcgm*"), 0.07),
    "sacct": Target(imported, _files(_LOGS, "sacct*"), 0.07),
    "config.json": Target(imported, _files(_LOGS, "config*.json"), 0.07),
    "policy": Target(
        policy, _files("tests", "gate_demo/policy.yaml", "cli/bad/policies/*.yaml"), 0.08
    ),
    "result": Target(result, _results(), 0.04),
    "model card": Target(card, _files(_LOGS, "*.md"), 0.02),
    "flags": Target(flags, _lines(), 0.04),
    "quantity": Target(quantity, ODD, 0.08),
}


def inputs(target: Target) -> SearchStrategy[bytes]:
    """Good inputs with a few edits, gentle or rough; now and then plain bytes."""
    from hypothesis import strategies as st

    cut = [_TOKEN.findall(raw) for raw in target.seeds]
    words = sorted({token for tokens in cut for token in tokens if _WORD.fullmatch(token)})
    plain = st.one_of(
        st.sampled_from([odd for odd in ODD if odd.isalnum() or b" " in odd]),
        st.sampled_from(words),
        st.sampled_from(words),
        st.integers().map(lambda number: str(number).encode()),
        st.floats().map(lambda number: repr(number).encode()),
    )
    anything = st.one_of(
        plain,
        st.sampled_from(ODD),
        st.text(max_size=8).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.binary(max_size=4),
    )
    place = st.integers(0, 10_000)
    gentle = st.lists(st.tuples(st.just("word"), place, st.just(0), plain), max_size=4)
    how = st.sampled_from(["swap", "insert", "delete", "repeat", "splice"])
    rough = st.lists(st.tuples(how, place, st.integers(0, 12), anything), max_size=4)
    seed = st.sampled_from(cut)
    mild = st.builds(_edited, seed, seed, gentle)
    return st.one_of(
        mild, mild, mild, mild, mild, st.builds(_edited, seed, seed, rough), st.binary(max_size=60)
    )


def _edited(tokens: list[bytes], other: list[bytes], edits: list[Edit]) -> bytes:
    made = list(tokens)
    for how, at, length, word in edits:
        if how == "word":
            places = [n for n, token in enumerate(made) if _WORD.fullmatch(token)] or [0]
            chosen = places[at % len(places)]
            made[chosen : chosen + 1] = [word]
            continue
        start = at % (len(made) + 1)
        end = start + length
        made[start:end] = {
            "swap": [word],
            "insert": [word, *made[start:end]],
            "delete": [],
            "repeat": made[start:end] * 2,
            "splice": other[start:end],
        }[how]
    return b"".join(made)
