"""What a use case hands back: plain data with the forms in which it leaves, and a view of it."""

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
            message = "this number is not known"
            raise TypeError(message)
        return self.value

    def __str__(self) -> str:
        from carbonctl.report import numbers  # noqa: PLC0415 - for people

        if self.value is None:
            return "not known"
        if self.unit == "kgCO2e":
            return numbers.format_with_interval(self.value, self.p05, self.p95)
        if self.unit == "h":  # of devices, which nobody counts in years
            return f"{numbers.format_significant(self.value, 4)} h"
        return numbers.format_quantity(self.value, self.unit)


@value_record
class PhaseResult:
    """One phase of a result; ``hours`` are device-hours, ``per_unit`` has what one unit takes."""

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
    """What a use case came to, as the plain data of ``-f json``, and what it warns of."""

    module = ""  # of report, with the renderers of this kind

    def __init__(
        self,
        data: Mapping[str, Any],
        warnings: Sequence[Problem] = (),
        catalog: Catalog | None = None,
    ) -> None:
        self.data: Any = data  # a record of carbonctl.result; each kind says which
        self.warnings = tuple(warnings)
        self.catalog = catalog  # where the data cite sources; None where they do not

    def cited(self) -> Any:
        """The data with the formulas and sources that their ids stand for."""
        if self.catalog is None:
            return self.data
        from carbonctl.report.facts import with_citations  # noqa: PLC0415 - not for a table

        return with_citations(self.data, self.catalog)

    def to_dict(self) -> dict[str, Any]:
        """What ``-f json`` prints, as a dict of its own."""
        data: dict[str, Any] = copy.deepcopy(self.cited())
        return data

    def to_json(self) -> str:
        """What ``-f json`` prints, to the byte."""
        from carbonctl.report.machine import as_json  # noqa: PLC0415 - only the form asked for

        return as_json(self.cited())

    def to_markdown(self) -> str:
        """What ``-f markdown`` prints."""
        return self.render("markdown")

    def render(self, form: str) -> str:
        """The text of a format that is no table."""
        if form == "json":
            return self.to_json()
        import importlib  # noqa: PLC0415 - only the renderer asked for

        renderers = importlib.import_module(f"carbonctl.report.{self.module}").RENDERERS
        text: str = renderers[form](self.data)
        return text

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.data.get('command', '')})"


class Result(Outcome):
    """The carbon of phases of a scenario, or of whole hardware: numbers by name and by phase."""

    data: EstimateResult

    def __init__(
        self,
        data: EstimateResult,
        warnings: Sequence[Problem],
        catalog: Catalog,
        evaluated: Evaluated,
    ) -> None:
        super().__init__(data, warnings, catalog)
        # numbers that remember their formulas, for ``explain``; their draws would be much to keep
        self._evaluated = replace(evaluated, drawn=None)

    @property
    def name(self) -> str:
        """The name of the scenario, else what was estimated in a few words."""
        return str(self.data["name"] or self.data["title"])

    @property
    def title(self) -> str:
        """What was estimated: model, hardware and place."""
        return str(self.data["title"])

    @property
    def total(self) -> Quantity:
        """The total in kgCO2e."""
        return quantity_from_node(self.data["total"])

    @property
    def metrics(self) -> dict[str, Quantity]:
        """Every number that has a name, such as ``train.facility_energy_kwh``."""
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
        """Every fact that the numbers rest on, with value, range, source and place."""
        return copy.deepcopy(self.data["facts"])

    @property
    def not_estimated(self) -> dict[str, str]:
        """What is left out, and why."""
        return dict(self.data["coverage"]["not_estimated"])

    @property
    def inputs(self) -> Inputs:
        """The scenario as it was given, its files and its flags."""
        return copy.deepcopy(self.data["inputs"])

    def explain(self, name: str = "total", *, samples: int | None = None) -> Explanation:
        """The tree of formulas under a number, down to facts, and which of them decide it."""
        from carbonctl.app.explain import explain_number  # noqa: PLC0415 - only when asked

        samples = self.data["samples"] if samples is None else samples
        assert self.catalog is not None  # noqa: S101 - a result always has one
        seed = self.data["seed"]
        return explain_number(self._evaluated, name, self.catalog, samples=samples, seed=seed)

    def to_frame(self) -> pd.DataFrame:
        """The breakdown as a table of pandas: one row a line that has none under it.

        ``parent`` is the line that a row is a part of (``total`` at the top), ``level`` how deep
        it stands; the rows add up to the total.
        """
        import pandas as pd  # noqa: PLC0415 - 0.3 s, only when asked

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
        """The text of a format that is no table."""
        from carbonctl.report.formats import render  # noqa: PLC0415 - only the one asked for

        return self.to_json() if form == "json" else render(self.data, form)

    def _repr_html_(self) -> str:
        from carbonctl.report.text.notebook import as_html  # noqa: PLC0415 - for notebooks alone

        return as_html(self.data)

    def __repr__(self) -> str:
        from carbonctl.report.text.notebook import one_line_summary  # noqa: PLC0415 - for people alone

        return one_line_summary(self.data)


def quantity_from_node(node: Mapping[str, Any], value: str = "value", unit: str = "") -> Quantity:
    """The number of a node of plain data that has percentiles, and its unit."""
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
    """Lines of a breakdown in their order, each with the line above it and its depth."""
    for line in lines:
        yield parent, level, line
        yield from _walk_lines(line["children"], line["id"], level + 1)
