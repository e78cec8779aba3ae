"""Forms for programs: JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from carbonctl.core.errors import InputError, Mark, Problem
from carbonctl.report.findings import overlay, results
from carbonctl.study.measures import nodes

CSV_COLUMNS = ("id", "label", "unit", "value", "p05", "p50", "p95", "share", "evidence", "tier",
               "assumed")  # fmt: skip


def as_json(data: Any) -> str:
    """The envelope as JSON, one stable byte sequence for the same result."""
    try:
        return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except ValueError:
        raise not_finite() from None


def not_finite() -> InputError:
    """A value that was given, or edited into a result, is so large or small that nothing fits."""
    message = (
        "a number of the result is not finite; a value that was given is far too large or small"
    )
    return InputError([Problem("CC204", message)])


def errors_as_json(found: list[dict[str, Any]]) -> str:
    """Problems of an input as JSON."""
    return as_json({"schema_version": "1.0", "errors": found})


def as_csv(data: dict[str, Any]) -> str:
    """The breakdown as rows with fixed columns, the total last; none of them names a scenario."""
    if len(results(data)) != 1:
        message = "CSV has no column for the scenario, and this holds several"
        raise InputError([Problem("CC706", message, Mark("--format"), "-f ndjson names it")])
    text = io.StringIO()
    (result,) = results(data)
    own = overlay(result).get("overlay")
    columns = [*CSV_COLUMNS, *(["overlay"] if own else [])]
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(nodes(result["breakdown"]))
    said = {"overlay": f"{own['folder']}: {', '.join(own['facts'])}"} if own else {}
    writer.writerow(result["total"] | {"share": 1.0, "evidence": ""} | said)
    return text.getvalue()
