"""Convert power and energy of training from their boundary to the IT system and the meter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.estimate.inputs import MeteredPower
from carbonctl.estimate.results import UsePhase
from carbonctl.formulas.facility import boundaries, operational
from carbonctl.formulas.hardware import power
from carbonctl.formulas.training import training_priors, training_time

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.inputs import Power, PowerBySize, Site
    from carbonctl.estimate.training.training_run import MeteredEnergy


def use_phase_from_hours(hours: Num, draw: Power[Num], site: Site[Num]) -> UsePhase:
    """Use phase of device-hours, from power at its boundary."""
    if draw.boundary == "facility" and draw.power_w is not None:
        facility = operational.facility_energy_kwh_from_hours(
            accelerator_hours=hours, facility_power_w=draw.power_w
        )
        it = operational.it_energy_kwh_from_facility_energy(
            facility_energy_kwh=facility, pue=site.pue
        )
        return UsePhase(hours, it, facility)
    device, it = _it_energy(hours, draw, site)
    facility = operational.facility_energy_kwh(it_energy_kwh=it, pue=site.pue)
    return UsePhase(hours, it, facility, device_energy_kwh=device)


def _it_energy(hours: Num, draw: Power[Num], site: Site[Num]) -> tuple[Num | None, Num]:
    if draw.boundary != "gpu":
        return None, operational.it_energy_kwh_from_hours(
            accelerator_hours=hours, it_power_w=_it_power_w(draw, site)
        )
    device = operational.device_energy_kwh(
        accelerator_hours=hours, device_power_w=device_power_w(draw)
    )
    assert draw.host_power_factor is not None  # noqa: S101 - resolve gives it at the gpu boundary
    return device, operational.it_energy_kwh_from_device_energy(
        device_energy_kwh=device, host_power_factor=draw.host_power_factor
    )


def _it_power_w(draw: Power[Num], site: Site[Num]) -> Num:
    """IT-system power per accelerator [W], from power at its boundary."""
    if draw.boundary == "gpu":
        assert draw.host_power_factor is not None  # noqa: S101 - as above
        return power.it_power_w_from_device_power(
            device_power_w=device_power_w(draw), host_power_factor=draw.host_power_factor
        )
    assert draw.power_w is not None  # noqa: S101 - only a given power has another boundary
    if draw.boundary == "facility":
        return boundaries.it_power_w_from_facility_power(
            facility_power_w=draw.power_w, pue=site.pue
        )
    if draw.boundary == "node":
        return boundaries.it_power_w_from_node_power(
            node_power_w=draw.power_w, system_power_factor=_system_power_factor(draw)
        )
    return draw.power_w


def _system_power_factor(draw: Power[Num]) -> Num:
    assert isinstance(draw, MeteredPower)  # noqa: S101 - resolve makes it one at the node boundary
    assert draw.host_power_factor is not None  # noqa: S101
    assert draw.node_power_factor is not None  # noqa: S101
    return boundaries.system_power_factor(
        host_power_factor=draw.host_power_factor, node_power_factor=draw.node_power_factor
    )


def device_power_w(draw: Power[Num]) -> Num:
    """Board power [W]: as stated, or expected for this model size, with the residual."""
    watts = draw.power_w
    if watts is None:
        assert draw.tdp_w is not None  # noqa: S101 - resolve gives a power or a rating
        assert draw.by_size is not None  # noqa: S101
        watts = power.device_power_w(
            tdp_w=draw.tdp_w, device_power_share=_device_power_share(draw.by_size)
        )
    if draw.residual is None:
        return watts
    return power.device_power_w_by_residual(modeled_power_w=watts, residual=draw.residual)


def _device_power_share(share: PowerBySize[Num]) -> Num:
    if share.active_params is None:
        return share.saturated_power_share
    return training_priors.device_power_share_by_size(
        active_params=share.active_params,
        resident_power_share=share.resident_power_share,
        saturated_power_share=share.saturated_power_share,
        half_power_params=share.half_power_params,
    )


def use_phase_from_energy(
    metered: MeteredEnergy[Num], draw: Power[Num], site: Site[Num]
) -> UsePhase:
    """Use phase of a measured energy, converted from its boundary to the meter."""
    energy_kwh, hours = metered.energy_kwh, metered.accelerator_hours
    if metered.boundary == "facility":
        it = operational.it_energy_kwh_from_facility_energy(
            facility_energy_kwh=energy_kwh, pue=site.pue
        )
        return UsePhase(_device_hours_of_energy(hours, draw, it, site), it, energy_kwh)
    device, it = None, energy_kwh
    if metered.boundary == "gpu":
        assert draw.host_power_factor is not None  # noqa: S101 - as above
        device = energy_kwh
        it = operational.it_energy_kwh_from_device_energy(
            device_energy_kwh=device, host_power_factor=draw.host_power_factor
        )
    elif metered.boundary == "node":
        it = boundaries.it_energy_kwh_from_node_energy(
            node_energy_kwh=energy_kwh, system_power_factor=_system_power_factor(draw)
        )
    facility = operational.facility_energy_kwh(it_energy_kwh=it, pue=site.pue)
    return UsePhase(
        _device_hours_of_energy(hours, draw, it, site), it, facility, device_energy_kwh=device
    )


def _device_hours_of_energy(
    stated: Num | None, draw: Power[Num], it_energy_kwh: Num, site: Site[Num]
) -> Num | None:
    """Device-hours for the embodied share: as stated, else energy over typical power."""
    if stated is not None:
        return stated
    if draw.power_w is None and draw.tdp_w is None:
        return None
    return training_time.accelerator_hours_from_energy(
        it_energy_kwh=it_energy_kwh, it_power_w=_it_power_w(draw, site)
    )
