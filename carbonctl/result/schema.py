"""JSON Schema of the output of ``-f json``, generated from the records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from carbonctl.result.kinds import KINDS, Kind, commands_of, type_adapter

if TYPE_CHECKING:
    from pydantic_core.core_schema import CoreSchema, NullableSchema, TypedDictSchema

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


class _SchemaGenerator(GenerateJsonSchema):
    """Generator without titles that repeat names, with null as an additional type."""

    def field_title_should_be_set(self, schema: CoreSchema) -> bool:
        """Never, because the title would repeat the key."""
        del schema
        return False

    def typed_dict_schema(self, schema: TypedDictSchema) -> JsonSchemaValue:
        """The schema of a record, without a title."""
        made = super().typed_dict_schema(schema)
        made.pop("title", None)
        return made

    def nullable_schema(self, schema: NullableSchema) -> JsonSchemaValue:
        """``"type": ["number", "null"]`` for simple types, else ``anyOf``."""
        made = super().nullable_schema(schema)
        inner = made.get("anyOf", [{}])[0]
        return {"type": [inner["type"], "null"]} if set(inner) == {"type"} else made


def json_schema() -> dict[str, Any]:
    """JSON Schema of all kinds of results, selected by ``command``."""
    adapters: list[tuple[Kind, Any, TypeAdapter[Any]]] = [
        (kind, "validation", type_adapter(kind)) for kind in KINDS
    ]
    schemas, shared = TypeAdapter.json_schemas(adapters, schema_generator=_SchemaGenerator)
    return {
        "$schema": _DRAFT,
        "title": "What carbonctl -f json prints",
        "description": "Names carry their unit; null is unknown; later versions 1.x only add keys.",
        "type": "object",
        "required": ["schema_version"],
        "allOf": [
            {"if": _kind_condition(kind), "then": schemas[kind, "validation"]} for kind in KINDS
        ],
        "$defs": shared["$defs"],
    }


def _kind_condition(kind: Kind) -> dict[str, Any]:
    """A condition that only results of one kind satisfy."""
    commands = commands_of(kind)
    if not commands:
        return {"not": {"required": ["command"]}}
    return {"properties": {"command": {"enum": list(commands)}}, "required": ["command"]}
