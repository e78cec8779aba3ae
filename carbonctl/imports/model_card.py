"""Check of the emissions in a model card: ``co2_eq_emissions``, in grams.

Some cards were published with kilograms in that field and corrected later
(nicholasKluge/TeenyTinyLlama-460m-awq and two others on the Hub). So the check warns of a value
below that of one hour on the device in the card.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from carbonctl.catalog import grids
from carbonctl.catalog.read import AmbiguousName, UnknownName
from carbonctl.core import strict_yaml
from carbonctl.core.errors import InputError, Mark, Problem, did_you_mean
from carbonctl.core.units import describe_type

if TYPE_CHECKING:
    from pathlib import Path

    from carbonctl.catalog.read import Catalog, Record
    from carbonctl.core.strict_yaml import Document

# keys of the Hub, and keys that trainers add if CodeCarbon is installed
KEYS = ("emissions", "source", "training_type", "geographical_location", "hardware_used",
        "energy_consumed", "hours_used", "on_cloud", "cpu_model", "ram_total_size")  # fmt: skip
_NUMBERS = ("energy_consumed", "hours_used", "ram_total_size")
# limits in kg/kWh of any grid, including losses
_MIN_GRID_FACTOR, _MAX_GRID_FACTOR = 0.005, 1.5
_MAX_POWER_OVER_TDP = 3.0  # includes host, losses and cooling of a small machine
FIELD = "co2_eq_emissions"
TYPICAL_GRID = 0.4  # kg/kWh, for the order of magnitude if the card names no place
_COUNT = r"(\d{1,3}(?:,\d{3})+|\d{1,9}k?)"
_WORDS = r"(?:(?:nvidia|amd|intel|google|aws|tesla|geforce)\s+)*"
# "16,000 H100" only at the start or after punctuation, as the number may belong to another word;
# "8 x H100" anywhere
_BEFORE = re.compile(
    rf"(?:(?:^|(?<!\d)[,;+(&/]|\b(?:of|on|with|and))\s*{_COUNT}\s+"
    rf"|(?<![\w,.]){_COUNT}\s*[x\u00d7*]\s*){_WORDS}$"
)
_AFTER = re.compile(rf"(?:\s+(?:\d+\s?gb|gpus?|pcie|sxm\d?))*\s*\(?[x\u00d7*:]\s*{_COUNT}\b")
MIN_HOURS = {"pre-training": 1.0, "fine-tuning": 0.05}


def check_model_card(path: Path, catalog: Catalog, raw: bytes | None = None) -> list[Problem]:
    """Warnings about the emissions in a model card; InputError if the Hub could not read it.

    ``raw`` are its bytes, if already read.
    """
    document = _front_matter(path, raw)
    field = document.data.get(FIELD)
    if field is None:
        return []
    problems = _field_problems(field, document)
    if problems:
        raise InputError(problems, document.sources)
    if not isinstance(field, dict):
        return []
    found = [*_check_unit(field, document, catalog), *_check_grid_factor(field, document)]
    return [*found, *_check_hours(field, document, catalog)]


def _front_matter(path: Path, raw: bytes | None) -> Document:
    """The metadata between the first two lines of ``---``, with positions in the card."""
    whole = strict_yaml.read_text(path, raw)
    lines = whole.splitlines()
    ends = [place for place, line in enumerate(lines) if line.rstrip() == "---"]
    if len(ends) < 2 or ends[0] != 0:  # noqa: PLR2004 - an opening and a closing line
        message = "expected metadata between two lines of --- at the start of the model card"
        raise InputError([Problem("CC007", message, Mark(str(path), 1, 1))], {str(path): lines})
    document = strict_yaml.parse("\n".join(["", *lines[1 : ends[1]]]).encode(), str(path))
    if not isinstance(document.data, dict):
        problem = Problem("CC007", "expected keys and values as metadata", document.mark(()))
        raise InputError([problem], document.sources)
    return document


def _field_problems(field: Any, document: Document) -> list[Problem]:
    if not isinstance(field, dict):
        return _number_problems(field, (FIELD,), document)
    problems = [
        Problem(
            "CC101",
            f'unknown key "{key}"',
            document.mark((FIELD, key), key=True),
            did_you_mean(key, KEYS) or f"keys here: {', '.join(KEYS)}",
        )
        for key in field
        if key not in KEYS
    ]
    if "emissions" not in field:
        at = document.mark((FIELD,))
        return [*problems, Problem("CC206", '"emissions" is required here, in grams', at)]
    problems += _number_problems(field["emissions"], (FIELD, "emissions"), document)
    for key in _NUMBERS:
        if field.get(key) is not None:
            problems += _number_problems(field[key], (FIELD, key), document, "a number")
    return problems


def _number_problems(
    value: Any, path: tuple[str, ...], document: Document, what: str = "grams of CO2e"
) -> list[Problem]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        hint = "a bare number, as in emissions: 41100" if path[-1] not in _NUMBERS else ""
        message = f"expected {what}, got {describe_type(value)}"
        return [Problem("CC201", message, document.mark(path), hint)]
    if not 0 <= value < float("inf"):
        return [Problem("CC203", f"{path[-1]} cannot be {value:g}", document.mark(path))]
    return []


def _check_grid_factor(field: dict[str, Any], document: Document) -> list[Problem]:
    """A warning if emissions over energy is no plausible grid factor."""
    energy, grams = field.get("energy_consumed"), field["emissions"]
    if not energy or not grams:
        return []
    factor = grams / energy / grids.G_PER_KG
    if _MIN_GRID_FACTOR <= factor <= _MAX_GRID_FACTOR:
        return []
    message = f"{grams:g} g over {energy:g} kWh are {factor:.3g} kg/kWh: no grid emits that"
    hint = "emissions are in grams, energy_consumed in kWh"
    return [Problem("CC307", message, document.mark((FIELD, "energy_consumed")), hint)]


def _check_hours(field: dict[str, Any], document: Document, catalog: Catalog) -> list[Problem]:
    """A warning if the devices of a card cannot draw the stated energy in the stated hours."""
    energy, hours = field.get("energy_consumed"), field.get("hours_used")
    device, count = _find_device(str(field.get("hardware_used", "")), catalog)
    rated = device.fact("tdp") if device is not None else None
    if not energy or not hours or device is None or rated is None:
        return []
    watts = energy / hours * 1e3
    most = _MAX_POWER_OVER_TDP * rated.value * count
    if watts <= most:
        return []
    message = f"{energy:g} kWh in {hours:g} h are {watts:,.0f} W, and {count} x {device.name} are"
    message += f" rated {rated.value * count:,.0f} W"
    return [Problem("CC307", message, document.mark((FIELD, "hours_used")), "check the hours")]


def _check_unit(field: dict[str, Any], document: Document, catalog: Catalog) -> list[Problem]:
    device, count = _find_device(str(field.get("hardware_used", "")), catalog)
    rated = device.fact("tdp") if device is not None else None
    if device is None or rated is None or not field["emissions"]:
        return []
    grid = _grid_factor(str(field.get("geographical_location", "")), catalog)
    hours = field["emissions"] / grid / (rated.value * count)
    kind = str(field.get("training_type", "")).lower()
    if hours >= MIN_HOURS.get(kind, MIN_HOURS["pre-training"]):
        return []
    many = "one" if count == 1 else f"{count:,} x"
    message = (
        f"{field['emissions']:g} g is {hours * 60:.2g} minutes of {many} {device.name} "
        f"at {grid:.2g} kg/kWh: this looks like kilograms"
    )
    stated = field["emissions"]
    hint = f"the field is in grams: {stated * 1000:.12g} if it is {stated:g} kg"
    return [Problem("CC307", message, document.mark((FIELD, "emissions")), hint)]


def _find_device(text: str, catalog: Catalog) -> tuple[Record | None, int]:
    """The device with the longest name in a text, and its count; None and 1 without a device."""
    id_by_name = {alias: ids[0] for alias, ids in catalog.aliases("accelerators").items()}
    id_by_name |= {name: name for name in catalog.ids("accelerators")}
    wanted = text.lower().replace("-", " ")
    fitting = {
        name: at for name in sorted(id_by_name) if (at := _find_word(name, wanted)) is not None
    }
    best = max(fitting, key=len, default=None)
    if best is None:
        return None, 1
    start, end = fitting[best]
    counted = _BEFORE.search(wanted[:start]) or _AFTER.match(wanted[end:])
    return catalog.record("accelerators", id_by_name[best]), _device_count(counted)


def _find_word(name: str, text: str) -> tuple[int, int] | None:
    """Start and end of a name in a text, as a word or joined to a count: 8xH100, H100x8."""
    plain = name.lower().replace("-", " ")
    if plain not in text:
        return None
    found = re.search(rf"(?<![a-z0-9])(?:\d+x)?({re.escape(plain)})(?![a-wyz0-9]|x(?!\d))", text)
    return None if found is None else found.span(1)


def _device_count(found: re.Match[str] | None) -> int:
    """Number of devices in a match; 1 without a match."""
    if found is None:
        return 1
    digits = next(group for group in found.groups() if group)
    thousands = 1000 if digits.endswith("k") else 1
    return max(1, int(digits.removesuffix("k").replace(",", "")) * thousands)


def _grid_factor(text: str, catalog: Catalog) -> float:
    """The grid factor in kg/kWh of the first place in a text; a typical one if there is none."""
    for word in (part.strip() for part in (text, *text.split(","))):
        try:
            row = (
                grids.find_grid_row(catalog, grids.find_place(catalog, word), "lifecycle")
                if word
                else None
            )
        except (UnknownName, AmbiguousName):
            continue
        if row is not None:
            return float(row["gco2e_per_kwh"]) / grids.G_PER_KG
    return TYPICAL_GRID
