"""The published documents of OneRoster 1.2: operations with their scopes, and schemas of rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests.adapters.helpers import published_yaml

SHARED = Path(__file__).resolve().parents[4] / "shared"
DATA, RECORDED = SHARED / "data", SHARED / "recorded" / "oneroster12-edfi"
needs_reference_data = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the folder with the reference data does not exist"
)

EDFI, VENDOR = "edfi-oneroster/swagger.yml", "oneroster-1.2-vendor-openapi/timeback-oneroster-openapi.yaml"

FORMATS = FormatChecker(formats=())

_ROLES = ["counselor", "districtAdministrator", "principal", "siteAdministrator", "systemAdministrator"]
"""Roles of the standard that are not in the vendor's document."""
_ONLY_REQUIRED_BY_VENDOR = {
    *("totalCount", "pageCount", "pageNumber", "offset", "limit"),  # next to the collection instead of headers
    "org",  # of an academic session
    "parent",  # of the topmost session or organization, and of an assessment line item, which has another name
    "children",  # of an organization without any
    "agents",  # of a user without any
}
"""Properties that the vendor requires and the standard does not."""
_KEYS_OF_VENDOR = {"terms", "term", "gradingPeriods", "gradingPeriod", "students", "teachers"}
"""Keys of sessions and users in the vendor's document, which are named after the path."""
ONLY_IN_STANDARD = {"assessmentLineItems": {"parentAssessmentLineItem"}}
"""Properties of the standard that are in neither document."""


@FORMATS.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or date.fromisoformat(value).isoformat() == value


@FORMATS.checks("date-time", raises=ValueError)
def _is_instant(value: object) -> bool:
    """Whether a text is an instant, or a date, which the standard has where the vendor has an instant."""
    return not isinstance(value, str) or len(value) == 10 or datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("uri")
def _is_address(value: object) -> bool:
    return not isinstance(value, str) or value.startswith("http://127.0.0.1:")


def document(name: str) -> dict[str, Any]:
    """The document in a file of the reference data."""
    return published_yaml.load(DATA / name)


@cache
def recorded(name: str) -> dict[str, Any]:
    """The recorded request and response with a name."""
    loaded: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


@cache
def published_scopes() -> dict[tuple[str, str], set[str]]:
    """
    The scopes of each operation that reads, by service and path without names in braces.

    A token needs one of the scopes.
    """
    text = (DATA / "oneroster-1.2-operations" / "rest-operations.md").read_text(encoding="utf-8")
    scopes_by_operation = {}
    service = ""
    for line in text.splitlines():
        if line.startswith("## "):
            service = {"Rostering": "rostering", "Resources": "resources"}.get(line[3:], "gradebook")
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 3 and cells[2] == "GET":
            path = anonymous(cells[3].strip("`"))
            scopes_by_operation[service, path] = set(re.findall(r"`([^`]+)`", cells[6]))
    return scopes_by_operation


def anonymous(path: str) -> str:
    """A path without the names of its parameters and without a slash at the end."""
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/")


def schema_errors(source: str, address: str, body: Any) -> Iterator[str]:
    """The errors of a response at an address against a document."""
    validator = _validator(source, anonymous(address))
    required_keys = validator.schema["required"] if source == VENDOR else []
    if _KEYS_OF_VENDOR.issuperset(required_keys):
        body = dict(zip(required_keys, body.values(), strict=False)) or body
    for error in validator.iter_errors(body):
        yield f"{address} {'/'.join(map(str, error.absolute_path))}: {error.message}"


def describes(source: str, address: str) -> bool:
    """Whether a document describes an address."""
    return anonymous(address) in _paths(source)


@cache
def _paths(source: str) -> dict[str, Any]:
    return {anonymous(path): item["get"] for path, item in document(source)["paths"].items() if "get" in item}


@cache
def _validator(source: str, address: str) -> Draft202012Validator:
    answer = _paths(source)[address]["responses"]["200"]["content"]["application/json"]["schema"]
    schema = _tolerant_schema(document(source), answer)
    return Draft202012Validator(schema, format_checker=FORMATS)


def property_names(source: str, address: str) -> set[str]:
    """The properties in a document of the rows of a collection."""
    spec = document(source)
    answer = _paths(source)[anonymous(address)]["responses"]["200"]["content"]["application/json"]["schema"]
    lists = [schema for schema in _resolved(spec, answer)["properties"].values() if schema.get("type") == "array"]
    return set(_resolved(spec, lists[0]["items"])["properties"])


def _resolved(spec: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = spec
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def _tolerant_schema(spec: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """
    A schema as JSON Schema, without the differences between its publisher and the standard.

    Objects without a description may be lists of objects, and subjects always are lists. Booleans may be
    texts, years
    are texts, and properties that may be null may be missing. Sexes may be capitalized.
    """
    schema = dict(_resolved(spec, node))
    if schema.get("type") == "boolean":
        return {"enum": [True, False, "true", "false"]}
    if schema.get("type") == "object" and "properties" not in schema:
        return {"type": ["object", "array", "null"]}
    if "properties" in schema:
        properties = {name: _resolved(spec, schema_of) for name, schema_of in schema["properties"].items()}
        optional = {
            name for name, schema_of in properties.items() if "null" in schema_of.get("type", ())
        } | _ONLY_REQUIRED_BY_VENDOR
        schema["required"] = [name for name in schema.get("required", ()) if name not in optional]
        schema["properties"] = {name: _tolerant_schema(spec, schema_of) for name, schema_of in properties.items()}
        if "schoolYear" in properties and schema["properties"]["schoolYear"].get("type") == "number":
            schema["properties"]["schoolYear"] = {"type": "string", "pattern": "^[0-9]{4}$"}
        if "subjects" in properties:
            schema["properties"]["subjects"] = {"type": "array", "items": {"type": "string"}}
        if "sex" in properties:
            schema["properties"]["sex"] = {"enum": ["male", "female", "Male", "Female"]}
        if "role" in properties:
            schema["properties"]["role"] = {"enum": [*properties["role"].get("enum", ()), *_ROLES]}
    if isinstance(schema.get("items"), dict):
        schema["items"] = _tolerant_schema(spec, schema["items"])
    return schema
