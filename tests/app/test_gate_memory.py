"""A gate keeps no draws and no traces of a file that waits for its turn."""

import gc
import weakref

import numpy as np
from scenarios import CONFIGS

from carbonctl.app.gate_input import GateInput, GateOptions, Request
from carbonctl.app.gate_inputs import load_gate_inputs
from carbonctl.core.fact import Fact
from carbonctl.core.formula import Traced
from carbonctl.gate.rules import Limit

LIMIT = Limit("location", "total_kgco2e", 1.0, 65_000.0)


def held_by(value, seen=None):
    """Everything that can be reached from a value through fields, items and members."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return
    seen.add(id(value))
    yield value
    inside = getattr(value, "__dict__", {}).values() if not isinstance(value, type) else ()
    if isinstance(value, dict):
        inside = (*value.keys(), *value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        inside = value
    for one in inside:
        yield from held_by(one, seen)


def test_what_waits_holds_neither_draws_nor_facts():
    options = GateOptions(samples=200)
    (one,) = load_gate_inputs(
        str(CONFIGS / "lifecycle-chat-7b.yaml"), options, Request(limits=(LIMIT,))
    )
    assert 0.0 < one.shares_over[LIMIT] < 1.0
    reached = [each for each in held_by(one) if not isinstance(each, type(one.catalog))]
    assert not [each for each in reached if isinstance(each, np.ndarray | Traced | Fact)]
    assert len(one.packed.read()) < 60_000


def test_contents_are_unpacked_anew_and_forgotten():
    options = GateOptions(samples=0)
    (one,) = load_gate_inputs(str(CONFIGS / "embodied-8xh100.yaml"), options, Request())
    assert isinstance(one, GateInput)
    contents = one.contents()
    causes = weakref.ref(contents.causes)
    assert one.contents() is not contents
    del contents
    gc.collect()
    assert causes() is None
