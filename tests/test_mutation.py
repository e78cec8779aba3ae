"""The list of hand-made faults: every one can still be put into the tree as it is."""

from __future__ import annotations

import importlib.util

from scenarios import ROOT

spec = importlib.util.spec_from_file_location("mutation", ROOT / "benchmarks" / "mutation.py")
assert spec is not None
assert spec.loader is not None
mutation = importlib.util.module_from_spec(spec)
spec.loader.exec_module(mutation)


def test_there_are_60_faults_and_each_has_its_place_and_its_tests():
    faults = mutation.load_faults()
    assert len({fault.name for fault in faults}) == len(faults) >= 60
    lost = {fault.name: why for fault in faults if (why := mutation.misplaced(fault)) is not None}
    assert lost == {}, "point benchmarks/mutation.toml at the code again"


def test_a_fault_whose_text_is_gone_is_named():
    gone = mutation.load_faults()[0]._replace(old="no such text")
    assert mutation.misplaced(gone) == f"its text stands 0 times in {gone.file}"
    nowhere = gone._replace(file="carbonctl/nowhere.py")
    assert mutation.misplaced(nowhere) == "carbonctl/nowhere.py is not there"
