"""Serving: from load and operating point to provisioned hours and energy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.estimate.serving.service_fleet import Demand
from carbonctl.estimate.serving.service_kinds import service_kind
from carbonctl.formulas import language_model_work

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.inputs import Site
    from carbonctl.estimate.results import UsePhase
    from carbonctl.estimate.serving.service import Serving


def infer(serving: Serving[Num], site: Site[Num]) -> UsePhase:
    """Energy and provisioned hours of a service over its period."""
    fleet = serving.fleet
    total = language_model_work.functional_units(
        rate_per_hour=fleet.rate_per_hour, period_hours=fleet.period_hours
    )
    served = language_model_work.served_units(
        functional_units=total, cache_hit_share=fleet.cache_hit_share
    )
    kind = service_kind(serving.model)
    return kind.use(serving.model, fleet, Demand(total, served), site)
