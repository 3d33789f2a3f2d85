"""The published OpenAPI documents allow every request of the adapter."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, get_args

import httpx
import pytest
from jsonschema import Draft4Validator

from student_graph.adapters.answers import records_in
from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.edfi.adapter import EdFi
from student_graph.adapters.edfi.sandbox import DataStandard, EdFiSandbox
from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.harness import run_lookup
from tests.adapters.edfi.openapi import FORMATS, document_of
from tests.adapters.edfi.reference import needs_reference_data
from tests.adapters.edfi.scripted_sandbox import connected
from tests.long_runs import size

FACTS = make_district(60)
LOOKUPS = EdFi.capabilities()
SINCE = {
    Adapter.transportation_by_student: "5.1",
    Adapter.transportation_by_district: "5.1",
    Adapter.section_504_by_student: "6.0",
    Adapter.section_504_by_district: "6.0",
    Adapter.assessment_results_by_school: "4.0",
}
"""The first Data Standard that has a lookup, if it is not the oldest."""
LOOKUPS_OF_ALL_STANDARDS = [lookup for lookup in LOOKUPS if lookup.method not in SINCE]
SANDBOXES = [EdFiSandbox(FACTS, standard) for standard in ("3.3", "4.0", "5.0", "6.0")]
KEYS_PER_LOOKUP = size(2, 20)
"""Keys for which a lookup is run at a time, until some of them have records."""
DIFFERENCES = {
    "academic_records_by_district": "from 5 on an average has a type",
    "academic_records_by_student": "the same as by district",
    "course_grades_by_school": "the same as by section",
    "course_grades_by_section": "3.3 has no current grade; a period has a sequence before 5 and a name from 5 on",
    "course_grades_by_student": "the same as by section",
    "roster_by_district": "5 added preferred names",
}
"""Lookups whose records differ between Data Standards, and why."""
PARSERS: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "number": float,
    "boolean": {"true": True, "false": False}.__getitem__,
}
"""Parser of a parameter by the type of its schema."""


@cache
def published_parameters(resource: str, standard: str) -> dict[str, dict[str, Any]]:
    """The schemas of a resource's query parameters by name."""
    spec = document_of(resource, standard)
    shared = spec["components"]["parameters"]
    parameters: dict[str, dict[str, Any]] = {}
    for declared in spec["paths"][f"/ed-fi/{resource}"]["get"]["parameters"]:
        # Documents 3.3 and 4.0 refer to the offset with an empty reference.
        reference = declared.get("$ref")
        parameter = declared if reference is None else shared.get(reference.rpartition("/")[2] or "offset", {})
        parameters[parameter.get("name", "offset")] = parameter.get("schema", {"type": "integer"})
    return parameters


def request_errors(request: httpx.Request, standard: str) -> list[str]:
    """The errors of a request against the published document."""
    resource = request.url.path.removeprefix("/data/v3/ed-fi/")
    allowed = published_parameters(resource, standard)
    errors = [f"{resource}: no parameter {name}" for name in request.url.params if name not in allowed]
    for name in request.url.params.keys() & allowed.keys():
        schema = allowed[name]
        (text,) = request.url.params.get_list(name)
        value = PARSERS.get(schema["type"], str)(text)
        errors += [
            f"{resource} {name}: {error.message}"
            for error in Draft4Validator(schema, format_checker=FORMATS).iter_errors(value)
        ]
    return errors


async def requests_of(adapter: EdFi, lookup: Lookup, sandbox: EdFiSandbox) -> list[httpx.Request]:
    """The requests for data of a lookup, which must return records and must not fail."""
    sent: list[httpx.Request] = []

    async def record(request: httpx.Request) -> None:
        sent.append(request)

    adapter.http.event_hooks = {"request": [record]}
    keys = sandbox.known_keys(lookup.key_kind)
    has_records = False
    while keys and not has_records:
        batch = await run_lookup(adapter, lookup, keys[:KEYS_PER_LOOKUP], sandbox.arguments())
        keys = keys[KEYS_PER_LOOKUP:]
        assert [error for error in batch.values() if isinstance(error, AdapterError)] == []
        has_records = any(records_in(answer) for answer in batch.values())
    adapter.http.event_hooks = {}

    assert has_records, lookup.name
    return [request for request in sent if "/ed-fi/" in request.url.path]


@needs_reference_data
@pytest.mark.long_run
@pytest.mark.parametrize("standard", get_args(DataStandard)[:: size(4, 1)])
async def test_every_request_matches_the_published_document(standard: DataStandard) -> None:
    """The path, the names of the parameters and the types of their values are those of the document."""
    sandbox = EdFiSandbox(FACTS, standard)
    sent: list[httpx.Request] = []
    async with connected(sandbox) as adapter:
        for lookup in LOOKUPS:
            if standard >= SINCE.get(lookup.method, ""):
                sent += await requests_of(adapter, lookup, sandbox)

    assert sent
    assert [error for request in sent for error in request_errors(request, standard)] == []
    assert {"GET"} == {request.method for request in sent}


@pytest.mark.parametrize(("method", "first"), SINCE.items(), ids=lambda value: getattr(value, "__name__", value))
async def test_a_lookup_is_not_offered_before_its_data_standard(method: LookupMethod, first: str) -> None:
    """With an older standard the lookup fails without a request for data."""
    lookup = lookup_of(method)
    for standard in get_args(DataStandard):
        sandbox = EdFiSandbox(make_district(10), standard)
        async with connected(sandbox) as adapter:
            keys = sandbox.known_keys(lookup.key_kind)[:1]
            if standard >= first:
                assert list(await run_lookup(adapter, lookup, keys, sandbox.arguments())) == keys
            else:
                with pytest.raises(NotOfferedError):
                    await run_lookup(adapter, lookup, keys, sandbox.arguments())
                assert sandbox.requests == ["GET /"]


@pytest.mark.long_run
@pytest.mark.parametrize("lookup", LOOKUPS_OF_ALL_STANDARDS[:: size(4, 1)], ids=lambda lookup: lookup.name)
async def test_records_are_the_same_in_every_data_standard(lookup: Lookup) -> None:
    """Payloads of the same facts in different shapes become equal records."""
    answers = []
    for sandbox in SANDBOXES:
        async with connected(sandbox) as adapter:
            keys = sandbox.known_keys(lookup.key_kind)[:10]
            batch = await run_lookup(adapter, lookup, keys, sandbox.arguments())
            answers.append({key: [values_of(record) for record in records_in(batch[key])] for key in batch})

    assert (lookup.name not in DIFFERENCES) is all(answer == answers[0] for answer in answers)


def values_of(record: Any) -> dict[str, Any]:
    """The attributes of a record, without the vendor's id."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__ if name != "vendor_id"}
