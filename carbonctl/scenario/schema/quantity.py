"""Schema types for quantities: text with a unit, a three-number range, or the long form."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic_core import PydanticCustomError

from carbonctl.core.errors import did_you_mean
from carbonctl.core.fact import RangeKind, Shape
from carbonctl.core.record import value_record
from carbonctl.core.units import UnitError, describe_type, parse
from carbonctl.scenario.schema.custom_type import CustomType
from carbonctl.scenario.schema.quantity_schema import HOURS_KEY, RANGE_KINDS, SCOPES, json_schema

if TYPE_CHECKING:
    from collections.abc import Callable

_LONG_KEYS = {"value", "range", "range_kind", "source", "note", "scope"}
_MAX_VALUE = 1e60  # beyond it no quantity is physical, and products overflow


@value_record
class StatedQuantity:
    """A quantity that the user stated, converted to its canonical unit."""

    value: float
    unit: str = "1"
    low: float | None = None
    high: float | None = None
    range_kind: RangeKind = "p05_p95"
    shape: Shape = "positive"
    source: str = ""
    note: str = ""
    scope: str = ""
    accelerator_hours: StatedQuantity | None = None


@value_record
class Limits:
    """Unit and bounds that a stated quantity must meet."""

    unit: str
    shape: Shape = "positive"
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    example: str = ""
    counted: str = ""  # unit that may follow a count: the ``h`` of ``1M h`` device-hours
    hours: Limits | None = None  # of ``HOURS_KEY``, where it may stand in the long form


class _QuantityError(Exception):
    """An invalid quantity: error code, message, and path of the mistake below the quantity."""

    def __init__(
        self, code: str, message: str, *at: str | int, key: bool = False, hint: str = ""
    ) -> None:
        super().__init__(message)
        self.code, self.at, self.key, self.hint = code, at, key, hint
        self.others: list[_QuantityError] = []

    def as_dict(self) -> dict[str, Any]:
        """The error as plain data, for the reader of the scenario to report."""
        said = {"code": self.code, "message": str(self)}
        return said | {"at": list(self.at), "key": self.key, "hint": self.hint}


def _collect_errors(*readers: Callable[[], Any]) -> list[Any]:
    """Values of all readers; one _QuantityError with the errors of every reader that failed."""
    values, fails = [], []
    for reader in readers:
        try:
            values.append(reader())
        except _QuantityError as fail:
            fails += [fail, *fail.others]
    if fails:
        fails[0].others = fails[1:]
        raise fails[0]
    return values


def _read_number(raw: Any, limits: Limits, *at: str | int) -> float:
    if not isinstance(raw, str | int | float) or isinstance(raw, bool):
        example = f" such as `{limits.example}`" if limits.example else ""
        raise _QuantityError(
            "CC201", f"expected a quantity{example}, got {describe_type(raw)}", *at
        )
    try:
        value = parse(_strip_counted_noun(raw, limits), limits.unit)
    except UnitError as error:
        raise _QuantityError(error.code, _unit_error_message(error, raw, limits), *at) from None
    shown = str(raw)[:40]
    if limits.above is not None and not value > limits.above:
        raise _QuantityError("CC203", f"{shown} is not above {limits.above:g}", *at)
    if limits.at_least is not None and not value >= limits.at_least:
        raise _QuantityError("CC203", f"{shown} is below {limits.at_least:g}", *at)
    if limits.at_most is not None and not value <= limits.at_most:
        raise _QuantityError("CC203", f"{shown} is above {limits.at_most:g}", *at)
    if limits.below is not None and not value < limits.below:
        raise _QuantityError("CC203", f"{shown} is not below {limits.below:g}", *at)
    if abs(value) > _MAX_VALUE:
        raise _QuantityError("CC203", f"{shown} is beyond any physical size", *at)
    return value


def _unit_error_message(error: UnitError, raw: str | float, limits: Limits) -> str:
    """Message of a unit error, with an example in the unit that users write (d, /day)."""
    text = f"{raw:g}" if isinstance(raw, int | float) else str(raw).strip()
    shown = {"10 d": " d", "1M/day": "/day"}.get(limits.example, f" {limits.unit}")
    return str(error).replace(f"as in {text} {limits.unit}", f"as in {text}{shown}")


def _strip_counted_noun(raw: str | float, limits: Limits) -> str | float:
    """A count without its unit: ``1M`` for the device-hours ``1M h``."""
    if not limits.counted or not isinstance(raw, str):
        return raw
    return re.sub(rf"(?<=[0-9.kKMBGT])\s*{limits.counted}\s*\Z", "", raw)


def _read_quantity(raw: Any, limits: Limits) -> StatedQuantity:
    if isinstance(raw, list):
        if len(raw) != 3:  # noqa: PLR2004 - low, value, high
            raise _QuantityError("CC205", "a range has three entries: [low, value, high]")
        low, middle, high = _collect_errors(
            lambda: _read_range_end(raw[0], raw[1], limits, 0),
            lambda: _read_number(raw[1], limits, 1),
            lambda: _read_range_end(raw[2], raw[1], limits, 2),
        )
        _check_order(low, middle, high, raw[0], raw[1], raw[2])
        return StatedQuantity(middle, limits.unit, low, high, shape=limits.shape)
    if isinstance(raw, dict):
        return _read_long_form(raw, limits)
    return StatedQuantity(_read_number(raw, limits), limits.unit, shape=limits.shape)


def _read_long_form(raw: dict[str, Any], limits: Limits) -> StatedQuantity:
    keys = _allowed_keys(limits)
    *_, hours, middle = _collect_errors(
        *(partial(_check_key, key, keys) for key in raw),
        partial(_check_choice, raw, "scope", ("", *SCOPES)),
        partial(_check_choice, raw, "range_kind", ("p05_p95", *sorted(RANGE_KINDS))),
        partial(_read_hours, raw, limits),
        partial(_read_value, raw, limits),
    )
    low, high = _read_range(raw, middle, limits)
    return StatedQuantity(
        middle,
        limits.unit,
        low,
        high,
        raw.get("range_kind", "p05_p95"),
        limits.shape,
        str(raw.get("source", "")),
        str(raw.get("note", "")),
        str(raw.get("scope", "")),
        hours,
    )


def _allowed_keys(limits: Limits) -> set[str]:
    return _LONG_KEYS | ({HOURS_KEY} if limits.hours else set())


def _check_key(key: object, keys: set[str]) -> None:
    if key not in keys:
        known = f"a quantity has {', '.join(sorted(keys))}"
        hint = did_you_mean(str(key), keys)
        raise _QuantityError(
            "CC101", f'unknown key "{key}"; {known}', str(key), key=True, hint=hint
        )


def _read_hours(raw: dict[str, Any], limits: Limits) -> StatedQuantity | None:
    """Device-hours over which an energy was measured; None where they are not stated."""
    if limits.hours is None or HOURS_KEY not in raw:
        return None
    try:
        return _read_quantity(raw[HOURS_KEY], limits.hours)
    except _QuantityError as fail:
        for one in (fail, *fail.others):
            one.at = (HOURS_KEY, *one.at)
        raise


def _check_choice(raw: dict[str, Any], key: str, choices: tuple[str, ...]) -> None:
    """Check that the value of a key is one of some choices; the first is the default."""
    if raw.get(key, choices[0]) not in choices:
        known = ", ".join(dict.fromkeys(filter(None, choices)))
        raise _QuantityError("CC207", f'{key} is one of {known}, not "{raw[key]}"', key)


def _read_value(raw: dict[str, Any], limits: Limits) -> float:
    if "value" not in raw:
        _collect_errors(
            *(partial(_check_key, key, _allowed_keys(limits)) for key in raw)
        )  # perhaps misspelled
        raise _QuantityError("CC206", "value is required in the long form of a quantity")
    return _read_number(raw["value"], limits, "value")


def _read_range(
    raw: dict[str, Any], middle: float, limits: Limits
) -> tuple[float | None, float | None]:
    ends = raw.get("range")
    if ends is None:
        return None, None
    if not isinstance(ends, list) or len(ends) != 2:  # noqa: PLR2004 - low, high
        raise _QuantityError("CC205", "range has two entries: [low, high]", "range")
    low, high = _collect_errors(
        lambda: _read_range_end(ends[0], raw["value"], limits, "range", 0),
        lambda: _read_range_end(ends[1], raw["value"], limits, "range", 1),
    )
    _check_order(low, middle, high, ends[0], raw["value"], ends[1], "range")
    return low, high


def _check_order(low: float, middle: float, high: float, *shown: Any) -> None:
    if not low <= middle <= high:
        text = ", ".join(str(item)[:20] for item in shown[:3])
        raise _QuantityError("CC205", f"the range is out of order: {text}", *shown[3:])


def _read_range_end(end: Any, value: Any, limits: Limits, *at: str | int) -> float:
    """One end of a range in the canonical unit; without a unit it takes that of the value."""
    suffix = value.lstrip("0123456789.+-eE_ ") if isinstance(value, str) else ""
    bare = isinstance(end, int | float) and not isinstance(end, bool)
    return _read_number(f"{end} {suffix}" if bare and suffix else end, limits, *at)


def _validate(raw: Any, limits: Limits) -> StatedQuantity:
    """The quantity; a pydantic error with the path of the mistake where it is invalid."""
    try:
        return _read_quantity(raw, limits)
    except _QuantityError as fail:
        raise _pydantic_error(fail) from None


def _pydantic_error(fail: _QuantityError) -> PydanticCustomError:
    """The error as pydantic passes it on to the reader of the scenario."""
    context = {"fails": [one.as_dict() for one in (fail, *fail.others)]}
    message = str(fail).replace("{", "{{").replace("}", "}}")
    return PydanticCustomError(cast("Any", fail.code), cast("Any", message), context)


def quantity_error(code: str, message: str, at: str, hint: str) -> PydanticCustomError:
    """Error for a validator of a section to raise: the mistake is at the key ``at``."""
    return _pydantic_error(_QuantityError(code, message, at, hint=hint))


def quantity_type(  # noqa: PLR0913 - each limit has a name
    unit: str,
    *,
    shape: Shape = "positive",
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
    example: str = "",
    counted: str = "",
    hours: Limits | None = None,
) -> Any:
    """Pydantic type of a quantity with this unit and these bounds."""
    shown = example or f"1 {unit}"
    limits = Limits(unit, shape, at_least, above, at_most, below, shown, counted, hours)
    return Annotated[
        StatedQuantity, CustomType(partial(_validate, limits=limits), partial(json_schema, limits))
    ]


Count = quantity_type("1", above=0, example="8")
Tokens = quantity_type("1", above=0, example="15T")
Factor = quantity_type("1", above=0, example="1.4")
SpeedUp = quantity_type("1", above=0, at_most=1e6, example="2.5")
FactorAboveOne = quantity_type("1", at_least=1, example="2.2")
RatioAboveOne = quantity_type("1", shape="pue", at_least=1, example="1.4")
Share = quantity_type("1", shape="share", above=0, at_most=1, example="0.6")
ShareOrZero = quantity_type("1", shape="share", at_least=0, at_most=1, example="60 %")
ShareBelowOne = quantity_type("1", shape="share", at_least=0, below=1, example="10 %")
Amount = quantity_type("1", at_least=0, example="50 %")
Hours = quantity_type("h", above=0, at_most=1e8, example="10 h")  # 11,000 years
Days = quantity_type("h", above=0, at_most=1e8, example="10 d")
_DEVICE_HOURS = Limits("1", above=0, example="1.46M", counted="h")
DeviceHours = quantity_type("1", above=0, example="1.46M", counted="h")
DeviceDays = quantity_type("1", above=0, example="1.5")
Watts = quantity_type("W", above=0, example="700 W")
KiloWattHours = quantity_type("kWh", above=0, example="433 MWh")
MeasuredEnergy = quantity_type("kWh", above=0, example="433 MWh", hours=_DEVICE_HOURS)
GigaBytes = quantity_type("GB", above=0, example="50 TB")
Carbon = quantity_type("kgCO2e", above=0, example="164 kg")
Intensity = quantity_type("kgCO2e/kWh", at_least=0, example="0.4 kg/kWh")
Kilograms = quantity_type("kg", above=0, example="130 kg")
Kilometers = quantity_type("km", above=0, example="11000 km")
Rate = quantity_type("1/h", above=0, example="1M/day")
Liters = quantity_type("L/kWh", at_least=0, example="0.2 L/kWh")
SquareCentimeters = quantity_type("cm2", above=0, example="694 mm2")
Defects = quantity_type("1/cm2", above=0, example="0.1 defects/cm2")
CarbonPerKilowattYear = quantity_type("kgCO2e/kW/y", at_least=0, example="67 kg/kW/y")
CarbonPerGigaByte = quantity_type("kgCO2e/GB", above=0, example="600 g/GB")
Work = quantity_type("FLOP", above=0, example="8.2 GFLOP")
Latency = quantity_type("h", above=0, example="100 ms")

_PUE = Limits("1", "pue", at_least=1.0, example="1.15")


def _read_pue(raw: Any) -> StatedQuantity | Literal["included"]:
    return "included" if raw == "included" else _validate(raw, _PUE)


def _pue_schema() -> dict[str, Any]:
    return {"anyOf": [{"const": "included"}, *json_schema(_PUE)["anyOf"]]}


Pue = Annotated[StatedQuantity | Literal["included"], CustomType(_read_pue, _pue_schema)]

_SEQUENCES = Limits("1", above=0, example="8")


def _read_concurrency(raw: Any) -> StatedQuantity | Literal["full"]:
    return "full" if raw == "full" else _validate(raw, _SEQUENCES)


def _concurrency_schema() -> dict[str, Any]:
    return {"anyOf": [{"const": "full"}, *json_schema(_SEQUENCES)["anyOf"]]}


Concurrency = Annotated[
    StatedQuantity | Literal["full"], CustomType(_read_concurrency, _concurrency_schema)
]
