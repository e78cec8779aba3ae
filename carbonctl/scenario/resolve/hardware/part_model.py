"""What resolving asks of the estimate of parts: figures to compare with, and sizes to check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.estimate.embodied.bom import Die, Part, Piece, Wafer


class PartModel(Protocol):
    """The estimate of parts at their central values; the use case that resolves hands it in."""

    def part_kgco2e(self, part: Part[Fact] | Piece[Fact]) -> float:
        """Carbon of making one entry of a bill of materials [kgCO2e]."""

    def fab_yield(self, die: Die[Fact]) -> float:
        """Share of the dies that work [1]."""

    def dies_per_wafer(self, die: Die[Fact], wafer: Wafer[Fact]) -> float:
        """Whole dies that a wafer holds [1]."""
