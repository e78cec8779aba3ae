"""Network of machines, racks and clusters, as parts of a bill of materials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.estimate.embodied.bom import CountedPart
from carbonctl.scenario.resolve.context import ONE, derive_fact
from carbonctl.scenario.resolve.hardware.stand_ins import RACK_SCALE, WORKSTATION, network_cards

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.embodied.bom import Part
    from carbonctl.scenario.resolve.context import Context


def fabric_part(ctx: Context, accelerators: Fact, path: Path) -> Part[Fact]:
    """Share of the datacenter network of some accelerators."""
    record = ctx.catalog.record("network", "fabric-per-accelerator")
    each = ctx.required_fact(record, "embodied", path, "fabric per accelerator")
    return CountedPart("fabric", "network fabric", accelerators, each)


def machine_network(
    ctx: Context, server: Record, accelerators: Fact | None, path: Path
) -> list[Part[Fact]]:
    """Share of the datacenter network of one machine; empty for a workstation."""
    if accelerators is None:
        return switches_and_links(ctx, server, ONE, path)
    return [] if server.id == WORKSTATION else [fabric_part(ctx, accelerators, path)]


def rack_scale_network(ctx: Context, server: Record, path: Path) -> list[Part[Fact]]:
    """Switches between the accelerators of a rack-scale machine; empty for others."""
    accelerators = server.plain_fact("accelerators", label="accelerators")
    if server.text("category") != RACK_SCALE or accelerators is None:
        return []
    record = ctx.catalog.record("network", "scale-up-per-accelerator")
    each = ctx.required_fact(record, "embodied", path, record.name)
    return [CountedPart("scale_up", "network within the rack", accelerators, each)]


def switches_and_links(
    ctx: Context, server: Record | None, count: Fact, path: Path
) -> list[Part[Fact]]:
    """Switch ports and links of some machines: one of each per network card."""
    usual = ctx.default("nics_per_machine")
    cards = usual if server is None else network_cards(ctx, server, ("embodied",))
    note = f"{cards.value:g} network cards in each of {count.value:g} machines"
    ports = derive_fact("machines:ports", cards.value * count.value, cards, note, "ports")
    kinds = (("switch_ports", "switches", "switch-400g-port"), ("links", "links", "link"))
    return [
        CountedPart(part_id, label, ports, ctx.required_fact(record, "embodied", path, record.name))
        for part_id, label, name in kinds
        for record in [ctx.catalog.record("network", name)]
    ]
