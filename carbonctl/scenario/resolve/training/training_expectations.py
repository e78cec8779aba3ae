"""Expected MFU and power of training, from model size and accelerator architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.catalog.model_kinds import model_kind
from carbonctl.catalog.read import default_names, saturated_mfu_name
from carbonctl.estimate.inputs import PowerBySize
from carbonctl.estimate.training.work_inputs import MfuBySize
from carbonctl.scenario.resolve.model_shape import model_path

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema


def mfu_by_size(ctx: Context, device: Device) -> MfuBySize[Fact]:
    """MFU of large models on this architecture (else on all), and the overhead per token."""
    own = saturated_mfu_name(device.record.text("architecture"))
    name = own if own in default_names(ctx.catalog) else "saturated_mfu"
    return MfuBySize(ctx.default(name), ctx.default("token_overhead"))


def power_by_size(ctx: Context, model: schema.Model | None, path: Path) -> PowerBySize[Fact]:
    """Board power between resident and saturated by size; saturated where size is unknown."""
    return PowerBySize(
        _active_params(ctx, model, path),
        ctx.default("resident_power_share"),
        ctx.default("saturated_power_share"),
        ctx.default("half_power_params"),
    )


def _active_params(ctx: Context, model: schema.Model | None, path: Path) -> Fact | None:
    if model is None:
        return None
    at = model_path(ctx, path)
    if model.id is not None:
        record = ctx.record("models", model.id, at)
        if not model_kind(record.text("kind")).is_sized:
            return None
        size = record.plain_fact("active_params", label="active parameters")
        return size or record.plain_fact("total_params", label="total parameters")
    if not model_kind(model.kind).is_sized:
        return None
    for name in ("active_params", "params"):
        if getattr(model, name) is not None:
            return ctx.stated_fact(
                getattr(model, name), (*at, name), name.replace("params", "parameters")
            )
    return None
