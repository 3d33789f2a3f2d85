"""The viewer's own sections, schools and students, and what viewers see of sources."""

from __future__ import annotations

from datetime import date

from student_graph.adapters.answers import Ref
from student_graph.adapters.identity import IdentityRule, IdentityRules
from student_graph.adapters.model import (
    Descriptor,
    DistrictId,
    SchoolId,
    Section,
    SectionEnrollment,
    SectionId,
    SectionStaff,
    Sensitivity,
    StaffAssignment,
    StaffClassification,
    StaffId,
    StudentId,
)
from student_graph.resolvers.access import Grant, Reach, unlimited_grants
from student_graph.resolvers.context import ViewerRole
from student_graph.resolvers.fields.ids import GlobalId, encode
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CEDAR, HEALTH, World, school, student

LINKED = IdentityRules(students=(IdentityRule(field="sis_user_id"),))


def section(key: str) -> Section:
    return Section(
        vendor_id=key,
        section_id=SectionId(key),
        school_id=SchoolId("101"),
        section_identifier=key,
        session_name="Spring",
        school_year=2027,
        local_course_code="ALG",
    )


def taught(key: str, end: date | None = None) -> SectionStaff:
    return SectionStaff(vendor_id=key, staff_id=StaffId("7"), section_id=SectionId(key), end_date=end)


def section_enrollment(number: str, key: str, end: date | None = None) -> SectionEnrollment:
    return SectionEnrollment(
        vendor_id=f"{number}@{key}", student_id=StudentId(number), section_id=SectionId(key), end_date=end
    )


def teacher() -> World:
    """A teacher of a current section, with one current and one former student, and of a section that has ended."""
    assignment = StaffAssignment(
        vendor_id="a",
        staff_id=StaffId("7"),
        education_organization_id="101",
        classification=StaffClassification.TEACHER,
        classification_descriptor=Descriptor(code_value="Teacher"),
        begin_date=date(2020, 8, 1),
    )
    rosters = {
        "now": [section_enrollment("1", "now"), section_enrollment("2", "now", date(2026, 12, 1))],
        "then": [section_enrollment("3", "then")],
    }
    sis = VendorData(
        {
            "section_staff_by_staff": {"7": [taught("now"), taught("then", date(2026, 12, 20))]},
            "sections_by_id": {key: section(key) for key in ("now", "then")},
            "section_enrollments_by_section": rosters,
            "students_by_id": {number: student(number) for number in "123"},
            "schools_by_district": {"cedar": [school("101"), school("102")]},
            "staff_assignments_by_staff": {"7": [assignment]},
        }
    )
    return World([third_party_source("sis", sis)]).as_viewer(role=ViewerRole.TEACHER, staff_id=StaffId("7"))


async def test_a_teacher_sees_their_own_sections() -> None:
    """Sections and rosters are those of today; another day has other sections."""
    query = """{viewer {role
        sections {sectionIdentifier roster {student {studentUniqueId}}}
        then: sections(asOf: "2026-12-01") {sectionIdentifier}
    }}"""
    data = (await teacher().data(query))["viewer"]

    assert data["role"] == "TEACHER"
    assert data["sections"] == [{"sectionIdentifier": "now", "roster": [{"student": {"studentUniqueId": "1"}}]}]
    assert data["then"] == [{"sectionIdentifier": "now"}, {"sectionIdentifier": "then"}]


async def test_a_teacher_sees_the_students_of_their_sections() -> None:
    """The connection counts and pages the students in the viewer's reach."""
    world = teacher()
    world.reach = Reach(groups={Ref("section", "now"): frozenset({StudentId("1")})})
    data = (await world.data("{viewer {students {totalCount edges {node {studentUniqueId}}}}}"))["viewer"]

    assert data["students"] == {"totalCount": 1, "edges": [{"node": {"studentUniqueId": "1"}}]}


async def test_a_teacher_sees_the_schools_that_employ_them() -> None:
    """Of two schools, the one in the staff assignment; a viewer without a staff number sees both."""
    query = "{viewer {schools {schoolId} sections {id}}}"
    world = teacher()

    assert (await world.data(query))["viewer"]["schools"] == [{"schoolId": "101"}]
    data = (await world.as_viewer(staff_id=None).data(query))["viewer"]
    assert data == {"schools": [{"schoolId": "101"}, {"schoolId": "102"}], "sections": []}


async def test_a_lookup_about_a_roster_names_its_section() -> None:
    """With the section, a source can answer for all students of the roster in one call."""
    world = teacher()
    await world.data("{viewer {sections {roster {student {id}}}}}")
    [lookup] = [ask for _, ask in world.fetch.asks if ask.lookup.name == "students_by_id"]

    assert [ref.key for ref in lookup.reached_via] == ["now"]


async def test_a_viewer_learns_why_they_may_see_a_student() -> None:
    """A grant for some students counts for them only; all other students look as if they did not exist."""
    for_one_student = Grant(frozenset({Sensitivity.DISABILITY}), students=frozenset({StudentId("2")}))
    world = teacher().as_viewer(grants=unlimited_grants(Sensitivity.CONTACT) | {for_one_student})
    students = frozenset({StudentId("1"), StudentId("2")})
    world.reach = Reach(
        groups={Ref("section", "now"): students},
        limited_classes={Sensitivity.DISABILITY: frozenset({StudentId("2")})},
    )
    query = (
        "query ($id: ID!) {viewer {why(student: $id) {allowed reasons {kind id} classes {sensitivity allowed}}}}"
    )
    data = {
        number: (await world.data(query, id=encode(GlobalId("Student", CEDAR, number))))["viewer"]["why"]
        for number in ("1", "3", "9")
    }
    section = encode(GlobalId("Section", CEDAR, "now"))
    assert data["1"]["reasons"] == [{"kind": "SECTION", "id": section}]
    allowed = {row["sensitivity"] for row in data["1"]["classes"] if row["allowed"]}
    assert (data["1"]["allowed"], allowed) == (True, {"OPEN", "CONTACT"})
    assert data["3"] == data["9"] == {"allowed": False, "reasons": [], "classes": []}


async def test_a_viewer_sees_their_grants_and_districts() -> None:
    """Grants are ordered by name; a district without a configuration is left out."""
    world = teacher().as_viewer(
        grants=unlimited_grants(Sensitivity.MEAL, Sensitivity.CONTACT),
        districts=frozenset({CEDAR, DistrictId("gone")}),
    )
    data = await world.data("{viewer {operator grants districts {shortName schoolYear}} districts {name}}")

    assert data["viewer"]["grants"] == ["CONTACT", "MEAL"]
    assert data["viewer"]["districts"] == [{"shortName": "cedar", "schoolYear": 2027}]
    assert data["districts"] == [{"name": "Cedar"}]


async def test_sources_list_their_capabilities() -> None:
    """The list has the sources of the viewer's districts only, with their lookups and record types."""
    sis = VendorData({"students_by_id": {}, "contacts_by_student": {}})
    world = World([third_party_source("sis", sis), third_party_source("far", VendorData(), "birch")])
    data = await world.data("{sources {name kind district {shortName} capabilities offers}}")

    assert data["sources"] == [
        {
            "name": "sis",
            "kind": "third-party",
            "district": {"shortName": "cedar"},
            "capabilities": ["contacts_by_student", "students_by_id"],
            "offers": ["Student", "StudentContact"],
        }
    ]


async def test_the_health_of_sources_is_for_operators() -> None:
    """Each field about counts or health is FORBIDDEN for other viewers."""
    fields = "reachable lastErrorCode calls failures unmapped unexpectedResponses concurrency"
    query = f"{{sources {{identity {{matched unmatched conflicted}} {fields}}}}}"
    world = World([third_party_source("lms", VendorData(), identity=LINKED)])
    data = (await world.as_viewer(operator=True).data(query))["sources"]

    assert data == [
        {
            "identity": {"matched": 10, "unmatched": 2, "conflicted": 3},
            "reachable": True,
            "lastErrorCode": None,
            "calls": HEALTH.calls,
            "failures": HEALTH.failures,
            "unmapped": HEALTH.unmapped,
            "unexpectedResponses": HEALTH.unexpected_responses,
            "concurrency": HEALTH.concurrency,
        }
    ]
    assert await world.codes(query) == ["FORBIDDEN"] * 8


async def test_a_source_with_the_districts_ids_has_no_identity_counts() -> None:
    """Its students need no link, so `identity` is null."""
    world = World([third_party_source("sis", VendorData())]).as_viewer(operator=True)

    assert await world.data("{sources {identity {matched}}}") == {"sources": [{"identity": None}]}


async def test_a_service_may_request_longer_pages() -> None:
    """A service may request 1,000 students at once, a person 100."""
    world = teacher()
    query = "{viewer {students(first: 500) {edges {node {studentUniqueId}}}}}"
    service = world.as_viewer(role=ViewerRole.SERVICE)
    service.reach = world.reach = Reach(groups={Ref("section", "now"): frozenset({StudentId("1")})})

    assert await world.codes(query) == ["BAD_INPUT"]
    assert len((await service.data(query))["viewer"]["students"]["edges"]) == 1
    assert await service.codes(query.replace("500", "1001")) == ["BAD_INPUT"]
