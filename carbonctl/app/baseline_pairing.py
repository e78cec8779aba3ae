"""Which baseline a gated result is compared to: by path first, then by name."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING

from carbonctl.core.errors import InputError, Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from carbonctl.app.gate_input import GateInput


def check_names(results: Iterable[GateInput], what: str) -> None:
    """InputError where two results have one name: rules and baselines tell them apart by it."""
    first: dict[str, GateInput] = {}
    problems = []
    for one in results:
        name = one.name
        other = first.setdefault(name, one)
        if other is not one:
            message = f'two {what} are named "{name}": {other.file} and {one.file}'
            hint = "give each scenario a name: of its own"
            problems.append(Problem("CC616", message, Mark(one.file, 1, 1), hint))
    if problems:
        raise InputError(problems)


def pair(heads: Sequence[GateInput], baselines: Sequence[GateInput]) -> dict[str, GateInput]:
    """The baseline of every head that has one, by the file of the head.

    One head and one baseline belong together. Of several, those belong together whose paths end
    alike, the longest common end first; what is left is paired by name.
    """
    if len(heads) == len(baselines) == 1:
        return {heads[0].file: baselines[0]}
    found: dict[str, GateInput] = {}
    left = list(baselines)
    for head, baseline in _by_path(heads, baselines):
        found[head.file] = baseline
        left = [one for one in left if one is not baseline]
    by_name = {one.name: one for one in left}
    for head in heads:
        if head.file not in found and head.name in by_name:
            found[head.file] = by_name[head.name]
    return found


def check_extent(head: GateInput, baseline: GateInput) -> None:
    """InputError where one is of some phases of its scenario and the other of all of them."""
    ends = [one.phases_left_out for one in (head, baseline)]
    if ends[0] == ends[1]:
        return
    (side, names) = ("result", ends[0]) if ends[0] - ends[1] else ("baseline", ends[1] - ends[0])
    listed = " and ".join(sorted(names))
    message = f"the {side} leaves out {listed} of its scenario, which the other one estimates"
    hint = "save both by carbonctl lifecycle, or give the scenarios"
    raise InputError([Problem("CC605", message, Mark(head.file, 1, 1), hint)])


def _by_path(
    heads: Sequence[GateInput], baselines: Sequence[GateInput]
) -> Iterable[tuple[GateInput, GateInput]]:
    """Pairs with the longest common end of their paths; a tie on either side is no pair."""
    lengths = {
        (i, j): _common_end(head.path, baseline.path)
        for i, head in enumerate(heads)
        for j, baseline in enumerate(baselines)
    }
    while lengths and (longest := max(lengths.values())) > 0:
        best = [ends for ends, length in lengths.items() if length == longest]
        rows, columns = ([ends[side] for ends in best] for side in (0, 1))
        for i, j in best:
            if rows.count(i) == columns.count(j) == 1:
                yield heads[i], baselines[j]
        lengths = {
            (i, j): length
            for (i, j), length in lengths.items()
            if i not in rows and j not in columns
        }


def _common_end(a: str, b: str) -> int:
    """How many last parts two paths have in common."""
    ends = [
        list(reversed(PurePath(os.path.normpath(path)).parts)) if path else [] for path in (a, b)
    ]
    count = 0
    for mine, other in zip(*ends, strict=False):
        if mine != other:
            break
        count += 1
    return count
