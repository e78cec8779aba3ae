"""One test for a whole table of cases, which lists every case that fails under its name."""

from __future__ import annotations

import copy
import functools
import inspect
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

SHOWN = 2_000  # characters of what is said about one case


def for_each(
    names: str,
    cases: Iterable[object] | Callable[[], Iterable[object]],
    ids: Callable[[object], object] | Iterable[object] | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A decorator that makes one test of a check and a table of cases.

    It is called as ``pytest.mark.parametrize`` is. Each case has a ``tmp_path``, a ``monkeypatch``
    and a copy of plain data of its own; other fixtures are shared by all cases. Use
    ``parametrize`` where a case is a scenario with a set-up of its own.

    Parameters
    ----------
    names
        Parameters of the check that a case fills, divided by commas.
    cases
        One value a case, or a tuple of as many values as there are names; a function that returns
        them where they take long to find, called when the test runs.
    ids
        Name of a case, from the case or one each; its ``repr`` where there is none.
    """
    filled = [name.strip() for name in names.split(",")]
    later = cases if callable(cases) else None
    table = [] if callable(cases) else list(cases)

    def name_cases(table: list[object]) -> list[object]:
        named = [ids(case) for case in table] if callable(ids) else list(ids or map(repr, table))
        assert len(named) == len(table), "one name a case"
        return named

    name_cases(table)

    def decorate(check: Callable[..., None]) -> Callable[..., None]:
        taken = inspect.signature(check).parameters.values()

        @functools.wraps(check)
        def test(**fixtures: object) -> None:
            errors: list[tuple[object, BaseException]] = []
            rows = table if later is None else list(later())
            for place, (name, case) in enumerate(zip(name_cases(rows), rows, strict=True)):
                values = case if len(filled) > 1 else (case,)
                arguments = dict(zip(filled, values, strict=True))
                try:
                    with _own(fixtures, place) as own:
                        check(**arguments, **own)
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - listed below
                    errors.append((name, error))
            if errors:
                raise AssertionError(_listed(errors, len(rows))) from errors[0][1]

        kept = [parameter for parameter in taken if parameter.name not in filled]
        test.__signature__ = inspect.Signature(kept)
        return test

    return decorate


@contextmanager
def _own(fixtures: dict[str, object], place: int) -> Iterator[dict[str, object]]:
    """Fixtures of one case: copies of plain data, an empty folder, patches that end with it."""
    own = {
        name: copy.deepcopy(value) if isinstance(value, dict | list) else value
        for name, value in fixtures.items()
    }
    if "tmp_path" in own:
        own["tmp_path"] = fixtures["tmp_path"] / f"case-{place}"
        own["tmp_path"].mkdir()
    with pytest.MonkeyPatch.context() as patch:
        if "monkeypatch" in own:
            own["monkeypatch"] = patch
        yield own


def _listed(errors: list[tuple[object, BaseException]], total: int) -> str:
    said = [f"{len(errors)} of {total} cases fail"]
    for name, error in errors:
        kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
        said.append(f"* {name}: {kind}{str(error)[:SHOWN]}")
    return "\n".join(said)
