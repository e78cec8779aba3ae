"""Mistakes of keys, values and names come out with those of meaning, and none that only follows.

Faults are injected into every file of ``bad/`` that has mistakes of meaning alone, and into every
bundled scenario, which has none: what comes out is what was there, and the fault.
"""

from __future__ import annotations

import copy
import re
from functools import cache
from pathlib import Path

import pytest
from scenarios import CONFIGS, command_of
from tables import for_each

from carbonctl.app.estimate_scenario import evaluate
from carbonctl.app.load import PHASES_OF, Scenario
from carbonctl.app.plan_hardware import plan_item, plan_refresh
from carbonctl.catalog.read import Catalog
from carbonctl.core.errors import InputError
from carbonctl.core.strict_yaml import Document
from carbonctl.scenario.read.read_scenario import check_scenario, read_scenario
from carbonctl.scenario.read.recovery import UNKNOWN
from carbonctl.scenario.resolve.context import Unresolved, attempt

BAD = Path(__file__).parent / "bad"
CATALOG = Catalog.open()
# what they lack may be there under the name that nobody knows
LACK_A_SECTION = {
    "datacenter-without-power", "evidence-null", "experiments-without-train", "hardware-missing",
    "model-missing", "period-missing", "phase-missing", "refresh-several",
    "refresh-without-section", "refresh-without-site", "several-things-missing", "site-missing",
}  # fmt: skip


def problems(document, command):
    """Every problem that a command finds in a document."""
    try:
        scenario = check_scenario(document, CATALOG, keep=True)
        if command == "refresh":
            plan_refresh(scenario, document, CATALOG)
        elif command == "embodied":
            plan_item(scenario, document, CATALOG)
        else:
            whole, loaded = command == "lifecycle", Scenario(scenario, document, CATALOG)
            evaluate(loaded, PHASES_OF[command], samples=0, seed=1, need_period=whole)
    except InputError as error:
        return set(error.problems)
    return set()


def faults(document):
    """Problems of keys, values and names alone."""
    try:
        check_scenario(document, CATALOG)
    except InputError as error:
        return set(error.problems)
    return set()


def holding(document, data):
    """Other data at the same places."""
    return Document(copy.deepcopy(data), document.marks, document.keys, document.sources)


def at(data, path):
    for step in path:
        data = data[step]
    return data


def paths(value, path=()):
    yield path
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        yield from paths(value[key], (*path, key))


def changed(data, path, change):
    made = copy.deepcopy(data)
    change(at(made, path))
    return made


def unknown_keys(data):
    """One more key in every section."""
    for path in paths(data):
        if isinstance(at(data, path), dict):
            yield path, changed(data, path, lambda section: section.update(zzz=1))


def misspelled(data):
    """Every key with one letter more, in its place."""
    for path in paths(data):
        section = at(data, path)
        for key in section if isinstance(section, dict) else ():
            renamed = {f"{k}x" if k == key else k: v for k, v in section.items()}

            def spell(found, renamed=renamed):
                found.clear()
                found.update(renamed)

            yield (*path, key), changed(data, path, spell)


def wrong_values(data, wrong):
    """Every value replaced by one that stands for nothing."""
    for path in paths(data):
        if path:
            yield path, changed(data, path[:-1], lambda s, k=path[-1]: s.__setitem__(k, wrong))


@cache
def of_meaning(path):
    """A file of the corpus with its command, where all that is wrong with it is its meaning."""
    try:
        document = read_scenario(str(path), (), CATALOG)[1]
    except InputError:
        return None
    text = path.read_text(encoding="utf-8")
    command = re.search(r"^# run: (\w+)", text, re.MULTILINE)
    return document, command[1] if command else "lifecycle"


@cache
def files_of_meaning():
    """Files of the corpus in which all that is wrong is their meaning."""
    return [path for path in sorted(BAD.glob("*.yaml")) if of_meaning(path)]


bad_meaning = for_each("path", files_of_meaning, ids=lambda path: path.stem)


def test_there_are_enough_files_of_meaning_and_of_both_kinds():
    assert len(files_of_meaning()) >= 150
    assert len(list(BAD.glob("both-kinds-*.yaml"))) >= 12


@bad_meaning
def test_an_unknown_key_elsewhere_hides_nothing_and_adds_nothing(path):
    document, command = of_meaning(path)
    before = problems(holding(document, document.data), command)
    assert before
    other = "train" if command in {"embodied", "refresh"} else "refresh"
    for section in ("budget", other):
        after = holding(document, document.data | {section: {"zzz": 1}})
        found = faults(holding(after, after.data))
        assert found
        assert problems(after, command) == before | found, section


@bad_meaning
def test_an_unknown_key_at_the_top_hides_only_that_a_section_is_not_there(path):
    document, command = of_meaning(path)
    before = problems(holding(document, document.data), command)
    after = problems(holding(document, document.data | {"zzz": 1}), command)
    assert {p.message for p in after - before} == {'unknown key "zzz"'}
    hidden = before - after
    assert bool(hidden) == (path.stem in LACK_A_SECTION)


@bad_meaning
def test_no_fault_in_a_file_of_meaning_brings_a_problem_but_its_own(path):
    document, command = of_meaning(path)
    before = problems(holding(document, document.data), command)
    mutants = [*unknown_keys(document.data), *misspelled(document.data)]
    mutants += wrong_values(document.data, -7)
    for where, data in mutants:
        own = faults(holding(document, data))
        found = problems(holding(document, data), command)
        if own:
            assert own <= found <= own | before, where


@for_each("config", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_fault_in_a_valid_scenario_is_the_one_problem(config):
    document, command = read_scenario(str(config), (), CATALOG)[1], command_of(config)
    assert problems(holding(document, document.data), command) == set()
    for where, data in [*unknown_keys(document.data), *misspelled(document.data)]:
        if "ingest" in where[:2] or is_tried(command, where, document.data, data):
            continue  # that of ``ingest`` may hold anything
        assert len(problems(holding(document, data), command)) == 1, where
    for where, data in wrong_values(document.data, {"zzz": 1}):
        if is_tried(command, where, document.data, data):
            continue
        own = faults(holding(document, data))
        if own:
            assert problems(holding(document, data), command) == own, where


TRIED = set()


def is_tried(command, where, data, mutant):
    """Whether another scenario of the command had this fault among the same sections and keys."""
    place = tuple(0 if isinstance(step, int) else step for step in where)
    key = (command, place, *(tuple(shape(d, where[:-1])) for d in (data, mutant)))
    found = key in TRIED
    TRIED.add(key)
    return found


def shape(data, path):
    """The keys of every section on a path, and the kinds of the values of the last one."""
    yield frozenset(data)
    for step in path:
        data = data[step] if isinstance(data, list) or step in data else None
        if data is None:
            return
        yield frozenset(data) if isinstance(data, dict) else len(data)
    items = data.items() if isinstance(data, dict) else enumerate(data)
    yield frozenset((key, type(value)) for key, value in items)


def test_whatever_looks_at_what_is_unknown_gives_up():
    looks = [
        bool, str, float, int, len, hash, iter, repr_of, lambda v: v.value, lambda v: v["key"],
        lambda v: v == 1, lambda v: v > 2, lambda v: 1 + v, lambda v: isinstance(v, str),
        lambda v: v(), lambda v: "key" in v, lambda v: v in {1, 2},
    ]  # fmt: skip
    for look in looks:
        with pytest.raises(Unresolved):
            look(UNKNOWN)
    assert attempt(lambda: UNKNOWN.value) is None


def repr_of(value):
    return f"{value}"


# Whole commands


def test_validate_tells_what_is_wrong_with_a_replacement_and_with_a_life(carbonctl):
    ran = carbonctl("validate", BAD / "both-kinds-refresh-and-life.yaml")
    assert re.findall(r":(\d+:\d+): error\[(\w+)\]", ran.err) == [
        ("8:39", "CC203"),
        ("9:16", "CC206"),
        ("10:29", "CC301"),
    ]


@pytest.mark.parametrize("command", ["compare", "diff"])
def test_two_files_tell_both_kinds_of_both(command, carbonctl):
    names = ("both-kinds-two-sections", "both-kinds-two-runs")
    ran = carbonctl(command, *(BAD / f"{name}.yaml" for name in names), "--samples", "0")
    assert ran.code == 3
    assert [ran.err.count(name) for name in names] == [2, 3]


@pytest.mark.parametrize("command", [("explain",), ("validate",), ("gate", "--samples", "0")])
def test_every_command_that_reads_a_scenario_tells_both_kinds(command, carbonctl):
    ran = carbonctl(command[0], BAD / "both-kinds-two-sections.yaml", *command[1:])
    assert (ran.code, ran.out) == (3, "")
    assert re.findall(r"error\[(\w+)\]", ran.err) == ["CC203", "CC301"]


def test_a_value_from_a_flag_that_has_no_place_is_told_with_what_else_is_wrong(carbonctl):
    path = BAD / "both-kinds-two-sections.yaml"
    ran = carbonctl("lifecycle", path, "--set", "train.tokens.x=1", "--set", "train.mfu=0.4")
    assert re.findall(r"error\[(\w+)\]", ran.err) == ["CC303", "CC301"]
