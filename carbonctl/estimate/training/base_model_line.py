"""Breakdown line for the share of a base model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.estimate.results import Line
from carbonctl.formulas.decisions import allocation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.core.types import Num
    from carbonctl.estimate.inputs import BaseModelShare

BASE = "base_share"


def base_lines(base: BaseModelShare[Num] | None) -> Iterator[Line]:
    """One line where a base model is stated; empty otherwise."""
    if base is not None:
        share = allocation.base_share_kgco2e(
            base_footprint_kgco2e=base.footprint_kgco2e, downstream_uses=base.downstream_uses
        )
        yield Line(BASE, "base model, share", share, "base", "given")
