"""What no gate accepts unless its policy allows it: numbers below their own row, and below zero."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from carbonctl.core.metrics import TOTAL
from carbonctl.core.record import value_record
from carbonctl.gate.measures import replaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_GRID = "grid/"


@value_record
class Refusal:
    """Why a result is refused: the code, the words, the facts that it is about, and where."""

    code: str
    message: str
    facts: tuple[str, ...] = ()
    folder: str | None = None
    where: str | None = None
    hint: str = ""


def below_their_row(
    data: dict[str, Any], before: dict[str, Any] | None, allowed: Iterable[str]
) -> Iterator[Refusal]:
    """Given numbers that are outside the range of the fact they replace, to the lighter side.

    A grid factor without a region has no row of its own; it is compared to the rows of the
    baseline, so that taking a region out does not help.
    """
    patterns = tuple(allowed)
    for key, fact in data["facts"].items():
        if fact["origin"] not in {"scenario", "cli"}:
            continue
        if any(fnmatchcase(key, pattern) for pattern in patterns):
            continue
        row = replaced(data).get(key) or _row_of_baseline(key, fact, before)
        refusal = None if row is None else _beyond(key, fact, row)
        if refusal is not None:
            yield refusal


def _row_of_baseline(
    key: str, fact: dict[str, Any], before: dict[str, Any] | None
) -> dict[str, Any] | None:
    """The lowest grid row that the baseline rests on, for a grid factor without a region."""
    if before is None or not key.endswith("site.grid") or fact["unit"] != "kgCO2e/kWh":
        return None
    rows = [
        row | {"key": name, "falls": False} for name, row in _rows(before) if name.startswith(_GRID)
    ]
    return min(rows, key=lambda row: _end(row, "low"), default=None)


def _rows(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from data["facts"].items()
    yield from ((row["key"], row) for row in replaced(data).values())


def _end(row: dict[str, Any], name: str) -> float:
    """An end of the range of a row; its value where it has none."""
    return float(row["value"] if row[name] is None else row[name])


def _beyond(key: str, fact: dict[str, Any], row: dict[str, Any]) -> Refusal | None:
    low, high, falls = _end(row, "low"), _end(row, "high"), row["falls"]
    outside = fact["value"] > high if falls else fact["value"] < low
    if not outside:
        return None
    bound, side = (high, "above") if falls else (low, "below")
    unit = "" if fact["unit"] == "1" else f" {fact['unit']}"
    return Refusal(
        "CC615",
        f"{key} is given as {fact['value']:.4g}{unit}, {side} the range of {row['label']}, which"
        f" {'ends' if falls else 'begins'} at {bound:.4g}",
        facts=(key, row["key"]),
        where=fact["where"],
        hint=f"leave it out, or let the policy allow it: allow_given: [{key}]",
    )


def below_zero(bases: Iterable[dict[str, Any]]) -> Iterator[Refusal]:
    """Totals, of the whole or of a phase, that would take carbon out of the air."""
    totals = {
        name: node["value"]
        for data in bases
        for name, node in [*data["metrics"].items(), (TOTAL, data["total"])]
        if name.rpartition(".")[2] == TOTAL
    }
    for name, value in totals.items():
        if value is not None and value < 0:
            message = f"{name} is {value:.4g}: no estimate is below zero"
            yield Refusal("CC617", message, facts=(name,))
