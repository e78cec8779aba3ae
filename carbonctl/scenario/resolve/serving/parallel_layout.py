"""How one replica of a language model lies on its devices: shared layers, ranks, experts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.scenario.resolve.context import derive_fact
from carbonctl.scenario.resolve.serving.serving_device import stated_tensor_parallel

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.serving.service import Decoder
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema

_SPREAD = ("data_parallel", "expert_parallel")


def has_ranks(infer: schema.Infer) -> bool:
    """Whether several data-parallel ranks are stated."""
    return infer.data_parallel is not None and infer.data_parallel.value > 1.0


def ranks(ctx: Context, infer: schema.Infer, path: Path) -> Fact:
    """Data-parallel ranks of a replica: as stated, else one."""
    where = (*path, "data_parallel")
    if has_ranks(infer) and infer.speculative is not None:
        message = "speculative decoding with data_parallel > 1 is not supported yet"
        ctx.fail("CC306", message, where, "leave speculative or data_parallel out")
    return ctx.stated_or_default(infer.data_parallel, where, "data_parallel")


def shared_devices(ctx: Context, infer: schema.Infer, device: Device, path: Path) -> Fact | None:
    """Devices that share each layer, where the scenario says; one in a rank or a stage else."""
    stated = stated_tensor_parallel(ctx, infer, device, path)
    if stated is None and (has_ranks(infer) or infer.pipeline_parallel is not None):
        return ctx.default("rank_accelerators")
    return stated


def expert_devices(ctx: Context, infer: schema.Infer, path: Path) -> Fact:
    """Devices over which whole experts are spread: as stated, else one, and each has slices."""
    return ctx.stated_or_default(
        infer.expert_parallel, (*path, "expert_parallel"), "expert_parallel"
    )


def replica(
    ctx: Context, infer: schema.Infer, m: Decoder[Fact], device: Device, path: Path
) -> Fact | None:
    """Devices of one replica, where the scenario says; None where it does not, or gives ranks."""
    shared = stated_tensor_parallel(ctx, infer, device, path)
    if shared is not None:
        _divides_heads(ctx, m, shared, path)
    if infer.pipeline_parallel is not None:
        shared = _staged(ctx, infer, shared, device, path)
    if m.moe is None:
        _no_mixture(ctx, infer, path)
        return shared
    if m.has_ranks:
        return None  # the estimate counts the devices of all ranks
    if infer.expert_parallel is not None and shared is None:
        message = "expert_parallel needs the devices of a replica beside it"
        hint = "give tensor_parallel, or data_parallel of 2 and more"
        ctx.fail("CC206", message, (*path, "expert_parallel"), hint)
    return shared


def _staged(
    ctx: Context, infer: schema.Infer, shared: Fact | None, device: Device, path: Path
) -> Fact:
    """Devices of a replica whose layers lie in stages, each stage on devices that share them."""
    where = (*path, "pipeline_parallel")
    if infer.data_parallel is not None:
        message = "pipeline_parallel with data_parallel is not supported yet"
        ctx.fail("CC306", message, where, "leave one of them out")
    stages = ctx.stated_fact(infer.pipeline_parallel, where, "stages of one replica")
    each = 1.0 if shared is None else shared.value
    note, label = f"{stages.value:g} stages of {each:g}", "devices of one replica"
    devices = derive_fact(f"{stages.key}/devices", stages.value * each, stages, note, label)
    if device.count is not None and devices.value > device.count.value:
        message = f"{note} take {devices.value:g} devices; hardware.count is {device.count.value:g}"
        ctx.fail("CC303", message, where, "at most all devices make one replica")
    return devices


def _no_mixture(ctx: Context, infer: schema.Infer, path: Path) -> None:
    for name in _SPREAD:
        if getattr(infer, name) is not None:
            message = f"{name} is of mixtures of experts; copies of another model are replicas"
            ctx.fail("CC303", message, (*path, name), "leave it out: the load says how many")


def _divides_heads(ctx: Context, m: Decoder[Fact], shared: Fact, path: Path) -> None:
    """Each device of a rank takes the same number of heads, where their number is known."""
    heads, devices = m.attention.heads, shared.value
    if heads.origin == "archetype" or heads.value % devices == 0:
        return
    fit = [n for n in range(1, int(heads.value) + 1) if heads.value % n == 0]
    below, above = [n for n in fit if n < devices][-1:], [n for n in fit if n > devices][:1]
    message = f"{heads.value:g} attention heads cannot be shared by {devices:g} devices alike"
    hint = f"the nearest that can: {' or '.join(map(str, below + above))}"
    ctx.fail("CC304", message, (*path, "tensor_parallel"), hint)
