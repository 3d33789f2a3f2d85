"""The published document of the Google Classroom API: its methods, and its schemas as JSON Schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import jsonschema
import pytest

PATH = Path(__file__).parents[4] / "shared" / "data" / "google-classroom" / "classroom.v1.json"
needs_document = pytest.mark.skipif(
    not PATH.is_file(), reason="../shared/data/google-classroom/classroom.v1.json is not there"
)
_JSON_TYPES = {"integer": "integer", "number": "number", "boolean": "boolean", "string": "string"}


class Method(NamedTuple):
    """A method of the API that reads."""

    id: str
    path: re.Pattern[str]
    parameters: dict[str, Any]
    scopes: frozenset[str]
    response: str
    """Name of the schema of its response."""


@cache
def document() -> Any:
    """The document."""
    return json.loads(PATH.read_text())


@cache
def methods() -> list[Method]:
    """All methods that read."""
    return list(_methods(document()["resources"]))


def _methods(resources: dict[str, Any]) -> Iterator[Method]:
    for resource in resources.values():
        for method in resource.get("methods", {}).values():
            if method["httpMethod"] == "GET":
                parts = [
                    "[^/]+" if part.startswith("{") else re.escape(part) for part in method["path"].split("/")
                ]
                parameters = {**document()["parameters"], **method.get("parameters", {})}
                scopes = frozenset(method.get("scopes", ()))
                path = re.compile("/" + "/".join(parts))
                yield Method(method["id"], path, parameters, scopes, method["response"]["$ref"])
        yield from _methods(resource.get("resources", {}))


def method_of(request: str) -> tuple[Method, list[tuple[str, str]]]:
    """The method of a request such as `GET /v1/courses?pageSize=1`, and its parameters."""
    verb, _, address = request.partition(" ")
    path, _, query = address.partition("?")
    assert verb == "GET"
    [method] = [method for method in methods() if method.path.fullmatch(path)]
    return method, parse_qsl(query, keep_blank_values=True)


def problems(name: str, value: Any) -> list[str]:
    """What a value has that a schema of the document does not allow, such as a property that it does not have."""
    schema = {"$ref": f"#/$defs/{name}", "$defs": _definitions()}
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(value)]


@cache
def _definitions() -> dict[str, Any]:
    return {name: _converted(schema) for name, schema in document()["schemas"].items()}


def _converted(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    match schema.get("type"):
        case "object":
            properties = {name: _converted(part) for name, part in schema.get("properties", {}).items()}
            return {"type": "object", "properties": properties, "additionalProperties": False}
        case "array":
            return {"type": "array", "items": _converted(schema["items"])}
        case str(kind):
            enum = {"enum": schema["enum"]} if "enum" in schema else {}
            pattern = {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"} if _is_time(schema) else {}
            return {"type": _JSON_TYPES[kind], **enum, **pattern}
        case _:
            return {}


def _is_time(schema: dict[str, Any]) -> bool:
    return str(schema.get("format")) == "google-datetime"


def properties_of(name: str, mask: dict[str, Any]) -> list[str]:
    """The names in a mask that the schema does not have, each with the schema."""
    properties = document()["schemas"][name].get("properties", {})
    missing = [f"{name}.{key}" for key in mask if key not in properties]
    for key, nested in mask.items():
        part = properties.get(key, {})
        inner = part.get("$ref") or part.get("items", {}).get("$ref")
        if nested and inner:
            missing += properties_of(inner, nested)
        elif nested:
            missing.append(f"{name}.{key} has no parts")
    return missing


def described_row(name: str) -> dict[str, Any]:
    """A row of a schema with a value for each property."""
    return {key: _described_value(schema) for key, schema in document()["schemas"][name]["properties"].items()}


def _described_value(schema: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return described_row(schema["$ref"])
    if schema["type"] == "array":
        return [_described_value(schema["items"])]
    if "enum" in schema:
        return schema["enum"][1]
    if _is_time(schema):
        return "2026-01-15T08:00:00Z"
    return {"integer": 1, "number": 1.5, "boolean": True, "string": "text"}[schema["type"]]
