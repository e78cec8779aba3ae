"""Evaluate an estimate at central values, traced, and over Monte Carlo draws of its facts."""

from __future__ import annotations

import zlib
from dataclasses import field
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import numpy as np

from carbonctl.core.fact import Fact
from carbonctl.core.formula import FUNCTIONS, Traced
from carbonctl.core.record import record, value_record
from carbonctl.estimate.inputs import bind, collect_facts
from carbonctl.estimate.results import Lifecycle
from carbonctl.study.blocks import evaluate_in_blocks, map_arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from carbonctl.core.types import Array, Indexes, Num
    from carbonctl.estimate.refresh import Refresh
    from carbonctl.estimate.results import Item

R = TypeVar("R", bound="Lifecycle | Item | Refresh")


@record
class Draws:
    """Draws of facts, each key from its own random stream, so that studies share draws."""

    samples: int
    seed: int
    normals: dict[str, Array] = field(default_factory=dict)
    streams: dict[str, np.random.Generator] = field(default_factory=dict)
    keys: dict[str, None] = field(default_factory=dict)  # keys of drawn facts, in order
    chosen: dict[str, Num] = field(
        default_factory=dict
    )  # chosen operating points over draws, by fact key
    replaced_by: Indexes | None = (
        None  # index of the draw used at each place, where some are infeasible
    )

    def normal(self, key: str) -> Array:
        """Standard normal numbers of one fact key, the same in every study with this seed."""
        if key not in self.normals:
            if key not in self.streams:
                seeds = [self.seed, zlib.crc32(key.encode())]
                self.streams[key] = np.random.default_rng(seeds)
            numbers = self.streams[key].standard_normal(self.samples)
            self.normals[key] = numbers if self.replaced_by is None else numbers[self.replaced_by]
            self.keys[key] = None
        return self.normals[key]

    def blocks(self, most: int) -> Iterator[Draws]:
        """The same draws in blocks of at most ``most``; each continues the streams of the last."""
        streams: dict[str, np.random.Generator] = {}
        for begin in range(0, self.samples, most):
            size = min(most, self.samples - begin)
            yield Draws(size, self.seed, streams=streams, keys=self.keys)

    def normal_in_full(self, key: str) -> Array:
        """``normal`` of all draws, also where they were drawn in blocks (drawn again, not kept)."""
        kept = self.normals.get(key)
        if kept is not None:
            return kept
        return Draws(self.samples, self.seed, replaced_by=self.replaced_by).normal(key)

    def __call__(self, fact: Fact) -> Num:
        """Draws of a fact over its range; their median is its value."""
        if fact.is_exact:
            return self.chosen.get(fact.key, fact.value)
        middle, below, above = fact.normal_parameters()
        z = self.normal(fact.key)
        return _unscaled(fact, middle + z * np.where(z < 0, below, above))


def _unscaled(fact: Fact, scaled: Array) -> Array:
    if fact.shape == "signed":
        return scaled
    if fact.shape == "share":
        return 1.0 / (1.0 + np.exp(-scaled))
    return np.exp(scaled) + (1.0 if fact.shape == "pue" else 0.0)


def central_value(fact: Fact) -> float:
    """The central value of a fact."""
    return fact.value


def traced_value(fact: Fact) -> Traced:
    """The central value of a fact as a traced number, which keeps its provenance."""
    return Traced(fact.value, fact)


@value_record
class Driver:
    """Share of the variance of the log total that is due to one fact."""

    fact: Fact
    share: float


@value_record
class Evaluated(Generic[R]):
    """The traced point estimate, the estimate over draws, and the facts of both."""

    point: R
    drawn: R | None
    facts: dict[str, Fact]
    drivers: list[Driver]
    samples: int
    seed: int
    run: Callable[[Callable[[Fact], Num]], R]
    infeasible_share: float = 0.0  # share of draws that were replaced by feasible ones

    def draws(self, samples: int, seed: int) -> Draws:
        """New draws of facts, with the operating points that the estimate chooses for them."""
        if not samples or not choices(self.point):
            return Draws(samples, seed)
        draws, drawn = _draw(self.run, samples, seed)[:2]
        return Draws(samples, seed, chosen=choices(drawn), replaced_by=draws.replaced_by)


def choices(result: Any) -> dict[str, Num]:
    """Chosen values of operating points by fact key."""
    served = [phase.use.served for phase in getattr(result, "phases", ())]
    return {key: value for one in served if one for key, value in one.chosen.items()}


def evaluate(
    inputs: object,
    estimate: Callable[..., R],
    *,
    samples: int,
    seed: int,
    outcome: str = "total_kgco2e",
) -> Evaluated[R]:
    """The estimate at central values, and over draws where ``samples`` is above 0.

    Drivers are those of ``outcome``, a metric of the result.
    """

    def run(lens: Callable[[Fact], Num]) -> R:
        return estimate(bind(inputs, lens))

    facts, point = collect_facts(inputs), run(traced_value)
    if samples == 0:
        return Evaluated(point, None, facts, [], samples, seed, run)
    draws, drawn, infeasible = _draw(run, samples, seed)
    ranked = drivers(np.asarray(drawn.metrics[outcome]), facts, draws)
    return Evaluated(point, drawn, facts, ranked, samples, seed, run, infeasible)


def _draw(
    run: Callable[[Callable[[Fact], Num]], R], samples: int, seed: int
) -> tuple[Draws, R, float]:
    """Draws, the estimate over them, and the share of infeasible draws.

    Each infeasible draw is replaced by the next feasible one.
    """
    draws = Draws(samples, seed)

    def named(block: Draws) -> R:
        result = run(block)  # compute metrics now, over all blocks
        return cast("R", result.with_named_metrics()) if isinstance(result, Lifecycle) else result

    drawn = evaluate_in_blocks(named, draws)
    feasible = np.ones(samples, dtype=bool)
    for phase in getattr(drawn, "phases", ()):
        if phase.use.served is not None:
            feasible = feasible & phase.use.served.is_feasible
    if feasible.all() or not feasible.any():
        return draws, drawn, 1.0 - float(feasible.mean())
    places = np.flatnonzero(feasible)
    following = np.searchsorted(places, np.arange(samples)) % len(places)
    order = places[following]
    draws = Draws(samples, seed, keys=draws.keys, replaced_by=order)
    return draws, map_arrays(drawn, lambda array: array[order]), 1.0 - float(feasible.mean())


def replay(number: Num, draws: Callable[[Fact], Num], cache: dict[int, Num] | None = None) -> Num:
    """A traced number evaluated again with another lens (such as draws) for its facts."""
    if not isinstance(number, Traced):
        return number
    cache = {} if cache is None else cache
    cause = number.cause
    if isinstance(cause, Fact):
        return draws(cause)
    if id(cause) not in cache:
        again = {
            name: tuple(replay(item, draws, cache) for item in value)
            if isinstance(value, tuple)
            else replay(value, draws, cache)
            for name, value in cause.arguments.items()
        }
        cache[id(cause)] = FUNCTIONS[cause.card.name](**again)
    return cache[id(cause)]


def drivers(total: Array, facts: dict[str, Fact], draws: Draws) -> list[Driver]:
    """Facts by their share of the variance of the logarithm of the total, largest first.

    The squared correlation of the total with each fact's own normal numbers; facts are drawn
    independently, so these add up to one where the estimate is near to a product of powers.
    """
    if total.ndim == 0 or not ((total > 0) & np.isfinite(total)).all():
        return []
    outcome = np.log(total)
    outcome = outcome - outcome.mean()
    spread = float((outcome * outcome).sum())  # not a BLAS dot, whose last bits may vary
    if spread <= 0:
        return []
    squared = []
    for key in draws.keys:
        z = draws.normal_in_full(key)
        centered = z - z.mean()
        common, own = float((centered * outcome).sum()), float((centered * centered).sum())
        r2 = common**2 / (own * spread)
        squared.append((r2, key))
    scale = max(1.0, sum(r2 for r2, _ in squared))
    ranked = sorted(squared, key=lambda pair: (-pair[0], pair[1]))
    return [Driver(facts[key], r2 / scale) for r2, key in ranked]


def interval(value: Num | None) -> tuple[float, float, float] | None:
    """The 5th, 50th and 95th percentiles; None without draws."""
    if value is None:
        return None
    array = np.asarray(value, dtype=float)
    if array.ndim == 0:
        flat = float(array)
        return flat, flat, flat
    ordered = np.sort(array, axis=None)
    low, middle, high = (_percentile(ordered, share) for share in (0.05, 0.50, 0.95))
    return low, middle, high


def _percentile(ordered: Array, share: float) -> float:
    """Percentile of a sorted array, by linear interpolation; faster to import than numpy's."""
    place = share * (ordered.size - 1)
    below = int(place)
    above = min(below + 1, ordered.size - 1)
    if not np.isfinite(ordered[[below, above]]).all():  # no interpolation with inf
        return float(ordered[round(place)])
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))
