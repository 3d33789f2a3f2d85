"""Every request of the adapter is one that the published OpenAPI documents allow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import httpx
import pytest
from jsonschema import Draft4Validator

from student_graph.adapters.contract import Adapter
from student_graph.adapters.edfi.adapter import EdFi
from student_graph.adapters.edfi.sandbox import DataStandard, EdFiSandbox
from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.model import StudentId
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.asking import ask, records_of
from tests.adapters.edfi.published import FORMATS, document_of
from tests.adapters.edfi.reference import needs_shared
from tests.adapters.edfi.scripted import connected

FACTS = make_district(60)
LOOKUPS = EdFi.capabilities()
IN_ALL_STANDARDS = [each for each in LOOKUPS if each.method is not Adapter.transportation_by_student]
DIFFERENT = {
    "academic_records_by_student": "averages have a type from 5 on",
    "course_grades_by_section": "3.3 knows no current grade; periods have a sequence before 5, a name from 5 on",
    "course_grades_by_student": "likewise",
    "roster_by_district": "preferred names came with 5",
}
"""Lookups that tell more or less in one Data Standard than in another, and why."""
READ: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "number": float,
    "boolean": {"true": True, "false": False}.__getitem__,
}
"""How the text of a parameter is read, by the type of its schema."""


def published(resource: str, standard: str) -> dict[str, dict[str, Any]]:
    """The query parameters of a resource, each with its schema."""
    spec = document_of(resource, standard)
    shared = spec["components"]["parameters"]
    found: dict[str, dict[str, Any]] = {}
    for given in spec["paths"][f"/ed-fi/{resource}"]["get"]["parameters"]:
        # Documents 3.3 and 4.0 refer to the offset by an empty text.
        reference = given.get("$ref")
        parameter = given if reference is None else shared.get(reference.rpartition("/")[2] or "offset", {})
        found[parameter.get("name", "offset")] = parameter.get("schema", {"type": "integer"})
    return found


def complaints(request: httpx.Request, standard: str) -> list[str]:
    """What the published document has against a request."""
    resource = request.url.path.removeprefix("/data/v3/ed-fi/")
    allowed = published(resource, standard)
    found = [f"{resource}: no parameter {name}" for name in request.url.params if name not in allowed]
    for name in request.url.params.keys() & allowed.keys():
        schema = allowed[name]
        (text,) = request.url.params.get_list(name)
        value = READ.get(schema["type"], str)(text)
        found += [
            f"{resource} {name}: {e.message}"
            for e in Draft4Validator(schema, format_checker=FORMATS).iter_errors(value)
        ]
    return found


async def requests_of(adapter: EdFi, lookup: Lookup, sandbox: EdFiSandbox) -> list[httpx.Request]:
    """The requests for data that a lookup takes; it must find something, and fail for nobody."""
    sent: list[httpx.Request] = []

    async def keep(request: httpx.Request) -> None:
        sent.append(request)

    adapter.http.event_hooks = {"request": [keep]}
    told = await ask(adapter, lookup, sandbox.known_keys(lookup.key_kind), sandbox.arguments())
    adapter.http.event_hooks = {}

    assert [error for error in told.values() if isinstance(error, AdapterError)] == []
    assert [answer for answer in told.values() if records_of(answer)], lookup.name
    return [request for request in sent if "/ed-fi/" in request.url.path]


@needs_shared
@pytest.mark.parametrize("standard", get_args(DataStandard))
async def test_every_request_is_one_that_is_published(standard: DataStandard) -> None:
    """Path, parameter names and the types of their values, for every lookup that finds something."""
    sandbox = EdFiSandbox(FACTS, standard)
    sent: list[httpx.Request] = []
    async with connected(sandbox) as adapter:
        for lookup in LOOKUPS:
            if lookup in IN_ALL_STANDARDS or standard == "5.1":
                sent += await requests_of(adapter, lookup, sandbox)

    assert sent
    assert [complaint for request in sent for complaint in complaints(request, standard)] == []
    assert {"GET"} == {request.method for request in sent}


@pytest.mark.parametrize("standard", ["3.3", "4.0", "5.0"])
async def test_transportation_is_not_asked_for_where_there_is_none(standard: DataStandard) -> None:
    """It came with Data Standard 5.1: before, nothing is asked and the answer says so."""
    sandbox = EdFiSandbox(make_district(10), standard)
    async with connected(sandbox) as adapter:
        with pytest.raises(NotOfferedError):
            await adapter.transportation_by_student([StudentId("1")])

    assert sandbox.requests == ["GET /"]


@pytest.mark.parametrize("lookup", IN_ALL_STANDARDS, ids=lambda each: each.name)
async def test_standards_tell_the_same_of_the_same_district(lookup: Lookup) -> None:
    """What a Data Standard has another shape for is one record in the graph."""
    answers = []
    for sandbox in (EdFiSandbox(FACTS, "3.3"), EdFiSandbox(FACTS, "4.0"), EdFiSandbox(FACTS, "5.0")):
        async with connected(sandbox) as adapter:
            keys = sandbox.known_keys(lookup.key_kind)[:10]
            told = await ask(adapter, lookup, keys, sandbox.arguments())
            answers.append({key: [vars_of(record) for record in records_of(told[key])] for key in told})

    assert (lookup.name not in DIFFERENT) is all(answer == answers[0] for answer in answers)


def vars_of(record: Any) -> dict[str, Any]:
    """What a record tells, without the vendor's id of it."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__ if name != "vendor_id"}
