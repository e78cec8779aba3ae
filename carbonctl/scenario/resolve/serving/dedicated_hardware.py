"""Whether devices are dedicated to serving for the whole period, or charged by need.

The rule depends on the scenario, never on the command. Devices are dedicated (held for the whole
period, busy or not) where a count is in ``infer.hardware``, or in ``hardware`` of a scenario
without ``train``. A count shared with training, devices without a count, and
``infer.shared: true`` are charged by need.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from carbonctl.scenario.resolve.context import attempt

if TYPE_CHECKING:
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.schema import scenario_file as schema

OLD_SCHEMA = "carbonctl/scenario/v1"
_NEEDS_UNDEDICATED = ("busy_share", "autoscaling")


def dedicated_hardware_path(scenario: schema.Scenario) -> Path | None:
    """Path of the hardware section dedicated to serving; None where it is charged by need."""
    infer = scenario.infer
    if infer is None or infer.shared:
        return None
    if infer.hardware is not None:
        return ("infer", "hardware") if infer.hardware.count is not None else None
    top = scenario.hardware
    if top is None or top.count is None or scenario.train is not None:
        return None
    return ("hardware",)


def check_dedicated_hardware(ctx: Context, scenario: schema.Scenario) -> None:
    """Report keys that contradict dedicated devices; warn that files of schema v1 charge more."""
    infer = scenario.infer
    path = dedicated_hardware_path(scenario)
    if infer is None or path is None:
        return
    for name in (
        _NEEDS_UNDEDICATED if infer.fleet_share is None else ()
    ):  # fleet_share rejects these keys itself
        if getattr(infer, name) is not None:
            attempt(partial(_refuse, ctx, ("infer", name), name))
    embodied = scenario.embodied
    alone = scenario.train is None and scenario.experiments is None
    if alone and embodied is not None and embodied.allocation_rate is not None:
        attempt(partial(_refuse, ctx, ("embodied", "allocation_rate"), "allocation_rate"))
    mark = ctx.mark((*path, "count"))
    from_file = mark is not None and mark.line is not None
    if from_file and scenario.version == OLD_SCHEMA and infer.fleet_share is None:
        message = "this count is now charged for the whole period, not by need"
        hint = (
            "infer.shared: true keeps the old rule; schema: carbonctl/scenario/v2 accepts the new"
        )
        ctx.warn("CC309", message, (*path, "count"), hint)


def _refuse(ctx: Context, path: Path, name: str) -> None:
    message = f"{name} contradicts the stated count: these devices are held for the whole period"
    hint = "leave it out: the busy share follows from the load; or set infer.shared: true"
    ctx.fail("CC303", message, path, hint)
