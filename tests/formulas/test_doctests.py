"""The example of every formula gives the number that it prints."""

import doctest
import importlib
import pkgutil

from tables import for_each

import carbonctl.formulas
from carbonctl.core.formula import FUNCTIONS

MODULES = sorted(m.name for m in pkgutil.iter_modules(carbonctl.formulas.__path__))


@for_each("name", MODULES)
def test_the_examples_of_every_formula_file_hold(name):
    module = importlib.import_module(f"carbonctl.formulas.{name}")
    result = doctest.testmod(module, verbose=False)
    assert result.attempted > 0
    assert result.failed == 0


def test_every_formula_file_has_cards_once_all_are_loaded():
    carbonctl.formulas.load_all()
    homes = {function.__module__.rpartition(".")[2] for function in FUNCTIONS.values()}
    assert homes == set(MODULES)
