"""One estimate for many rows: facts bound as columns, evaluated in blocks that fit a cache."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from carbonctl.core.errors import did_you_mean
from carbonctl.estimate.inputs import bind, collect_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from carbonctl.core.fact import Fact
    from carbonctl.core.types import Array, Num

ROWS_PER_BLOCK = 65_536


def estimate_rows(
    inputs: Any,
    columns: Mapping[str, Array],
    measure: Callable[[Any], Mapping[str, Num]],
    *,
    rows_per_block: int = ROWS_PER_BLOCK,
) -> dict[str, Array]:
    """Numbers of every row by name, each as long as the columns.

    Parameters
    ----------
    inputs
        A record of facts, as resolving a scenario returns it.
    columns
        Values of facts by their keys, one a row, in canonical units. Other facts are central.
    measure
        The estimate: from bound inputs to numbers by name.
    rows_per_block
        Rows that are estimated at once.

    Raises
    ------
    ValueError
        Where a key is no fact of the inputs, another fact was derived from it while resolving (its
        column would not reach that one), or columns differ in length.
    """
    rows = _checked_length(collect_facts(inputs), columns)
    results: dict[str, Array] = {}
    for start in range(0, max(rows, 1), rows_per_block):
        block = slice(start, start + rows_per_block)
        own = {key: column[block].reshape(-1, 1) for key, column in columns.items()}
        numbers = measure(bind(inputs, partial(_value, own)))
        for name, number in numbers.items():
            if name not in results:
                results[name] = np.empty(rows)
            values = np.asarray(number, dtype=np.float64)
            results[name][block] = values[:, 0] if values.ndim else values
    return results


def _checked_length(fact_by_key: Mapping[str, Fact], columns: Mapping[str, Array]) -> int:
    """The number of rows; ValueError where a column cannot be bound."""
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1:
        message = f"expected columns of one length, got lengths {sorted(lengths)}"
        raise ValueError(message)
    for key in columns:
        if key not in fact_by_key:
            message = f"unknown fact {key} of these inputs{did_you_mean(key, fact_by_key)}"
            raise ValueError(message)
        derived = next(
            (fact.key for fact in fact_by_key.values() if key in fact.derived_from), None
        )
        if derived is not None:
            message = f"{key} cannot be a column: {derived} was derived from it while resolving"
            raise ValueError(message)
    return lengths.pop()


def _value(columns: Mapping[str, Array], fact: Fact) -> Num:
    """The column of a fact, else its central value."""
    return columns.get(fact.key, fact.value)
