"""``init gate``: a policy whose limits fit today's estimate, and the files that CI needs."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from carbonctl import __version__
from carbonctl.app.gate_input import GateInput, GateOptions, Request
from carbonctl.app.gate_inputs import load_gate_inputs
from carbonctl.app.gate_scenarios import load_scenario_input
from carbonctl.catalog.locate import bundled_folder
from carbonctl.core.errors import UsageError
from carbonctl.core.metrics import TOTAL
from carbonctl.gate.judge import missing
from carbonctl.report.numbers import mass_unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

POLICY, SCENARIO = "carbon-policy.yaml", "carbon.yaml"
GITLAB = ".gitlab/carbon.yaml"
PROJECT = "carbonctl/carbonctl"
# a file that is written -> its template in configs/gate
FILES = {
    POLICY: "policy",
    ".github/workflows/carbon.yaml": "github",
    GITLAB: "gitlab",
    ".pre-commit-config.yaml": "pre-commit",
}
_COMPLETE = ("data", "experiments", "train", "infer", "embodied", "construction", "end_of_life")
_HEADROOM = 1.1
_SMALLEST = (1e-6, "mg")


class GateStart(NamedTuple):
    """Files that a gate in CI takes, by where they go, and the command to run next."""

    texts: dict[str, str]
    next_command: str


def start_gate(files: Sequence[str], hardware_db: str | None) -> GateStart:
    """A policy whose limits fit today's estimate of these scenarios, and the files of CI.

    Without files it is for ``carbon.yaml``, which is a bundled scenario where there is none yet.
    """
    wrong = [file for file in files if file == "-" or re.search(r"[\s'\"]", file)]
    if wrong:
        message = f'a scenario for CI is a file without blanks in its name, not "{wrong[0]}"'
        raise UsageError(message)
    named = list(dict.fromkeys(files)) or [SCENARIO]
    texts: dict[str, str] = {}
    if not files and not Path(SCENARIO).exists():
        template = bundled_folder("configs") / "lifecycle-chat-7b.yaml"
        texts[SCENARIO] = template.read_text(encoding="utf-8")
    words = _words(named, hardware_db, texts)
    for target, name in FILES.items():
        text = (bundled_folder("configs") / "gate" / f"{name}.yaml").read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(f"@{word}@", value)
        texts[target] = text
    return GateStart(texts, f"carbonctl gate {' '.join(named)} --policy {POLICY}")


def _words(files: list[str], hardware_db: str | None, texts: dict[str, str]) -> dict[str, str]:
    """What stands in the templates, from the estimates of today; ``texts`` are not written yet."""
    inputs = list(_inputs(files, hardware_db, texts))
    names = [one.name for one in inputs]
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        message = f'two scenarios are called "{twice[0]}"; rules tell them apart by name'
        raise UsageError(message)
    contents = [one.contents() for one in inputs]
    caps = [
        line
        for name, each in zip(names, contents, strict=True)
        for line in _caps(name, each.bases["location"]["metrics"])
    ]
    complete = [n for n in _COMPLETE if all(missing(each.data, n) is None for each in contents)]
    if complete:
        caps.append(f"  - {{id: complete, require: [{', '.join(complete)}]}}")
    assumed = max(len(each.data["assumptions"]) / len(each.data["facts"]) for each in contents)
    return {
        "CAPS": "\n".join(caps),
        "ASSUMED": str(min(100, 10 * math.ceil(10 * assumed + 1))),
        "FILES": " ".join(files),
        "POLICY": POLICY,
        "GITLAB": GITLAB,
        "PROJECT": PROJECT,
        "VERSION": __version__,
        "PATTERN": _pattern([*files, POLICY]),
        "SCENARIOS": _pattern(files),
    }


def _inputs(
    files: list[str], hardware_db: str | None, texts: dict[str, str]
) -> Iterator[GateInput]:
    """The result of each scenario, on the location basis."""
    options, request = GateOptions(hardware_db=hardware_db), Request("location")
    for file in files:
        if file in texts:
            yield load_scenario_input(file, options, request, texts[file].encode())
        else:
            yield from load_gate_inputs(file, options, request)


def _pattern(files: list[str]) -> str:
    """A regular expression that fits these files alone."""
    return "|".join(re.escape(file).replace("\\-", "-") for file in files)


def _caps(scenario: str, metrics: dict[str, Any]) -> list[str]:
    """A cap on the total, and on one request or image where the scenario serves."""
    served = [m for m in metrics if re.fullmatch(r"infer\.per_\w+_kgco2e", m)]
    name = json.dumps(scenario, ensure_ascii=False)
    word = re.sub(r"[^A-Za-z0-9]+", "-", scenario).strip("-")[:40] or "scenario"
    ids = {TOTAL: f"cap-{word}"} | {m: f"{m[6:-7].replace('_', '-')}-{word}" for m in served}
    return [
        f"  - {{id: {ids[m]}, metric: {m}, max: {_limit(metrics[m])}, scenarios: [{name}]}}"
        for m in ids
    ]


def _limit(metric: dict[str, Any]) -> str:
    """A little above the 95th percentile, in two digits, rounded up."""
    high = _HEADROOM * (metric["value"] if metric["p95"] is None else metric["p95"])
    size, symbol = max(mass_unit(high), _SMALLEST)
    number = high / size
    step = 10.0 ** (math.floor(math.log10(number)) - 1)
    return f"{math.ceil(number / step) * step:.6g} {symbol}"
