"""Explanation of a number: its tree of formulas down to sourced, given or assumed facts."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from carbonctl.core.errors import InputError, Mark, Problem
from carbonctl.core.fact import Fact
from carbonctl.core.formula import Traced
from carbonctl.core.naming import unit_suffix
from carbonctl.report import basis, numbers
from carbonctl.report.basis import evidence_kind
from carbonctl.report.facts import fact_as_dict
from carbonctl.report.text.wrapping import NO_BREAK_SPACE
from carbonctl.report.trace_walk import cause_name, cause_of_number, named_arguments, steps_under

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from carbonctl.estimate.refresh import Refresh
    from carbonctl.estimate.results import Item, Lifecycle, Line

    Estimated = Lifecycle | Item | Refresh

_ALIASES = {"total": "total_kgco2e"}


def find_number(result: Estimated, name: str) -> Traced:
    """The number with a name: a metric, a line or a formula step; InputError unless one fits."""
    wanted = _ALIASES.get(name, "_".join(name.split()))
    numbers_by_name: dict[str, Traced] = {}
    labels = _lines_with_label(result, name)
    for step, number in steps_under(_as_traced(result.total_kgco2e)):
        numbers_by_name.setdefault(step.id, number)
    for line in _lines(result):
        numbers_by_name[line.id] = _as_traced(line.kgco2e)
    for metric, value in result.metrics.items():
        numbers_by_name[metric] = _as_traced(value)
    fitting: list[str] = []
    exact = [numbers_by_name[wanted]] if wanted in numbers_by_name else []
    if len(found := exact or list(labels.values())) == 1:
        return found[0]
    fitting = sorted(labels)
    for fits in () if labels else _NAME_MATCHES:
        fitting = sorted(key for key in numbers_by_name if fits(key, wanted))
        if len({id(numbers_by_name[key].cause) for key in fitting}) == 1:
            return numbers_by_name[fitting[0]]
        if fitting:
            break
    message = f'"{name}" matches several numbers' if fitting else f'no number is called "{name}"'
    names = fitting or [*numbers_by_name, *(line.label for line in _lines(result))]
    word = "one of" if fitting else "the nearest are"
    hint = f"{word} {', '.join(_nearest_names(name, names))}"
    raise InputError([Problem("CC108", message, Mark("--of"), hint)])


def _nearest_names(name: str, names: Iterable[str]) -> list[str]:
    """The three most similar names, by whole name or last part."""
    wanted = name.casefold()

    def likeness(known: str) -> float:
        ends = (known.casefold(), _without_unit(known.casefold()).rpartition(".")[2])
        return max(SequenceMatcher(None, wanted, end).ratio() for end in ends)

    return sorted(dict.fromkeys(names), key=lambda known: (-likeness(known), known))[:3]


def _lines_with_label(result: Estimated, name: str) -> dict[str, Traced]:
    """Lines of the table with a label, by id; only those of the highest level that has one."""
    wanted = " ".join(name.casefold().split())
    if wanted.startswith("per "):  # the metric of one phase, without training
        end = f".{wanted.replace(' ', '_')}_kgco2e"
        return {key: _as_traced(v) for key, v in result.metrics.items() if key.endswith(end)}
    lines = list(result.lines)
    while lines:
        found = {n.id: _as_traced(n.kgco2e) for n in lines if n.label.casefold() == wanted}
        if found:
            return found
        lines = [child for line in lines for child in line.children]
    return {}


def _without_unit(key: str) -> str:
    """A name without its unit."""
    return key.removesuffix(unit_suffix(key))


def _without_index(key: str) -> str:
    """A name without unit and index of its part: ``manufacturing.dram`` of ``..._2_kgco2e``."""
    return re.sub(r"_\d+(?=_|$)", "", _without_unit(key))


# ways to match a name, the closest first; carbon before other units
_NAME_MATCHES: tuple[Callable[[str, str], bool], ...] = (
    lambda key, name: key == f"{name}_kgco2e",
    lambda key, name: key == f"{name}.total_kgco2e",
    lambda key, name: _without_unit(key) == name,
    lambda key, name: _without_index(key) == name,
    lambda key, name: key.endswith((f".{name}", f".{name}_kgco2e")),
    lambda key, name: _without_unit(key).endswith(f".{name}"),
    lambda key, name: _without_index(key).endswith(f".{name}"),
)


def _as_traced(value: Any) -> Traced:
    cause_of_number(value)
    assert isinstance(value, Traced)  # noqa: S101 - checked by cause_of_number
    return value


def _lines(result: Estimated) -> Iterator[Line]:
    todo = list(result.lines)
    while todo:
        line = todo.pop(0)
        yield line
        todo = [*line.children, *todo]


def formula_tree(number: Traced, asked: str, rests_on: dict[str, Any]) -> dict[str, Any]:
    """The formula tree of a number as plain data; repeated steps have no children."""
    return {"asked": asked} | _tree_node(number, "", set()) | rests_on


def _tree_node(number: Traced, argument: str, seen: set[int]) -> dict[str, Any]:
    cause = number.cause
    node: dict[str, Any] = {"argument": argument or None, "value": float(number)}
    if isinstance(cause, Fact):
        node |= {"kind": evidence_kind(cause), "key": cause.key} | fact_as_dict(cause)
        return node | {"low_confidence": cause.is_low_confidence}
    card = cause.card
    node |= {
        "kind": "formula",
        "id": cause.id,
        "formula": card.name,
        "summary": card.summary,
        "equation": card.equation,
        "unit": card.unit,
        "source": card.source,
    }
    if id(cause) in seen:
        return node | {"shown_above": True, "children": []}
    seen.add(id(cause))
    return node | {
        "children": [_tree_node(item, name, seen) for name, item in named_arguments(cause)]
    }


def formula_tree_text(
    number: Traced, asked: str, rests_on: dict[str, Any], sources: dict[str, dict[str, Any]]
) -> str:
    """The formula tree of a number as text, with the summary of its facts and its citations."""
    used: dict[str, None] = {}
    lines = list(_tree_lines(number, "", set(), used))
    shown = cause_name(number.cause)
    if asked not in (shown, _without_unit(shown)):
        lines[0] = f"{asked}: {lines[0]}"
    unit = number.cause.unit if isinstance(number.cause, Fact) else number.cause.card.unit
    lines += ["", *basis.fact_summary_lines(rests_on, unit, float(number)), ""]
    for source in used:
        entry = sources.get(source, {})
        parts = (entry.get("author"), entry.get("year"), entry.get("title"), entry.get("locator"))
        lines.append(f"[{source}] " + ", ".join(str(p) for p in parts if p))
    glued = "\n".join(lines).split(NO_BREAK_SPACE)
    return NO_BREAK_SPACE.join(map(numbers.printable, glued)) + "\n"


def _tree_lines(
    number: Traced, indent: str, seen: set[int], used: dict[str, None]
) -> Iterator[str]:
    cause = number.cause
    if isinstance(cause, Fact):
        if cause.source != "user":
            used.setdefault(cause.source)
        yield indent + _fact_text(cause)
        return
    used.setdefault(cause.card.source)
    value = numbers.format_quantity(float(number), cause.card.unit)
    again = "  (shown above)" if id(cause) in seen else f"  = {cause.card.equation}"
    yield f"{indent}{cause.id}  {value}{again}  [{cause.card.source}]"
    if id(cause) in seen:
        return
    seen.add(id(cause))
    for _, item in named_arguments(cause):
        yield from _tree_lines(item, indent + "  ", seen, used)


def _fact_text(fact: Fact) -> str:
    value = numbers.format_quantity(fact.value, fact.unit)
    span = ""
    if fact.low is not None and fact.high is not None:
        low, high = (
            numbers.format_quantity(fact.low, fact.unit),
            numbers.format_quantity(fact.high, fact.unit),
        )
        span = f" ({low} to {high}, {fact.range_kind})"
    mark = f", {fact.mark}" if fact.mark else ""
    note = f"; {fact.note}" if fact.note else ""
    doubt = " (!)" if fact.is_low_confidence else ""
    if fact.is_from_user:
        source = "" if fact.source == "user" else f" [{fact.source}]"
        where = NO_BREAK_SPACE.join(("given", "at", str(fact.where)))
        return f"{fact.label}  {value}{span}  {where}{source}{note}"
    word = f"assumed ({fact.origin})" if fact.assumed else "sourced"
    return f"{fact.label}  {value}{span}  {word}{doubt} [{fact.source}{mark}]{note}"
