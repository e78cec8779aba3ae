"""Loading of a scenario: its checked sections, the document, and the hardware data."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from carbonctl.core import files
from carbonctl.core.phase_names import PHASES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.strict_yaml import Document
    from carbonctl.scenario.read.read_scenario import Setting
    from carbonctl.scenario.schema import scenario_file as schema

# command -> the phases that it estimates
PHASES_OF = {"train": PHASES[:3], "infer": PHASES[3:], "lifecycle": PHASES}


class Scenario(NamedTuple):
    """A loaded scenario: its sections, the document with positions, and the hardware data."""

    sections: schema.Scenario
    document: Document
    catalog: Catalog

    @property
    def name(self) -> str:
        """The name of the scenario; empty if it has none."""
        return self.sections.name or ""

    @property
    def has_phases(self) -> bool:
        """Whether the scenario has data, experiments, training or serving."""
        return any(getattr(self.sections, phase) is not None for phase in PHASES)

    @property
    def needs_period(self) -> bool:
        """Whether the scenario has a part that lasts for a period: stored data, or serving."""
        return self.sections.infer is not None or self.sections.data is not None

    def to_dict(self) -> dict[str, Any]:
        """A copy of the keys and values of the scenario as given."""
        data: dict[str, Any] = copy.deepcopy(self.document.data)
        return data

    def __repr__(self) -> str:
        given = [key for key in self.document.data if key not in ("schema", "name")]
        return f"Scenario({self.name!r}: {', '.join(given)})"


def load_scenario(
    source: str | None,
    settings: Sequence[Setting],
    catalog: Catalog,
    *,
    raw: bytes | None = None,
    phases: tuple[str, ...] = PHASES,
    root: str | None = None,
) -> Scenario:
    """The scenario of a file (``-`` for stdin), or of settings only, on the data of a catalog.

    ``raw`` are the bytes of the source, if already read; ``phases`` are those that settings apply
    to; ``root`` is the folder that ``extends`` may read from. Problems of keys and values are
    deferred, so a use case can report them together with problems of meaning.
    """
    from carbonctl.app import file_kind
    from carbonctl.scenario.read.read_scenario import read_scenario

    if source is not None:
        raw = files.read(source, files.MAX_TEXT) if raw is None else raw
        file_kind.check_is_scenario(raw, source)
    sections, document = read_scenario(
        source, settings, catalog, raw, keep=True, phases=phases, root=root
    )
    return Scenario(sections, document, catalog)


def from_document(document: Document, catalog: Catalog) -> Scenario:
    """The scenario of a parsed document, such as that of a saved result."""
    from carbonctl.scenario.read.read_scenario import check_scenario

    return Scenario(check_scenario(document, catalog, keep=True), document, catalog)
