"""Who asks, and what sources tell to whom."""

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
from student_graph.resolvers.access import Grant, Reach, granted
from student_graph.resolvers.context import ViewerRole
from student_graph.resolvers.fields.ids import GlobalId, encode
from tests.resolvers.third_party import Shelf, stranger
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


def place(number: str, key: str, end: date | None = None) -> SectionEnrollment:
    return SectionEnrollment(
        vendor_id=f"{number}@{key}", student_id=StudentId(number), section_id=SectionId(key), end_date=end
    )


def teacher() -> World:
    """A teacher of one current section with two students, one of whom has left, and of one that is over."""
    assignment = StaffAssignment(
        vendor_id="a",
        staff_id=StaffId("7"),
        education_organization_id="101",
        classification=StaffClassification.TEACHER,
        classification_descriptor=Descriptor(code_value="Teacher"),
        begin_date=date(2020, 8, 1),
    )
    rosters = {"now": [place("1", "now"), place("2", "now", date(2026, 12, 1))], "then": [place("3", "then")]}
    shelf = Shelf(
        {
            "section_staff_by_staff": {"7": [taught("now"), taught("then", date(2026, 12, 20))]},
            "sections_by_id": {key: section(key) for key in ("now", "then")},
            "section_enrollments_by_section": rosters,
            "students_by_id": {number: student(number) for number in "123"},
            "schools_by_district": {"cedar": [school("101"), school("102")]},
            "staff_assignments_by_staff": {"7": [assignment]},
        }
    )
    return World([stranger("sis", shelf)]).seen_by(role=ViewerRole.TEACHER, staff_id=StaffId("7"))


async def test_a_teacher_starts_at_their_own_sections() -> None:
    """Sections of the day with those who are in them on the day; another day has other sections."""
    query = """{viewer {role
        sections {sectionIdentifier roster {student {studentUniqueId}}}
        then: sections(asOf: "2026-12-01") {sectionIdentifier}
    }}"""
    told = (await teacher().data(query))["viewer"]

    assert told["role"] == "TEACHER"
    assert told["sections"] == [{"sectionIdentifier": "now", "roster": [{"student": {"studentUniqueId": "1"}}]}]
    assert told["then"] == [{"sectionIdentifier": "now"}, {"sectionIdentifier": "then"}]


async def test_a_teachers_students_are_those_of_the_sections() -> None:
    """The connection counts and pages those whom the viewer reaches."""
    world = teacher()
    world.reach = Reach(through={Ref("section", "now"): frozenset({StudentId("1")})})
    told = (await world.data("{viewer {students {totalCount edges {node {studentUniqueId}}}}}"))["viewer"]

    assert told["students"] == {"totalCount": 1, "edges": [{"node": {"studentUniqueId": "1"}}]}


async def test_a_teachers_school_is_where_they_are_employed() -> None:
    """Of two schools the one of the assignment; a viewer without a staff number sees both."""
    query = "{viewer {schools {schoolId} sections {id}}}"
    world = teacher()

    assert (await world.data(query))["viewer"]["schools"] == [{"schoolId": "101"}]
    told = (await world.seen_by(staff_id=None).data(query))["viewer"]
    assert told == {"schools": [{"schoolId": "101"}, {"schoolId": "102"}], "sections": []}


async def test_a_roster_tells_the_sources_how_its_students_were_reached() -> None:
    """What is asked about a roster's students says through which section: a source may answer it by one call."""
    world = teacher()
    await world.data("{viewer {sections {roster {student {id}}}}}")
    [asked] = [ask for _, ask in world.desk.asks if ask.lookup.name == "students_by_id"]

    assert [ref.key for ref in asked.reached_via] == ["now"]


async def test_a_viewer_learns_why_a_student_is_there_to_see() -> None:
    """Through a section and by a grant for some; a stranger and somebody who does not exist look the same."""
    some = Grant(frozenset({Sensitivity.DISABILITY}), students=frozenset({StudentId("2")}))
    world = teacher().seen_by(grants=granted(Sensitivity.CONTACT) | {some})
    mine = frozenset({StudentId("1"), StudentId("2")})
    world.reach = Reach(
        through={Ref("section", "now"): mine}, bounded={Sensitivity.DISABILITY: frozenset({StudentId("2")})}
    )
    query = (
        "query ($id: ID!) {viewer {why(student: $id) {allowed reasons {kind id} classes {sensitivity allowed}}}}"
    )
    told = {
        number: (await world.data(query, id=encode(GlobalId("Student", CEDAR, number))))["viewer"]["why"]
        for number in ("1", "3", "9")
    }
    section = encode(GlobalId("Section", CEDAR, "now"))
    assert told["1"]["reasons"] == [{"kind": "SECTION", "id": section}]
    seen = {each["sensitivity"] for each in told["1"]["classes"] if each["allowed"]}
    assert (told["1"]["allowed"], seen) == (True, {"OPEN", "CONTACT"})
    assert told["3"] == told["9"] == {"allowed": False, "reasons": [], "classes": []}


async def test_a_viewer_sees_its_grants_and_districts() -> None:
    """What a viewer may see is no secret to the viewer; a district that nothing is configured for is left out."""
    world = teacher().seen_by(
        grants=granted(Sensitivity.MEAL, Sensitivity.CONTACT), districts=frozenset({CEDAR, DistrictId("gone")})
    )
    told = await world.data("{viewer {operator grants districts {shortName schoolYear}} districts {name}}")

    assert told["viewer"]["grants"] == ["CONTACT", "MEAL"]
    assert told["viewer"]["districts"] == [{"shortName": "cedar", "schoolYear": 2027}]
    assert told["districts"] == [{"name": "Cedar"}]


async def test_sources_say_what_they_can() -> None:
    """Name, kind, lookups and records of the sources of the viewer's districts, and of no others."""
    sis = Shelf({"students_by_id": {}, "contacts_by_student": {}})
    world = World([stranger("sis", sis), stranger("far", Shelf(), "birch")])
    told = await world.data("{sources {name kind district {shortName} capabilities offers}}")

    assert told["sources"] == [
        {
            "name": "sis",
            "kind": "stranger",
            "district": {"shortName": "cedar"},
            "capabilities": ["contacts_by_student", "students_by_id"],
            "offers": ["Student", "StudentContact"],
        }
    ]


async def test_how_sources_fare_is_for_operators() -> None:
    """Counts and health for who runs the gateway; others are FORBIDDEN, field by field."""
    query = "{sources {identity {matched unmatched conflicted} reachable lastErrorCode calls failures unmapped}}"
    world = World([stranger("lms", Shelf(), identity=LINKED)])
    told = (await world.seen_by(operator=True).data(query))["sources"]

    assert told == [
        {
            "identity": {"matched": 10, "unmatched": 2, "conflicted": 3},
            "reachable": True,
            "lastErrorCode": None,
            "calls": HEALTH.calls,
            "failures": HEALTH.failures,
            "unmapped": HEALTH.unmapped,
        }
    ]
    assert await world.codes(query) == ["FORBIDDEN"] * 6


async def test_a_source_that_speaks_the_districts_ids_has_no_links_to_count() -> None:
    """Nothing is matched where nothing needs a match."""
    world = World([stranger("sis", Shelf())]).seen_by(operator=True)

    assert await world.data("{sources {identity {matched}}}") == {"sources": [{"identity": None}]}


async def test_a_service_may_ask_for_longer_pages() -> None:
    """A thousand at once; persons get a hundred."""
    world = teacher()
    query = "{viewer {students(first: 500) {edges {node {studentUniqueId}}}}}"
    service = world.seen_by(role=ViewerRole.SERVICE)
    service.reach = world.reach = Reach(through={Ref("section", "now"): frozenset({StudentId("1")})})

    assert await world.codes(query) == ["BAD_INPUT"]
    assert len((await service.data(query))["viewer"]["students"]["edges"]) == 1
    assert await service.codes(query.replace("500", "1001")) == ["BAD_INPUT"]
