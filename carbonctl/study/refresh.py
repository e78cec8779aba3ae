"""Evaluate a replacement decision at central values and over draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.estimate.refresh import Refresh, refresh
from carbonctl.study.montecarlo import Evaluated, evaluate

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.estimate.replacement_inputs import RefreshInputs


def decide(inputs: RefreshInputs[Fact], *, samples: int, seed: int) -> Evaluated[Refresh]:
    """Both choices; drivers are those of ``carbon_ratio``, which is finite in every draw."""
    return evaluate(inputs, refresh, samples=samples, seed=seed, outcome="carbon_ratio")
