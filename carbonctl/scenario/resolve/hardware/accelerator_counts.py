"""Number of accelerators in a named server, cloud instance or accelerator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.catalog.instances import find_instance
from carbonctl.catalog.read import AmbiguousName, UnknownName

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.scenario.schema import scenario_file as schema


def accelerators_in(catalog: Catalog, key: str, name: str) -> float:
    """Accelerators in one ``server`` or ``instance``; 1 for an accelerator or a CPU server.

    An unknown name counts as 1 too; it is reported where names are looked up.
    """
    if key == "instance":
        try:
            return float(find_instance(catalog, name)["accelerators"] or 0.0) or 1.0
        except (UnknownName, AmbiguousName):
            return 1.0
    if key == "server":
        try:
            return catalog.record("servers", name).number("accelerators") or 1.0
        except (UnknownName, AmbiguousName):
            return 1.0
    return 1.0


def is_server(catalog: Catalog, name: str) -> bool:
    """Whether a name means a whole server: a server's id, or a name that no accelerator has.

    ``h200`` is the accelerator, though names of several servers end in it.
    """
    if catalog.path("servers", name) is not None:
        return True
    return not _is_known(catalog, "accelerators", name) and _is_known(catalog, "servers", name)


def _is_known(catalog: Catalog, kind: str, name: str) -> bool:
    try:
        catalog.record(kind, name)
    except UnknownName:
        return False
    except AmbiguousName:
        pass
    return True


def format_hardware(catalog: Catalog, hardware: schema.Hardware) -> str:
    """Hardware as text: ``16 x dgx-a100-640gb`` for 128 accelerators in whole machines."""
    for key in ("accelerator", "server", "instance"):
        name = getattr(hardware, key)
        if name is None:
            continue
        if hardware.count is None:
            return str(name)
        count = hardware.count.value
        each = accelerators_in(catalog, key, name)
        machines = count / each
        if each == 1 or abs(machines - round(machines)) < _WHOLE_MACHINE_TOLERANCE:
            return f"{machines:,.12g} x {name}"
        return f"{count:,.12g} accelerators in {name}"
    return ""


_WHOLE_MACHINE_TOLERANCE = 1e-6
