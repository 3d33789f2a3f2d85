"""How lists are read: in an order, with the largest filters, and by school or class only where that is exact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from student_graph.adapters.contract import AccessPath, Adapter
from student_graph.adapters.errors import AdapterError, PayloadError
from student_graph.adapters.model import DistrictId, SectionId, StudentId
from student_graph.adapters.oneroster.adapter import OneRoster, OneRosterSettings
from student_graph.adapters.oneroster.sandbox import (
    EDFI_SERVICE,
    PUBLISHED_11,
    PUBLISHED_12,
    OneRosterSandbox,
    Quirks,
)
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from tests.adapters.oneroster.scripted_sandbox import ScriptedSandbox, connected, user_row

FACTS = make_district(40)
DISTRICT_IDS = [DistrictId("here")]
USERS = {"users": [user_row(f"u{number}", str(number)) for number in range(12)]}


class HookedSandbox(ScriptedSandbox):
    """A scripted server whose responses a test may replace."""

    def __init__(self, bodies: Mapping[str, Any], hook: Callable[[Request, Response], Response]) -> None:
        super().__init__(bodies, max_page_rows=5)
        self.hook = hook

    async def _respond(self, request: Request) -> Response:
        return self.hook(request, await super()._respond(request))


async def test_a_list_is_read_in_the_order_of_its_ids() -> None:
    """Without an order, servers may repeat or miss rows between pages."""
    sandbox = ScriptedSandbox({"students": USERS}, max_page_rows=5)
    async with connected(sandbox) as adapter:
        await adapter.roster_by_district(DISTRICT_IDS)

    queries = sandbox.queries_of("students")
    assert queries
    assert all("sort=sourcedId&orderBy=asc" in query for query in queries)


async def test_a_server_that_refuses_to_sort_is_read_in_its_own_order() -> None:
    """The refusal is remembered, so that the next list takes no more requests than its pages."""

    def refuse_sort(request: Request, response: Response) -> Response:
        return JSONResponse({"imsx_codeMajor": "failure"}, 400) if "sort" in request.query_params else response

    sandbox = HookedSandbox({"students": USERS}, refuse_sort)
    async with connected(sandbox) as adapter:
        (first,) = (await adapter.roster_by_district(DISTRICT_IDS)).values()
        sandbox.requests.clear()
        (second,) = (await adapter.roster_by_district(DISTRICT_IDS)).values()

    assert len(first) == 12  # type: ignore[arg-type]
    assert first == second
    assert [query for query in sandbox.queries_of("students") if "sort" in query] == []


@pytest.mark.parametrize("header", [{}, {"x-total-count": "12"}], ids=["without a total", "with a total"])
async def test_a_server_without_an_order_is_an_error(header: dict[str, str]) -> None:
    """A server that repeats rows on the second page, each time, would otherwise hide others."""

    def shift(request: Request, _: Response) -> Response:
        offset = int(request.query_params.get("offset", 0))
        rows = USERS["users"][max(offset - 1, 0) : offset + 4] if offset < 12 else []
        return JSONResponse({"users": rows}, headers=header)

    async with connected(HookedSandbox({"students": USERS}, shift)) as adapter:
        with pytest.raises(PayloadError, match="changes while it is read"):
            await adapter.roster_by_district(DISTRICT_IDS)


@pytest.mark.parametrize("in_body", [True, False], ids=["total in the body", "total in a header"])
async def test_a_list_with_fewer_rows_than_its_total_is_an_error(in_body: bool) -> None:
    """A gradebook server has its total in `_meta`; without it nobody notices rows that are never sent."""

    def drop(request: Request, _: Response) -> Response:
        offset = int(request.query_params.get("offset", 0))
        rows = [row for row in USERS["users"][offset : offset + 5] if row["sourcedId"] != "u7"]
        body = {"users": rows, "_meta": {"totalCount": 12, "offset": offset}} if in_body else {"users": rows}
        return JSONResponse(body, headers={} if in_body else {"x-total-count": "12"})

    async with connected(HookedSandbox({"students": USERS}, drop)) as adapter:
        with pytest.raises(PayloadError, match="changes while it is read"):
            await adapter.roster_by_district(DISTRICT_IDS)


async def test_a_page_size_that_the_server_refuses_is_learned() -> None:
    """The size comes from the message; later lists ask for no more."""

    def refuse_size(request: Request, response: Response) -> Response:
        if int(request.query_params.get("limit", 0)) <= 200:
            return response
        return JSONResponse({"imsx_description": "limit must not be greater than 200"}, 400)

    sandbox = HookedSandbox({"students": USERS}, refuse_size)
    async with connected(sandbox) as adapter:
        await adapter.roster_by_district(DISTRICT_IDS)
        sandbox.requests.clear()
        (students,) = (await adapter.roster_by_district(DISTRICT_IDS)).values()

    assert len(students) == 12  # type: ignore[arg-type]
    assert all("limit=200" in query for query in sandbox.queries_of("students"))


@pytest.mark.parametrize(
    ("quirks", "calls"),
    [
        (EDFI_SERVICE, 4),
        (PUBLISHED_12, 20),
        (replace(PUBLISHED_12, max_clauses=1), 40),
    ],
    ids=["twenty values", "two values", "one value"],
)
async def test_students_are_read_with_the_largest_filters_that_work(quirks: Quirks, calls: int) -> None:
    """The Ed-Fi service needs two filters for forty students, and an empty page for each: it sends no total."""
    sandbox = OneRosterSandbox(FACTS, quirks=quirks)
    keys = list(map(StudentId, sandbox.known_keys("student")))
    async with connected(sandbox, students=40_000) as adapter:
        await adapter.students_by_id(keys)
        sandbox.requests.clear()
        batch = await adapter.students_by_id(keys)

    assert set(batch) == set(keys)
    assert len(sandbox.requests) == calls


def path_of(method: Any, coarse_lookup: Any) -> AccessPath[Any]:
    """The access path of a lookup through a coarse lookup."""
    return next(path for path in OneRoster.paths[method] if path.coarse_lookup is coarse_lookup)


def settings_with(**settings: Any) -> OneRosterSettings:
    return OneRosterSettings.model_validate(
        {"base_url": "https://sis.example", "client_id": "c", "client_secret": "s"} | settings
    )


@pytest.mark.parametrize(
    ("method", "coarse_lookup", "setting"),
    [
        (Adapter.section_enrollments_by_student, Adapter.section_enrollments_by_school, "roles_name_all_schools"),
        (Adapter.section_enrollments_by_section, Adapter.section_enrollments_by_school, "roles_name_all_schools"),
        (Adapter.course_grades_by_student, Adapter.course_grades_by_section, "enrollments_name_all_classes"),
        (Adapter.assignment_work_by_student, Adapter.assignment_work_by_section, "enrollments_name_all_classes"),
    ],
)
def test_a_way_that_could_lose_a_record_needs_a_setting(method: Any, coarse_lookup: Any, setting: str) -> None:
    """Only the district knows whether its roles and enrollments are kept; without its word the way is not used."""
    is_complete = path_of(method, coarse_lookup).is_complete

    assert is_complete is not None
    assert not is_complete(settings_with())
    assert is_complete(settings_with(**{setting: True}))


def moved_student() -> tuple[DistrictFacts, StudentId]:
    """A district in which a student has moved to another school, and the student."""
    first = next(fact for fact in FACTS.enrollments if fact.exit is None)
    other_school = next(school.id for school in FACTS.schools if school.id != first.school)
    moved_on = FACTS.now.date() - timedelta(days=1)
    ended, begun = replace(first, exit=moved_on), replace(first, school=other_school, entry=moved_on)
    others = [fact for fact in FACTS.enrollments if fact.student != first.student]
    return replace(FACTS, enrollments=[*others, ended, begun]), StudentId(first.student)


async def test_a_school_that_a_student_has_left_is_not_lost() -> None:
    """
    The `orgs` of 1.1 name only the present school, so lists of schools miss the enrollments at the former one.

    The district's list has them all, as the point read has; the roles of 1.2 name both schools.
    """
    facts, student = moved_student()
    for version, quirks, schools_suffice in (("1.1", PUBLISHED_11, False), ("1.2", PUBLISHED_12, True)):
        sandbox = OneRosterSandbox(facts, version=version, quirks=quirks)  # type: ignore[arg-type]
        async with connected(sandbox, students=len(FACTS.students)) as adapter:
            expected = records_of((await adapter.section_enrollments_by_student([student]))[student])
            roles = records_of((await adapter.school_enrollments_by_student([student]))[student])
            by_school = await adapter.section_enrollments_by_school([record.school_id for record in roles])
            by_district = await adapter.section_enrollments_by_district(DISTRICT_IDS)

        assert expected
        assert schools_suffice == (ids_of(expected) == ids_of(*by_school.values(), student=student))
        assert ids_of(expected) == ids_of(*by_district.values(), student=student)
        assert schools_suffice == adapter.settings.roles_name_all_schools


def ids_of(*answers: Any, student: StudentId | None = None) -> set[str]:
    """The vendor's ids of the records in the answers, of all students or of one."""
    records = [record for answer in answers for record in records_of(answer)]
    return {record.vendor_id for record in records if student in (None, record.student_id)}


def records_of(answer: Any) -> list[Any]:
    """The records of an answer that is no error."""
    assert not isinstance(answer, AdapterError)
    return list(answer)


async def test_a_class_answers_a_student_with_the_grades_of_the_requested_year() -> None:
    """A student may have been in classes of several years; the list of a class has all grades."""
    selects = path_of(Adapter.course_grades_by_student, Adapter.course_grades_by_section).selects
    sandbox = OneRosterSandbox(FACTS)
    async with connected(sandbox, students=len(FACTS.students)) as adapter:
        batch = await adapter.course_grades_by_section(list(map(SectionId, sandbox.known_keys("section")[:5])))
    grades = [grade for answer in batch.values() for grade in records_of(answer)]

    assert grades
    assert selects is not None
    assert all(selects(grade, {"school_year": FACTS.year}) for grade in grades)
    assert not any(selects(grade, {"school_year": FACTS.year - 1}) for grade in grades)


@pytest.mark.parametrize("key", ["identifier:604822", "userIds.State:7", "sourcedId:x"])
def test_keys_of_identity_rules_take_no_way(key: str) -> None:
    """Records of a list have the district's numbers, so that a list has no record for a vendor's key."""
    paths = [path for paths in OneRoster.paths.values() for path in paths]

    assert not any(path.accepts is None or path.accepts(key) for path in paths)
    assert all(path.accepts is not None and path.accepts("604822") for path in paths)
