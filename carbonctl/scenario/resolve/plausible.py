"""Values that are possible and yet look wrong: warnings, never errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.catalog import grids
from carbonctl.catalog.grids import G_PER_KG
from carbonctl.estimate.embodied.bom import Chip, Die

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.catalog.grids import Place
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.embodied.bom import Part
    from carbonctl.scenario.resolve.context import Context

HIGHEST_GRID = 2.0  # kg/kWh; the highest row of the grid tables is 1.3
LOWEST_GRID = 0.005  # kg/kWh; the lowest row of a grid that is no gap is 0.015
HIGHEST_PUE = 3.0  # two kWh of cooling and losses for one of computing
ABOVE_RATING = 1.5  # boards are capped near their rating; short peaks stay below this
STALE_YEARS = 3
LOWEST_YIELD = 0.05  # a die that fails more often than this is not brought to market


def grid(ctx: Context, given: Fact, path: Path) -> Fact:
    """A stated grid factor that no grid has, as of grams and kilograms mistaken."""
    if given.value > HIGHEST_GRID:
        message = f"{given.value:g} kg/kWh is above any grid known"
        ctx.warn("CC307", message, path, f"is {given.value:g} g/kWh meant?")
    if given.value < LOWEST_GRID:
        message = f"{given.value:g} kg/kWh is below any grid known"
        meant = f"is {given.value * G_PER_KG:g} kg/kWh meant? " if given.value > 0 else ""
        ctx.warn("CC307", message, path, f"{meant}clean supply is site.contracted_clean")
    return given


def grid_of_region(ctx: Context, given: Fact, path: Path) -> Fact:
    """A stated grid factor outside the range of the row of its own region."""
    row = given.replaces
    if row is None or row.low is None or row.high is None or row.low <= given.value <= row.high:
        return given
    message = (
        f"{given.value:.3g} kg/kWh is far from the {row.value:.3g} of {row.label.split(', ')[-1]}"
    )
    span = f"the range of that row is {row.low:.3g} to {row.high:.3g}"
    ctx.warn("CC307", message, path, f"{span}; leave grid out to take the row")
    return given


def pue(ctx: Context, given: Fact, path: Path) -> Fact:
    """A stated PUE beyond any that a data center reports."""
    if given.value > HIGHEST_PUE:
        message = f"a PUE of {given.value:g} is beyond any data center known"
        ctx.warn("CC307", message, path, "PUE is all energy over that of computing, as in 1.2")
    return given


def board_power(ctx: Context, given: Fact, record: Record, path: Path) -> None:
    """A stated power of a board far above its rating, as of a server taken for its device."""
    rated = record.fact("tdp")
    if given.boundary == "gpu" and rated and given.value > ABOVE_RATING * rated.value:
        message = f"{given.value:g} W is {given.value / rated.value:.2g} times the rating"
        hint = "is it of a whole server? then scope: node, divided by its accelerators"
        ctx.warn("CC307", f"{message} of {record.name}", path, hint)


def die_yields(ctx: Context, parts: Iterable[Part[Fact]], path: Path) -> None:
    """A die of which hardly any works, as of an area or a defect density in another unit."""
    dies = (die for part in parts if isinstance(part, Chip) for die in part.parts)
    for die in dies:
        if not isinstance(die, Die) or ctx.part_model is None:
            continue
        share = ctx.part_model.fab_yield(die)
        if share < LOWEST_YIELD:
            message = f"a yield of {share:.2g}: no die of {die.die_area_cm2.value:g} cm2 is made so"
            ctx.warn("CC307", message, path, "check its area and embodied.fab.yield")


def vintage(ctx: Context, place: Place, coverage: str, path: Path) -> None:
    """A grid row that is years behind the newest ones."""
    row = grids.find_grid_row(ctx.catalog, place, coverage)
    newest = grids.newest_year(ctx.catalog)
    if row is not None and row["year"].isdigit() and newest - int(row["year"]) >= STALE_YEARS:
        message = f"the grid factor of {row['zone']} is of {row['year']}, others are of {newest}"
        ctx.warn("CC308", message, path, "give one, grid: 0.4 kg/kWh, where a newer one is known")
