"""Wider model error on hardware of a kind that no fitted measurement has."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.scenario.resolve.context import derive_fact
from carbonctl.scenario.resolve.model_shape import require_accelerator

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog, Record
    from carbonctl.core.fact import Fact
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device


def widen_for_unseen(ctx: Context, residual: Fact, device: Device) -> Fact:
    """The residual of the model, wider for each kind of the board that was not fitted, and said."""
    unseen = unseen_kinds(ctx.catalog, require_accelerator(ctx, device))
    if not unseen:
        return residual
    message = f"outside of what was fitted: {', '.join(unseen)}"
    ctx.warn(
        "CC304", message, device.path, "the interval is wider; a measured throughput narrows it"
    )
    more = ctx.default("unseen_hardware_residual")
    spread = math.hypot(_log_spread(residual), math.sqrt(len(unseen)) * _log_spread(more))
    made = derive_fact(f"{residual.key}/unseen", residual.value, residual, message, residual.label)
    return replace(
        made, low=residual.value / math.exp(spread), high=residual.value * math.exp(spread)
    )


def unseen_kinds(catalog: Catalog, card: Record) -> list[str]:
    """Architecture and memory of a board that no measured energy has; DRAM stacks are alike."""
    rows = catalog.table("serving/fitted.csv")
    seen: dict[str, set[str]] = {"architecture": set(), "memory": set()}
    for row in rows:
        seen[row["dimension"]].add(_kind(row["name"]))
    own = {"architecture": card.text("architecture"), "memory": card.text("memory_type")}
    return [own[name] for name in seen if own[name] and _kind(own[name]) not in seen[name]]


def _kind(name: str) -> str:
    """The kind of a memory or an architecture: all generations of stacked memory are one."""
    return "hbm" if name.startswith("hbm") else name


def _log_spread(fact: Fact) -> float:
    """Half the width of a range around its value, in logarithms."""
    return math.log(fact.high / fact.value) if fact.high else 0.0
