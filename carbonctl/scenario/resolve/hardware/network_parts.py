"""Network of machines, their racks and clusters, as parts of a bill of materials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.estimate.embodied.bom import Counted
from carbonctl.scenario.resolve.context import ONE, derived
from carbonctl.scenario.resolve.hardware.stand_ins import RACK_SCALE, WORKSTATION, network_cards

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.embodied.bom import Part
    from carbonctl.scenario.resolve.context import Context


def fabric(ctx: Context, accelerators: Fact, path: Path) -> Part[Fact]:
    """Network of a datacenter, the share of some accelerators."""
    record = ctx.catalog.record("network", "fabric-per-accelerator")
    each = ctx.needed(record, "embodied", path, "fabric per accelerator")
    return Counted("fabric", "network fabric", accelerators, each)


def of_machine(
    ctx: Context, server: Record, accelerators: Fact | None, path: Path
) -> list[Part[Fact]]:
    """Network of a datacenter, the share of one machine; a workstation has none."""
    if accelerators is None:
        return switches(ctx, server, ONE, path)
    return [] if server.id == WORKSTATION else [fabric(ctx, accelerators, path)]


def within_rack(ctx: Context, server: Record, path: Path) -> list[Part[Fact]]:
    """Switches that join the accelerators within a machine of a whole rack."""
    held = server.plain("accelerators", label="accelerators")
    if server.text("category") != RACK_SCALE or held is None:
        return []
    record = ctx.catalog.record("network", "scale-up-per-accelerator")
    each = ctx.needed(record, "embodied", path, record.name)
    return [Counted("scale_up", "network within the rack", held, each)]


def switches(ctx: Context, server: Record | None, count: Fact, path: Path) -> list[Part[Fact]]:
    """Ports of switches, and links, of some machines: one of each for a network card."""
    usual = ctx.default("nics_per_machine")
    cards = usual if server is None else network_cards(ctx, server, ("embodied",))
    note = f"{cards.value:g} network cards in each of {count.value:g} machines"
    ports = derived("machines:ports", cards.value * count.value, cards, note, "ports")
    kinds = (("switch_ports", "switches", "switch-400g-port"), ("links", "links", "link"))
    return [
        Counted(part_id, label, ports, ctx.needed(record, "embodied", path, record.name))
        for part_id, label, name in kinds
        for record in [ctx.catalog.record("network", name)]
    ]
