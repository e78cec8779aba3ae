"""What a gate judges: a result of one scenario, small while it waits for its turn."""

from __future__ import annotations

import pickle
import zlib
from dataclasses import field
from typing import TYPE_CHECKING, Any, NamedTuple

from carbonctl.app.defaults import DEFAULT_SAMPLES, DEFAULT_SEED
from carbonctl.core.record import record, value_record
from carbonctl.gate.judge import Subject

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.errors import Problem
    from carbonctl.gate.causes import Causes, SavedCauses
    from carbonctl.gate.rules import Limit, Rule

BASES = ("location", "market")


@value_record
class GateOptions:
    """How the files of a gate are read and evaluated."""

    samples: int = DEFAULT_SAMPLES
    seed: int = DEFAULT_SEED
    sets: tuple[str, ...] = ()
    hardware_db: str | None = None
    root: str | None = None
    trust_result: bool = False


@value_record
class Request:
    """What the rules of a policy need of a result.

    ``first`` is the basis of electricity that is reported, ``others`` are those that rules ask for;
    ``limits`` are compared with every draw; ``overlays`` are the folders of hardware data that the
    policy allows.
    """

    first: str | None = None
    others: frozenset[str] = frozenset()
    limits: tuple[Limit, ...] = ()
    overlays: tuple[str, ...] = ()


class Contents(NamedTuple):
    """The large part of a result: its data on each basis, the one reported, and what moves it."""

    bases: dict[str, dict[str, Any]]
    data: dict[str, Any]
    causes: Causes | SavedCauses


class Packed(NamedTuple):
    """Packed contents, as a piece of a larger buffer or as all of it."""

    buffer: bytes | bytearray
    start: int
    stop: int

    def read(self) -> bytes:
        """The piece."""
        return bytes(self.buffer[self.start : self.stop])

    def moved_to(self, buffer: bytearray) -> Packed:
        """The piece at the end of a buffer: many small ones would scatter over the memory."""
        start = len(buffer)
        buffer += self.read()
        return Packed(buffer, start, len(buffer))


@record
class GateInput:
    """One result to be judged. Its contents are packed: a thousand of them wait together."""

    file: str
    name: str
    packed: Packed
    shares_over: dict[Limit, float] = field(default_factory=dict)  # of the draws
    phases_left_out: frozenset[str] = frozenset()
    earlier_name: str = ""  # in its baseline, where that is another
    budget: tuple[Rule, ...] = ()
    warnings: tuple[Problem, ...] = ()
    sources: dict[str, list[str]] = field(default_factory=dict)
    catalog: Catalog | None = None
    path: str = ""  # the file of the scenario, by which a baseline is found
    saved: dict[str, Any] | None = None  # what a saved result said, and what was made of it
    overlay: dict[str, Any] | None = None  # the folder of one's own, and the facts it changed

    @property
    def names(self) -> tuple[str, ...]:
        """The name, and the one in the baseline where that is another."""
        return (self.name, self.earlier_name) if self.earlier_name else (self.name,)

    def contents(self) -> Contents:
        """The contents, unpacked anew at each call."""
        made: Contents = pickle.loads(zlib.decompress(self.packed.read()))  # noqa: S301 - ours
        return made

    def subject(self, contents: Contents) -> Subject:
        """The result as rules see it."""
        return Subject(self.file, self.name, contents.bases, self.shares_over, self.earlier_name)


def pack(contents: Contents) -> Packed:
    """Contents in about a fiftieth of their memory."""
    packed = zlib.compress(pickle.dumps(contents, protocol=5), 1)
    return Packed(packed, 0, len(packed))
