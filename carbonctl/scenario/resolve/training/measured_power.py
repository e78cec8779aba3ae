"""Check a measured energy: its mean power per accelerator against limits of the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.catalog.power_limits import power_limits
from carbonctl.estimate.training.training_run import MeteredEnergy

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.inputs import Site
    from carbonctl.estimate.training.training_run import TrainRun
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema

_WATTS_PER_KW = 1000.0


def check_measured_energy(
    ctx: Context,
    run: schema.Run,
    work: TrainRun[Fact],
    device: Device | None,
    site: Site[Fact],
    path: Path,
) -> None:
    """Report an energy that the devices cannot have drawn in the known hours.

    With ``energy.note``, which explains the value, it is a warning and not an error.
    """
    metered = work.evidence
    if run.energy is None or not isinstance(metered, MeteredEnergy):
        return
    hours = _stated_hours(work, metered)
    if hours is None:
        return
    if device is None or device.accelerator is None:
        return
    limits = power_limits(
        device.accelerator,
        metered.boundary,
        per_machine=device.per_machine.value,
        count=None if device.count is None else device.count.value,
        pue=site.pue.value,
    )
    problem = limits.problem(metered.energy_kwh.value * _WATTS_PER_KW / hours)
    if not problem:
        return
    at = (*path, "energy")
    hint = "check its unit, its boundary, the hours and the number of devices"
    if run.energy.note:
        ctx.warn("CC307", f"{problem}; energy.note says why", at, hint)
    else:
        ctx.fail("CC307", problem, at, f"{hint}; energy.note says why it is right")


def _stated_hours(work: TrainRun[Fact], metered: MeteredEnergy[Fact]) -> float | None:
    """Stated or measured device-hours; None where hours are computed from the energy."""
    check = work.cross_check
    for hours in (metered.accelerator_hours, None if check is None else check.accelerator_hours):
        if hours is not None:
            return hours.value
    if check is not None and check.wall_hours is not None and work.accelerators is not None:
        return check.wall_hours.value * work.accelerators.value
    return None
