"""The lookups of the Ed-Fi adapter: behavior that the conformance suite does not cover."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from student_graph.adapters.edfi.client.keys import section_id
from student_graph.adapters.edfi.client.loose_keys import NO_KEY
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.errors import WRONG_KEY_REASON, BadKeyError, PayloadError, RefusedError
from student_graph.adapters.lookup import StudentFilter, Window
from student_graph.adapters.model import DistrictId, SectionId, StudentId
from student_graph.adapters.sandbox.district import make_district
from tests.adapters.edfi.scripted_sandbox import ScriptedSandbox, connected

LISA, ALANA = StudentId("604822"), StudentId("605001")
DISTRICT = DistrictId("grand-bend")
OF_LISA = {"studentReference": {"studentUniqueId": LISA}}
OF_ALANA = {"studentReference": {"studentUniqueId": ALANA}}


def student(key: str) -> dict[str, str]:
    """A row of `students`."""
    return {"id": key, "studentUniqueId": key, "firstName": "A", "lastSurname": "B", "birthDate": "2010-01-01"}


def association(student_id: str, organization: int, *, hispanic: bool) -> dict[str, Any]:
    """A row of `studentEducationOrganizationAssociations`."""
    return {
        "id": f"{student_id}-{organization}",
        "studentReference": {"studentUniqueId": student_id},
        "educationOrganizationReference": {"educationOrganizationId": organization},
        "hispanicLatinoEthnicity": hispanic,
    }


async def test_rows_that_do_not_satisfy_the_filters_are_dropped() -> None:
    """Some servers ignore a filter and send rows of other students."""
    entry = {
        "entryDate": "2021-08-23",
        "entryGradeLevelDescriptor": "Ninth grade",
        "schoolReference": {"schoolId": 1},
    }
    rows = [{"id": "1"} | OF_ALANA | entry, {"id": "2"} | OF_LISA | entry]
    async with connected(
        ScriptedSandbox({"studentSchoolAssociations": rows, "students": [student(ALANA)]})
    ) as adapter:
        enrollments = await adapter.school_enrollments_by_student([LISA])
        students = await adapter.students_by_id([LISA])

    assert [record.vendor_id for record in enrollments[LISA]] == ["2"]  # type: ignore[union-attr]
    assert students == {}


class OutOfStep(ScriptedSandbox):
    """Applies filters, but answers each request for a student with what another student has."""

    async def _list(self, request: Request) -> Response:
        is_of_nobody = request.query_params.get("studentUniqueId") == NO_KEY
        return JSONResponse([]) if is_of_nobody else await super()._list(request)


async def test_rows_of_another_student_are_an_error_where_the_server_applies_filters() -> None:
    """They answer another request: an empty list would say that the student has no grades."""
    entry = {
        "entryDate": "2021-08-23",
        "entryGradeLevelDescriptor": "Ninth grade",
        "schoolReference": {"schoolId": 1},
    }
    rows = [{"id": "1"} | OF_ALANA | entry]
    async with connected(OutOfStep({"studentSchoolAssociations": rows})) as adapter:
        [other] = (await adapter.school_enrollments_by_student([LISA])).values()
        [own] = (await adapter.school_enrollments_by_student([ALANA])).values()

    assert isinstance(other, PayloadError)
    assert other.reason == WRONG_KEY_REASON
    assert [record.vendor_id for record in own] == ["1"]  # type: ignore[union-attr]


async def test_check_returns_the_versions() -> None:
    """The check reads a student with the credentials and returns the versions of API and Data Standard."""
    sandbox = EdFiSandbox(make_district(10))
    async with connected(sandbox) as adapter:
        assert await adapter.check() == "Ed-Fi 7.3, Data Standard 5.1.0"

    assert sandbox.requests[-1] == "GET /data/v3/ed-fi/students?limit=1&offset=0"


async def test_check_fails_with_wrong_credentials() -> None:
    """The discovery document is public, so that reading it does not test the credentials."""
    async with connected(EdFiSandbox(make_district(10)), client_secret="wrong") as adapter:
        with pytest.raises(RefusedError):
            await adapter.check()


async def test_a_revoked_token_is_renewed() -> None:
    """A new token is requested, also if `expires_in` is a time instead of a lifetime."""
    sandbox = EdFiSandbox(make_district(10), token_lifetime=1e9, epoch_expiry=True)
    async with connected(sandbox) as adapter:
        await adapter.schools_by_district([DISTRICT])
        sandbox.revoke()
        batch = await adapter.schools_by_district([DISTRICT])

    assert batch[DISTRICT]
    assert sandbox.requests.count("POST /oauth/token") == 2


@pytest.mark.parametrize("page_size", [1, 7, 40, 500])
async def test_a_long_list_is_read_to_its_end(page_size: int) -> None:
    """Each student is in the list once, for any size of a page."""
    sandbox = EdFiSandbox(make_district(40))
    async with connected(sandbox, page_size=page_size) as adapter:
        batch = await adapter.roster_by_district([DISTRICT])
    roster = batch[DISTRICT]

    assert isinstance(roster, list)
    assert sorted(sandbox.known_keys("student")) == [record.student_id for record in roster]


async def test_a_short_list_takes_one_request() -> None:
    """The list ends at the total that Ed-Fi sends, without a request for an empty page."""
    sandbox = EdFiSandbox(make_district(10))
    async with connected(sandbox) as adapter:
        await adapter.students_by_id([StudentId(sandbox.known_keys("student")[0])])

    assert sum("/ed-fi/" in line for line in sandbox.requests) == 1


@pytest.mark.parametrize(("ids", "applied"), [((LISA,), True), ((LISA, ALANA), False), (None, False)])
async def test_only_a_single_id_is_a_filter(ids: tuple[StudentId, ...] | None, applied: bool) -> None:
    """Ed-Fi filters by equality; `Page.applied` says whether the adapter has applied the filter."""
    sandbox = ScriptedSandbox({"students": [student(LISA), student(ALANA)]})
    async with connected(sandbox) as adapter:
        batch = await adapter.students_by_district([DISTRICT], window=Window(10), filter=StudentFilter(ids=ids))
    page = batch[DISTRICT]

    assert frozenset({"ids"} if applied else ()) == page.applied  # type: ignore[union-attr]
    assert applied is ("studentUniqueId" in sandbox.requests[-1])


async def test_demographics_of_the_agency_come_first() -> None:
    """Agencies are read once for a batch in which a student has several associations."""
    sandbox = ScriptedSandbox(
        {
            "students": [student(LISA), student(ALANA)],
            "studentEducationOrganizationAssociations": [
                *(association(student_id, 7, hispanic=False) for student_id in (LISA, ALANA)),
                *(association(student_id, 9, hispanic=True) for student_id in (LISA, ALANA)),
            ],
            "localEducationAgencies": [
                {"id": "9", "localEducationAgencyId": 9, "nameOfInstitution": "Grand Bend"}
            ],
        }
    )
    async with connected(sandbox) as adapter:
        batch = await adapter.demographics_by_student([LISA, ALANA])

    assert [record.hispanic_latino_ethnicity for record in batch.values()] == [True, True]  # type: ignore[union-attr]
    assert sandbox.requested_resources().count("localEducationAgencies") == 1


async def test_an_invalid_id_is_never_sent() -> None:
    """An invalid id fails alone; the valid id of the batch is read."""
    sandbox = EdFiSandbox(make_district(10))
    valid = SectionId(sandbox.known_keys("section")[0])
    invalid = [SectionId("1/2022"), SectionId("x/2022/a/b/c")]
    async with connected(sandbox) as adapter:
        batch = await adapter.sections_by_id([invalid[0], valid, invalid[1]])

    assert {invalid[0], valid, invalid[1]} == batch.keys()
    assert [BadKeyError, BadKeyError] == [type(batch[key]) for key in invalid]
    assert sum("/ed-fi/" in line for line in sandbox.requests) == 1


async def test_sections_of_a_school_are_read_together() -> None:
    """Many sections of one school and year take one request each for sections, offerings and courses."""
    sandbox = EdFiSandbox(make_district(40))
    keys = [SectionId(key) for key in sandbox.known_keys("section")]
    of_one_school = [key for key in keys if key.split("/")[:2] == keys[0].split("/")[:2]]
    async with connected(sandbox) as adapter:
        courses = await adapter.courses_by_section(of_one_school)
        request_count = sum("/ed-fi/" in line for line in sandbox.requests)
        single = await adapter.courses_by_section(of_one_school[:1])

    assert set(of_one_school) == courses.keys()
    assert request_count == 3
    assert single[of_one_school[0]] == courses[of_one_school[0]]


async def test_a_section_can_have_a_course_of_the_agency() -> None:
    """A course offering names a course of the school or of the agency."""
    offered = {"localCourseCode": "ALG", "schoolId": 1, "schoolYear": 2022, "sessionName": "Fall"}
    sandbox = ScriptedSandbox(
        {
            "sections": [{"id": "1", "sectionIdentifier": "s", "courseOfferingReference": offered}],
            "courseOfferings": [
                {
                    "id": "2",
                    "localCourseCode": "ALG",
                    "sessionReference": offered,
                    "courseReference": {"courseCode": "A-1", "educationOrganizationId": 9},
                }
            ],
            "courses": [
                {
                    "id": "3",
                    "courseCode": "A-1",
                    "courseTitle": "Algebra",
                    "educationOrganizationReference": {"educationOrganizationId": 9},
                }
            ],
        }
    )
    key = section_id(1, 2022, "Fall", "ALG", "s")
    async with connected(sandbox) as adapter:
        batch = await adapter.courses_by_section([key])

    assert batch[key].course_title == "Algebra"  # type: ignore[union-attr]
