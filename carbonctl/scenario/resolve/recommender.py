"""Training and serving work of recommendation models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.estimate.training.work_inputs import DlrmWork, Exchange
from carbonctl.scenario.resolve.context import derived
from carbonctl.scenario.resolve.model_shape import dlrm_shape, peak

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema


def dlrm_work(
    ctx: Context,
    model: schema.Model | None,
    found: Device,
    path: Path,
    *,
    train: bool,
    run: schema.Run | None = None,
) -> DlrmWork[Fact]:
    """Work of one sample of a recommendation model on a device."""
    dense, tables, rows, lookups, dim, bytes_ = dlrm_shape(ctx, model, path)
    record = found.record
    passes = "dlrm_train_passes" if train else "dlrm_serve_passes"
    memory_passes = "dlrm_memory_passes" if train else "dlrm_serve_passes"
    return DlrmWork(
        dense_params=dense,
        tables=tables,
        table_rows=rows,
        lookups=lookups,
        embedding_dim=dim,
        embedding_bytes=bytes_,
        compute_passes=ctx.default(passes),
        memory_passes=ctx.default(memory_passes),
        peak_flop_per_s=peak(ctx, found, "bf16" if found.accelerator else "fp32", path),
        matmul_efficiency=ctx.default("matmul_efficiency"),
        bandwidth_gb_per_s=ctx.needed(record, "bandwidth", found.path),
        gather_efficiency=ctx.default("gather_efficiency"),
        exchange=_exchange(ctx, found, run, path) if train else None,
    )


def _exchange(
    ctx: Context, found: Device, run: schema.Run | None, path: Path
) -> Exchange[Fact] | None:
    """The all-to-all between devices, and the readers where their rate is given."""
    readers = run.reader_throughput if run else None
    if found.count is None or found.accelerator is None:
        ctx.not_estimated["all-to-all between devices"] = "no count of accelerators"
        if readers is not None:
            message = "reader_throughput needs hardware.count, the accelerators that share it"
            ctx.fail("CC206", message, (*path, "reader_throughput"))
        return None
    rate = None
    if readers is not None:
        rate = ctx.given(readers, (*path, "reader_throughput"), "reader throughput")
    return Exchange(
        found.count,
        found.per_machine,
        _link(ctx, found.accelerator),
        ctx.default("network_per_accelerator"),
        ctx.default("exchange_passes"),
        ctx.default("exchange_efficiency"),
        rate,
    )


def served_exchange(ctx: Context, found: Device) -> Exchange[Fact] | None:
    """The all-to-all of a service between the devices that hold one copy of the tables."""
    if found.accelerator is None:
        return None
    return Exchange(
        None,
        found.per_machine,
        _link(ctx, found.accelerator),
        ctx.default("network_per_accelerator"),
        ctx.default("exchange_serve_passes"),
        ctx.default("exchange_efficiency"),
        None,
    )


def _link(ctx: Context, accelerator: Record) -> Fact:
    """The link of a device inside its machine, one way."""
    both = accelerator.fact("link_bandwidth", label="link speed")
    both = both or ctx.default("link_bandwidth_pcie")
    note = "one of two ways"
    return derived(f"{both.key}/one_way", both.value / 2, both, note, "link speed, one way")
