"""Every measured service by the whole road of ``infer`` and by the stacks of ``verify``.

    python benchmarks/parity.py

prints how many agree, by kind, and which rows ``infer`` refuses and why. The two take the same
records of facts; where they differ, one of them computes a number of its own.
"""

from __future__ import annotations

import copy
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from carbonctl.app.plan_scenario import plan_scenario
from carbonctl.catalog.read import Catalog
from carbonctl.core.errors import InputError, Mark
from carbonctl.core.strict_yaml import Document
from carbonctl.core.units import s_from_hours
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.serving.infer import infer
from carbonctl.estimate.serving.request import include_reasoning_and_media
from carbonctl.estimate.serving.service import Decoder
from carbonctl.scenario.read.read_scenario import check_scenario
from carbonctl.verify import serving_cases, serving_forecast, serving_model

if TYPE_CHECKING:
    from carbonctl.core.types import Array
    from carbonctl.verify.serving_cases import Case

TABLE = Path(__file__).parent.parent / "hardware_db" / "published" / "inference.csv"
NEAR = 1e-3  # two roads that differ by less are one
JOULES_PER_KWH = 3.6e6
BOARDS_ALONE = {"server_base_power": 0.0, "board_to_wall": 1.0}  # of what is metered at the wall
BESIDE = {  # what an estimate needs and no energy of a board depends on
    "site": {"grid": "0.4 kg/kWh", "pue": 1.2},
    "embodied": {"accelerator": "150 kg"},
}


class Estimated(NamedTuple):
    """Energy of the boards [J] for a token, picture, clip or sample, and those a second [1/s]."""

    energy_j: float
    per_second: float


def estimate(case: Case, catalog: Catalog) -> Estimated | str:
    """What ``infer`` says of a case on the devices that were measured, or why it refuses."""
    data = copy.deepcopy(case.scenario | BESIDE)
    data["infer"]["shared"] = True
    document = Document(data, {(): Mark(case.row["row_id"])})
    try:
        resolved = plan_scenario(check_scenario(document, catalog), document, catalog, ("infer",))
    except InputError as error:
        return "; ".join(f"{problem.code} {problem.message}" for problem in error.problems)
    (phase,) = resolved.inputs.phases
    plain = bind(phase, lambda fact: fact.value)
    use, made = infer(plain.work, plain.site), plain.work.model
    units = use.functional_units
    if isinstance(made, Decoder):
        units = units * include_reasoning_and_media(made).output_tokens
    each_s = s_from_hours(use.served.busy_hours) / (case.accelerators * units)
    return Estimated(float(use.device_energy_kwh * JOULES_PER_KWH / units), float(1.0 / each_s))


def forecast(cases: list[Case], catalog: Catalog) -> Array:
    """The same two numbers of each case as ``verify`` forecasts them, by the shipped constants."""
    models, found = serving_model.shipped_models(catalog), np.full((len(cases), 2), np.nan)
    for kind, model in models.items():
        places = [place for place, case in enumerate(cases) if case.kind == kind]
        groups = serving_forecast.groups([cases[place] for place in places])
        made = serving_model.log_forecast(groups, model.all() | BOARDS_ALONE)
        if places:
            found[places] = np.exp(np.stack([made["energy"], made["throughput"]], axis=1))
    return found


def main() -> None:
    """Compare and print."""
    catalog = Catalog.open()
    cases = serving_cases.read_cases(TABLE, catalog).cases
    counts: Counter[tuple[str, str]] = Counter()
    refused: Counter[tuple[str, str]] = Counter()
    for case, stacked in zip(cases, forecast(cases, catalog), strict=True):
        made = estimate(case, catalog)
        if isinstance(made, str):
            counts[case.error_group, "refused"] += 1
            where = f"{case.accelerators:g} {case.row['accelerator_id']}"
            refused[f"{case.row['model']} on {where}, {case.row['task']}", made] += 1
            continue
        off = max(abs(one / other - 1.0) for one, other in zip(made, stacked, strict=True))
        counts[case.error_group, "same" if off <= NEAR else "different"] += 1
        if off > NEAR:
            print(f"{case.row['row_id']}  {off:.2%} off", file=sys.stderr)
    print(f"{'kind':12}{'same':>8}{'different':>12}{'refused':>10}")
    for sort in dict.fromkeys(case.error_group for case in cases):
        same, other, none = (counts[sort, what] for what in ("same", "different", "refused"))
        print(f"{sort:12}{same:8}{other:12}{none:10}")
    for (what, why), many in sorted(refused.items()):
        print(f"{many:4}  {what}: {why}")


if __name__ == "__main__":
    sys.exit(main())
