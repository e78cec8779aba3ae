"""Carbon per device-hour, per work, and per unit as SCI (ISO/IEC 21031)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import part
from carbonctl.estimate.training.training_run import TrainRun
from carbonctl.formulas.decisions import allocation, carbon_metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.core.types import Num
    from carbonctl.estimate.inputs import Phase
    from carbonctl.estimate.results import Line, PhaseResult

_HARDWARE = ("manufacturing", "transport", "end_of_life")
_STAGES = (*_HARDWARE, "construction")


def sci_per_unit(r: PhaseResult, unit: str) -> dict[str, Num]:
    """Software carbon intensity (ISO/IEC 21031) of one request, image or item [kgCO2e].

    Location-based; hardware by reserved time only, without the share of idle hours. Empty where no
    hardware is known, because the score needs an embodied part.
    """
    count, reserved = r.use.functional_units, tuple(_reserved_stages(r))
    assert count is not None  # noqa: S101 - the caller chose a phase that serves
    if not reserved:
        return {}
    with part(f"{r.id}.sci"):
        reserved_kgco2e = allocation.total_kgco2e(parts_kgco2e=reserved)
        score = carbon_metrics.sci_kgco2e(
            used_kgco2e=r.operational_location_kgco2e,
            hardware_kgco2e=reserved_kgco2e,
            functional_units=count,
        )
    return {f"{r.id}.sci_embodied_kgco2e": reserved_kgco2e, f"{r.id}.sci_per_{unit}_kgco2e": score}


def _reserved_stages(r: PhaseResult) -> Iterator[Num]:
    for stage in _HARDWARE:
        amount = getattr(r, f"{stage}_kgco2e")
        if amount is None:
            continue
        if r.allocation_rate is None:  # drives are charged by calendar time already
            yield amount
            continue
        with part(f"{r.id}.sci.{stage}"):
            yield carbon_metrics.reserved_kgco2e(
                amortized_kgco2e=amount, allocation_rate=r.allocation_rate
            )


def per_hour_and_work(r: PhaseResult, phase: Phase[Num]) -> dict[str, Num]:
    """Location-based carbon per device-hour, and per EFLOP of training (CCI)."""
    named: dict[str, Num] = {}
    hours = r.use.accelerator_hours
    with part(f"{r.id}.per_unit"):
        if hours is not None:
            named["carbon_kgco2e_per_hour"] = carbon_metrics.carbon_kgco2e_per_hour(
                carbon_kgco2e=_sum_stages(r, "operational_location", *_STAGES),
                accelerator_hours=hours,
            )
        flop = _train_flop(phase)
        if flop is not None and hours is not None:
            named["cci_kgco2e_per_eflop"] = carbon_metrics.cci_kgco2e_per_eflop(
                carbon_kgco2e=_sum_stages(r, "operational_location", *_STAGES), train_flop=flop
            )
    return {f"{r.id}.{name}": value for name, value in named.items()}


def crossover(lines: tuple[Line, ...], operational_location_kgco2e: Num | None) -> dict[str, Num]:
    """Carbon-free share of electricity above which embodied carbon exceeds operational [1]."""
    amounts = tuple(line.kgco2e for line in lines if line.id in _STAGES)
    if not amounts or operational_location_kgco2e is None:
        return {}
    with part("embodied"):
        embodied = allocation.total_kgco2e(parts_kgco2e=amounts)
    share = carbon_metrics.crossover_clean_share(
        embodied_kgco2e=embodied, operational_kgco2e=operational_location_kgco2e
    )
    return {"crossover_clean_share": share}


def _sum_stages(r: PhaseResult, *stages: str) -> Num:
    amounts = (getattr(r, f"{stage}_kgco2e") for stage in stages)
    return allocation.total_kgco2e(parts_kgco2e=tuple(a for a in amounts if a is not None))


def _train_flop(phase: Phase[Num]) -> Num | None:
    """Model FLOP of a training phase; None where its work is not stated."""
    run = phase.work
    if not isinstance(run, TrainRun):
        return None
    from carbonctl.estimate.training.train import repeats_in_period, train_flop

    flop, count = train_flop(run), repeats_in_period(run)
    if flop is None or count is None:
        return flop
    return carbon_metrics.train_flop_by_repeats(run_flop=flop, repeats=count)
