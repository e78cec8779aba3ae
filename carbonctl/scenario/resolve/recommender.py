"""Training and serving work of recommendation models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.estimate.training.work_inputs import AllToAll, DlrmWork
from carbonctl.scenario.resolve.context import derive_fact
from carbonctl.scenario.resolve.model_shape import dlrm_shape, find_peak

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
    device: Device,
    path: Path,
    *,
    train: bool,
    run: schema.Run | None = None,
) -> DlrmWork[Fact]:
    """Inputs for the work of one sample of a recommendation model on a device."""
    dense, tables, rows, lookups, dim, bytes_ = dlrm_shape(ctx, model, path)
    record = device.record
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
        peak_flop_per_s=find_peak(ctx, device, "bf16" if device.accelerator else "fp32", path),
        matmul_efficiency=ctx.default("matmul_efficiency"),
        bandwidth_gb_per_s=ctx.required_fact(record, "bandwidth", device.path),
        gather_efficiency=ctx.default("gather_efficiency"),
        exchange=_exchange(ctx, device, run, path) if train else None,
    )


def _exchange(
    ctx: Context, device: Device, run: schema.Run | None, path: Path
) -> AllToAll[Fact] | None:
    """Inputs of the all-to-all between devices; None without a count of accelerators."""
    readers = run.reader_throughput if run else None
    if device.count is None or device.accelerator is None:
        ctx.not_estimated["all-to-all between devices"] = "no count of accelerators"
        if readers is not None:
            message = "reader_throughput needs hardware.count, the accelerators that share it"
            ctx.fail("CC206", message, (*path, "reader_throughput"))
        return None
    rate = None
    if readers is not None:
        rate = ctx.stated_fact(readers, (*path, "reader_throughput"), "reader throughput")
    return AllToAll(
        device.count,
        device.per_machine,
        _link_bandwidth(ctx, device.accelerator),
        ctx.default("network_per_accelerator"),
        ctx.default("exchange_passes"),
        ctx.default("exchange_efficiency"),
        rate,
    )


def serving_exchange(ctx: Context, device: Device) -> AllToAll[Fact] | None:
    """The all-to-all of a service between the devices that hold one copy of the tables."""
    if device.accelerator is None:
        return None
    return AllToAll(
        None,
        device.per_machine,
        _link_bandwidth(ctx, device.accelerator),
        ctx.default("network_per_accelerator"),
        ctx.default("exchange_serve_passes"),
        ctx.default("exchange_efficiency"),
        None,
    )


def _link_bandwidth(ctx: Context, accelerator: Record) -> Fact:
    """The link of a device inside its machine, one way."""
    both = accelerator.fact("link_bandwidth", label="link speed")
    both = both or ctx.default("link_bandwidth_pcie")
    note = "one of two ways"
    return derive_fact(f"{both.key}/one_way", both.value / 2, both, note, "link speed, one way")
