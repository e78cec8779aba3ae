"""An estimate over many draws, block by block: its results are kept whole, its steps are not."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.types import Array
    from carbonctl.study.montecarlo import Draws

R = TypeVar("R")
BLOCK = 16_384  # draws; arrays of this length stay in a processor's cache


def evaluate_in_blocks(run: Callable[[Draws], R], draws: Draws) -> R:
    """What ``run`` returns over all draws, the same to the last bit as if it had run once.

    Facts and intermediate numbers exist for one block at a time.
    """
    if draws.samples <= BLOCK:
        return run(draws)
    whole: list[Array] = []
    begin = 0
    for block in draws.blocks(BLOCK):
        result = run(block)
        parts = _arrays(result)
        whole = whole or [np.empty(draws.samples, part.dtype) for part in parts.values()]
        for column, part in zip(whole, parts.values(), strict=True):
            column[begin : begin + block.samples] = part
        begin += block.samples
    by_part = dict(zip(parts, whole, strict=True))
    joined: R = map_arrays(result, lambda part: by_part[id(part)])
    return joined


def map_arrays(result: Any, make: Callable[[Array], Array]) -> Any:
    """The same result with ``make(array)`` in the place of each array, made once for each."""
    by_array = {key: make(array) for key, array in _arrays(result).items()}
    return _with_arrays(result, lambda array: by_array[id(array)])


def _arrays(result: Any) -> dict[int, Array]:
    """The arrays of a result by identity, each once, in the order in which they appear."""
    found: dict[int, Array] = {}
    _with_arrays(result, lambda array: found.setdefault(id(array), array))
    return found


def _with_arrays(value: Any, put: Callable[[Array], Array]) -> Any:
    """The same records, tuples and dicts with ``put(array)`` in the place of each array."""
    if isinstance(value, np.ndarray):
        return put(value)
    if isinstance(value, tuple):
        return tuple(_with_arrays(item, put) for item in value)
    if isinstance(value, dict):
        return {key: _with_arrays(item, put) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        named = {f.name: _with_arrays(getattr(value, f.name), put) for f in fields(value)}
        return replace(value, **named)
    return value
