"""The published OneRoster 1.2 documents: operations with scopes, and what rows may hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

SHARED = Path(__file__).resolve().parents[4] / "shared"
DATA, RECORDED = SHARED / "data", SHARED / "recorded" / "oneroster12-edfi"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the reference data are not at hand")

EDFI, VENDOR = "edfi-oneroster/swagger.yml", "oneroster-1.2-vendor-openapi/timeback-oneroster-openapi.yaml"

FORMATS = FormatChecker(formats=())

_ROLES = ["counselor", "districtAdministrator", "principal", "siteAdministrator", "systemAdministrator"]
"""Roles of the standard that the vendor's document does not know."""
_VENDORS_OWN = {
    *("totalCount", "pageCount", "pageNumber", "offset", "limit"),  # beside the collection, in place of headers
    "org",  # of an academic session
    "parent",  # of the topmost session or organization, and of an assessment line item, which has another name
    "children",  # of an organization without any
    "agents",  # of a user without any
}
"""Properties that the vendor requires and the standard does not."""
_VENDORS_KEYS = {"terms", "term", "gradingPeriods", "gradingPeriod", "students", "teachers"}
"""What the vendor puts academic sessions and users under, here and there: it names them after the path."""
STANDARDS_OWN = {"assessmentLineItems": {"parentAssessmentLineItem"}}
"""Properties of the standard that neither document names."""


@FORMATS.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or date.fromisoformat(value).isoformat() == value


@FORMATS.checks("date-time", raises=ValueError)
def _is_instant(value: object) -> bool:
    """An instant; or a day, which the standard has where the vendor has an instant."""
    return not isinstance(value, str) or len(value) == 10 or datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("uri")
def _is_address(value: object) -> bool:
    return not isinstance(value, str) or value.startswith("http://127.0.0.1:")


@cache
def document(name: str) -> dict[str, Any]:
    """A document by its file below the reference data."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with (DATA / name).open(encoding="utf-8") as text:
        loaded: dict[str, Any] = yaml.load(text, loader)  # noqa: S506 - one of the two safe loaders
    return loaded


@cache
def recorded(name: str) -> dict[str, Any]:
    """A recorded exchange by its name."""
    loaded: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


@cache
def published_scopes() -> dict[tuple[str, str], set[str]]:
    """Service and path of each reading operation, names in braces left out, to the scopes any of which will do."""
    text = (DATA / "oneroster-1.2-operations" / "rest-operations.md").read_text(encoding="utf-8")
    found = {}
    service = ""
    for line in text.splitlines():
        if line.startswith("## "):
            service = {"Rostering": "rostering", "Resources": "resources"}.get(line[3:], "gradebook")
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 3 and cells[2] == "GET":
            path = anonymous(cells[3].strip("`"))
            found[service, path] = set(re.findall(r"`([^`]+)`", cells[6]))
    return found


def anonymous(path: str) -> str:
    """A path without the names of its parameters, nor a slash at its end."""
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/")


def complaints(source: str, address: str, body: Any) -> Iterator[str]:
    """What a document has against an answer at an address, names in braces as in the sandbox."""
    validator = _validator(source, anonymous(address))
    wanted = validator.schema["required"] if source == VENDOR else []
    if _VENDORS_KEYS.issuperset(wanted):
        body = dict(zip(wanted, body.values(), strict=False)) or body
    for error in validator.iter_errors(body):
        yield f"{address} {'/'.join(map(str, error.absolute_path))}: {error.message}"


def has(source: str, address: str) -> bool:
    """Whether a document describes an address."""
    return anonymous(address) in _paths(source)


@cache
def _paths(source: str) -> dict[str, Any]:
    return {anonymous(path): item["get"] for path, item in document(source)["paths"].items() if "get" in item}


@cache
def _validator(source: str, address: str) -> Draft202012Validator:
    answer = _paths(source)[address]["responses"]["200"]["content"]["application/json"]["schema"]
    schema = _tolerant(document(source), answer)
    return Draft202012Validator(schema, format_checker=FORMATS)


def named(source: str, address: str) -> set[str]:
    """The properties that a document names for the rows at the address of a collection."""
    spec = document(source)
    answer = _paths(source)[anonymous(address)]["responses"]["200"]["content"]["application/json"]["schema"]
    lists = [one for one in _resolved(spec, answer)["properties"].values() if one.get("type") == "array"]
    return set(_resolved(spec, lists[0]["items"])["properties"])


def _resolved(spec: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = spec
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def _tolerant(spec: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """
    A schema as JSON Schema, with what its publisher added to the standard taken back.

    Objects that are not described may be lists of such, and subjects always are; booleans may be texts; years are
    texts; what may be null may be left out; the sexes are written small in one document and large in the other.
    """
    schema = dict(_resolved(spec, node))
    if schema.get("type") == "boolean":
        return {"enum": [True, False, "true", "false"]}
    if schema.get("type") == "object" and "properties" not in schema:
        return {"type": ["object", "array", "null"]}
    if "properties" in schema:
        properties = {name: _resolved(spec, one) for name, one in schema["properties"].items()}
        optional = {name for name, one in properties.items() if "null" in one.get("type", ())} | _VENDORS_OWN
        schema["required"] = [name for name in schema.get("required", ()) if name not in optional]
        schema["properties"] = {name: _tolerant(spec, one) for name, one in properties.items()}
        if "schoolYear" in properties and schema["properties"]["schoolYear"].get("type") == "number":
            schema["properties"]["schoolYear"] = {"type": "string", "pattern": "^[0-9]{4}$"}
        if "subjects" in properties:
            schema["properties"]["subjects"] = {"type": "array", "items": {"type": "string"}}
        if "sex" in properties:
            schema["properties"]["sex"] = {"enum": ["male", "female", "Male", "Female"]}
        if "role" in properties:
            schema["properties"]["role"] = {"enum": [*properties["role"].get("enum", ()), *_ROLES]}
    if isinstance(schema.get("items"), dict):
        schema["items"] = _tolerant(spec, schema["items"])
    return schema
