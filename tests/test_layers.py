"""The house rules of the code as a whole: who may import whom, and how long things may be."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

from tables import for_each

import carbonctl

PACKAGE = Path(carbonctl.__file__).parent
ROOT = PACKAGE.parent
FILES = sorted(PACKAGE.rglob("*.py"))
LEVELS = {
    "core": 0, "formulas": 1, "plan": 2, "catalog": 3, "estimate": 3, "scenario": 4, "study": 4,
    "imports": 4, "verify": 5, "gate": 5, "report": 6, "app": 7, "cli": 8, "__main__": 9,
    "__init__": 9, "result": 1,
}  # fmt: skip
MAX_LINES = 450
MAX_BODY = 55
MAX_STATEMENTS = 28
HEAVY = ("pandas", "pint", "hypothesis", "rich", "carbonctl.result")
each_file = for_each("path", FILES, ids=lambda p: p.relative_to(PACKAGE))


def room(path):
    """The layer that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def parsed(path):
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def guarded(tree):
    """Nodes under ``if TYPE_CHECKING``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for statement in node.body:
                yield from ast.walk(statement)


@cache
def imports(path):
    """Every module that a file imports, anywhere in it, and whether for types alone."""
    return tuple(_imports(parsed(path)))


def _imports(tree):
    for_types = {id(node) for node in guarded(tree)}
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            yield name, id(node) in for_types


def at_start(tree):
    """Nodes that run when the module is imported."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
            yield from at_start(node)


def users(library):
    return {
        room(path) for path in FILES for name, _ in imports(path) if name.split(".")[0] == library
    }


@each_file
def test_imports_go_down_only(path):
    own = room(path)
    for name, for_types in imports(path):
        parts = name.split(".")
        if parts[0] != "carbonctl" or parts[1] not in LEVELS or parts[1] == own:
            continue
        below = LEVELS[parts[1]] < LEVELS[own]
        beside = for_types and LEVELS[parts[1]] == LEVELS[own]
        assert below or beside, f"{own} imports {name}"


def test_every_folder_of_the_package_has_a_level():
    assert {room(path) for path in FILES} == set(LEVELS)


def test_use_cases_write_nothing():
    for path in FILES:
        if room(path) == "app":
            text = path.read_text(encoding="utf-8")
            words = ("sys.stdout", "sys.stderr", "print(", "emit(")
            said = [word for word in words if word in text]
            assert said == [], path


def test_records_of_a_result_depend_on_core_alone():
    rooms = {
        name.split(".")[1]
        for path in FILES
        if room(path) == "result"
        for name, _ in imports(path)
        if name.startswith("carbonctl.")
    }
    assert rooms <= {"core", "result"}


def test_only_report_and_cli_know_rich():
    assert users("rich") <= {"report", "cli"}
    assert "report" in users("rich")


def test_only_cli_knows_typer():
    assert users("typer") == {"cli"}


def test_pydantic_stays_out_of_the_maths():
    assert users("pydantic") == {"scenario", "result"}


def test_pint_is_an_oracle_of_tests_alone():
    assert users("pint") == users("hypothesis") == set()


def test_formulas_and_estimates_read_no_files():
    banned = {"pathlib", "os", "io", "csv", "json", "yaml", "sys", "subprocess"}
    for path in FILES:
        if room(path) in {"formulas", "estimate"}:
            found = {name.split(".")[0] for name, for_types in imports(path) if not for_types}
            assert found & banned == set(), path


# layers that have a module of the same name about one thing: its estimate, its use case, its
# command, its record, its text
ONE_THING = {
    "compare": ["app", "cli", "result", "study"],
    "diff": ["app", "cli", "result"],
    "difference": ["report", "study"],
    "errors": ["core", "report"],
    "explain": ["app", "cli", "report"],
    "facts": ["report", "result"],
    "gate": ["app", "cli", "report", "result"],
    "infer": ["cli", "estimate"],
    "lifecycle": ["cli", "estimate"],
    "places": ["app", "catalog"],
    "refresh": ["app", "cli", "estimate", "report", "result", "study"],
    "train": ["cli", "estimate"],
    "verify": ["app", "cli", "report", "result"],
}
# layers that have a module of the same name about different things, until one is renamed
TWO_THINGS = {
    "check": ["catalog", "result"],  # rules of hardware data; how a saved result fits its record
    "hardware": ["app", "estimate"],  # records that are listed; embodied carbon of a machine
    "machine": ["report", "scenario"],  # forms for programs; what the work runs on
    "numbers": ["imports", "report"],  # numbers as logs write them; numbers for people
    "record": ["catalog", "core", "report"],  # of hardware data, and its text; a kind of dataclass
    "rules": ["catalog", "gate"],  # of an accelerator's figures; of a policy
    "training_runs": ["scenario", "verify"],  # of a scenario; published ones
}


def are_halves(rooms):
    """A use case and its command, or a formula and the estimate or plan that uses it."""
    return rooms in (["app", "cli"], ["estimate", "formulas"], ["formulas", "plan"])


def test_a_name_stands_for_one_thing():
    """A new module is named for its subject, or is one more layer of the thing it is named for."""
    rooms = {}
    for path in FILES:
        if path.stem != "__init__":
            rooms.setdefault(path.stem, []).append(room(path))
    twice = {name: sorted(where) for name, where in rooms.items() if len(where) > 1}
    found = {name: where for name, where in twice.items() if not are_halves(where)}
    assert found == ONE_THING | TWO_THINGS


RECORDS = {
    "bom", "inputs", "replacement_inputs", "sample_inputs", "service", "training_run",
    "work_inputs",
}  # fmt: skip


def test_scenario_reads_facts_and_computes_nothing():
    found = set()
    for path in FILES:
        for name, for_types in imports(path) if room(path) == "scenario" else ():
            parts = name.split(".")
            computes = parts[1:2] == ["formulas"] or (
                parts[1:2] == ["estimate"] and not RECORDS & set(parts[2:4])
            )
            if parts[0] == "carbonctl" and computes and not for_types:
                found.add(path.stem)
    assert found == set()


@each_file
def test_pandas_is_never_imported_at_start_up(path):
    for node in at_start(parsed(path)):
        if isinstance(node, ast.Import):
            assert not any(alias.name.split(".")[0] == "pandas" for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] != "pandas"


def test_a_json_answer_loads_nothing_heavy():
    scenario = str(ROOT / "configs" / "train-llama-3.1.yaml")
    code = (
        "import sys; from carbonctl.cli.app import run; "
        f"code = run(['train', '-f', 'json', {scenario!r}]); "
        f"found = [name for name in {HEAVY!r} if name in sys.modules]; "
        "sys.stderr.write(f'{code} {found}')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.startswith("{")
    assert done.stderr.endswith("0 []")


@each_file
def test_a_file_is_at_most_450_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@each_file
def test_a_function_does_few_things(path):
    # The formatter spreads a call with many keywords over many lines: lines alone say little.
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            code = node.body[1:] if ast.get_docstring(node) else node.body
            where = f"{path}:{node.lineno} {node.name}"
            statements = [n for part in code for n in ast.walk(part) if isinstance(n, ast.stmt)]
            assert len(statements) <= MAX_STATEMENTS, where
            if code:
                assert code[-1].end_lineno - code[0].lineno + 1 <= MAX_BODY, where
