"""The ``refresh`` section: old hardware, new hardware that may replace it, and their work."""

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
from carbonctl.scenario.schema.shared_sections import Hardware, Section


class Growth(Section):
    """Growth of a stock or of demand: by ``ratio`` every ``per``."""

    ratio: Factor
    per: Hours

    @model_validator(mode="before")
    @classmethod
    def _parse_text(cls, raw: Any) -> Any:
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


class SecondLife(Section):
    """Reuse of the old machines, and the rule that allocates their embodied carbon."""

    rule: Literal["cut_off", "time_share", "displacement"] = "cut_off"
    years: Hours | None = None
    displaced_share: ShareBelowOne | None = None


class Refresh(Section):
    """The decision to keep or replace machines: both kinds, growth of demand, horizon."""

    old: OldMachines
    new: NewMachines
    performance: SpeedUp | None = None
    horizon: Hours | None = None
    demand_growth: Growth | None = None
    second_life: SecondLife | None = None
    grids: list[Intensity] = Field(default_factory=list)
