"""What the Ed-Fi adapter does beyond what every adapter does."""

from __future__ import annotations

from typing import Any

import pytest

from student_graph.adapters.edfi.client.keys import section_id
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.errors import BadKeyError, RefusedError
from student_graph.adapters.lookup import StudentFilter, Window
from student_graph.adapters.model import DistrictId, SectionId, StudentId
from student_graph.adapters.sandbox.district import make_district
from tests.adapters.edfi.scripted import Scripted, connected

LISA, ALANA = StudentId("604822"), StudentId("605001")
HOME = DistrictId("grand-bend")
OF_LISA = {"studentReference": {"studentUniqueId": LISA}}
OF_ALANA = {"studentReference": {"studentUniqueId": ALANA}}


def student(key: str) -> dict[str, str]:
    return {"id": key, "studentUniqueId": key, "firstName": "A", "lastSurname": "B", "birthDate": "2010-01-01"}


def association(who: str, organization: int, *, hispanic: bool) -> dict[str, Any]:
    return {
        "id": f"{who}-{organization}",
        "studentReference": {"studentUniqueId": who},
        "educationOrganizationReference": {"educationOrganizationId": organization},
        "hispanicLatinoEthnicity": hispanic,
    }


async def test_rows_that_were_not_asked_for_are_dropped() -> None:
    """Some servers ignore a filter: what they answer is not taken for the student's."""
    entry = {
        "entryDate": "2021-08-23",
        "entryGradeLevelDescriptor": "Ninth grade",
        "schoolReference": {"schoolId": 1},
    }
    rows = [{"id": "1"} | OF_ALANA | entry, {"id": "2"} | OF_LISA | entry]
    async with connected(Scripted({"studentSchoolAssociations": rows, "students": [student(ALANA)]})) as adapter:
        stays = await adapter.school_enrollments_by_student([LISA])
        students = await adapter.students_by_id([LISA])

    assert [[stay.vendor_id for stay in each] for each in stays.values() if isinstance(each, list)] == [["2"]]
    assert students == {}


async def test_check_says_which_versions_answered() -> None:
    """Those of the API and of the Data Standard, after a read with the credentials."""
    sandbox = EdFiSandbox(make_district(10))
    async with connected(sandbox) as adapter:
        assert await adapter.check() == "Ed-Fi 7.3, Data Standard 5.1.0"

    assert sandbox.requests[-1] == "GET /data/v3/ed-fi/students?limit=1&offset=0"


async def test_check_fails_with_wrong_credentials() -> None:
    """The document is public: it alone proves nothing."""
    async with connected(EdFiSandbox(make_district(10)), client_secret="wrong") as adapter:
        with pytest.raises(RefusedError):
            await adapter.check()


async def test_a_token_that_ends_is_renewed() -> None:
    """Also where `expires_in` is an instant instead of a lifetime."""
    sandbox = EdFiSandbox(make_district(10), token_lifetime=1e9, epoch_expiry=True)
    async with connected(sandbox) as adapter:
        await adapter.schools_by_district([HOME])
        sandbox.tokens._expiries.clear()
        told = await adapter.schools_by_district([HOME])

    assert told[HOME]
    assert sandbox.requests.count("POST /oauth/token") == 2


@pytest.mark.parametrize("page_size", [1, 7, 40, 500])
async def test_a_long_list_is_read_to_its_end(page_size: int) -> None:
    """Whatever the size of a page, everybody comes once."""
    sandbox = EdFiSandbox(make_district(40))
    async with connected(sandbox, page_size=page_size) as adapter:
        told = await adapter.roster_by_district([HOME])
    roster = told[HOME]

    assert isinstance(roster, list)
    assert sorted(sandbox.known_keys("student")) == [each.student_id for each in roster]


async def test_one_read_of_a_short_list_is_enough() -> None:
    """The vendor says how many there are: no empty page is asked for after the last."""
    sandbox = EdFiSandbox(make_district(10))
    async with connected(sandbox) as adapter:
        await adapter.students_by_id([StudentId(sandbox.known_keys("student")[0])])

    assert sum("/ed-fi/" in line for line in sandbox.requests) == 1


@pytest.mark.parametrize(("ids", "applied"), [((LISA,), True), ((LISA, ALANA), False), (None, False)])
async def test_only_one_id_is_a_filter(ids: tuple[StudentId, ...] | None, applied: bool) -> None:
    """Ed-Fi filters by equality: what it cannot, it leaves to the gateway and says so."""
    sandbox = Scripted({"students": [student(LISA), student(ALANA)]})
    async with connected(sandbox) as adapter:
        told = await adapter.students_by_district([HOME], window=Window(10), filter=StudentFilter(ids=ids))
    page = told[HOME]

    assert frozenset({"ids"} if applied else ()) == page.applied  # type: ignore[union-attr]
    assert applied is ("studentUniqueId" in sandbox.requests[-1])


async def test_demographics_are_the_agencys_where_it_has_them() -> None:
    """Agencies are asked for once, and only where a student has several associations."""
    sandbox = Scripted(
        {
            "students": [student(LISA), student(ALANA)],
            "studentEducationOrganizationAssociations": [
                *(association(who, 7, hispanic=False) for who in (LISA, ALANA)),
                *(association(who, 9, hispanic=True) for who in (LISA, ALANA)),
            ],
            "localEducationAgencies": [
                {"id": "9", "localEducationAgencyId": 9, "nameOfInstitution": "Grand Bend"}
            ],
        }
    )
    async with connected(sandbox) as adapter:
        told = await adapter.demographics_by_student([LISA, ALANA])

    assert [each.hispanic_latino_ethnicity for each in told.values()] == [True, True]  # type: ignore[union-attr]
    assert sandbox.asked().count("localEducationAgencies") == 1


async def test_an_id_that_cannot_be_one_is_never_sent() -> None:
    """It fails alone, beside the ones that can."""
    sandbox = EdFiSandbox(make_district(10))
    good = SectionId(sandbox.known_keys("section")[0])
    bad = [SectionId("1/2022"), SectionId("x/2022/a/b/c")]
    async with connected(sandbox) as adapter:
        told = await adapter.sections_by_id([bad[0], good, bad[1]])

    assert {bad[0], good, bad[1]} == told.keys()
    assert [BadKeyError, BadKeyError] == [type(told[key]) for key in bad]
    assert sum("/ed-fi/" in line for line in sandbox.requests) == 1


async def test_sections_of_a_school_are_read_together() -> None:
    """Many of one school and year take one read each of sections, offerings and courses; a few take their own."""
    sandbox = EdFiSandbox(make_district(40))
    keys = [SectionId(key) for key in sandbox.known_keys("section")]
    together = [key for key in keys if key.split("/")[:2] == keys[0].split("/")[:2]]
    async with connected(sandbox) as adapter:
        courses = await adapter.courses_by_section(together)
        taken = sum("/ed-fi/" in line for line in sandbox.requests)
        single = await adapter.courses_by_section(together[:1])

    assert set(together) == courses.keys()
    assert taken == 3
    assert single[together[0]] == courses[together[0]]


async def test_a_course_of_the_agency_is_found() -> None:
    """An offering names the school's course or the agency's."""
    offered = {"localCourseCode": "ALG", "schoolId": 1, "schoolYear": 2022, "sessionName": "Fall"}
    sandbox = Scripted(
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
        told = await adapter.courses_by_section([key])

    assert told[key].course_title == "Algebra"  # type: ignore[union-attr]
