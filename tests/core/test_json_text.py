"""JSON text is that of the standard library, to the byte."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbonctl.core.json_text import indented_json

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
DATA = st.recursive(
    SCALARS.filter(lambda value: value not in (math.inf, -math.inf)),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
)


@given(DATA)
def test_the_text_is_that_of_the_standard_library(data):
    assert indented_json(data) == json.dumps(data, indent=2, ensure_ascii=False)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused(value):
    for data in (value, [value], {"a": [1, {"b": value}]}):
        with pytest.raises(ValueError, match="no number of JSON"):
            indented_json(data)
