"""Measured services by the whole road of ``infer``, beside what ``verify`` forecasts of them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from carbonctl.core.errors import InputError, Mark
from carbonctl.core.strict_yaml import Document
from carbonctl.core.units import s_from_hours
from carbonctl.estimate.infer import infer
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.service import Decoder, Serving
from carbonctl.estimate.speculate import whole_request
from carbonctl.scenario.read import checked
from carbonctl.scenario.resolve import resolve
from carbonctl.verify import serving_forecast, serving_model

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.types import Array
    from carbonctl.verify.serving_cases import Case

NEAR = 1e-3  # two roads that differ by less are one
_JOULES_PER_KWH = 3.6e6
_BOARDS_ALONE = {"server_base_power": 0.0, "board_to_wall": 1.0}  # of what is metered at the wall
_BESIDE = {  # what an estimate needs and no energy of a board depends on
    "site": {"grid": "0.4 kg/kWh", "pue": 1.2},
    "embodied": {"accelerator": "150 kg"},
}


class Estimated(NamedTuple):
    """Energy of the boards [J] for a token, picture, clip or sample, and those a second [1/s]."""

    energy_j: float
    per_second: float


def stacked(cases: list[Case], catalog: Catalog) -> Array:
    """Energy of the boards [J] and throughput [1/s] of each case, as ``verify`` forecasts them."""
    models, found = serving_model.shipped(catalog), np.full((len(cases), 2), np.nan)
    for kind, model in models.items():
        places = [place for place, case in enumerate(cases) if case.kind == kind]
        groups = serving_forecast.groups([cases[place] for place in places])
        made = serving_model.log_forecast(groups, model.all() | _BOARDS_ALONE)
        if places:
            found[places] = np.exp(np.stack([made["energy"], made["throughput"]], axis=1))
    return found


def estimate(case: Case, catalog: Catalog) -> Estimated | str:
    """What ``infer`` says of a case on the devices that were measured, or why it refuses."""
    data = copy.deepcopy(case.scenario | _BESIDE)
    data["infer"]["shared"] = True
    document = Document(data, {(): Mark(case.row["row_id"])})
    try:
        resolved = resolve(checked(document, catalog), document, catalog, ("infer",))
    except InputError as error:
        return "; ".join(f"{problem.code} {problem.message}" for problem in error.problems)
    (phase,) = resolved.inputs.phases
    plain = bind(phase, lambda fact: fact.value)
    assert isinstance(plain.work, Serving)  # noqa: S101 - the scenario has no other phase
    use, model = infer(plain.work, plain.site), plain.work.model
    assert use.served is not None  # noqa: S101 - every service says how busy its devices are
    assert use.functional_units is not None  # noqa: S101 - and how many units they make
    assert use.device_energy_kwh is not None  # noqa: S101 - and what its boards take
    made = use.functional_units
    if isinstance(model, Decoder):
        made = made * whole_request(model).output_tokens
    each_s = s_from_hours(use.served.busy_hours) / (case.accelerators * made)
    return Estimated(float(use.device_energy_kwh * _JOULES_PER_KWH / made), float(1.0 / each_s))
