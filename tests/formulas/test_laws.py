"""The house rules of formulas, held by reading them."""

import ast
import importlib
import inspect
import re
import textwrap
from pathlib import Path

from tables import for_each

from carbonctl import formulas
from carbonctl.catalog.read import Catalog
from carbonctl.core.formula import CARDS, FUNCTIONS
from carbonctl.core.naming import unit_of
from carbonctl.formulas import load_all

load_all()
NAMES = sorted(CARDS)
HERE = Path(formulas.__file__).parent
BODY_STATEMENTS = 4
SOURCES = Catalog.open().sources()
each = for_each("name", NAMES, ids=str)


def body(name):
    """Statements of a formula without its docstring."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(FUNCTIONS[name])))
    return tree.body[0].body[1:]


def test_no_two_formulas_have_one_name():
    """A second one would take the card of the first, and trees would be drawn by the wrong one."""
    modules = [ast.parse(path.read_text(encoding="utf-8")) for path in HERE.rglob("*.py")]
    names = [
        node.name
        for module in modules
        for node in module.body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    ]
    assert sorted(names) == NAMES


def literals(statements):
    """Numbers written in statements; the places of a tuple's members are no physics."""
    places = {
        id(node)
        for statement in statements
        for index in ast.walk(statement)
        if isinstance(index, ast.Subscript)
        for node in ast.walk(index.slice)
    }
    for statement in statements:
        for node in ast.walk(statement):
            number = isinstance(node, ast.Constant) and isinstance(node.value, int | float)
            if number and id(node) not in places:
                yield node.value


@each
def test_a_formula_is_named_for_its_quantity_with_its_unit(name):
    card = CARDS[name]
    assert unit_of(card.quantity) == card.unit


@each
def test_a_name_has_no_words_after_its_unit_but_from_what_or_by_what(name):
    quantity = CARDS[name].quantity
    assert name == quantity or re.fullmatch(rf"{quantity}_(from|by)_[a-z_0-9]+", name)


def test_formulas_of_one_quantity_are_siblings_of_one_unit():
    units = {}
    for card in CARDS.values():
        units.setdefault(card.quantity, set()).add(card.unit)
    assert {q: u for q, u in units.items() if len(u) > 1} == {}


@each
def test_parameters_are_by_keyword_and_have_no_defaults(name):
    for parameter in inspect.signature(FUNCTIONS[name]).parameters.values():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.default is inspect.Parameter.empty


@each
def test_a_number_in_a_body_stands_in_the_equation_of_the_card(name):
    # Mathematical constants only: 1 of a complement or a bound, 2 of a square or of multiply and
    # add, 4 of attention or of a circle, 6 of forward and backward (Kaplan et al. 2020).
    # Zero, where a limit is taken, needs no mention.
    found = set(literals(body(name))) - {0}
    assert found <= {1, 2, 4, 6}
    written = {float(text) for text in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", CARDS[name].equation)}
    assert found <= written, f"{name}: {found - written} is not in {CARDS[name].equation}"


def test_literals_are_found_where_they_hide():
    tree = ast.parse("a = 0.92 * x\nreturn_ = sum(p[1:], start=p[0]) * 1e3 ** -2")
    assert set(literals(tree.body)) == {0.92, 1e3, 2}


@each
def test_a_body_is_short_and_has_no_branches(name):
    statements = body(name)
    assert 1 <= len(statements) <= BODY_STATEMENTS
    branches = (ast.If, ast.For, ast.While, ast.Try, ast.With, ast.IfExp)
    assert not [n for s in statements for n in ast.walk(s) if isinstance(n, branches)]


@each
def test_a_body_reads_nothing_but_its_parameters_numpy_and_units(name):
    tree = body(name)
    types = {id(n) for s in tree if isinstance(s, ast.AnnAssign) for n in ast.walk(s.annotation)}
    stored = {
        n.id for s in tree for n in ast.walk(s) if isinstance(n, ast.Name) and id(n) not in types
    } - {"np", "units"}
    assigned = {
        n.id
        for s in tree
        for n in ast.walk(s)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    assert stored - assigned <= {*CARDS[name].parameters, "sum"}


@each
def test_every_parameter_is_used(name):
    used = {n.id for s in body(name) for n in ast.walk(s) if isinstance(n, ast.Name)}
    assert set(CARDS[name].parameters) <= used


@each
def test_a_card_cites_a_source_that_exists(name):
    assert CARDS[name].source in SOURCES


@each
def test_a_docstring_has_a_sentence_parameters_with_units_and_an_example(name):
    text = inspect.getdoc(FUNCTIONS[name])
    sentence, _, rest = text.partition("\n")
    assert sentence.endswith(".")
    assert "Examples\n--------\n>>> " in rest
    section = rest.split("Parameters\n----------\n")[1]
    section = re.split(r"\n\w+\n-+\n", section)[0]
    described = {
        word
        for line in section.splitlines()
        if re.fullmatch(r"\w+(, \w+)*", line)
        for word in line.split(", ")
    }
    assert described == set(CARDS[name].parameters)
    assert re.search(r"\[[^\]]+\]", section)


def test_there_are_formulas_to_hold_to_these_laws():
    assert len(NAMES) >= 90
    assert CARDS.keys() == FUNCTIONS.keys()


def test_a_formula_stands_in_one_file_only():
    homes = {name: function.__module__ for name, function in FUNCTIONS.items()}
    for name, home in homes.items():
        module = importlib.import_module(home)
        assert getattr(module, name).__wrapped__ is FUNCTIONS[name]
