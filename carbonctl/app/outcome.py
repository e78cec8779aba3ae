"""Outcomes of use cases: plain data with renderers, and typed views of it."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carbonctl.core.record import value_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

    from carbonctl.app.explain import Explanation
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.errors import Problem
    from carbonctl.report.facts import Result as Evaluated
    from carbonctl.result.estimate import EstimateResult
    from carbonctl.result.facts import FactRecord, Inputs
    from carbonctl.result.node import Line


@value_record
class Quantity:
    """A number with its 90 % interval and its unit; the ends are None without draws."""

    value: float | None
    p05: float | None
    p50: float | None
    p95: float | None
    unit: str

    def __float__(self) -> float:
        if self.value is None:
            message = "this number is unknown"
            raise TypeError(message)
        return self.value

    def __str__(self) -> str:
        from carbonctl.report import numbers
        from carbonctl.report.median import half_of_draws_mass

        if self.value is None:
            return "unknown"
        if self.unit == "kgCO2e":
            median = half_of_draws_mass({"value": self.value, "p50": self.p50})
            said = numbers.format_with_interval(self.value, self.p05, self.p95)
            return f"{said}, {median}" if median else said
        if self.unit == "h":  # device-hours, which are not shown in years
            return f"{numbers.format_significant(self.value, 4)} h"
        return numbers.format_quantity(self.value, self.unit)


@value_record
class PhaseResult:
    """One phase of a result; ``hours`` are device-hours, ``per_unit`` numbers per unit served."""

    id: str
    label: str
    carbon: Quantity | None
    energy: Quantity | None
    hours: Quantity | None
    per_unit: dict[str, Quantity]


@value_record
class Driver:
    """A fact, and its share of the variance of the total."""

    key: str
    label: str
    variance_share: float


class Outcome:
    """The outcome of a use case: the data of ``-f json``, and warnings."""

    module = ""  # module of carbonctl.report with the renderers of this kind

    def __init__(
        self,
        data: Mapping[str, Any],
        warnings: Sequence[Problem] = (),
        catalog: Catalog | None = None,
    ) -> None:
        self.data: Any = data  # a record of carbonctl.result
        self.warnings = tuple(warnings)
        self.catalog = catalog  # of the cited sources; None if the data cite none

    def cited(self) -> Any:
        """The data, with formulas and sources by id."""
        if self.catalog is None:
            return self.data
        from carbonctl.report.facts import with_citations

        return with_citations(self.data, self.catalog)

    def to_dict(self) -> dict[str, Any]:
        """The output of ``-f json`` as a dict; a copy."""
        data: dict[str, Any] = copy.deepcopy(self.cited())
        return data

    def to_json(self) -> str:
        """The output of ``-f json``."""
        from carbonctl.report.machine import as_json

        return as_json(self.cited())

    def to_markdown(self) -> str:
        """The output of ``-f markdown``."""
        return self.render("markdown")

    def render(self, form: str) -> str:
        """The text of a format other than ``table``."""
        if form == "json":
            return self.to_json()
        import importlib

        renderers = importlib.import_module(f"carbonctl.report.{self.module}").RENDERERS
        text: str = renderers[form](self.data)
        return text

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.data.get('command', '')})"


class Result(Outcome):
    """The carbon of a scenario or of whole hardware: total, metrics, phases, drivers, facts."""

    data: EstimateResult

    def __init__(
        self,
        data: EstimateResult,
        warnings: Sequence[Problem],
        catalog: Catalog,
        evaluated: Evaluated,
    ) -> None:
        super().__init__(data, warnings, catalog)
        # traced numbers for ``explain``, without draws to save memory
        self._evaluated = replace(evaluated, drawn=None)

    @property
    def name(self) -> str:
        """The name of the scenario, else its title."""
        return str(self.data["name"] or self.data["title"])

    @property
    def title(self) -> str:
        """Title of the result: model, hardware and place."""
        return str(self.data["title"])

    @property
    def total(self) -> Quantity:
        """The total in kgCO2e."""
        return quantity_from_node(self.data["total"])

    @property
    def metrics(self) -> dict[str, Quantity]:
        """All metrics by name, such as ``train.facility_energy_kwh``."""
        return {name: quantity_from_node(node) for name, node in self.data["metrics"].items()}

    @property
    def phases(self) -> tuple[PhaseResult, ...]:
        """Every estimated phase; none for whole hardware."""
        labels = {node["id"]: node["label"] for _, _, node in _walk_lines(self.data["breakdown"])}
        return tuple(
            _phase_result(one["phase"], labels, self.data["metrics"])
            for one in self.data["charged"]
        )

    @property
    def drivers(self) -> tuple[Driver, ...]:
        """Facts by their share of the variance of the total, largest first."""
        return tuple(
            Driver(one["key"], one["label"], one["variance_share"]) for one in self.data["drivers"]
        )

    @property
    def facts(self) -> dict[str, FactRecord]:
        """All facts in use by key, with value, range, source and position."""
        return copy.deepcopy(self.data["facts"])

    @property
    def not_estimated(self) -> dict[str, str]:
        """What is not estimated, with the reason."""
        return dict(self.data["coverage"]["not_estimated"])

    @property
    def inputs(self) -> Inputs:
        """The scenario as given, its files and its flags."""
        return copy.deepcopy(self.data["inputs"])

    def explain(self, name: str = "total", *, samples: int | None = None) -> Explanation:
        """The formula tree of a number down to facts, and the facts that decide it."""
        from carbonctl.app.explain import explain_number

        samples = self.data["samples"] if samples is None else samples
        assert self.catalog is not None  # noqa: S101 - a result always has one
        seed = self.data["seed"]
        return explain_number(self._evaluated, name, self.catalog, samples=samples, seed=seed)

    def to_frame(self) -> pd.DataFrame:
        """The leaf lines of the breakdown as a pandas DataFrame; the rows add up to the total.

        ``parent`` is the line above a row (``total`` at the top), ``level`` its depth.
        """
        import pandas as pd

        leaves = [
            {
                "id": node["id"],
                "label": node["label"],
                "kind": node["kind"],
                "parent": parent,
                "level": level,
                "kgco2e": node["value"],
                "p05": node["p05"],
                "p50": node["p50"],
                "p95": node["p95"],
                "share": node["value"] / whole if (whole := self.data["total_kgco2e"]) else None,
                "tier": node["tier"],
                "assumed": node["assumed"],
                "formula": node["formula"],
            }
            for parent, level, node in _walk_lines(self.data["breakdown"])
            if not node["children"]
        ]
        return pd.DataFrame(leaves)

    def render(self, form: str) -> str:
        """The text of a format other than ``table``."""
        from carbonctl.report.formats import render

        return self.to_json() if form == "json" else render(self.data, form)

    def _repr_html_(self) -> str:
        from carbonctl.report.text.notebook import as_html

        return as_html(self.data)

    def __repr__(self) -> str:
        from carbonctl.report.text.notebook import one_line_summary

        return one_line_summary(self.data)


def quantity_from_node(node: Mapping[str, Any], value: str = "value", unit: str = "") -> Quantity:
    """The Quantity of a node of plain data."""
    return Quantity(node[value], node["p05"], node["p50"], node["p95"], unit or node["unit"])


def _phase_result(phase: str, labels: Mapping[str, str], metrics: Mapping[str, Any]) -> PhaseResult:
    def metric(name: str) -> Quantity | None:
        node = metrics.get(f"{phase}.{name}")
        return None if node is None else quantity_from_node(node)

    start = f"{phase}.per_"
    names = (f"{phase}.{kind}" for kind in ("operational_location", "manufacturing"))
    return PhaseResult(
        id=phase,
        label=next((labels[name] for name in names if name in labels), phase),
        carbon=metric("total_kgco2e"),
        energy=metric("facility_energy_kwh"),
        hours=metric("accelerator_hours"),
        per_unit={
            name.removeprefix(f"{phase}."): quantity_from_node(node)
            for name, node in metrics.items()
            if name.startswith(start)
        },
    )


def _walk_lines(
    lines: Sequence[Line], parent: str = "total", level: int = 0
) -> Iterator[tuple[str, int, Line]]:
    """Lines of a breakdown, depth first, each with its parent and depth."""
    for line in lines:
        yield parent, level, line
        yield from _walk_lines(line["children"], line["id"], level + 1)
