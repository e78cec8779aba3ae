"""The example of every formula gives the number that it prints."""

import doctest
import importlib
import pkgutil

from tables import for_each

import carbonctl.formulas
from carbonctl.core.formula import FUNCTIONS

ROOT = carbonctl.formulas
MODULES = sorted(
    m.name for m in pkgutil.walk_packages(ROOT.__path__, f"{ROOT.__name__}.") if not m.ispkg
)


@for_each("name", MODULES)
def test_the_examples_of_every_formula_file_hold(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, verbose=False)
    assert result.attempted > 0
    assert result.failed == 0


def test_every_formula_file_has_cards_once_all_are_loaded():
    carbonctl.formulas.load_all()
    homes = {function.__module__ for function in FUNCTIONS.values()}
    assert homes == set(MODULES)
