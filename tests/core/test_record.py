"""A record is set once, takes each field once, and is replaced like any dataclass."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, field, fields, replace

import pytest

from carbonctl.core.record import record, value_record


@record
class Pair:
    left: int
    right: int = 2
    rest: dict[str, int] = field(default_factory=dict)


@value_record
class Place:
    name: str
    line: int = 1


def test_fields_come_by_place_or_by_name_with_their_defaults():
    one = Pair(1)
    assert (one.left, one.right, one.rest) == (1, 2, {})
    assert one.rest is not Pair(1).rest
    assert [f.name for f in fields(one)] == ["left", "right", "rest"]
    assert replace(one, right=3).right == 3


@pytest.mark.parametrize(
    ("values", "named"), [((), {}), ((1,), {"left": 1}), ((1, 2, {}, 4), {}), ((1,), {"wrong": 1})]
)
def test_a_field_that_is_lacking_unknown_or_given_twice_is_refused(values, named):
    with pytest.raises(TypeError, match="Pair"):
        Pair(*values, **named)


def test_a_record_is_set_once_and_equal_to_itself_alone():
    one = Pair(1)
    with pytest.raises(FrozenInstanceError):
        one.left = 2
    with pytest.raises(FrozenInstanceError):
        del one.left
    assert one == one  # noqa: PLR0124 - by identity
    assert one != Pair(1)
    assert len({one, Pair(1)}) == 2


def test_a_compared_record_equals_another_of_the_same_fields_in_whatever_order_they_were_given():
    one, same = Place("a", line=2), Place(line=2, name="a")
    assert one == same
    assert len({one, same}) == 1
    assert one != Place("a")
    assert one != ("a", 2)
    assert repr(one) == "Place(name='a', line=2)"
    with pytest.raises(FrozenInstanceError):
        one.line = 3
