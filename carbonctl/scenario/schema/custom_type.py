"""Schema types read by a function of ours, so that pydantic builds no schema of their classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_core.core_schema import no_info_plain_validator_function

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core import CoreSchema


class ReadBy:
    """What stands in ``Annotated`` beside a type: its reader, and what editors are told of it."""

    def __init__(self, read: Callable[[Any], Any], form: Callable[[], dict[str, Any]]) -> None:
        self.read, self.form = read, form

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> CoreSchema:
        """The check of one value."""
        return no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, _schema: object, _handler: object) -> dict[str, Any]:
        """Its forms in a file."""
        return self.form()
