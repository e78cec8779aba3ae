"""What the shell offers after Tab: ids of the data, read only when it asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.errors import CarbonctlError
from carbonctl.report.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from carbonctl.catalog.read import Catalog


def _offer(names: Callable[[Catalog], Iterable[str]]) -> Callable[[str], list[str]]:
    """A completion of names of the catalog; without data there is nothing to offer."""

    def complete(incomplete: str) -> list[str]:
        from carbonctl.catalog.read import Catalog  # noqa: PLC0415 - after Tab alone

        try:
            known = sorted(set(names(Catalog.open())))
        except CarbonctlError:
            return []
        return [name for name in known if name.startswith(incomplete)]

    return complete


def _kinds(*kinds: str) -> Callable[[Catalog], Iterable[str]]:
    return lambda catalog: [name for kind in kinds for name in _ids(catalog, kind)]


def _ids(catalog: Catalog, kind: str) -> list[str]:
    """Ids, and the spellings that mean one record."""
    aliases = [name for name, ids in catalog.aliases(kind).items() if len(ids) == 1]
    return catalog.ids(kind) + [name for name in aliases if " " not in name]


def _instances(catalog: Catalog) -> list[str]:
    from carbonctl.catalog.instances import instance_names  # noqa: PLC0415 - after Tab alone

    return instance_names(catalog)


def _regions(catalog: Catalog) -> list[str]:
    from carbonctl.catalog.grids import place_names as names  # noqa: PLC0415 - after Tab alone

    return names(catalog)


def of(choices: Iterable[str]) -> Callable[[str], list[str]]:
    """A completion of a few words."""
    known = list(choices)
    return lambda incomplete: [name for name in known if name.startswith(incomplete)]


def topics(incomplete: str) -> list[str]:
    """Topics, commands and, once a code is begun, error codes."""
    from carbonctl.cli.app import COMMANDS  # noqa: PLC0415 - it imports this module's users
    from carbonctl.core.errors import CODES  # noqa: PLC0415 - with them
    from carbonctl.report.text.topics import TOPICS  # noqa: PLC0415 - after Tab alone

    codes = CODES if incomplete.startswith("CC") else {}
    return [name for name in (*TOPICS, *COMMANDS, *codes) if name.startswith(incomplete)]


accelerators = _offer(_kinds("accelerators"))
servers = _offer(_kinds("servers"))
models = _offer(_kinds("models"))
runtimes = _offer(_kinds("runtimes"))
hardware = _offer(_kinds("accelerators", "servers", "cpus", "memory", "storage", "network"))
instances = _offer(_instances)
regions = _offer(_regions)
formats = of(FORMATS)
accountings = of(("location", "market"))
