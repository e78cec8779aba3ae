"""Keys of the ``embodied`` section: bills of materials, fabs, transport, end of life."""

from typing import Literal

from pydantic import Field

from carbonctl.scenario.schema.quantity import (
    Carbon,
    CarbonPerGigaByte,
    CarbonPerKilowattYear,
    Count,
    Defects,
    Factor,
    GigaBytes,
    Hours,
    Intensity,
    Kilograms,
    Kilometers,
    KiloWattHours,
    Share,
    ShareBelowOne,
    SquareCentimeters,
    Watts,
)
from carbonctl.scenario.schema.shared_sections import Section

Boundary = Literal["die", "module", "baseboard", "tray", "machine", "machine+dc"]


class FabYield(Section):
    """Model of the fab yield, the share of good dies."""

    by: Literal["murphy", "poisson", "negative-binomial", "fixed"] = "murphy"
    share: Share | None = None
    defects: Defects | None = None
    clustering: Factor | None = None


class Fab(Section):
    """Assumptions about the fab that makes the dies of a bill of materials."""

    method: Literal["imec", "act"] = "imec"
    grid: Intensity | None = None
    abatement: Literal["95 %", "97 %", "99 %"] = "97 %"
    good: FabYield | None = Field(None, alias="yield")
    edge: Literal["counted", "ignored"] | None = None

    @property
    def abated(self) -> str:
        """Percent of gases abated."""
        return self.abatement.split()[0]


class ChipDie(Section):
    """Identical dies of one process node."""

    area: SquareCentimeters
    node: str | None = None
    count: Count | None = None


class Chip(Section):
    """A packaged chip: its dies, interposer, bridges and packages."""

    name: str | None = None
    dies: list[ChipDie] = Field(min_length=1)
    interposer: SquareCentimeters | None = None
    bridges: Count | None = None
    redistribution: SquareCentimeters | None = None
    packages: Count | None = None
    assembly_yield: Share | None = None


class Part(Section):
    """One entry of a bill of materials: exactly one kind of part."""

    published: Carbon | None = None
    baseboard: str | None = None
    accelerator: str | None = None
    chip: Chip | None = None
    cpu: str | None = None
    dram: str | None = None
    memory: str | None = None
    ssd: str | None = None
    hdd: str | None = None
    nic: str | None = None
    network: str | None = None
    part: str | None = None
    psu: Watts | None = None
    count: Count | None = None
    amount: GigaBytes | None = None
    mass: Kilograms | None = None
    per_gb: CarbonPerGigaByte | None = None
    packages: Count | None = None
    boundary: Boundary | None = None


class Transport(Section):
    """Transport of hardware to the site."""

    mode: Literal["mixed", "air", "sea"] = "mixed"
    distance: Kilometers | None = None


class Datacenter(Section):
    """A datacenter building, by its IT power or by its parts."""

    it_power: Watts | None = None
    load: Share | None = None
    life: Hours | None = None
    construction_per_kw_year: CarbonPerKilowattYear | None = None
    shell: SquareCentimeters | None = None
    ups: Watts | None = None
    batteries: KiloWattHours | None = None
    gensets: Watts | None = None
    cooling: Watts | None = None


class Embodied(Section):
    """Embodied carbon of hardware: its parts, and how it is allocated."""

    subject: (
        Literal["accelerator", "baseboard", "server", "rack", "cluster", "datacenter", "device"]
        | None
    ) = None
    parts: list[Part] = Field(default_factory=list)
    fab: Fab | None = None
    device: str | None = None
    datacenter: Datacenter | None = None
    per_rack: Count | None = None
    chassis: Literal["1u", "2u", "4u", "8u", "8u-air", "8u-liquid"] | None = None
    mass: Kilograms | None = None
    transport: Transport | None = None
    lifetime: Hours | None = None
    allocation: Literal["full", "sci"] = "full"
    allocation_rate: Share | None = None
    spares: ShareBelowOne | None = None
    accelerator: Carbon | None = None
    host: Carbon | None = None
    comparators: list[Carbon] = Field(default_factory=list)
    count: Count | None = None


class EndOfLife(Section):
    """End of life of hardware."""

    route: Literal["recycle", "landfill", "reuse"] = "recycle"
    credit: Literal["shown", "none"] = "shown"
