"""Records of everything that ``-f json`` prints; the JSON Schema is generated from them.

A record is a ``TypedDict``: a result stays plain data, and mypy checks its keys where it is made
and where it is read. Keys are only added within one ``schema_version``, as ``NotRequired`` ones,
for results saved before lack them. A reader ignores keys that it does not know.

Modules that make or print a result import these records for types alone: pydantic reads them
only to check a saved result (``check``) and to print the schema (``schema``).
"""
