"""Time limits of a recommendation model's sample: compute, memory, all-to-all, data readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.formulas import recommendation_work

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.training.work_inputs import DlrmWork

LIMITS = {
    "computing_s": "dense layers",
    "gathering_s": "embedding gathers",
    "exchanging_s": "all-to-all",
    "reading_s": "data readers",
}


def dlrm_limits(work: DlrmWork[Num]) -> dict[str, Num]:
    """Device time of each limit of one sample, by name [s]."""
    gathered = recommendation_work.gather_gb(
        tables=work.tables,
        lookups=work.lookups,
        embedding_dim=work.embedding_dim,
        embedding_bytes=work.embedding_bytes,
    )
    limits = {
        "computing_s": recommendation_work.computing_s(
            dense_params=work.dense_params,
            compute_passes=work.compute_passes,
            peak_flop_per_s=work.peak_flop_per_s,
            matmul_efficiency=work.matmul_efficiency,
        ),
        "gathering_s": recommendation_work.gathering_s(
            gather_gb=gathered,
            memory_passes=work.memory_passes,
            bandwidth_gb_per_s=work.bandwidth_gb_per_s,
            gather_efficiency=work.gather_efficiency,
        ),
    }
    outside = work.exchange
    if outside is None:
        return limits
    assert outside.accelerators is not None  # noqa: S101 - a service has put in those of its tables
    pooled = recommendation_work.pooled_gb(
        tables=work.tables,
        embedding_dim=work.embedding_dim,
        embedding_bytes=work.embedding_bytes,
    )
    limits["exchanging_s"] = recommendation_work.exchanging_s(
        pooled_gb=pooled,
        exchange_passes=outside.exchange_passes,
        exchanging_accelerators=outside.accelerators,
        link_gb_per_s=recommendation_work.exchange_gb_per_s(
            exchanging_accelerators=outside.accelerators,
            linked_accelerators=outside.linked_accelerators,
            link_gb_per_s=outside.link_gb_per_s,
            network_gb_per_s=outside.network_gb_per_s,
        ),
        exchange_efficiency=outside.exchange_efficiency,
    )
    if outside.reader_per_hour is not None:
        limits["reading_s"] = recommendation_work.reading_s(
            accelerators=outside.accelerators, reader_per_hour=outside.reader_per_hour
        )
    return limits


def device_s(limits: dict[str, Num]) -> Num:
    """Time of one sample on its devices [s]: compute and gathers, or the all-to-all."""
    computing, gathering = limits["computing_s"], limits["gathering_s"]
    if "exchanging_s" not in limits:
        return recommendation_work.unit_s(computing_s=computing, gathering_s=gathering)
    return recommendation_work.unit_s_from_limits(
        computing_s=computing, gathering_s=gathering, exchanging_s=limits["exchanging_s"]
    )


def unit_s(limits: dict[str, Num]) -> Num:
    """Time of one training sample [s]: on its devices, or at its data readers."""
    device = device_s(limits)
    if "reading_s" not in limits:
        return device
    return recommendation_work.unit_s_from_readers(device_s=device, reading_s=limits["reading_s"])


def binding_limit(limits: dict[str, float]) -> str:
    """Label of the longest limit of a sample."""
    return LIMITS[max(limits, key=lambda name: limits[name])]
