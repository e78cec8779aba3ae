"""Records of the results of ``train``, ``infer``, ``lifecycle``, ``embodied`` and ``gate``."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from carbonctl.result.facts import (
    Assumption,
    DriverRecord,
    ExpectedError,
    FactRecord,
    FormulaCard,
    Inputs,
    Sensitivity,
)
from carbonctl.result.gate import GateVerdict
from carbonctl.result.node import Line, Metric, Node, Total
from carbonctl.result.problem import ProblemRecord
from carbonctl.result.scalar import Provenance, Samples, SchemaVersion, Seed

Accounting = Literal["location", "market", "whole item"]
EstimateCommand = Literal["train", "infer", "lifecycle", "embodied"]
ChargeRule = Literal["held", "by need"]
Operator = Literal["own", "colocation", "cloud"]


class Tool(TypedDict):
    """Name and version of the program that made the result."""

    name: Literal["carbonctl"]
    version: str


class DataVersion(TypedDict):
    """The version of hardware_db, and the user's own folder with the facts that come from it."""

    version: str
    overlay: list[str]
    overlay_folder: NotRequired[str]


class Operational(TypedDict):
    """Carbon of electricity of all phases on both bases; market is null without contracts."""

    location: Node
    market: Node


class BudgetLine(TypedDict):
    """A budget of the scenario, and the metric that it limits by a statistic of the draws."""

    metric: str
    source: NotRequired[str]
    formula: NotRequired[str | None]
    max_kgco2e: float
    statistic: NotRequired[Literal["value", "p50", "p95"]]
    value: float | None
    p50: NotRequired[float | None]
    p95: float | None


class Coverage(TypedDict):
    """What the result includes and excludes, with the reason for what is not estimated."""

    included: list[str]
    excluded: list[str]
    not_estimated: dict[str, str]


class ChargedPhase(TypedDict):
    """The model, hardware, site and rule of allocation that a phase is charged for."""

    phase: str
    model: str | None
    hardware: str | None
    devices: str | None
    site: str
    operator: Operator
    count: float | None
    rule: ChargeRule | None


class Cited(TypedDict, total=False):
    """Formulas and sources by id."""

    formulas: dict[str, FormulaCard]
    sources: dict[str, dict[str, Any]]


class EstimateResult(Cited):
    """One estimate; after a gate with its verdict."""

    schema_version: SchemaVersion
    command: EstimateCommand
    tool: Tool
    data: DataVersion
    name: str
    title: str
    samples: Samples
    seed: Seed
    accounting: Accounting
    period_hours: float | None
    total_kgco2e: float
    total: Total
    operational: Operational
    breakdown: list[Line]
    expected_error: dict[str, ExpectedError]
    metrics: dict[str, Metric]
    drivers: list[DriverRecord]
    assumptions: list[Assumption]
    sensitivity: NotRequired[list[Sensitivity]]
    budget: list[BudgetLine]
    facts: dict[str, FactRecord]
    charged: NotRequired[list[ChargedPhase]]
    coverage: Coverage
    warnings: list[ProblemRecord]
    inputs: NotRequired[Inputs]
    provenance: NotRequired[Provenance]
    gate: NotRequired[GateVerdict]


class GateResult(TypedDict):
    """The verdict of a gate on several files, with the result of each."""

    schema_version: SchemaVersion
    command: Literal["gate"]
    tool: Tool
    results: list[EstimateResult]
    gate: GateVerdict


Estimates = EstimateResult | GateResult
