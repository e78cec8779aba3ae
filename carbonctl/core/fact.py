"""A number that can say where it comes from and how far it may be off."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from carbonctl.core.record import compared

if TYPE_CHECKING:
    from carbonctl.core.errors import Mark


Origin = Literal["scenario", "cli", "hardware_db", "default", "archetype", "derived"]
RangeKind = Literal["p05_p95", "p10_p90", "min_max", "judged"]
Shape = Literal["positive", "share", "pue", "signed"]
Tier = Literal["measured", "published", "modeled", "proxy"]

TIERS: tuple[Tier, ...] = ("measured", "published", "modeled", "proxy")

# How many standard deviations a range's ends stand from its middle. Extremes that were seen are
# read as the 1st and 99th percentiles; judged ranges as the 10th and 90th, because judged
# ranges are known to come out too narrow (Lichtenstein, Fischhoff and Phillips 1982).
_Z = {"p05_p95": 1.6449, "p10_p90": 1.2816, "min_max": 2.3263, "judged": 1.2816}
_SHARE_EDGE = 0.005
_DOUBTFUL = {"recalled", "estimated", "low"}  # marks of values that no document was read for


@compared
class Fact:
    """One input: value in a canonical unit, source, range, and where it was given."""

    key: str
    value: float
    unit: str
    source: str
    origin: Origin
    low: float | None = None
    high: float | None = None
    range_kind: RangeKind = "p05_p95"
    shape: Shape = "positive"
    tier: Tier = "modeled"
    mark: str | None = None
    note: str = ""
    label: str = ""
    boundary: str = ""
    where: Mark | None = None
    replaces: Fact | None = None  # the fact of hardware_db that stands here unless one is given
    falls: bool = False  # whether more of it means less carbon, as of a lifetime
    derived_from: tuple[str, ...] = ()  # keys of facts that it was computed or chosen from

    @property
    def assumed(self) -> bool:
        """Whether the user did not say this and no record of the named hardware does."""
        return self.origin in {"default", "archetype"}

    @property
    def given(self) -> bool:
        """Whether the user said this."""
        return self.origin in {"scenario", "cli"}

    @property
    def sourced(self) -> bool:
        """Whether a document is named that the value was read in."""
        return self.source.strip() not in {"", "user"}

    @property
    def low_confidence(self) -> bool:
        """Whether the value stands in for another, or is from memory or guessed."""
        return self.tier == "proxy" or (self.mark or "").split(",")[0] in _DOUBTFUL

    @property
    def exact(self) -> bool:
        """Whether the value has no range."""
        return self.low is None or self.high is None

    def spread(self) -> tuple[float, float, float]:
        """Middle and the two standard deviations on the scale on which the fact is normal."""
        if self.low is None or self.high is None:
            return self._scaled(self.value), 0.0, 0.0
        middle, z = self._scaled(self.value), _Z[self.range_kind]
        return middle, (middle - self._scaled(self.low)) / z, (self._scaled(self.high) - middle) / z

    def _scaled(self, value: float) -> float:
        if self.shape == "signed":
            return value
        if self.shape == "share":
            inside = min(max(value, _SHARE_EDGE), 1 - _SHARE_EDGE)
            return math.log(inside / (1 - inside))
        offset = 1.0 if self.shape == "pue" else 0.0
        return math.log(max(value - offset, 1e-12))


def weakest(tiers: list[Tier]) -> Tier:
    """The tier of a number is that of its weakest child."""
    return max(tiers, key=TIERS.index, default="modeled")
