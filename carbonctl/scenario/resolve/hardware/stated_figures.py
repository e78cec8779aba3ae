"""Figures of hardware that a scenario gives, with what would be charged without them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.scenario.resolve.context import ONE, attempt, derive_fact
from carbonctl.scenario.resolve.hardware.machine_parts import host_parts, module

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.embodied.bom import Part
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.schema import scenario_file as schema


def accelerator(ctx: Context, embodied: schema.Embodied, record: Record | None, path: Path) -> Fact:
    """The figure that is given of one accelerator; without a record it replaces none of ours."""
    each = ctx.stated_fact(embodied.accelerator, (*path, "accelerator"), "accelerator, as given")
    row = None if record is None else _accelerator_row(ctx, record, path)
    return ctx.override(each, row, alike=False)


def host(ctx: Context, embodied: schema.Embodied, server: Record | None, path: Path) -> Fact:
    """The figure that is given of a host without its accelerators."""
    given = ctx.stated_fact(embodied.host, (*path, "host"), "host, as given")
    row = None if server is None else _host_row(ctx, server, path)
    return ctx.override(given, row, alike=False)


def lifetime(ctx: Context, embodied: schema.Embodied | None, path: Path) -> Fact:
    """The life of hardware, as given or as is usual; a longer one means less carbon."""
    given = None if embodied is None else embodied.lifetime
    life = ctx.stated_or_default(given, (*path, "lifetime"), "lifetime")
    return ctx.override(life, ctx.default("lifetime"), alike=False, more_is_less_carbon=True)


def _accelerator_row(ctx: Context, record: Record, path: Path) -> Fact | None:
    """What one accelerator would be charged if no figure were given, with its range."""
    published = record.fact("embodied", label=f"{record.name}, published footprint")
    if published is not None:
        return published
    made = attempt(lambda: module(ctx.without_notes(), record, ONE, path))
    return None if made is None else _figure(ctx, record, (made,), "accelerator_residual")


def _host_row(ctx: Context, server: Record, path: Path) -> Fact | None:
    """What the host of a server would be charged if no figure were given, with its range."""
    made = attempt(lambda: tuple(host_parts(ctx.without_notes(), server, None, path)))
    return None if not made else _figure(ctx, server, made, "server_residual")


def modeled_kgco2e(ctx: Context, parts: Iterable[Part[Fact]]) -> float:
    """Embodied carbon [kgCO2e] of parts together, each at its central values."""
    assert ctx.part_model is not None  # noqa: S101 - given where hardware is resolved
    return sum(map(ctx.part_model.part_kgco2e, parts))


def _figure(ctx: Context, record: Record, made: tuple[Part[Fact], ...], residual: str) -> Fact:
    """The modeled carbon of parts as one fact, with the error of the model as its range."""
    value = modeled_kgco2e(ctx, made)
    error = ctx.default(residual)
    key = f"{record.kind}/{record.id}:modeled"
    whole = derive_fact(key, value, error, error.note, f"{record.name}, by its parts")
    return replace(whole, unit="kgCO2e")
