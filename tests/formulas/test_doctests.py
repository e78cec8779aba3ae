"""The example of every formula gives the number that it prints."""

import doctest
import importlib
import pkgutil

import pytest

import carbonctl.formulas

MODULES = sorted(m.name for m in pkgutil.iter_modules(carbonctl.formulas.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_every_formula_file_hold(name):
    module = importlib.import_module(f"carbonctl.formulas.{name}")
    result = doctest.testmod(module, verbose=False)
    assert result.attempted > 0
    assert result.failed == 0


def test_every_formula_file_is_imported_by_the_package():
    assert sorted(carbonctl.formulas.__all__) == MODULES
