"""Text of one record of hardware_db: every field with its range and source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.catalog import number_formats
from carbonctl.report.numbers import printable
from carbonctl.report.text.wrapping import fold_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.catalog.record import Record

_KEY_WIDTH = 22  # width of the names of fields


def record_as_data(record: Record) -> dict[str, Any]:
    """A record as plain data, with derived number formats."""
    return {"kind": record.kind, "id": record.id} | record.data | dict(_precisions(record))


def format_record(record: Record, width: int) -> str:
    """A record as text, one line per field."""
    out = fold_text(printable(f"{record.id}  {record.name}"), width)
    for key, value in (*record.data.items(), *_precisions(record)):
        shown = ", ".join(value) if key.endswith("_formats") else value
        for line in _field_lines(key, shown):
            out += fold_text(printable(line), width, "  ", " " * min(_KEY_WIDTH + 2, width // 2))
    return "\n".join(out) + "\n"


def _precisions(record: Record) -> Iterable[tuple[str, Any]]:
    """Derived number formats: native formats of a device, default precision of a model."""
    if record.kind == "accelerators":
        native, stored = number_formats.native_formats(record)
        return [("native_formats", native), ("weight_only_formats", stored)]
    if record.kind == "models":
        return [("default_precision", number_formats.default_precision(record) or "bf16")]
    return []


def _field_lines(key: str, value: Any) -> list[str]:
    if isinstance(value, dict) and "value" in value:
        span = "({} to {}) ".format(*value["range"]) if "range" in value else ""
        mark = f", {value['mark']}" if "mark" in value else ""
        note = f"; {value['note']}" if "note" in value else ""
        return [
            f"{key:<{_KEY_WIDTH}}{value['value']} {span}[{value.get('source', '')}{mark}]{note}"
        ]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [line for item in value for line in _field_lines(key, _die_as_fact(item))]
    if isinstance(value, dict):
        return [line for k, v in value.items() for line in _field_lines(f"{key}.{k}", v)]
    return [f"{key:<{_KEY_WIDTH}}{value}"]


def _die_as_fact(item: dict[str, Any]) -> Any:
    """A die as a fact with its count and node; other items unchanged."""
    if "area" not in item:
        return item
    return item["area"] | {"value": f"{item['count']} x {item['area']['value']} {item['node']}"}
