"""Pydantic types that a plain function validates, so that importing them is fast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_core.core_schema import no_info_plain_validator_function

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core import CoreSchema


class CustomType:
    """Metadata for ``Annotated``: the function that validates a value, and its JSON Schema."""

    def __init__(
        self, validate: Callable[[Any], Any], json_schema: Callable[[], dict[str, Any]]
    ) -> None:
        self.validate, self.json_schema = validate, json_schema

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> CoreSchema:
        """Core schema that calls the validating function."""
        return no_info_plain_validator_function(self.validate)

    def __get_pydantic_json_schema__(self, _schema: object, _handler: object) -> dict[str, Any]:
        """JSON Schema of the forms that the value may have in a file."""
        return self.json_schema()
