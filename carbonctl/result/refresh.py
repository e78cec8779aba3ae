"""Record of the result of ``refresh``: keep old machines, or replace them."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic_core import core_schema
from typing_extensions import TypedDict

from carbonctl.result.estimate import Coverage, DataVersion, Tool
from carbonctl.result.facts import Assumption, DriverRecord, FactRecord, FormulaCard
from carbonctl.result.node import BreakEven, ChoiceLine, Metric, MetricOrNull, Total
from carbonctl.result.problem import ProblemRecord
from carbonctl.result.scalar import Provenance, Samples, SchemaVersion, Seed

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler

_REQUIRED = (
    "machine_ratio",
    "new_machines",
    "new.embodied_kgco2e_per_year",
    "saved_kgco2e_per_year",
    "break_even_growth_ratio",
    "carbon_ratio",
)
_REQUIRED_OR_NULL = ("break_even_kgco2e_per_kwh",)
_OPTIONAL = (
    "old_written_off_kgco2e",
    "old_first_life_kgco2e",
    "old_second_life_kgco2e",
    "displaced_kgco2e",
)


class _NamedMetrics:
    """Schema of metrics by name: some required, some optional, and any others."""

    def __get_pydantic_core_schema__(
        self, _source: object, handler: "GetCoreSchemaHandler"
    ) -> core_schema.CoreSchema:
        """The schema, built by hand because keys of a TypedDict cannot contain a dot."""
        number, any_other = handler.generate_schema(Metric), handler.generate_schema(MetricOrNull)
        field = core_schema.typed_dict_field
        fields = {
            **{name: field(number, required=True) for name in _REQUIRED},
            **{name: field(any_other, required=True) for name in _REQUIRED_OR_NULL},
            **{name: field(number, required=False) for name in _OPTIONAL},
        }
        return core_schema.typed_dict_schema(
            fields, extras_schema=any_other, extra_behavior="allow"
        )


class Choice(TypedDict):
    """Emissions of keeping, or of replacing, over the horizon."""

    machine: str
    breakdown: list[ChoiceLine]
    total: Total


class GridStep(TypedDict):
    """Break-even on a grid; null if it is never reached."""

    ci_kgco2e_per_kwh: float
    break_even_years: float | None
    p05: float | None
    p50: float | None
    p95: float | None


class RefreshDecision(TypedDict):
    """A decision to replace: both choices and the break-even time."""

    schema_version: SchemaVersion
    command: Literal["refresh"]
    tool: Tool
    data: DataVersion
    name: str
    title: str
    samples: Samples
    seed: Seed
    accounting: str
    horizon_hours: float
    break_even: BreakEven
    keep: Choice
    replace: Choice
    sunk: Total
    grids: list[GridStep]
    metrics: Annotated[dict[str, MetricOrNull], _NamedMetrics()]
    drivers: list[DriverRecord]
    assumptions: list[Assumption]
    facts: dict[str, FactRecord]
    coverage: Coverage
    warnings: list[ProblemRecord]
    provenance: Provenance


class RefreshResult(RefreshDecision):
    """A decision to replace, with formulas and sources by id."""

    formulas: dict[str, FormulaCard]
    sources: dict[str, dict[str, Any]]
