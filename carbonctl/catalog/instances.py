"""Which cloud instance a name means, and so whose it is."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from carbonctl.catalog.places import PROVIDERS
from carbonctl.catalog.read import AmbiguousName, UnknownName

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog


def instances(catalog: Catalog) -> list[dict[str, str]]:
    """Every cloud instance; one of the user's own folder stands in for the bundled one."""
    return list(_rows(catalog).values())


def find_instance(catalog: Catalog, name: str) -> dict[str, str]:
    """The row of a cloud instance; UnknownName or AmbiguousName when there is not one.

    The provider may stand before it, as in ``aws:p5.48xlarge`` and ``AWS p5.48xlarge``; case and
    separators do not count, nor the ``Standard_`` of Azure.
    """
    provider, _, instance = name.strip().rpartition(":")
    rows = [
        row
        for (owner, known), row in _rows(catalog).items()
        if known == instance and provider in ("", owner)
    ]
    if not rows:
        wanted = _letters(name)
        rows = list({id(row): row for row in _spelled(catalog).get(wanted, [])}.values())
    if not rows:
        raise UnknownName("instances", name.strip(), names(catalog))
    if len({row["provider"] for row in rows}) > 1:
        raise AmbiguousName(name, [f"{row['provider']}:{row['instance']}" for row in rows])
    return rows[0]


def names(catalog: Catalog) -> list[str]:
    """Ids of all instances, with their provider."""
    return [f"{row['provider']}:{row['instance']}" for row in instances(catalog)]


@cache
def _rows(catalog: Catalog) -> dict[tuple[str, str], dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in catalog.table("instances/cloud.csv"):
        found.setdefault((row["provider"], row["instance"]), row)
    return found


@cache
def _spelled(catalog: Catalog) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for (owner, instance), row in _rows(catalog).items():
        owners = ["", owner, *(word for word, known in PROVIDERS.items() if known == owner)]
        shown = {instance, instance.removeprefix("Standard_")}
        for spelling in {_letters(f"{word} {one}") for word in owners for one in shown}:
            found.setdefault(spelling, []).append(row)
    return found


def _letters(name: str) -> str:
    """Letters and digits of a name, its dots, and a hyphen where two numbers would run together."""
    plain = re.sub(r"[\s:/_-]+", "-", name.strip().lower())
    return re.sub(r"(?<!\d)-|-(?!\d)", "", plain)
