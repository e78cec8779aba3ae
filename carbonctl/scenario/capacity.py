"""How far stated devices carry a load, and where a load does not fill even one replica."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.core.record import compared
from carbonctl.estimate.decode import decode_work
from carbonctl.estimate.infer import infer
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.recommendation_service import table_devices
from carbonctl.estimate.service import Decoder, Diffusion, Ranking, Serving
from carbonctl.estimate.speculate import whole_request

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.inputs import Phase, Site
    from carbonctl.scenario.context import Context

_MOSTLY = 0.5  # a batch is whole: from two sequences on, one that the load bounds fills this much


@compared
class Capacity:
    """Device-hours that a stated count can give a phase, and where it is stated."""

    phase: str
    devices: float
    hours: float
    busy_share: float
    path: Path
    fleet_share: float = 1.0
    memory_devices: float = 0.0
    held: bool = False
    usual_busy: float = 1.0


def capacity(
    work: Serving[Fact], count: float, period_hours: float, path: Path, usual: Fact
) -> Capacity:
    """What a stated count of devices gives a service; ``usual`` is how busy services are."""
    share = work.fleet.fleet_share
    own, busy = (1.0, work.fleet.busy_share.value) if share is None else (share.value, 1.0)
    least = 0.0
    if isinstance(work.model, Ranking):
        least = float(table_devices(bind(work.model, _central)))
    hours = count * own * period_hours
    most = usual.high if usual.high is not None else usual.value
    return Capacity("infer", count * own, hours, busy, path, own, least, share is not None, most)


def less_than_a_replica(ctx: Context, work: Serving[Fact], place: Site[Fact]) -> None:
    """Say so where a load is charged less than half of the replica that serves it."""
    model = work.model
    if work.fleet.fleet_share is not None or not isinstance(model, Decoder | Diffusion):
        return
    if ctx.problems:
        return
    plain = bind(work, _central)
    use = infer(plain, bind(place, _central))
    devices = _replica(plain.model)
    filled = float(use.accelerator_hours / (plain.fleet.period_hours * devices))
    if filled < _MOSTLY:
        reason = f"the load fills {filled:.2g} of its {devices:g} devices; the rest is not charged:"
        reason += f" infer.hardware with count: {devices:g} charges them here"
        ctx.not_estimated["a replica of one's own"] = reason


def served_hours(phase: Phase[Fact]) -> float:
    """Device-hours that a service takes at its central values; at its peak, of devices it holds."""
    plain = bind(phase, _central)
    assert isinstance(plain.work, Serving)  # noqa: S101 - only services have a capacity
    use = infer(plain.work, plain.site)
    assert use.accelerator_hours is not None  # noqa: S101 - every service takes hours
    assert use.served is not None  # noqa: S101 - and says how busy they are
    if plain.work.fleet.fleet_share is None:
        return float(use.accelerator_hours)
    return float(use.served.busy_hours) * float(use.served.peak_to_mean)


def _replica(model: Any) -> float:
    """Devices of one replica."""
    if isinstance(model, Decoder):
        return float(decode_work(whole_request(model)).replica_accelerators)
    return float(model.replica_accelerators)


def _central(fact: Fact) -> float:
    return fact.value
