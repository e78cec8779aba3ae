"""The JSON reader: every position, every trap."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables import for_each

from carbonctl.core import strict_json
from carbonctl.core.errors import InputError, Mark

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def scanned(text, mark):
    """The value that starts at a mark, as the standard library reads it."""
    line = "".join(text.splitlines(keepends=True)[mark.line - 1 :])
    return json.JSONDecoder().raw_decode(line[mark.column - 1 :])[0]


@given(values, st.sampled_from([None, 1, 2]))
def test_every_value_and_every_key_stands_where_its_mark_says(value, indent):
    text = json.dumps(value, indent=indent)
    made = strict_json.parse(text.encode(), "x.json")
    assert made.data == value
    marks, keys = made.positions
    paths = dict(strict_json.walk(value))
    assert set(marks) == set(paths)
    for path, item in paths.items():
        assert scanned(text, marks[path]) == item
    for path, mark in keys.items():
        assert scanned(text, mark) == path[-1]


def test_a_path_that_is_not_there_has_the_place_of_what_encloses_it():
    made = strict_json.parse(b'{"a": {"b": 1}}', "x.json")
    assert made.mark(("a", "c", "d")) == Mark("x.json", 1, 7, 1)
    assert made.mark(("a", "b"), key=True) == Mark("x.json", 1, 8, 3)


@for_each(
    "text, code, line, column",
    [
        ('{"a": 1,\n "a": 2}', "CC003", 2, 2),
        ('{"a": {"b": 1, "b": 2}}', "CC003", 1, 16),
        ("[1,\n NaN]", "CC204", 2, 2),
        ('{"a": -Infinity}', "CC204", 1, 7),
        ("[1e400]", "CC204", 1, 2),
        ('{"a" 1}', "CC701", 1, 6),
        ("", "CC007", 1, 1),
        ("[" * 61 + "]" * 61, "CC005", 1, 61),
    ],
)
def test_a_trap_is_an_error_at_its_place(text, code, line, column):
    with pytest.raises(InputError) as caught:
        strict_json.parse(text.encode(), "x.json")
    (problem,) = caught.value.problems
    assert problem.code == code
    assert (problem.mark.line, problem.mark.column) == (line, column)


def test_two_objects_may_hold_the_same_key():
    assert strict_json.parse(b'[{"a": 1}, {"a": 1}]', "x").data == [{"a": 1}, {"a": 1}]
