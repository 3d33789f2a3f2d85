"""Sections with their course, teachers, grades and work; and the calendar days of a school."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

from student_graph.adapters import model
from student_graph.adapters.model import AcademicSubject, Descriptor, SchoolId, SectionId, StaffId, StudentId
from student_graph.resolvers.fields.ids import GlobalId, encode
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CEDAR, World, school, student
from tests.resolvers.types.test_viewer import section, section_enrollment

ALGEBRA = SectionId("101/2027/ALG 1")


def work(number: str) -> model.AssignmentWork:
    return model.AssignmentWork(
        vendor_id=f"w{number}",
        student_id=StudentId(number),
        section_id=ALGEBRA,
        assignment_id="a",
        title="Essay",
        status=model.SubmissionStatus.GRADED,
    )


def grade(number: str) -> model.CourseGrade:
    return model.CourseGrade(
        vendor_id=f"g{number}",
        student_id=StudentId(number),
        section_id=ALGEBRA,
        source=model.GradeSource.SIS,
        grade_type=model.GradeType.FINAL,
    )


def algebra() -> World:
    """A section with two students, a course, a teacher, grades and work."""
    course = model.Course(
        vendor_id="c",
        section_id=ALGEBRA,
        course_code="ALG",
        course_title="Algebra",
        subjects=[AcademicSubject.MATHEMATICS],
        subject_descriptors=[],
    )
    teacher = model.SectionStaff(vendor_id="t", staff_id=StaffId("7"), section_id=ALGEBRA)
    staff = model.Staff(vendor_id="7", staff_id=StaffId("7"), name=student("7", "Sam", "Vale").name)
    sis = VendorData(
        {
            "sections_by_id": {ALGEBRA: section(ALGEBRA)},
            "courses_by_section": {ALGEBRA: course},
            "section_staff_by_section": {ALGEBRA: [teacher]},
            "staff_by_id": {"7": staff},
            "section_enrollments_by_section": {
                ALGEBRA: [section_enrollment("1", ALGEBRA), section_enrollment("2", ALGEBRA)]
            },
            "course_grades_by_section": {ALGEBRA: [grade("1"), grade("2")]},
            "assignment_work_by_section": {ALGEBRA: [work("2"), work("1")]},
        }
    )
    return World([third_party_source("sis", sis)])


async def test_a_section_has_its_course_and_teachers() -> None:
    """Title and subject are those of the course; the section has the id that it was read by."""
    key = encode(GlobalId("Section", CEDAR, ALGEBRA))
    data = await algebra().data(
        "query($id: ID!) {section(id: $id) {id courseTitle subject teachers {staff {name {lastName}}}}}", id=key
    )

    assert data["section"] == {
        "id": key,
        "courseTitle": "Algebra",
        "subject": "MATHEMATICS",
        "teachers": [{"staff": {"name": {"lastName": "Vale"}}}],
    }


async def test_a_section_enrollment_has_its_own_students_grades_and_work() -> None:
    """Grades and work of the section are split by student."""
    data = await algebra().data(
        """query($id: ID!) {section(id: $id) {roster {
            courseGrades {provenance {recordId}} assignments {provenance {recordId}}
        }}}""",
        id=encode(GlobalId("Section", CEDAR, ALGEBRA)),
    )
    record_ids = [
        (entry["courseGrades"][0]["provenance"]["recordId"], entry["assignments"][0]["provenance"]["recordId"])
        for entry in data["section"]["roster"]
    ]

    assert record_ids == [("g1", "w1"), ("g2", "w2")]
    assert all(len(entry["courseGrades"]) == 1 for entry in data["section"]["roster"])


def class_period(name: str, start: int) -> model.ClassPeriod:
    times = [model.MeetingTime(start_time=time(start), end_time=time(start, 45))]
    return model.ClassPeriod(vendor_id=name, school_id=SchoolId("101"), name=name, meeting_times=times)


async def test_the_schedule_of_sections_is_one_read_of_their_school() -> None:
    """Each section has its own periods, in any spelling; a period that the school does not list is only named."""
    biology = SectionId("101/2027/BIO 1")
    sections = {
        ALGEBRA: replace(section(ALGEBRA), class_periods=["Period 1", "Study hall"], room="220"),
        biology: replace(section(biology), class_periods=["Period 2", "PERIOD 1"]),
    }
    periods = {"101": [class_period("Period 1", 8), class_period("Period 2", 9)]}
    world = World(
        [third_party_source("sis", VendorData({"sections_by_id": sections, "class_periods_by_school": periods}))]
    )
    data = await world.data(
        """query($ids: [ID!]!) {nodes(ids: $ids) {... on Section {
            room classPeriods schedule {name meetingTimes {startTime endTime}}
        }}}""",
        ids=[encode(GlobalId("Section", CEDAR, key)) for key in sections],
    )
    first = {"name": "Period 1", "meetingTimes": [{"startTime": "08:00:00", "endTime": "08:45:00"}]}
    second = {"name": "Period 2", "meetingTimes": [{"startTime": "09:00:00", "endTime": "09:45:00"}]}

    assert data["nodes"] == [
        {"room": "220", "classPeriods": ["Period 1", "Study hall"], "schedule": [first]},
        {"room": None, "classPeriods": ["Period 2", "PERIOD 1"], "schedule": [first, second]},
    ]
    assert {ask.keys for _, ask in world.fetch.asks if ask.lookup.name == "class_periods_by_school"} == {("101",)}


async def test_calendar_days_span_school_years() -> None:
    """Each school year in the range is read, and both ends of the range are included."""
    days = [
        model.CalendarDay(
            vendor_id=str(day),
            school_id=SchoolId("101"),
            calendar_code="A",
            date=day,
            events=[Descriptor(code_value="Holiday")],
            instructional=False,
        )
        for day in (date(2026, 6, 29), date(2026, 6, 30), date(2026, 7, 1))
    ]
    sis = VendorData({"schools_by_id": {"101": school()}, "calendar_days_by_school": {"101": days}})
    world = World([third_party_source("sis", sis)])
    query = """query($id: ID!, $to: Date!) {school(id: $id) {
        district {name} calendarDays(from: "2026-06-30", to: $to) {date}
    }}"""
    key = encode(GlobalId("School", CEDAR, "101"))
    data = await world.data(query, id=key, to="2026-06-30")
    await world.data(query, id=key, to="2026-07-01")
    years = [ask.arguments["school_year"] for _, ask in world.fetch.asks if ask.arguments]

    assert data["school"] == {"district": {"name": "Cedar"}, "calendarDays": [{"date": "2026-06-30"}]}
    assert years == [2026, 2026, 2027]
    assert await world.codes(query, id=key, to="2026-06-29") == ["BAD_INPUT"]
