"""One test for each trap of YAML, and where things stand."""

import pytest

from carbonctl.core.errors import InputError
from carbonctl.core.strict_yaml import MAX_BYTES, parse, parse_scalar, read
from carbonctl.core.units import UnitError
from carbonctl.core.units import parse as quantity


def data(text):
    return parse(text.encode(), "f.yaml").data


def refused(raw):
    with pytest.raises(InputError) as caught:
        parse(raw if isinstance(raw, bytes) else raw.encode(), "f.yaml")
    return caught.value.problems


def place(problem):
    return problem.code, problem.mark.line, problem.mark.column


def test_seven_e_nine_and_one_e_three_are_numbers():
    assert data("a: 7e9\nb: 1e3\nc: 1.5E-3") == {"a": 7e9, "b": 1e3, "c": 1.5e-3}
    assert isinstance(data("a: 7e9")["a"], float)


def test_norway_stays_text_and_so_do_yes_and_off():
    assert data("a: NO\nb: yes\nc: off\nd: y") == {"a": "NO", "b": "yes", "c": "off", "d": "y"}


def test_true_and_false_are_the_only_booleans():
    assert data("[true, True, FALSE]") == [True, True, False]


def test_a_time_of_day_stays_text():
    assert data("a: 12:30") == {"a": "12:30"}


def test_a_leading_zero_is_decimal():
    assert data("a: 017") == {"a": 17}


def test_a_date_stays_text():
    assert data("a: 2024-01-31") == {"a": "2024-01-31"}


def test_quotes_keep_a_number_text():
    assert data("a: '7e9'\nb: \"017\"\nc: 'true'") == {"a": "7e9", "b": "017", "c": "true"}


def test_nothing_tilde_and_null_are_unknown():
    assert data("a:\nb: ~\nc: null") == {"a": None, "b": None, "c": None}


@pytest.mark.parametrize("text", [".nan", ".inf", "-.inf", "nan", "inf"])
def test_nan_and_infinity_stay_text(text):
    assert parse_scalar(text) == text


def test_a_number_too_large_for_a_float_is_no_quantity():
    with pytest.raises(UnitError) as caught:
        quantity(parse_scalar("1e999"), "1")
    assert caught.value.code == "CC204"


def test_a_number_of_a_thousand_digits_is_not_computed():
    assert isinstance(parse_scalar("9" * 1_000), str)


def test_a_key_given_twice_is_an_error_that_names_both_lines():
    (problem,) = refused("a: 1\nb: 2\na: 3\n")
    assert place(problem) == ("CC003", 3, 1)
    assert "first on line 1" in problem.message


def test_every_key_given_twice_is_found_in_one_pass():
    found = refused("x:\n  a: 1\n  a: 2\ny:\n  b: 1\n  b: 1\n")
    assert [place(p) for p in found] == [("CC003", 3, 3), ("CC003", 6, 3)]


def test_the_same_key_in_two_mappings_is_no_error():
    assert data("x: {a: 1}\ny: {a: 2}") == {"x": {"a": 1}, "y": {"a": 2}}


@pytest.mark.parametrize(
    "text", ["a: !!python/object/apply:os.system [x]", "a: !!str 5", "a: !mine {b: 1}"]
)
def test_a_tag_is_refused(text):
    assert place(refused(text)[0]) == ("CC004", 1, 4)


def test_a_billion_laughs_are_refused():
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for above, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{above}'] * 10)}]")
    assert refused("\n".join(lines))[-1].code == "CC006"


def test_an_alias_repeats_its_anchor():
    assert data("a: &x {b: 1}\nc: *x") == {"a": {"b": 1}, "c": {"b": 1}}


def test_an_alias_without_an_anchor_or_inside_it_is_refused():
    assert place(refused("a: *x")[0]) == ("CC001", 1, 4)
    assert refused("a: &a [*a]")[0].code == "CC001"


@pytest.mark.parametrize("depth", [41, 400])
def test_a_deep_file_is_refused(depth):
    assert refused("[" * depth + "]" * depth)[0].code == "CC005"


def test_a_hostile_depth_neither_recurses_nor_crashes():
    assert refused("[" * 100_000)[0].code in {"CC001", "CC005"}
    assert refused("a: " + "{a: " * 100_000)[0].code in {"CC001", "CC005"}


def test_forty_levels_are_read():
    assert parse(b"[" * 40 + b"]" * 40, "f").data is not None


def test_a_large_file_is_refused_before_it_is_parsed():
    assert refused(b"#" * (MAX_BYTES + 1))[0].code == "CC005"


def test_a_binary_file_is_refused_where_it_stops_being_text():
    assert place(refused(b"\x89PNG\r\n\x1a\n\x00")[0]) == ("CC002", 1, 1)
    assert place(refused(b"a: 1\nb: caf\xe9\n")[0]) == ("CC002", 2, 7)


def test_a_nul_is_refused_at_its_place():
    assert place(refused(b"a: 1\nb: x\x00y\n")[0]) == ("CC002", 2, 5)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n"])
def test_an_empty_file_is_refused(text):
    assert place(refused(text)[0]) == ("CC007", 1, 1)


def test_a_second_document_is_refused():
    assert place(refused("a: 1\n---\nb: 2\n")[0]) == ("CC001", 2, 1)


def test_one_document_may_be_marked():
    assert data("---\na: 1\n...\n") == {"a": 1}


def test_a_byte_order_mark_is_no_part_of_the_first_key():
    assert data("\ufeffa: 1") == {"a": 1}


def test_a_key_that_is_a_list_is_refused():
    assert refused("[1, 2]: 3")[0].code == "CC001"


def test_a_key_that_looks_like_a_number_or_a_boolean_is_text():
    assert data("1: a\nNO: b\ntrue: c") == {"1": "a", "NO": "b", "true": "c"}


def test_broken_syntax_is_placed():
    (problem,) = refused("a: 1\nb: [1, 2\nc: 3\n")
    assert problem.code == "CC001"
    assert problem.mark.line == 3


def test_positions_are_kept_from_one_for_values_and_keys():
    doc = parse(b"# comment\ntrain:\n  tokens: 2T\n  runs: [a, bc]\n", "f.yaml")
    value, key = doc.mark(("train", "tokens")), doc.mark(("train", "tokens"), key=True)
    assert (value.line, value.column, value.length) == (3, 11, 2)
    assert (key.line, key.column, key.length) == (3, 3, 6)
    item = doc.mark(("train", "runs", 1))
    assert (item.line, item.column, item.length) == (4, 13, 2)


def test_what_is_not_written_stands_at_the_section_around_it():
    doc = parse(b"train:\n  tokens: 2T\n", "f.yaml")
    assert doc.mark(("train", "power", "value")) == doc.mark(("train",))
    assert str(doc.mark(("train", "tokens"))) == "f.yaml:2:11"


def test_the_lines_of_a_bad_file_come_with_the_error():
    with pytest.raises(InputError) as caught:
        parse(b"a: 1\na: 2\n", "f.yaml")
    assert caught.value.sources == {"f.yaml": ["a: 1", "a: 2"]}


def test_a_file_that_is_not_there_is_an_input_error(tmp_path):
    with pytest.raises(InputError) as caught:
        read(tmp_path / "none.yaml")
    assert caught.value.problems[0].code == "CC008"


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InputError) as caught:
        read(tmp_path)
    assert caught.value.problems[0].code == "CC008"
