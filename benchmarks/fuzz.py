"""Random inputs for everything that reads: no traceback, no long wait, no memory beyond bounds.

    python benchmarks/fuzz.py [--inputs N] [--seed S] [--engine hypothesis|atheris] [TARGET...]

An input is a mutated bundled file or flag line, or plain bytes. It must be accepted or refused with
a known error code; a warning of Python's is a failure. Hypothesis draws batches, each from a seed
of its own, and the log is written after every batch, so that a run may be stopped and goes on where
it was. Atheris steers plain bytes by the coverage of the readers. A target is one line of
TARGETS in fuzz_targets.py.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from fuzz_targets import TARGETS, Ended, Target, inputs

ROOT = Path(__file__).resolve().parent.parent
LOG = ROOT / "benchmarks" / "fuzz.json"
BATCH = 500
MOST_SECONDS, MOST_MB = 2.0, 300.0


@dataclass
class Tally:
    """What has been seen of one target."""

    inputs: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    slowest_s: float = 0.0
    unhandled: dict[str, str] = field(default_factory=dict)

    def take(self, target: Target, raw: bytes) -> None:
        """Run one input and note what came of it."""
        start = time.process_time()
        outcome = _outcome(target, raw)
        spent = time.process_time() - start
        self.inputs += 1
        self.slowest_s = max(self.slowest_s, round(spent, 3))
        if spent > MOST_SECONDS:
            outcome = f"slow: {spent:.0f} s"
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        shortest = self.unhandled.get(outcome)
        if ": " in outcome and (shortest is None or len(raw) < len(shortest)):
            self.unhandled[outcome] = raw.decode("latin-1")


def _outcome(target: Target, raw: bytes) -> str:
    """``accepted``, the first error code, or an exception with the place that raised it."""
    from carbonctl.core.errors import CODES, CarbonctlError

    signal.setitimer(signal.ITIMER_PROF, 5 * MOST_SECONDS)
    try:
        target.read(raw)
    except CarbonctlError as error:
        code = error.problems[0].code
        return code if code in CODES else f"no code: {error}"
    except Ended as error:
        code = error.args[0]
        return f"exit {code}" if code in {2, 3, 6} else f"exit: {code}"
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is what we look for
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {Path(frame.filename).name}:{frame.lineno}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return "accepted"


def _expired(*_: object) -> None:
    raise TimeoutError


def by_hypothesis(name: str, tally: Tally, seed: int, size: int) -> None:
    """One batch of one target, of this many inputs."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded

    target = TARGETS[name]
    batch = tally.inputs // size

    @seeded(zlib.crc32(f"{seed} {name} {batch}".encode()))
    @settings(
        max_examples=size, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(inputs(target))
    def one(raw: bytes) -> None:
        tally.take(target, raw)

    one()


def by_atheris(name: str, wanted: int, seed: int, report: Path) -> None:
    """All inputs of one target, in this process, which then ends."""
    import atheris

    with atheris.instrument_imports(include=["carbonctl"]):
        for module in (
            "app.estimate_scenario",
            "imports.detect",
            "imports.writer",
            "imports.model_card",
            "scenario.resolve.hardware.embodied_target",
        ):
            importlib.import_module(f"carbonctl.{module}")
    target, tally = TARGETS[name], Tally()
    folder = Path(tempfile.mkdtemp())
    for place, raw in enumerate(target.seeds):
        (folder / str(place)).write_bytes(raw)

    def one(raw: bytes) -> None:
        tally.take(target, raw)
        if tally.inputs >= wanted:
            report.write_text(json.dumps({"tally": vars(tally)}), encoding="utf-8")
            os._exit(0)

    words = [
        "fuzz",
        str(folder),
        f"-seed={seed}",
        f"-max_len={max(4096, *map(len, target.seeds))}",
        "-verbosity=0",
        "-rss_limit_mb=0",
    ]
    atheris.Setup(words, one)
    atheris.Fuzz()


def _atheris(name: str, wanted: int, seed: int) -> Tally:
    """Atheris never comes back to its caller: a process of its own for every target."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "tally.json"
        words = [sys.executable, __file__, "--seed", str(seed), "--inputs", str(wanted)]
        subprocess.run([*words, "--report", report, name], check=False, capture_output=True)
        said = json.loads(report.read_text(encoding="utf-8"))
    return Tally(**said["tally"])


def _peak_mb() -> float:
    """Of this process and its children; where Linux tells it, without what the starter held."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    own, children = (resource.getrusage(kind).ru_maxrss for kind in kinds)
    status = Path("/proc/self/status")
    if status.is_file() and (told := re.search(r"VmHWM:\s+(\d+) kB", status.read_text("utf-8"))):
        own = int(told[1])
    return round(max(own, children) / 1024, 1)


def _load(path: Path, seed: int) -> dict[str, Any]:
    if path.is_file():
        log: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if log["seed"] == seed:
            return log
    return {"seed": seed, "peak_mb": 0.0, "targets": {}}


def _save(log: dict[str, Any], path: Path) -> None:
    found = log["targets"].values()
    log["inputs"] = sum(tally["inputs"] for tally in found)
    log["unhandled"] = sum(len(tally["unhandled"]) for tally in found)
    log["slowest_s"] = max((tally["slowest_s"] for tally in found), default=0.0)
    log["peak_mb"] = max(log["peak_mb"], _peak_mb())
    path.write_text(json.dumps(log, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _prepare() -> None:
    """An empty folder to write in, no overlay, warnings as errors, a clock for endless loops."""
    os.chdir(tempfile.mkdtemp())
    os.environ.pop("CARBONCTL_HARDWARE_DB", None)
    os.environ["COLUMNS"] = "80"
    warnings.simplefilter("error")
    signal.signal(signal.SIGPROF, _expired)


def run(log: dict[str, Any], args: argparse.Namespace) -> None:
    """Every wanted target up to its share of the inputs; the log after every batch."""
    for name in args.target or TARGETS:
        key = f"{args.engine}: {name}"
        wanted = round(args.inputs * TARGETS[name].share)
        tally = Tally(**log["targets"].get(key, {}))
        while tally.inputs < wanted:
            if args.engine == "atheris":
                tally = _atheris(name, wanted, args.seed)
            else:
                by_hypothesis(name, tally, args.seed, args.batch)
            log["targets"][key] = vars(tally) | {"outcomes": dict(sorted(tally.outcomes.items()))}
            _save(log, args.log)
        print(f"{key}: {tally.inputs:,} inputs, slowest {tally.slowest_s} s", flush=True)


def main() -> int:
    """Run, print what was found, and end with 1 when it is more than nothing."""
    parser = argparse.ArgumentParser(description="Random inputs for everything that reads.")
    parser.add_argument("target", nargs="*", choices=[[], *TARGETS])
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=BATCH, help="inputs between two writes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=["hypothesis", "atheris"], default="hypothesis")
    parser.add_argument("--log", type=Path, default=LOG)
    parser.add_argument("--report", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.log = args.log.resolve()
    _prepare()
    if args.report is not None:
        by_atheris(args.target[0], args.inputs, args.seed, args.report)
    log = _load(args.log, args.seed)
    run(log, args)
    _save(log, args.log)
    for name, tally in log["targets"].items():
        for outcome, raw in tally["unhandled"].items():
            print(f"{name}: {outcome}: {raw!r}")
    print(f"{log['inputs']:,} inputs, {log['unhandled']} unhandled, "
          f"slowest {log['slowest_s']} s, peak {log['peak_mb']} MB")  # fmt: skip
    good = log["slowest_s"] <= MOST_SECONDS and log["peak_mb"] <= MOST_MB
    return 0 if good and not log["unhandled"] else 1


if __name__ == "__main__":
    sys.exit(main())
