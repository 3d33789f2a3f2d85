"""Parts of a student's life that a resolver narrows, joins or sums up."""

from __future__ import annotations

from datetime import date

from student_graph.adapters import model
from student_graph.adapters.model import GradeLevel
from tests.resolvers.third_party import Shelf, stranger
from tests.resolvers.two_districts import CODE, ME, World, ask, stay, student, titles


async def test_stays_at_schools_are_narrowed_by_year_and_day() -> None:
    """All stays by default; the day of withdrawal is the first day no longer enrolled."""
    stays = [
        stay(
            "1",
            vendor_id="old",
            school_year=2026,
            entry_date=date(2025, 8, 1),
            exit_withdraw_date=date(2026, 8, 20),
        ),
        stay("1", vendor_id="main", primary_school=True),
        stay("1", "102", GradeLevel.TENTH, vendor_id="second", entry_date=date(2027, 1, 5)),
    ]
    told = await ask(
        """all: enrollments {provenance {recordId} school {schoolId} student {studentUniqueId}}
        year: enrollments(schoolYear: 2026) {provenance {recordId}}
        last: enrollments(asOf: "2026-08-19") {provenance {recordId}}
        left: enrollments(asOf: "2026-08-20") {provenance {recordId}}
        gradeLevel then: gradeLevel(asOf: "2020-01-01")""",
        school_enrollments_by_student=stays,
    )

    assert titles(told, "all") == ["old", "main", "second"]
    assert [one["school"]["schoolId"] for one in told["all"]] == ["101", "101", "102"]
    assert titles(told, "year") == titles(told, "last") == ["old"]
    assert titles(told, "left") == ["main"]
    assert (told["gradeLevel"], told["then"]) == ("NINTH", None)


async def test_actions_are_joined_to_their_incident() -> None:
    """An incident shows what followed from it, and no other action."""
    incident = model.DisciplineIncident(
        vendor_id="i",
        student_id=ME,
        school_id=model.SchoolId("101"),
        incident_identifier="17",
        date=date(2027, 1, 11),
        behaviors=[CODE],
        participation=[],
    )
    actions = [
        model.DisciplineAction(
            vendor_id=name,
            student_id=ME,
            discipline_action_identifier=name,
            date=date(2027, 1, 12),
            disciplines=[CODE],
            incident_identifiers=incidents,
        )
        for name, incidents in (("a", ["16", "17"]), ("b", ["16"]))
    ]
    told = await ask(
        """n: disciplineIncidents {provenance {recordId} actions {provenance {recordId}} school {schoolId}}
        later: disciplineIncidents(from: "2027-01-12") {incidentIdentifier}
        actions: disciplineActions(to: "2027-01-12") {provenance {recordId}}""",
        discipline_incidents_by_student=[incident],
        discipline_actions_by_student=actions,
    )

    assert titles(told["n"][0], "actions") == ["a"]
    assert (told["later"], titles(told, "actions")) == ([], ["a", "b"])


async def test_grades_are_narrowed_by_kind() -> None:
    """Kind and currency narrow the list; a grade whose source does not say is in neither half."""
    grades = [
        model.CourseGrade(
            vendor_id=name, student_id=ME, source=model.GradeSource.SIS, grade_type=kind, current=current
        )
        for name, kind, current in (
            ("a", model.GradeType.FINAL, True),
            ("b", model.GradeType.FINAL, False),
            ("c", model.GradeType.SEMESTER, None),
        )
    ]
    told = await ask(
        """all: courseGrades {provenance {recordId}} final: courseGrades(gradeType: FINAL) {provenance {recordId}}
        now: courseGrades(current: true) {provenance {recordId}} then: courseGrades(current: false) {provenance {recordId}}""",
        course_grades_by_student=grades,
    )

    assert [titles(told, name) for name in ("all", "final", "now", "then")] == [
        ["a", "b", "c"],
        ["a", "b"],
        ["a"],
        ["b"],
    ]


async def test_the_academic_record_is_the_last_terms() -> None:
    """The last term of the year named, else of the latest year on record."""
    records = [
        model.AcademicRecord(vendor_id=name, student_id=ME, school_year=year, term=CODE, grade_point_averages=[])
        for name, year in (("26-1", 2026), ("27-1", 2027), ("27-2", 2027))
    ]
    told = await ask(
        """last: academicRecord {provenance {recordId}} old: academicRecord(schoolYear: 2026) {provenance {recordId}}
        none: academicRecord(schoolYear: 2020) {provenance {recordId}} all: academicRecords {provenance {recordId}}""",
        academic_records_by_student=records,
    )

    assert (told["last"]["provenance"]["recordId"], told["old"]["provenance"]["recordId"], told["none"]) == (
        "27-2",
        "26-1",
        None,
    )
    assert len(told["all"]) == 3


async def test_programs_and_meals_are_those_of_a_day() -> None:
    """A last day is included; meals are those of the program begun last."""
    programs = [
        model.ProgramParticipation(
            vendor_id=kind.name,
            student_id=ME,
            program_name=kind.value,
            program_type=kind,
            program_type_descriptor=CODE,
            begin_date=date(2026, 1, 1),
            end_date=end,
            services=[],
        )
        for kind, end in ((model.ProgramType.TITLE_I, date(2026, 5, 1)), (model.ProgramType.MIGRANT, None))
    ]
    meals = [
        model.FoodService(vendor_id=name, student_id=ME, program_name=name, begin_date=begin, services=[])
        for name, begin in (("new", date(2027, 1, 1)), ("old", date(2026, 1, 1)), ("next", date(2027, 9, 1)))
    ]
    told = await ask(
        """all: programs {provenance {recordId}} last: programs(asOf: "2026-05-01") {provenance {recordId}}
        over: programs(asOf: "2026-05-02") {provenance {recordId}} kind: programs(types: [TITLE_I]) {provenance {recordId}}
        now: foodService {provenance {recordId}} then: foodService(asOf: "2026-06-01") {provenance {recordId}}
        none: foodService(asOf: "2020-01-01") {provenance {recordId}}""",
        program_participations_by_student=programs,
        food_service_by_student=meals,
    )

    assert [len(told[name]) for name in ("all", "last", "over", "kind")] == [2, 2, 1, 1]
    assert [told[name]["provenance"]["recordId"] for name in ("now", "then")] == ["new", "old"]
    assert told["none"] is None


async def test_transport_is_known_for_today_only() -> None:
    """The first way of several; sources keep no history, so another day is null."""
    ways = [
        model.Transportation(vendor_id=bus, student_id=ME, bus_number=bus, travel_days=[], travel_directions=[])
        for bus in ("101", "7")
    ]
    told = await ask(
        """now: transportation {busNumber} today: transportation(asOf: "2027-03-01") {busNumber}
        past: transportation(asOf: "2027-02-28") {busNumber} transportations {busNumber}""",
        transportation_by_student=ways,
    )

    assert told["now"] == told["today"] == {"busNumber": "101"}
    assert told["past"] is None
    assert len(told["transportations"]) == 2


async def test_identifiers_are_the_identitys() -> None:
    """The numbers by which others know the student; null when the system of record keeps none."""
    identity = model.StudentIdentity(
        vendor_id="i", student_id=ME, identifiers=[model.StudentIdentifier(system="State", value="S-1")]
    )
    shelf = Shelf({"students_by_id": {n: student(n) for n in "12"}, "student_identities_by_id": {"1": identity}})
    world = World([stranger("sis", shelf)])
    query = (
        "query($n: String!) {student(studentUniqueId: $n) {identifiers {system value} identity {provenance {recordId}}}}"
    )

    assert (await world.data(query, n="1"))["student"]["identifiers"] == [{"system": "State", "value": "S-1"}]
    assert await world.data(query, n="2") == {"student": {"identifiers": None, "identity": None}}


async def test_places_in_sections_are_those_of_a_day() -> None:
    """Today by default; a place whose days are not recorded lasts."""
    places = [
        model.SectionEnrollment(vendor_id=name, student_id=ME, section_id=model.SectionId(name), end_date=end)
        for name, end in (("over", date(2026, 12, 1)), ("open", None))
    ]
    told = await ask(
        """district {shortName} now: sections {provenance {recordId}}
        then: sections(asOf: "2026-12-01") {provenance {recordId}}""",
        section_enrollments_by_student=places,
    )

    assert (titles(told, "now"), titles(told, "then")) == (["open"], ["over", "open"])
    assert told["district"] == {"shortName": "cedar"}
