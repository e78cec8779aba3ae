"""A decision to replace hardware, central and drawn; what decides is what moves the choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.estimate.refresh import Refresh, refresh
from carbonctl.study.montecarlo import Evaluated, evaluate

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.estimate.replacement_inputs import RefreshInputs


def decide(inputs: RefreshInputs[Fact], *, samples: int, seed: int) -> Evaluated[Refresh]:
    """Both choices; drivers are those of replacing over keeping, which no draw makes infinite."""
    return evaluate(inputs, refresh, samples=samples, seed=seed, outcome="carbon_ratio")
