"""Evaluate an estimate over many draws in blocks, so that intermediate arrays stay small."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.types import Array
    from carbonctl.study.montecarlo import Draws

R = TypeVar("R")
BLOCK = 16_384  # draws; arrays of this length stay in a processor's cache


def evaluate_in_blocks(run: Callable[[Draws], R], draws: Draws) -> R:
    """The result of ``run`` over all draws, bit-identical to one evaluation of all.

    Facts and intermediate numbers exist for one block at a time.
    """
    if draws.samples <= BLOCK:
        return run(draws)
    whole: list[Array] = []
    begin = 0
    for block in draws.blocks(BLOCK):
        result = _compute_lazy_values(run(block))
        parts = _arrays(result)
        whole = whole or [np.empty(draws.samples, part.dtype) for part in parts.values()]
        for column, part in zip(whole, parts.values(), strict=True):
            column[begin : begin + block.samples] = part
        begin += block.samples
    by_part = dict(zip(parts, whole, strict=True))
    joined: R = map_arrays(result, lambda part: by_part[id(part)])
    return joined


def map_arrays(result: Any, make: Callable[[Array], Array]) -> Any:
    """The same result with ``make(array)`` in place of each array, called once per array."""
    result = _compute_lazy_values(result)
    by_array = {key: make(array) for key, array in _arrays(result).items()}
    return _with_arrays(result, lambda array: by_array[id(array)])


class _Computed(Generic[R]):
    """A function that returns a value computed before."""

    def __init__(self, value: R) -> None:
        self.value = value

    def __call__(self) -> R:
        """The number."""
        return self.value


def _compute_lazy_values(value: Any) -> Any:
    """The same result, with its lazy values (callables) computed now."""
    if isinstance(value, tuple):
        return tuple(map(_compute_lazy_values, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{f.name: _compute_lazy_values(getattr(value, f.name)) for f in fields(value)}
        )
    if callable(value) and not isinstance(value, type | _Computed):
        return _Computed(value())
    return value


def _arrays(result: Any) -> dict[int, Array]:
    """The arrays of a result by ``id``, in order of appearance."""
    arrays: dict[int, Array] = {}
    _with_arrays(result, lambda array: arrays.setdefault(id(array), array))
    return arrays


def _with_arrays(value: Any, put: Callable[[Array], Array]) -> Any:
    """The same records, tuples and dicts with ``put(array)`` in place of each array."""
    if isinstance(value, np.ndarray):
        return put(value)
    if isinstance(value, tuple):
        return tuple(_with_arrays(item, put) for item in value)
    if isinstance(value, _Computed):
        return _Computed(_with_arrays(value.value, put))
    if isinstance(value, dict):
        return {key: _with_arrays(item, put) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        named = {f.name: _with_arrays(getattr(value, f.name), put) for f in fields(value)}
        return replace(value, **named)
    return value
