"""The published OpenAPI documents: what a resource can be asked, and what its rows may hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from typing import Any

import yaml
from jsonschema import Draft4Validator, FormatChecker

from tests.adapters.edfi.reference import SPECIFICATIONS

PAGING = {
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


@cache
def document(name: str) -> dict[str, Any]:
    """A document by its file name, without `.yaml`."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with (SPECIFICATIONS / f"{name}.yaml").open(encoding="utf-8") as text:
        loaded: dict[str, Any] = yaml.load(text, loader)  # noqa: S506 - one of the two safe loaders
    return loaded


def document_of(resource: str, standard: str) -> dict[str, Any]:
    """The document that describes a resource: 5.1 has none, and transportation is first in that of 6.0."""
    version = "6.0" if resource == "studentTransportations" else "5.0" if standard == "5.1" else standard
    return document(f"resources-ds-{version}")


def _resolved(spec: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = spec
        for part in node["$ref"].removeprefix("#/").split("/"):
            # Documents 3.3 and 4.0 refer to the offset parameter by an empty text.
            found = found[part] if part else {"name": "offset"}
        node = found
    return node


def parameters(spec: dict[str, Any], resource: str) -> set[str]:
    """The query parameters of a resource that are no paging."""
    given = spec["paths"][f"/ed-fi/{resource}"]["get"]["parameters"]
    found = [_resolved(spec, parameter) for parameter in given]
    return {one["name"] for one in found if one.get("in", "query") == "query"} - PAGING


@cache
def _validator(resource: str, standard: str) -> Draft4Validator:
    spec = document_of(resource, standard)
    answer = spec["paths"][f"/ed-fi/{resource}"]["get"]["responses"]["200"]
    return Draft4Validator(strict(spec, answer["content"]["application/json"]["schema"]), format_checker=FORMATS)


def strict(spec: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI schema as JSON Schema that refuses properties it does not name."""
    schema = dict(_resolved(spec, node))
    if schema.pop("nullable", False):
        schema["type"] = [schema["type"], "null"]
    if "items" in schema:
        schema["items"] = strict(spec, schema["items"])
    if "properties" in schema:
        schema["properties"] = {name: strict(spec, inner) for name, inner in schema["properties"].items()}
        schema["additionalProperties"] = False
    return schema


def complaints(resource: str, standard: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    """What the published document has against an answer of a collection."""
    for error in _validator(resource, standard).iter_errors(rows):
        yield f"{resource} {'/'.join(map(str, error.absolute_path))}: {error.message}"
