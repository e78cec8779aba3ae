"""Schema types for quantities: text with a unit, a three-number range, or the long form."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic_core import PydanticCustomError

from carbonctl.core.errors import did_you_mean
from carbonctl.core.fact import RangeKind, Shape
from carbonctl.core.record import compared
from carbonctl.core.units import UnitError, describe_type, parse
from carbonctl.scenario.schema.custom_type import ReadBy
from carbonctl.scenario.schema.quantity_schema import HOURS_KEY, RANGE_KINDS, SCOPES, json_schema

if TYPE_CHECKING:
    from collections.abc import Callable

_LONG_KEYS = {"value", "range", "range_kind", "source", "note", "scope"}
_LARGEST = 1e60  # beyond it no quantity is physical, and products overflow


@compared
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
    accelerator_hours: Given | None = None


@compared
class Limits:
    """What a quantity may be."""

    unit: str
    shape: Shape = "positive"
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    example: str = ""
    counted: str = ""  # what a count may say that it counts
    hours: Limits | None = None  # of ``HOURS_KEY``, where it may stand in the long form


class _Fail(Exception):  # noqa: N818 - becomes a pydantic error at the edge of this file
    """A quantity that is none: code, message, and where below the quantity it is written."""

    def __init__(
        self, code: str, message: str, *at: str | int, key: bool = False, hint: str = ""
    ) -> None:
        super().__init__(message)
        self.code, self.at, self.key, self.hint = code, at, key, hint
        self.others: list[_Fail] = []

    def as_dict(self) -> dict[str, Any]:
        """What the reader of the scenario makes a problem of."""
        said = {"code": self.code, "message": str(self)}
        return said | {"at": list(self.at), "key": self.key, "hint": self.hint}


def _together(*readers: Callable[[], Any]) -> list[Any]:
    """What each reader gives, or the fails of all of them in one."""
    values, fails = [], []
    for reader in readers:
        try:
            values.append(reader())
        except _Fail as fail:
            fails += [fail, *fail.others]
    if fails:
        fails[0].others = fails[1:]
        raise fails[0]
    return values


def _number(raw: Any, limits: Limits, *at: str | int) -> float:
    if not isinstance(raw, str | int | float) or isinstance(raw, bool):
        example = f" such as `{limits.example}`" if limits.example else ""
        raise _Fail("CC201", f"expected a quantity{example}, got {describe_type(raw)}", *at)
    try:
        value = parse(_count(raw, limits), limits.unit)
    except UnitError as error:
        raise _Fail(error.code, _in_its_unit(error, raw, limits), *at) from None
    shown = str(raw)[:40]
    if limits.above is not None and not value > limits.above:
        raise _Fail("CC203", f"{shown} is not above {limits.above:g}", *at)
    if limits.at_least is not None and not value >= limits.at_least:
        raise _Fail("CC203", f"{shown} is below {limits.at_least:g}", *at)
    if limits.at_most is not None and not value <= limits.at_most:
        raise _Fail("CC203", f"{shown} is above {limits.at_most:g}", *at)
    if limits.below is not None and not value < limits.below:
        raise _Fail("CC203", f"{shown} is not below {limits.below:g}", *at)
    if abs(value) > _LARGEST:
        raise _Fail("CC203", f"{shown} is beyond any physical size", *at)
    return value


def _in_its_unit(error: UnitError, raw: str | float, limits: Limits) -> str:
    """What is wrong with a quantity; bare days are shown in days, and bare rates by the day."""
    text = f"{raw:g}" if isinstance(raw, int | float) else str(raw).strip()
    shown = {"10 d": " d", "1M/day": "/day"}.get(limits.example, f" {limits.unit}")
    return str(error).replace(f"as in {text} {limits.unit}", f"as in {text}{shown}")


def _count(raw: str | float, limits: Limits) -> str | float:
    """A count without what it counts: ``1M`` of the device-hours ``1M h``."""
    if not limits.counted or not isinstance(raw, str):
        return raw
    return re.sub(rf"(?<=[0-9.kKMBGT])\s*{limits.counted}\s*\Z", "", raw)


def _given(raw: Any, limits: Limits) -> Given:
    if isinstance(raw, list):
        if len(raw) != 3:  # noqa: PLR2004 - low, value, high
            raise _Fail("CC205", "a range has three entries: [low, value, high]")
        low, middle, high = _together(
            lambda: _end(raw[0], raw[1], limits, 0),
            lambda: _number(raw[1], limits, 1),
            lambda: _end(raw[2], raw[1], limits, 2),
        )
        _ordered(low, middle, high, raw[0], raw[1], raw[2])
        return Given(middle, limits.unit, low, high, shape=limits.shape)
    if isinstance(raw, dict):
        return _long(raw, limits)
    return Given(_number(raw, limits), limits.unit, shape=limits.shape)


def _long(raw: dict[str, Any], limits: Limits) -> Given:
    keys = _keys(limits)
    *_, hours, middle = _together(
        *(partial(_known_key, key, keys) for key in raw),
        partial(_choice, raw, "scope", ("", *SCOPES)),
        partial(_choice, raw, "range_kind", ("p05_p95", *sorted(RANGE_KINDS))),
        partial(_hours, raw, limits),
        partial(_value, raw, limits),
    )
    low, high = _range(raw, middle, limits)
    return Given(
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


def _keys(limits: Limits) -> set[str]:
    return _LONG_KEYS | ({HOURS_KEY} if limits.hours else set())


def _known_key(key: object, keys: set[str]) -> None:
    if key not in keys:
        known = f"a quantity has {', '.join(sorted(keys))}"
        hint = did_you_mean(str(key), keys)
        raise _Fail("CC101", f'unknown key "{key}"; {known}', str(key), key=True, hint=hint)


def _hours(raw: dict[str, Any], limits: Limits) -> Given | None:
    """The device-hours that an energy was measured over, where they stand beside it."""
    if limits.hours is None or HOURS_KEY not in raw:
        return None
    try:
        return _given(raw[HOURS_KEY], limits.hours)
    except _Fail as fail:
        for one in (fail, *fail.others):
            one.at = (HOURS_KEY, *one.at)
        raise


def _choice(raw: dict[str, Any], key: str, choices: tuple[str, ...]) -> None:
    """A word of a few; the first one stands for none."""
    if raw.get(key, choices[0]) not in choices:
        known = ", ".join(dict.fromkeys(filter(None, choices)))
        raise _Fail("CC207", f'{key} is one of {known}, not "{raw[key]}"', key)


def _value(raw: dict[str, Any], limits: Limits) -> float:
    if "value" not in raw:
        _together(*(partial(_known_key, key, _keys(limits)) for key in raw))  # perhaps misspelled
        raise _Fail("CC206", "value is required in the long form of a quantity")
    return _number(raw["value"], limits, "value")


def _range(raw: dict[str, Any], middle: float, limits: Limits) -> tuple[float | None, float | None]:
    ends = raw.get("range")
    if ends is None:
        return None, None
    if not isinstance(ends, list) or len(ends) != 2:  # noqa: PLR2004 - low, high
        raise _Fail("CC205", "range has two entries: [low, high]", "range")
    low, high = _together(
        lambda: _end(ends[0], raw["value"], limits, "range", 0),
        lambda: _end(ends[1], raw["value"], limits, "range", 1),
    )
    _ordered(low, middle, high, ends[0], raw["value"], ends[1], "range")
    return low, high


def _ordered(low: float, middle: float, high: float, *shown: Any) -> None:
    if not low <= middle <= high:
        text = ", ".join(str(item)[:20] for item in shown[:3])
        raise _Fail("CC205", f"the range is out of order: {text}", *shown[3:])


def _end(end: Any, value: Any, limits: Limits, *at: str | int) -> float:
    """An end of a range may leave out the unit of its value."""
    suffix = value.lstrip("0123456789.+-eE_ ") if isinstance(value, str) else ""
    bare = isinstance(end, int | float) and not isinstance(end, bool)
    return _number(f"{end} {suffix}" if bare and suffix else end, limits, *at)


def _checked(raw: Any, limits: Limits) -> Given:
    """A quantity, or a pydantic error that says where below it the mistake is."""
    try:
        return _given(raw, limits)
    except _Fail as fail:
        raise _refused(fail) from None


def _refused(fail: _Fail) -> PydanticCustomError:
    """What pydantic carries to the reader of the scenario."""
    context = {"fails": [one.as_dict() for one in (fail, *fail.others)]}
    message = str(fail).replace("{", "{{").replace("}", "}}")
    return PydanticCustomError(cast("Any", fail.code), cast("Any", message), context)


def refused(code: str, message: str, at: str, hint: str) -> PydanticCustomError:
    """What a validator of a section raises: the mistake is at a key of the quantity."""
    return _refused(_Fail(code, message, at, hint=hint))


def quantity(  # noqa: PLR0913 - each limit has a name
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
    """A schema type for one kind of quantity."""
    shown = example or f"1 {unit}"
    limits = Limits(unit, shape, at_least, above, at_most, below, shown, counted, hours)
    return Annotated[Given, ReadBy(partial(_checked, limits=limits), partial(json_schema, limits))]


Count = quantity("1", above=0, example="8")
Tokens = quantity("1", above=0, example="15T")
Factor = quantity("1", above=0, example="1.4")
SpeedUp = quantity("1", above=0, at_most=1e6, example="2.5")
FactorAboveOne = quantity("1", at_least=1, example="2.2")
RatioAboveOne = quantity("1", shape="pue", at_least=1, example="1.4")
Share = quantity("1", shape="share", above=0, at_most=1, example="0.6")
ShareOrZero = quantity("1", shape="share", at_least=0, at_most=1, example="60 %")
ShareBelowOne = quantity("1", shape="share", at_least=0, below=1, example="10 %")
Amount = quantity("1", at_least=0, example="50 %")
Hours = quantity("h", above=0, at_most=1e8, example="10 h")  # 11,000 years
Days = quantity("h", above=0, at_most=1e8, example="10 d")
_DEVICE_HOURS = Limits("1", above=0, example="1.46M", counted="h")
DeviceHours = quantity("1", above=0, example="1.46M", counted="h")
DeviceDays = quantity("1", above=0, example="1.5")
Watts = quantity("W", above=0, example="700 W")
KiloWattHours = quantity("kWh", above=0, example="433 MWh")
MeasuredEnergy = quantity("kWh", above=0, example="433 MWh", hours=_DEVICE_HOURS)
GigaBytes = quantity("GB", above=0, example="50 TB")
Carbon = quantity("kgCO2e", above=0, example="164 kg")
Intensity = quantity("kgCO2e/kWh", at_least=0, example="0.4 kg/kWh")
Kilograms = quantity("kg", above=0, example="130 kg")
Kilometers = quantity("km", above=0, example="11000 km")
Rate = quantity("1/h", above=0, example="1M/day")
Liters = quantity("L/kWh", at_least=0, example="0.2 L/kWh")
SquareCentimeters = quantity("cm2", above=0, example="694 mm2")
Defects = quantity("1/cm2", above=0, example="0.1 defects/cm2")
CarbonPerKilowattYear = quantity("kgCO2e/kW/y", at_least=0, example="67 kg/kW/y")
CarbonPerGigaByte = quantity("kgCO2e/GB", above=0, example="600 g/GB")
Work = quantity("FLOP", above=0, example="8.2 GFLOP")
Latency = quantity("h", above=0, example="100 ms")

_PUE = Limits("1", "pue", at_least=1.0, example="1.15")


def _pue(raw: Any) -> Given | Literal["included"]:
    return "included" if raw == "included" else _checked(raw, _PUE)


def _pue_schema() -> dict[str, Any]:
    return {"anyOf": [{"const": "included"}, *json_schema(_PUE)["anyOf"]]}


Pue = Annotated[Given | Literal["included"], ReadBy(_pue, _pue_schema)]

_SEQUENCES = Limits("1", above=0, example="8")


def _concurrency(raw: Any) -> Given | Literal["full"]:
    return "full" if raw == "full" else _checked(raw, _SEQUENCES)


def _concurrency_schema() -> dict[str, Any]:
    return {"anyOf": [{"const": "full"}, *json_schema(_SEQUENCES)["anyOf"]]}


Concurrency = Annotated[Given | Literal["full"], ReadBy(_concurrency, _concurrency_schema)]
