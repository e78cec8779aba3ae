"""Facts: input numbers with unit, source and uncertainty range."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from carbonctl.core.record import value_record

if TYPE_CHECKING:
    from carbonctl.core.errors import Mark


Origin = Literal["scenario", "cli", "hardware_db", "default", "archetype", "derived"]
RangeKind = Literal["p05_p95", "p10_p90", "min_max", "judged"]
Shape = Literal["positive", "share", "pue", "signed"]
Tier = Literal["measured", "published", "modeled", "proxy"]

TIERS: tuple[Tier, ...] = ("measured", "published", "modeled", "proxy")

# Standard deviations from the middle of a range to its ends. Observed extremes count as the 1st
# and 99th percentiles; judged ranges as the 10th and 90th, because people judge ranges too
# narrow (Lichtenstein, Fischhoff and Phillips 1982).
_Z_SCORE = {"p05_p95": 1.6449, "p10_p90": 1.2816, "min_max": 2.3263, "judged": 1.2816}
_SHARE_EDGE = 0.005
_UNCERTAIN_MARKS = {"recalled", "estimated", "low"}  # marks of values not read in a document


@value_record
class Fact:
    """One input number: value in a canonical unit, source, range, and position in a file."""

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
    replaces: Fact | None = None  # the fact of hardware_db that this one overrides
    more_is_less_carbon: bool = False  # a larger value means less carbon, as for a lifetime
    derived_from: tuple[str, ...] = ()  # keys of facts that it was computed or chosen from

    @property
    def assumed(self) -> bool:
        """Whether the value is a default: neither the user nor a hardware record gives it."""
        return self.origin in {"default", "archetype"}

    @property
    def is_from_user(self) -> bool:
        """Whether the user gave the value, in a scenario or as a flag."""
        return self.origin in {"scenario", "cli"}

    @property
    def has_source(self) -> bool:
        """Whether the fact names the document that the value comes from."""
        return self.source.strip() not in {"", "user"}

    @property
    def is_low_confidence(self) -> bool:
        """Whether the value is a proxy, or was recalled or guessed."""
        return self.tier == "proxy" or (self.mark or "").split(",")[0] in _UNCERTAIN_MARKS

    @property
    def is_exact(self) -> bool:
        """Whether the value has no range."""
        return self.low is None or self.high is None

    def normal_parameters(self) -> tuple[float, float, float]:
        """Mean, lower and upper standard deviation on the scale on which the fact is normal.

        The scale is linear for ``signed``, logit for ``share`` and logarithmic otherwise.
        """
        if self.low is None or self.high is None:
            return self._to_normal_scale(self.value), 0.0, 0.0
        middle, z = self._to_normal_scale(self.value), _Z_SCORE[self.range_kind]
        return (
            middle,
            (middle - self._to_normal_scale(self.low)) / z,
            (self._to_normal_scale(self.high) - middle) / z,
        )

    def _to_normal_scale(self, value: float) -> float:
        if self.shape == "signed":
            return value
        if self.shape == "share":
            inside = min(max(value, _SHARE_EDGE), 1 - _SHARE_EDGE)
            return math.log(inside / (1 - inside))
        offset = 1.0 if self.shape == "pue" else 0.0
        return math.log(max(value - offset, 1e-12))


def weakest_tier(tiers: list[Tier]) -> Tier:
    """The weakest of some tiers, which is the tier of a number computed from them."""
    return max(tiers, key=TIERS.index, default="modeled")
