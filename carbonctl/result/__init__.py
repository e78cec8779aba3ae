"""Records of everything that ``-f json`` prints; the JSON Schema is generated from them.

A record is a ``TypedDict``: a result stays plain data, and mypy checks its keys in the code that
writes and reads it. Within one ``schema_version`` keys are only added, as ``NotRequired``, because
older saved results lack them. A reader ignores unknown keys.

Other modules import these records for type checking only. Pydantic uses them to check a saved
result (``check``) and to generate the schema (``schema``).
"""
