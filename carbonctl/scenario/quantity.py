"""Schema types for quantities: text with a unit, a three-number range, or the long form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from carbonctl.core.fact import RangeKind, Shape
from carbonctl.core.units import UnitError, parse

_LONG_KEYS = {"value", "range", "range_kind", "source", "note", "scope"}
_RANGE_KINDS = {"p05_p95", "p10_p90", "min_max", "judged"}
SCOPES = ("gpu", "node", "it_system", "facility")


@dataclass(frozen=True, slots=True)
class Given:
    """A quantity as the user gave it, in its canonical unit."""

    value: float
    unit: str = "1"
    low: float | None = None
    high: float | None = None
    range_kind: RangeKind = "p05_p95"
    shape: Shape = "positive"
    source: str = ""
    note: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a quantity may be."""

    unit: str
    shape: Shape = "positive"
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    example: str = ""


def _fail(code: str, message: str) -> PydanticCustomError:
    return PydanticCustomError(cast("Any", code), cast("Any", message.replace("{", "{{")))


def _number(raw: Any, limits: Limits) -> float:
    if not isinstance(raw, str | int | float) or isinstance(raw, bool):
        kind = "nothing" if raw is None else type(raw).__name__
        example = f"; write it as in {limits.example}" if limits.example else ""
        raise _fail("CC201", f"a quantity is wanted here, not {kind}{example}")
    try:
        value = parse(raw, limits.unit)
    except UnitError as error:
        raise _fail(error.code, str(error)) from None
    if limits.above is not None and not value > limits.above:
        raise _fail("CC203", f"{raw} is not above {limits.above:g}")
    if limits.at_least is not None and not value >= limits.at_least:
        raise _fail("CC203", f"{raw} is below {limits.at_least:g}")
    if limits.at_most is not None and not value <= limits.at_most:
        raise _fail("CC203", f"{raw} is above {limits.at_most:g}")
    return value


def _given(raw: Any, limits: Limits) -> Given:
    if isinstance(raw, list):
        if len(raw) != 3:  # noqa: PLR2004 - low, value, high
            raise _fail("CC205", "a range has three entries: [low, value, high]")
        return _ranged(raw[1], raw[0], raw[2], limits, {})
    if isinstance(raw, dict):
        unknown = sorted(set(raw) - _LONG_KEYS)
        if unknown or "value" not in raw:
            wrong = f'unknown key "{unknown[0]}"' if unknown else "value is missing"
            raise _fail("CC101", f"{wrong}; a quantity has {', '.join(sorted(_LONG_KEYS))}")
        return _long(raw, limits)
    return Given(_number(raw, limits), limits.unit, shape=limits.shape)


def _long(raw: dict[str, Any], limits: Limits) -> Given:
    if raw.get("scope", "") not in ("", *SCOPES):
        raise _fail("CC207", f'scope is one of {", ".join(SCOPES)}, not "{raw["scope"]}"')
    if raw.get("range_kind", "p05_p95") not in _RANGE_KINDS:
        raise _fail("CC207", f"range_kind is one of {', '.join(sorted(_RANGE_KINDS))}")
    ends = raw.get("range")
    if ends is None:
        return _ranged(raw["value"], None, None, limits, raw)
    if not isinstance(ends, list) or len(ends) != 2:  # noqa: PLR2004 - low, high
        raise _fail("CC205", "range has two entries: [low, high]")
    return _ranged(raw["value"], ends[0], ends[1], limits, raw)


def _ranged(value: Any, low: Any, high: Any, limits: Limits, extra: dict[str, Any]) -> Given:
    middle = _number(value, limits)
    lowest = highest = None
    if low is not None and high is not None:
        suffix = _suffix(value)
        lowest, highest = _number(_with(low, suffix), limits), _number(_with(high, suffix), limits)
        if not lowest <= middle <= highest:
            raise _fail("CC205", f"the range is out of order: {low}, {value}, {high}")
    return Given(
        middle,
        limits.unit,
        lowest,
        highest,
        extra.get("range_kind", "p05_p95"),
        limits.shape,
        str(extra.get("source", "")),
        str(extra.get("note", "")),
        str(extra.get("scope", "")),
    )


def _suffix(value: Any) -> str:
    return value.lstrip("0123456789.+-eE_ ") if isinstance(value, str) else ""


def _with(end: Any, suffix: str) -> Any:
    """An end of a range may leave out the unit of its value."""
    bare = isinstance(end, int | float) and not isinstance(end, bool)
    return f"{end} {suffix}" if bare and suffix else end


def quantity(
    unit: str,
    *,
    shape: Shape = "positive",
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    example: str = "",
) -> Any:
    """A schema type for one kind of quantity."""
    limits = Limits(unit, shape, at_least, above, at_most, example or f"1 {unit}")
    number: dict[str, Any] = {"type": ["string", "number"], "examples": [limits.example]}
    long_form = {
        "type": "object",
        "required": ["value"],
        "additionalProperties": False,
        "properties": {
            "value": number,
            "range": {"type": "array", "items": number, "minItems": 2, "maxItems": 2},
            "range_kind": {"enum": sorted(_RANGE_KINDS)},
            "source": {"type": "string"},
            "note": {"type": "string"},
            "scope": {"enum": list(SCOPES)},
        },
    }
    triple = {"type": "array", "items": number, "minItems": 3, "maxItems": 3}
    schema = {"anyOf": [number, triple, long_form], "description": f"a quantity in {unit}"}
    return Annotated[Given, PlainValidator(lambda raw: _given(raw, limits)), WithJsonSchema(schema)]


Count = quantity("1", above=0, example="8")
Tokens = quantity("1", above=0, example="15T")
Factor = quantity("1", above=0, example="1.4")
RatioAboveOne = quantity("1", shape="pue", at_least=1, example="1.4")
Share = quantity("1", shape="share", above=0, at_most=1, example="0.6")
ShareOrZero = quantity("1", shape="share", at_least=0, at_most=1, example="10 %")
Amount = quantity("1", at_least=0, example="50 %")
Hours = quantity("h", above=0, example="10 d")
DeviceHours = quantity("1", above=0, example="1.46M")
Watts = quantity("W", above=0, example="700 W")
KiloWattHours = quantity("kWh", above=0, example="433 MWh")
GigaBytes = quantity("GB", above=0, example="50 TB")
Carbon = quantity("kgCO2e", above=0, example="164 kg")
Intensity = quantity("kgCO2e/kWh", at_least=0, example="0.4 kg/kWh")
Kilograms = quantity("kg", above=0, example="130 kg")
Kilometers = quantity("km", above=0, example="11000 km")
Rate = quantity("1/h", above=0, example="1M/day")
Liters = quantity("L/kWh", at_least=0, example="0.2 L/kWh")
Latency = quantity("h", above=0, example="100 ms")


def _pue(raw: Any) -> Given | Literal["included"]:
    if raw == "included":
        return "included"
    return _given(raw, Limits("1", "pue", at_least=1.0, example="1.15"))


Pue = Annotated[
    Given | Literal["included"],
    PlainValidator(_pue),
    WithJsonSchema({"anyOf": [{"const": "included"}, {"type": ["number", "array", "object"]}]}),
]
