"""Shell completion: ids and choices, read only on completion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.errors import CarbonctlError
from carbonctl.report.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from carbonctl.catalog.read import Catalog


def _complete_from(names: Callable[[Catalog], Iterable[str]]) -> Callable[[str], list[str]]:
    """A completion function for names of the catalog; it completes nothing without data."""

    def complete(incomplete: str) -> list[str]:
        from carbonctl.catalog.read import Catalog

        try:
            known = sorted(set(names(Catalog.open())))
        except CarbonctlError:
            return []
        return [name for name in known if name.startswith(incomplete)]

    return complete


def _ids_of_kinds(*kinds: str) -> Callable[[Catalog], Iterable[str]]:
    return lambda catalog: [name for kind in kinds for name in _unambiguous_names(catalog, kind)]


def _unambiguous_names(catalog: Catalog, kind: str) -> list[str]:
    """Ids, and aliases that mean one record."""
    aliases = [name for name, ids in catalog.aliases(kind).items() if len(ids) == 1]
    return catalog.ids(kind) + [name for name in aliases if " " not in name]


def _instance_names(catalog: Catalog) -> list[str]:
    from carbonctl.catalog.instances import instance_names

    return instance_names(catalog)


def _place_names(catalog: Catalog) -> list[str]:
    from carbonctl.catalog.grids import place_names as names

    return names(catalog)


def complete_choices(choices: Iterable[str]) -> Callable[[str], list[str]]:
    """A completion function for fixed choices."""
    known = list(choices)
    return lambda incomplete: [name for name in known if name.startswith(incomplete)]


def topics(incomplete: str) -> list[str]:
    """Help topics and commands that begin with a text; error codes after ``CC``."""
    from carbonctl.cli.app import COMMANDS
    from carbonctl.core.errors import CODES
    from carbonctl.report.text.topics import TOPICS

    codes = CODES if incomplete.startswith("CC") else {}
    return [name for name in (*TOPICS, *COMMANDS, *codes) if name.startswith(incomplete)]


accelerators = _complete_from(_ids_of_kinds("accelerators"))
servers = _complete_from(_ids_of_kinds("servers"))
models = _complete_from(_ids_of_kinds("models"))
runtimes = _complete_from(_ids_of_kinds("runtimes"))
hardware = _complete_from(
    _ids_of_kinds("accelerators", "servers", "cpus", "memory", "storage", "network")
)
instances = _complete_from(_instance_names)
regions = _complete_from(_place_names)
formats = complete_choices(FORMATS)
accountings = complete_choices(("location", "market"))
