"""The published OpenAPI documents of Ed-Fi: the parameters of a resource, and the schema of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from typing import Any

from jsonschema import Draft4Validator, FormatChecker

from tests.adapters.edfi.reference import SPECIFICATIONS
from tests.adapters.helpers import published_yaml

PAGING_PARAMETERS = {
    "offset",
    "limit",
    "totalCount",
    "minChangeVersion",
    "maxChangeVersion",
    "MinChangeVersion",
    "MaxChangeVersion",
}
FORMATS = FormatChecker(formats=())


@FORMATS.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or date.fromisoformat(value).isoformat() == value


@FORMATS.checks("date-time", raises=ValueError)
def _is_instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def document(name: str) -> dict[str, Any]:
    """The document in a file, by its name without `.yaml`."""
    return published_yaml.load(SPECIFICATIONS / f"{name}.yaml")


def document_of(resource: str, standard: str) -> dict[str, Any]:
    """The document that describes a resource: 5.1 has no document, and transportation is only in that of 6.0."""
    version = "6.0" if resource == "studentTransportations" else "5.0" if standard == "5.1" else standard
    return document(f"resources-ds-{version}")


def _resolved(spec: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = spec
        for part in node["$ref"].removeprefix("#/").split("/"):
            # Documents 3.3 and 4.0 refer to the offset parameter with an empty reference.
            target = target[part] if part else {"name": "offset"}
        node = target
    return node


def filter_names(spec: dict[str, Any], resource: str) -> set[str]:
    """The names of a resource's query parameters, without those for paging."""
    declared = spec["paths"][f"/ed-fi/{resource}"]["get"]["parameters"]
    parameters = [_resolved(spec, parameter) for parameter in declared]
    return {row["name"] for row in parameters if row.get("in", "query") == "query"} - PAGING_PARAMETERS


@cache
def _validator(resource: str, standard: str) -> Draft4Validator:
    spec = document_of(resource, standard)
    response = spec["paths"][f"/ed-fi/{resource}"]["get"]["responses"]["200"]
    return Draft4Validator(strict(spec, response["content"]["application/json"]["schema"]), format_checker=FORMATS)


def strict(spec: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI schema as a JSON Schema that refuses undeclared properties."""
    schema = dict(_resolved(spec, node))
    if schema.pop("nullable", False):
        schema["type"] = [schema["type"], "null"]
    if "items" in schema:
        schema["items"] = strict(spec, schema["items"])
    if "properties" in schema:
        schema["properties"] = {name: strict(spec, inner) for name, inner in schema["properties"].items()}
        schema["additionalProperties"] = False
    return schema


def schema_errors(resource: str, standard: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    """The errors of rows against the schema in the published document."""
    for error in _validator(resource, standard).iter_errors(rows):
        yield f"{resource} {'/'.join(map(str, error.absolute_path))}: {error.message}"
