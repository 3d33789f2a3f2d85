"""The JSON Schema of a declaration, with which editors complete and check the file."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookups_of
from student_graph.adapters.rest.declaration.models import Declaration

_MAPPING_TYPES = ["string", "object", "array", "boolean", "integer", "number"]
"""How an attribute may be mapped: by a path, by options or parts, by several paths, or by a constant."""


def declaration_schema() -> dict[str, Any]:
    """Return the schema: the settings of `models`, the records with their attributes, and the names of lookups."""
    schema = Declaration.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Declaration of a vendor for student-graph"
    lookups = lookups_of(Adapter)
    names = {lookup.name: " ".join(lookup.description.split()) for lookup in lookups}
    records = {lookup.record_type.__name__: lookup.record_type for lookup in lookups}
    schema["properties"]["records"] = {
        "type": "object",
        "description": "Where the attributes of each type of record are in a row.",
        "additionalProperties": False,
        "properties": {name: _record_schema(record) for name, record in sorted(records.items())},
    }
    schema["properties"]["lookups"] |= {
        "additionalProperties": False,
        "properties": {
            name: {"$ref": "#/$defs/LookupDeclaration", "description": description}
            for name, description in sorted(names.items())
        },
    }
    return schema


def _record_schema(record: Any) -> dict[str, Any]:
    attributes = [item.name for item in fields(record) if item.name != "fetched"]
    return {
        "type": "object",
        "description": str(record.__doc__).strip().splitlines()[0],
        "additionalProperties": False,
        "properties": {name: {"type": _MAPPING_TYPES} for name in attributes},
    }
