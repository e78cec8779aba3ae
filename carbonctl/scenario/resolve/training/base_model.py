"""Resolve the base model that a training starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.estimate.inputs import BaseModelShare

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.schema import scenario_file as schema


def resolve_base_model(
    ctx: Context, scenario: schema.Scenario, phase_names: list[str]
) -> BaseModelShare[Fact] | None:
    """Footprint and number of uses of the base model; None where training states none."""
    train = scenario.train
    if train is None or train.base is None or "train" not in phase_names:
        return None
    path = ("train", "base")
    return BaseModelShare(
        ctx.stated_fact(train.base.footprint, (*path, "footprint"), "footprint of the base model"),
        ctx.stated_fact(
            train.base.downstream_uses, (*path, "downstream_uses"), "models made from it"
        ),
    )
