"""Every id that a server has is taken back: a `sourcedId` is any text of up to 255 characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.testing.harness import run_lookup
from tests.adapters.oneroster.scripted_sandbox import ScriptedSandbox, connected
from tests.long_runs import size

PLAIN_ID = "PLAIN"
IDS = [
    "994:1001", "2026 ALG 1", "_TCH_994", "a/b", "ä1", "日本", "e\u0301", "O'Neil", "a'b/c", "''", '"', ".", "..",
    "../x", "a.", "a ", " a", "-", "@x", "a\\b", "a%2Fb", "100%", "a?limit=1", "a#b", "a;b", "a&b=c", "a+b", "a,b",
    "{}", "{0}", "*", "x" * 255,
]  # fmt: skip
WAYS = ("filters", "lists below objects", "complete lists")
CASES = [
    case for number, case in enumerate((text, way) for text in IDS for way in WAYS) if number % size(4, 1) == 0
]
LOOKUPS: Sequence[Any] = (
    Adapter.sections_by_id,
    Adapter.courses_by_section,
    Adapter.section_enrollments_by_section,
    Adapter.section_staff_by_section,
    Adapter.assignment_work_by_section,
    Adapter.section_enrollments_by_student,
    Adapter.assignment_work_by_student,
    Adapter.demographics_by_student,
    Adapter.students_by_id,
    Adapter.section_staff_by_staff,
    Adapter.assessment_results_by_student,
    Adapter.assessments_by_id,
)
OBJECTS = {"classes": "class", "students": "user", "demographics": "demographics"}
"""Keys of objects in responses; those of others are the name of the list without its last letter."""


def district(text: str) -> dict[str, list[dict[str, Any]]]:
    """A class with its course and people and what they have, all with one id; and three other classes."""
    others = [_rows(f"{number}") for number in range(3)]
    years = [
        {"sourcedId": "Y", "title": "2027", "type": "schoolYear", "startDate": "2026-08-20", "schoolYear": 2027}
    ]
    lists = {name: rows + [row for other in others for row in other[name]] for name, rows in _rows(text).items()}
    school = {"sourcedId": "S", "name": "Maple High", "type": "school"}
    return {"orgs": [school], "schools": [school], "academicSessions": years, **lists}


def _rows(text: str) -> dict[str, list[dict[str, Any]]]:
    own = {"sourcedId": text}
    teacher = {"sourcedId": f"T{text}"}
    school = {"sourcedId": "S"}
    student = own | {"givenName": "Ada", "roles": [{"role": "student", "org": school}]}
    taught = own | {"school": school, "course": own, "terms": [{"sourcedId": "Y"}]}
    return {
        "courses": [own | {"title": "Algebra"}],
        "classes": [taught],
        "users": [student, teacher | {"roles": [{"role": "teacher", "org": school}]}],
        "students": [student],
        "demographics": [own | {"birthDate": "2011-05-01"}],
        "enrollments": [
            own | {"user": own, "class": own, "school": school, "role": "student"},
            teacher | {"user": teacher, "class": own, "school": school, "role": "teacher"},
        ],
        "lineItems": [own | {"class": own, "title": "Essay"}],
        "results": [own | {"lineItem": own, "student": own, "class": own, "score": 7}],
        "assessmentLineItems": [own | {"title": "Test"}],
        "assessmentResults": [own | {"assessmentLineItem": own, "student": own, "score": 7}],
    }


class SmallServer(ScriptedSandbox):
    """Serves objects by id and complete lists; one server also filters, another has lists below objects."""

    def __init__(self, text: str, *, way: str) -> None:
        super().__init__(district(text))
        self.way = way

    async def _respond(self, request: Request) -> Response:
        # Starlette reads an encoded slash as a slash, as many servers do: then there are more parts.
        name, *parts = request.path_params["path"].split("/")
        rows = self.bodies.get(name, [])
        if len(parts) == 1:
            row = next((row for row in rows if row["sourcedId"] == parts[0]), None)
            return JSONResponse({OBJECTS.get(name, name.removesuffix("s")): row}, 200 if row else 404)
        if parts:
            *_, parent, name = parts
            if self.way != "lists below objects" or name not in {"enrollments", "lineItems", "results"}:
                return JSONResponse({}, 404)
            rows = [row for row in self.bodies[name] if {"sourcedId": parent} in row.values()]
        if text := request.query_params.get("filter"):
            if self.way != "filters":
                return JSONResponse({}, 400)
            rows = [row for row in rows if any(matches(row, part) for part in text.split(" OR "))]
        body = {name: rows[int(request.query_params["offset"]) :]}
        return JSONResponse(body, headers={"X-Total-Count": str(len(rows))})


def matches(row: dict[str, Any], predicate: str) -> bool:
    """Whether a row has the value of a field, written `field='value'`; no value has a quote."""
    field, _, value = predicate.partition("=")
    assert value.count("'") == 2
    value_of: Any = row
    for name in field.split("."):
        value_of = value_of.get(name, {})
    return bool(value_of == value.strip("'"))


async def answers(text: str, *, way: str) -> list[str]:
    """The answers of all lookups for an id, with the plain id instead of it."""
    sandbox = SmallServer(text, way=way)
    async with connected(sandbox, student_id_field="sourcedId", students=60_000) as adapter:
        results = []
        for method in LOOKUPS:
            key = f"T{text}" if method is Adapter.section_staff_by_staff else text
            result = await run_lookup(adapter, lookup_of(method), [key], {})
            results.append(repr(result).replace(repr(text), repr(PLAIN_ID)).replace(repr(f"T{text}"), "'T'"))
        return results


@pytest.mark.long_run
@pytest.mark.parametrize(("text", "way"), CASES)
async def test_every_id_of_a_server_has_the_answers_of_a_plain_id(text: str, way: str) -> None:
    """Ids with blanks, colons, quotes or slashes are read by path, by filter or from the complete list."""
    plain = await answers(PLAIN_ID, way=way)

    assert await answers(text, way=way) == plain
    assert [answer for answer in plain if answer == "{}" or "[]}" in answer or "Error" in answer] == []
