"""Hours and power of measured training runs, by the functions that ``train`` calls."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from carbonctl.catalog.read import constant_names
from carbonctl.core.errors import InputError, Mark
from carbonctl.core.strict_yaml import Document
from carbonctl.estimate.training.train import train
from carbonctl.formulas.hardware import power
from carbonctl.scenario.read.read_scenario import check_scenario
from carbonctl.scenario.resolve.context import Context, Unresolved
from carbonctl.scenario.resolve.hardware.machine import resolve_device
from carbonctl.scenario.resolve.site import resolve_site
from carbonctl.scenario.resolve.training.training_runs import resolve_train_run
from carbonctl.verify.stacks import Form, stack_records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.fact import Fact
    from carbonctl.core.types import Array, Num
    from carbonctl.estimate.inputs import Site
    from carbonctl.estimate.training.training_run import TrainRun
    from carbonctl.verify.stacks import Stack

_DEFAULT, _OWN_POWER = "default:", ":train_power"
_COMMON_MFU = "saturated_mfu"


class ResolvedRun(NamedTuple):
    """Facts of one run and its site, as ``train`` has them."""

    run: TrainRun[Fact]
    site: Site[Fact]


class StatedRun(NamedTuple):
    """What a row states of a run; nan where it states no parameters or tokens."""

    accelerator: str
    params: float
    tokens: float
    precision: str = ""
    target_share: float | None = None  # target over input tokens of an encoder-decoder

    def as_scenario(self) -> dict[str, Any]:
        """The scenario of the run: its work, or else hours, of which only the power is compared."""
        known = {} if math.isnan(self.params) else {"kind": "llm", "params": self.params}
        train: dict[str, Any] = {"accelerator_hours": "1 h"}
        if not math.isnan(self.tokens) and known:
            train = {"tokens": self.tokens}
            if self.target_share is not None:
                known["kind"] = "encoder_decoder"
                target = self.tokens * self.target_share
                train = {"input_tokens": self.tokens, "target_tokens": target}
            if self.precision:
                train["precision"] = self.precision
        made = {
            "hardware": {"accelerator": self.accelerator, "count": 1},
            "train": train,
            "site": {"grid": "1 kg/kWh", "pue": 1.0},
        }
        return made | ({"model": known} if known else {})


def resolve_run(stated: StatedRun, catalog: Catalog) -> ResolvedRun | str:
    """Facts of a run as ``train`` resolves them, or why there are none.

    Whether its devices hold it, and how long it takes on them, is not asked: it was measured.
    """
    document = Document(stated.as_scenario(), {(): Mark("a measured run")})
    ctx = Context(document, catalog)
    try:
        scenario = check_scenario(document, catalog)
        assert scenario.train is not None  # noqa: S101 - a case is a run
        device = resolve_device(ctx, scenario.hardware, ("hardware",))
        run = resolve_train_run(ctx, scenario.train, scenario.model, device, ("train",))
        return ResolvedRun(run, resolve_site(ctx, scenario.site, ("site",)))
    except Unresolved:
        return ctx.problems[-1].message if ctx.problems else "not estimated"
    except InputError as error:
        return error.problems[0].message


@dataclass(frozen=True)
class RunGroups:
    """Stacks of runs with the same fields, and which boundary each run is compared at."""

    stacks: list[Stack]
    boundaries: tuple[str, ...]


def group_runs(runs: Sequence[ResolvedRun], boundaries: Sequence[str]) -> RunGroups:
    """Runs in stacks of the same fields, each with the boundary that it is compared at."""
    plain = [tuple(run) for run in runs]
    return RunGroups(
        stack_records(plain, [Form.of(one) for one in plain], _constant_of, [0] * len(plain)),
        tuple(boundaries),
    )


def _constant_of(fact: Fact) -> str:
    """Name of the fitted constant of a fact, or of the power of an accelerator; else ""."""
    if fact.key.endswith(_OWN_POWER):
        return fact.key
    name = fact.key.removeprefix(_DEFAULT)
    return name if fact.key.startswith(_DEFAULT) and name in _fitted_constants() else ""


@cache
def _fitted_constants() -> frozenset[str]:
    """Names of fitted constants without residuals, and of the power that the fit takes as known."""
    from carbonctl.catalog.read import Catalog

    names = constant_names(Catalog.open(), "training")
    return frozenset({name for name in names if "residual" not in name} | {"resident_power_share"})


def hours_and_watts(
    groups: RunGroups, constants: Mapping[str, Num], own_power_w: Mapping[str, float]
) -> tuple[Array, Array]:
    """Device-hours [h] and power per accelerator [W] of each run, at its boundary without PUE.

    Constants are floats or columns; the arrays have a row a run and a column a value of them. An
    architecture without a constant of its own has the common one; power is nan where it is neither
    known nor follows from a rating.
    """
    width = max(np.size(value) for value in constants.values())
    shape = (len(groups.boundaries), width)
    hours, watts = np.full(shape, np.nan), np.full(shape, np.nan)
    for stack in groups.stacks:
        names = {name for column in stack.columns for name in column.constants if name}
        use = train(*stack.bind(_constants_for(names, constants, own_power_w)))
        assert use.accelerator_hours is not None  # noqa: S101 - runs state work or hours
        own = np.array([groups.boundaries[place] for place in stack.places])[:, None]
        it = use.it_energy_kwh / use.accelerator_hours * 1e3
        boards = use.it_energy_kwh if use.device_energy_kwh is None else use.device_energy_kwh
        device = boards / use.accelerator_hours * 1e3
        node = power.it_power_w_from_device_power(
            device_power_w=device, host_power_factor=constants["node_power_factor"]
        )
        hours[stack.places] = use.accelerator_hours
        at_boards = np.isin(own, ("gpu", "gpu_x_pue"))
        watts[stack.places] = np.where(own == "node", node, np.where(at_boards, device, it))
    return hours, watts


def _constants_for(
    names: set[str], constants: Mapping[str, Num], own_power_w: Mapping[str, float]
) -> dict[str, Num]:
    """A value for each constant that a stack names."""
    values: dict[str, Num] = {}
    for name in names:
        if name.endswith(_OWN_POWER):
            accelerator = name.removesuffix(_OWN_POWER).rpartition("/")[2]
            values[name] = own_power_w.get(accelerator, math.nan)
        elif name.startswith(f"{_COMMON_MFU}_"):
            values[name] = constants.get(name, constants[_COMMON_MFU])
        else:
            values[name] = constants[name]
    return values
