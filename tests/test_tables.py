"""A table of cases in one test: all that fail are listed by name, and the fixtures are given."""

from __future__ import annotations

import pytest
from tables import for_each

WORD = ""


def test_every_case_that_fails_is_listed_by_its_name_and_no_other():
    @for_each("size, limit", [(1, 2), (3, 2), (5, 2)], ids=["small", "large", "huge"])
    def check(size, limit):
        assert size < limit

    with pytest.raises(AssertionError) as found:
        check()
    first, *lines = str(found.value).splitlines()
    assert first == "2 of 3 cases fail"
    assert [line for line in lines if line.startswith("* ")] == [
        "* large: assert 3 < 2",
        "* huge: assert 5 < 2",
    ]


def test_an_error_and_a_missing_error_are_listed_too():
    @for_each("number", [0, 1], ids=str)
    def check(number):
        with pytest.raises(KeyError):
            {1: 2}[1 // (1 - number)]

    with pytest.raises(AssertionError) as found:
        check()
    assert "* 0: Failed: DID NOT RAISE" in str(found.value)
    assert "* 1: ZeroDivisionError: " in str(found.value)


def test_tables_may_be_crossed():
    seen = []

    @for_each("left", "ab")
    @for_each("right", [1, 2])
    def check(left, right):
        seen.append((left, right))

    check()
    assert seen == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


def test_cases_of_a_function_are_found_when_the_test_runs():
    asked = []

    def numbers():
        asked.append("numbers")
        return [1, 2]

    @for_each("number", numbers, ids=str)
    def check(number):
        assert number < 2

    assert asked == []
    with pytest.raises(AssertionError, match=r"1 of 2 cases fail\n\* 2: "):
        check()
    assert asked == ["numbers"]


@for_each("word", ["a", "b"])
def test_every_case_has_a_folder_and_patches_of_its_own(word, tmp_path, monkeypatch, configs):
    assert configs.is_dir()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / word).write_text(word, encoding="utf-8")
    assert WORD == ""
    monkeypatch.setitem(globals(), "WORD", word)
    assert word == WORD
