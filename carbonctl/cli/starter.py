"""``init gate``: a policy whose limits fit today's estimate, and the files that CI needs."""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carbonctl import __version__
from carbonctl.app.gate_inputs import Wanted, look
from carbonctl.catalog.locate import bundled_folder
from carbonctl.core.errors import UsageError
from carbonctl.core.metrics import TOTAL
from carbonctl.core.output import write_output
from carbonctl.gate.judge import missing
from carbonctl.report.numbers import mass_unit

if TYPE_CHECKING:
    from carbonctl.gate.judge import Subject

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


def start(files: list[str], hardware_db: str | None) -> None:
    """Write what is not there yet, say what to add to what is, and the one line to run."""
    wrong = [file for file in files if file == "-" or re.search(r"[\s'\"]", file)]
    if wrong:
        message = f'a scenario for CI is a file without blanks in its name, not "{wrong[0]}"'
        raise UsageError(message)
    named = list(dict.fromkeys(files)) or [SCENARIO]
    made: dict[str, str] = {}
    if not files and not Path(SCENARIO).exists():
        template = bundled_folder("configs") / "lifecycle-chat-7b.yaml"
        write_output(template.read_text(encoding="utf-8"), SCENARIO)
        sys.stdout.write(f"wrote {SCENARIO}\n")
    words = _words(named, hardware_db)
    for target, template_name in FILES.items():
        text = (bundled_folder("configs") / "gate" / f"{template_name}.yaml").read_text(
            encoding="utf-8"
        )
        for word, value in words.items():
            text = text.replace(f"@{word}@", value)
        made[target] = text
    for target, text in made.items():
        _write(target, text)
    sys.stdout.write(f"next  carbonctl gate {' '.join(named)} --policy {POLICY}\n")


def _write(target: str, text: str) -> None:
    if Path(target).exists():
        shown = "".join(f"    {line}\n" for line in text.splitlines())
        sys.stdout.write(f"kept  {target}, which was there; it could have\n{shown}")
        return
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    write_output(text, target)
    note = f"; .gitlab-ci.yml takes it by  include: {{local: {target}}}" if target == GITLAB else ""
    sys.stdout.write(f"wrote {target}{note}\n")


def _words(files: list[str], hardware_db: str | None) -> dict[str, str]:
    """What stands in the templates, from the estimates of today."""
    flags = {"samples": 2000, "seed": 1, "sets": None, "hardware_db": hardware_db}
    looked = [one for file in files for one in look(file, flags, Wanted("location"))]
    names = [one.subject.name for one in looked]
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        message = f'two scenarios are called "{twice[0]}"; rules tell them apart by name'
        raise UsageError(message)
    caps = [line for one in looked for line in _caps(one.subject)]
    complete = [n for n in _COMPLETE if all(missing(one.data, n) is None for one in looked)]
    if complete:
        caps.append(f"  - {{id: complete, require: [{', '.join(complete)}]}}")
    assumed = max(len(one.data["assumptions"]) / len(one.data["facts"]) for one in looked)
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


def _pattern(files: list[str]) -> str:
    """A regular expression that fits these files alone."""
    return "|".join(re.escape(file).replace("\\-", "-") for file in files)


def _caps(subject: Subject) -> list[str]:
    """A cap on the total, and on one request or image where the scenario serves."""
    metrics = subject.bases["location"]["metrics"]
    served = [m for m in metrics if re.fullmatch(r"infer\.per_\w+_kgco2e", m)]
    name = json.dumps(subject.name, ensure_ascii=False)
    word = re.sub(r"[^A-Za-z0-9]+", "-", subject.name).strip("-")[:40] or "scenario"
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
