"""A fleet behind a service: device-hours that are provisioned for work, and their energy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from carbonctl.estimate.results import Served, Use
from carbonctl.formulas.facility import operational
from carbonctl.formulas.hardware import power
from carbonctl.formulas.serving import occupancy
from carbonctl.formulas.serving import provisioning as fleet_hours

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.inputs import Site
    from carbonctl.estimate.serving.service import Fleet


class BoardWork(NamedTuple):
    """Device-hours of work, the energy of the boards in them, and the devices of a replica.

    The last is None where one device works alone.
    """

    busy_hours: Num
    device_energy_kwh: Num
    replica_accelerators: Num | None


class Demand(NamedTuple):
    """What a service is asked for over its period: units in all, and those no cache answers."""

    functional_units: Num
    served_units: Num


def use_of_boards(
    fleet: Fleet[Num],
    work: BoardWork,
    demand: Demand,
    site: Site[Num],
    others: dict[str, Any],
    resident_power_w: Num | None,
) -> Use:
    """Energy and provisioned hours of a service whose boards do this work.

    Held boards idle at ``resident_power_w``, where it is known.
    """
    busy, device, replica = work
    loaded = operational.it_energy_kwh_from_device_energy(
        device_energy_kwh=device, host_power_factor=fleet.host_power_factor
    )
    hours, mean_busy = provisioned(fleet, busy)
    if fleet.fleet_share is None or resident_power_w is None:
        it = power.it_energy_kwh_by_busy_share(
            loaded_energy_kwh=loaded, idle_power_share=fleet.idle_power_share, busy_share=mean_busy
        )
    else:
        it = occupancy.it_energy_kwh_by_resident_power(
            loaded_energy_kwh=loaded,
            resident_power_w=resident_power_w,
            host_power_factor=fleet.host_power_factor,
            accelerator_hours=hours,
            busy_hours=busy,
        )
    facility = operational.facility_energy_kwh(it_energy_kwh=it, pue=site.pue)
    return Use(
        hours,
        it,
        facility,
        functional_units=demand.functional_units,
        device_energy_kwh=device,
        served=served(fleet, busy, replica, loaded_energy_kwh=loaded, **others),
    )


def served(fleet: Fleet[Num], busy: Num, replica: Num | None, **others: Any) -> Served:
    """What a service did, for how long, and on how many devices at a time."""
    return Served(fleet.period_hours, fleet.day_hours, busy, fleet.peak_to_mean, replica, **others)


def provisioned(fleet: Fleet[Num], busy: Num) -> tuple[Num, Num]:
    """Device-hours that the service is charged, and how busy those that are on are."""
    if fleet.fleet_share is not None and fleet.accelerators is not None:
        hours = fleet_hours.accelerator_hours_by_fleet_share(
            fleet_share=fleet.fleet_share,
            accelerators=fleet.accelerators,
            period_hours=fleet.period_hours,
            busy_hours=busy,
        )
        return hours, fleet_hours.mean_busy_share_from_hours(
            busy_hours=busy, accelerator_hours=hours
        )
    hours = fleet_hours.accelerator_hours_from_load(
        busy_hours=busy, peak_to_mean=fleet.peak_to_mean, busy_share=fleet.busy_share
    )
    return hours, fleet_hours.mean_busy_share(
        busy_share=fleet.busy_share, peak_to_mean=_switched_on(fleet)
    )


def _switched_on(fleet: Fleet[Num]) -> Num:
    """Devices that are on over those of the mean load; those switched off are charged still."""
    if fleet.switched_off_share is None:
        return fleet.peak_to_mean
    return fleet_hours.peak_to_mean_by_autoscaling(
        peak_to_mean=fleet.peak_to_mean, switched_off_share=fleet.switched_off_share
    )
