"""One estimate for many rows: facts bound as columns, evaluated in blocks that fit a cache."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from carbonctl.estimate.inputs import bind, facts

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
        Where a key is no fact of the inputs, or columns differ in length.
    """
    unknown = columns.keys() - facts(inputs).keys()
    lengths = {len(column) for column in columns.values()}
    if unknown or len(lengths) != 1:
        reason = f"no facts of these inputs: {', '.join(sorted(unknown))}" if unknown else lengths
        message = f"columns of rows: {reason}"
        raise ValueError(message)
    rows = lengths.pop()
    found: dict[str, Array] = {}
    for start in range(0, max(rows, 1), rows_per_block):
        block = slice(start, start + rows_per_block)
        own = {key: column[block].reshape(-1, 1) for key, column in columns.items()}
        numbers = measure(bind(inputs, partial(_value, own)))
        for name, number in numbers.items():
            if name not in found:
                found[name] = np.empty(rows)
            values = np.asarray(number, dtype=np.float64)
            found[name][block] = values[:, 0] if values.ndim else values
    return found


def _value(columns: Mapping[str, Array], fact: Fact) -> Num:
    """The column of a fact, else its central value."""
    return columns.get(fact.key, fact.value)
