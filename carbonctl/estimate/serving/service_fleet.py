"""Fleet of a service: provisioned device-hours and their energy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from carbonctl.core.formula import part
from carbonctl.estimate.results import ServiceSummary, UsePhase
from carbonctl.formulas.facility import operational
from carbonctl.formulas.hardware import power
from carbonctl.formulas.serving import occupancy, provisioning

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.inputs import Site
    from carbonctl.estimate.serving.service import Fleet, Host


class BoardWork(NamedTuple):
    """Busy device-hours, board energy, and devices of a replica (None for single devices)."""

    busy_hours: Num
    device_energy_kwh: Num
    replica_accelerators: Num | None


class Demand(NamedTuple):
    """Units requested over the period: all, and those that no cache answers."""

    functional_units: Num
    served_units: Num


def use_phase_from_boards(
    fleet: Fleet[Num],
    work: BoardWork,
    demand: Demand,
    site: Site[Num],
    others: dict[str, Any],
    parked_power_w: Num | None,
) -> UsePhase:
    """Energy and provisioned hours of a service with this work of its boards.

    Dedicated boards idle at ``parked_power_w``, where it is known.
    """
    busy, device, replica = work
    loaded = _at_servers_kwh(fleet.host, device, busy)
    hours, mean_busy = provisioned_hours(fleet, busy)
    if fleet.fleet_share is None or parked_power_w is None:
        it = power.it_energy_kwh_by_busy_share(
            loaded_energy_kwh=loaded, idle_power_share=fleet.idle_power_share, busy_share=mean_busy
        )
    else:
        idle = occupancy.accelerator_hours_by_idleness(accelerator_hours=hours, busy_hours=busy)
        with part("idle"):
            parked = _at_servers_kwh(
                fleet.host,
                occupancy.device_energy_kwh_by_parked_power(
                    parked_power_w=parked_power_w, accelerator_hours=idle
                ),
                idle,
            )
        it = occupancy.it_energy_kwh_by_idle_hours(
            loaded_energy_kwh=loaded, parked_energy_kwh=parked
        )
    facility = operational.facility_energy_kwh(it_energy_kwh=it, pue=site.pue)
    return UsePhase(
        hours,
        it,
        facility,
        functional_units=demand.functional_units,
        device_energy_kwh=device,
        served=summarize_service(fleet, busy, replica, loaded_energy_kwh=loaded, **others),
    )


def _at_servers_kwh(host: Host[Num], device_energy_kwh: Num, device_hours: Num) -> Num:
    """Energy of servers whose boards take this energy in these device-hours [kWh]."""
    if host.server_base_power_w is None or host.accelerators_per_machine is None:
        return operational.it_energy_kwh_from_device_energy(
            device_energy_kwh=device_energy_kwh, host_power_factor=host.factor
        )
    return power.it_energy_kwh_by_servers(
        device_energy_kwh=device_energy_kwh,
        board_to_wall=host.factor,
        server_base_power_w=host.server_base_power_w,
        device_hours=device_hours,
        accelerators_per_machine=host.accelerators_per_machine,
    )


def summarize_service(
    fleet: Fleet[Num], busy: Num, replica: Num | None, **others: Any
) -> ServiceSummary:
    """Summary of a service: hours, load, and devices of a replica."""
    return ServiceSummary(
        fleet.period_hours, fleet.day_hours, busy, fleet.peak_to_mean, replica, **others
    )


def provisioned_hours(fleet: Fleet[Num], busy: Num) -> tuple[Num, Num]:
    """Device-hours charged to the service, and busy share of devices that are on."""
    if fleet.fleet_share is not None and fleet.accelerators is not None:
        hours = provisioning.accelerator_hours_by_fleet_share(
            fleet_share=fleet.fleet_share,
            accelerators=fleet.accelerators,
            period_hours=fleet.period_hours,
            busy_hours=busy,
        )
        return hours, provisioning.mean_busy_share_from_hours(
            busy_hours=busy, accelerator_hours=hours
        )
    hours = provisioning.accelerator_hours_from_load(
        busy_hours=busy, peak_to_mean=fleet.peak_to_mean, busy_share=fleet.busy_share
    )
    return hours, provisioning.mean_busy_share(
        busy_share=fleet.busy_share, peak_to_mean=_peak_to_mean_switched_on(fleet)
    )


def _peak_to_mean_switched_on(fleet: Fleet[Num]) -> Num:
    """Devices that are on over those needed at mean load; autoscaling switches some off."""
    if fleet.switched_off_share is None:
        return fleet.peak_to_mean
    return provisioning.peak_to_mean_by_autoscaling(
        peak_to_mean=fleet.peak_to_mean, switched_off_share=fleet.switched_off_share
    )
