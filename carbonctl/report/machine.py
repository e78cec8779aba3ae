"""Machine-readable formats: JSON and CSV."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from carbonctl.core.errors import InputError, Problem
from carbonctl.core.json_text import indented_json
from carbonctl.report import csv_rows
from carbonctl.report.ci.findings import overlay, results

if TYPE_CHECKING:
    from carbonctl.result.estimate import Estimates


def as_json(data: Any) -> str:
    """Data as JSON text; the same result gives the same bytes."""
    try:
        return indented_json(data) + "\n"
    except ValueError:
        raise not_finite_error() from None


def not_finite_error() -> InputError:
    """The error for a result with a number that is not finite."""
    message = "a number of the result is not finite; an input value is far too large or small"
    return InputError([Problem("CC204", message)])


def errors_as_json(found: list[dict[str, Any]]) -> str:
    """Problems as JSON text."""
    return as_json({"schema_version": "1.0", "errors": found})


def as_csv(data: Estimates) -> str:
    """The breakdown of each result as CSV with fixed columns, its total last."""
    found = results(data)
    names = csv_rows.distinct_names([result["name"] or result["title"] for result in found])
    return csv_rows.write_csv(
        row
        for result, name in zip(found, names, strict=True)
        for row in csv_rows.breakdown_rows(
            result["breakdown"],
            result["total"],
            partial(csv_rows.facility_energy_kwh, metrics=result["metrics"]),
            name,
            overlay(result).get("overlay"),
        )
    )
