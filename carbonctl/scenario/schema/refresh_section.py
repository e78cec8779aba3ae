"""The ``refresh`` section: old hardware, the new that may replace it, and the work of both."""

from typing import Any, Literal

from pydantic import Field, model_validator

from carbonctl.scenario.schema.quantity import (
    Carbon,
    Factor,
    Hours,
    Intensity,
    Share,
    ShareBelowOne,
    SpeedUp,
    Watts,
)
from carbonctl.scenario.schema.shared_sections import Hardware, Strict


class Growth(Strict):
    """Growth of a stock or of demand: by ``ratio`` every ``per``."""

    ratio: Factor
    per: Hours

    @model_validator(mode="before")
    @classmethod
    def _in_words(cls, raw: Any) -> Any:
        if isinstance(raw, str) and " per " in raw:
            ratio, _, per = raw.partition(" per ")
            return {"ratio": ratio, "per": per}
        return raw


class NewMachines(Hardware):
    """Machines of one kind in service; ``power`` and ``embodied`` are of one whole machine."""

    power: Watts | None = None
    busy_share: Share | None = None
    embodied: Carbon | None = None
    spares: ShareBelowOne | None = None


class OldMachines(NewMachines):
    """Machines that run today."""

    age: Hours | None = None


class SecondLife(Strict):
    """What becomes of the old machines: who carries what made them."""

    rule: Literal["cut_off", "time_share", "displacement"] = "cut_off"
    years: Hours | None = None
    displaced_share: ShareBelowOne | None = None


class Refresh(Strict):
    """Keep or replace: equal work, growth of demand, and the span that counts."""

    old: OldMachines
    new: NewMachines
    performance: SpeedUp | None = None
    horizon: Hours | None = None
    demand_growth: Growth | None = None
    second_life: SecondLife | None = None
    grids: list[Intensity] = Field(default_factory=list)
