"""Cloud instances: the table, and the instance that a name means."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from carbonctl.catalog.places import PROVIDERS
from carbonctl.catalog.read import AmbiguousName, UnknownName

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog


def list_instances(catalog: Catalog) -> list[dict[str, str]]:
    """Rows of all cloud instances; a row of the user's own folder replaces the bundled one."""
    return list(_rows(catalog).values())


def find_instance(catalog: Catalog, name: str) -> dict[str, str]:
    """The row of a cloud instance; UnknownName or AmbiguousName unless exactly one matches.

    The provider may come first, as in ``aws:p5.48xlarge`` and ``AWS p5.48xlarge``. Case,
    separators and the ``Standard_`` of Azure are ignored.
    """
    provider, _, instance = name.strip().rpartition(":")
    rows = [
        row
        for (owner, known), row in _rows(catalog).items()
        if known == instance and provider in ("", owner)
    ]
    if not rows:
        wanted = _normalize(name)
        rows = list({id(row): row for row in _rows_by_spelling(catalog).get(wanted, [])}.values())
    if not rows:
        raise UnknownName("instances", name.strip(), instance_names(catalog))
    if len({row["provider"] for row in rows}) > 1:
        raise AmbiguousName(name, [f"{row['provider']}:{row['instance']}" for row in rows])
    return rows[0]


def instance_names(catalog: Catalog) -> list[str]:
    """Ids of all instances, with their provider."""
    return [f"{row['provider']}:{row['instance']}" for row in list_instances(catalog)]


@cache
def _rows(catalog: Catalog) -> dict[tuple[str, str], dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in catalog.table("instances/cloud.csv"):
        found.setdefault((row["provider"], row["instance"]), row)
    return found


@cache
def _rows_by_spelling(catalog: Catalog) -> dict[str, list[dict[str, str]]]:
    by_spelling: dict[str, list[dict[str, str]]] = {}
    for (owner, instance), row in _rows(catalog).items():
        owners = ["", owner, *(word for word, known in PROVIDERS.items() if known == owner)]
        shown = {instance, instance.removeprefix("Standard_")}
        for spelling in {_normalize(f"{word} {one}") for word in owners for one in shown}:
            by_spelling.setdefault(spelling, []).append(row)
    return by_spelling


def _normalize(name: str) -> str:
    """A name in lower case without separators, except dots and hyphens between two numbers."""
    plain = re.sub(r"[\s:/_-]+", "-", name.strip().lower())
    return re.sub(r"(?<!\d)-|-(?!\d)", "", plain)
