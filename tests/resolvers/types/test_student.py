"""Fields of a student that filter, join or select records."""

from __future__ import annotations

from datetime import date

from student_graph.adapters import model
from student_graph.adapters.model import GradeLevel
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CODE, ME, World, record_ids, school_enrollment, student, student_fields


async def test_enrollments_are_filtered_by_school_year_and_day() -> None:
    """All enrollments by default; on the day of withdrawal the student is no longer enrolled."""
    enrollments = [
        school_enrollment(
            "1",
            vendor_id="old",
            school_year=2026,
            entry_date=date(2025, 8, 1),
            exit_withdraw_date=date(2026, 8, 20),
        ),
        school_enrollment("1", vendor_id="main", primary_school=True),
        school_enrollment("1", "102", GradeLevel.TENTH, vendor_id="second", entry_date=date(2027, 1, 5)),
    ]
    data = await student_fields(
        """all: enrollments {provenance {recordId} school {schoolId} student {studentUniqueId}}
        year: enrollments(schoolYear: 2026) {provenance {recordId}}
        last: enrollments(asOf: "2026-08-19") {provenance {recordId}}
        left: enrollments(asOf: "2026-08-20") {provenance {recordId}}
        gradeLevel then: gradeLevel(asOf: "2020-01-01")""",
        school_enrollments_by_student=enrollments,
    )

    assert record_ids(data, "all") == ["old", "main", "second"]
    assert [row["school"]["schoolId"] for row in data["all"]] == ["101", "101", "102"]
    assert record_ids(data, "year") == record_ids(data, "last") == ["old"]
    assert record_ids(data, "left") == ["main"]
    assert (data["gradeLevel"], data["then"]) == ("NINTH", None)


async def test_an_enrollment_without_a_school_year_is_in_the_years_of_its_days() -> None:
    """It does not vanish from a year; the day of withdrawal is none of its days."""
    enrollments = [
        school_enrollment(
            "1", vendor_id=name, school_year=None, entry_date=date(entry, 8, 21), exit_withdraw_date=end
        )
        for name, entry, end in (
            ("two", 2024, date(2026, 7, 1)),
            ("now", 2026, None),
            ("never", 2026, date(2026, 8, 21)),
        )
    ]
    data = await student_fields(
        " ".join(
            f"y{year}: enrollments(schoolYear: {year}) {{provenance {{recordId}}}}" for year in range(2024, 2029)
        ),
        school_enrollments_by_student=enrollments,
    )

    assert {name: record_ids(data, name) for name in data if name.startswith("y")} == {
        "y2024": [],
        "y2025": ["two"],
        "y2026": ["two"],
        "y2027": ["now", "never"],
        "y2028": [],
    }


async def test_an_incident_has_its_own_actions() -> None:
    """An incident has the actions that name it, and no others."""
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
    data = await student_fields(
        """n: disciplineIncidents {provenance {recordId} actions {provenance {recordId}} school {schoolId}}
        later: disciplineIncidents(from: "2027-01-12") {incidentIdentifier}
        actions: disciplineActions(to: "2027-01-12") {provenance {recordId}}""",
        discipline_incidents_by_student=[incident],
        discipline_actions_by_student=actions,
    )

    assert record_ids(data["n"][0], "actions") == ["a"]
    assert (data["later"], record_ids(data, "actions")) == ([], ["a", "b"])


async def test_grades_are_filtered_by_type_and_currency() -> None:
    """A grade that its source marks neither as current nor as not current is in neither result."""
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
    data = await student_fields(
        """all: courseGrades {provenance {recordId}} final: courseGrades(gradeType: FINAL) {provenance {recordId}}
        now: courseGrades(current: true) {provenance {recordId}}
        then: courseGrades(current: false) {provenance {recordId}}""",
        course_grades_by_student=grades,
    )

    assert [record_ids(data, name) for name in ("all", "final", "now", "then")] == [
        ["a", "b", "c"],
        ["a", "b"],
        ["a"],
        ["b"],
    ]


async def test_the_academic_record_is_that_of_the_last_term() -> None:
    """The last term of the requested year, or of the latest year on record."""
    records = [
        model.AcademicRecord(vendor_id=name, student_id=ME, school_year=year, term=CODE, grade_point_averages=[])
        for name, year in (("26-1", 2026), ("27-1", 2027), ("27-2", 2027))
    ]
    data = await student_fields(
        """last: academicRecord {provenance {recordId}}
        old: academicRecord(schoolYear: 2026) {provenance {recordId}}
        none: academicRecord(schoolYear: 2020) {provenance {recordId}}
        all: academicRecords {provenance {recordId}}""",
        academic_records_by_student=records,
    )

    assert (data["last"]["provenance"]["recordId"], data["old"]["provenance"]["recordId"], data["none"]) == (
        "27-2",
        "26-1",
        None,
    )
    assert len(data["all"]) == 3


async def test_the_last_term_is_that_of_the_year_and_not_of_the_alphabet() -> None:
    """A source has the terms in any order, and a spring comes after a winter."""
    for terms in (("Fall Trimester", "Spring Trimester", "Winter Trimester"), ("Fourth Quarter", "Third Quarter")):
        records = [
            model.AcademicRecord(
                vendor_id=term,
                student_id=ME,
                school_year=2027,
                term=model.Descriptor(code_value=term),
                grade_point_averages=[],
            )
            for term in terms
        ]
        data = await student_fields("academicRecord {provenance {recordId}}", academic_records_by_student=records)
        assert data["academicRecord"]["provenance"]["recordId"] in ("Spring Trimester", "Fourth Quarter")


async def test_programs_and_meals_are_filtered_by_day() -> None:
    """The end date is no day of the program; of several meals programs, the one that began last counts."""
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
    data = await student_fields(
        """all: programs {provenance {recordId}} last: programs(asOf: "2026-04-30") {provenance {recordId}}
        over: programs(asOf: "2026-05-01") {provenance {recordId}}
        kind: programs(types: [TITLE_I]) {provenance {recordId}}
        now: foodService {provenance {recordId}} then: foodService(asOf: "2026-06-01") {provenance {recordId}}
        none: foodService(asOf: "2020-01-01") {provenance {recordId}}""",
        program_participations_by_student=programs,
        food_service_by_student=meals,
    )

    assert [len(data[name]) for name in ("all", "last", "over", "kind")] == [2, 2, 1, 1]
    assert [data[name]["provenance"]["recordId"] for name in ("now", "then")] == ["new", "old"]
    assert data["none"] is None


async def test_transportation_is_known_for_today_only() -> None:
    """The first of several records; sources have no history, so another day is null."""
    transportations = [
        model.Transportation(vendor_id=bus, student_id=ME, bus_number=bus, travel_days=[], travel_directions=[])
        for bus in ("101", "7")
    ]
    data = await student_fields(
        """now: transportation {busNumber} today: transportation(asOf: "2027-03-01") {busNumber}
        past: transportation(asOf: "2027-02-28") {busNumber} transportations {busNumber}""",
        transportation_by_student=transportations,
    )

    assert data["now"] == data["today"] == {"busNumber": "101"}
    assert data["past"] is None
    assert len(data["transportations"]) == 2


async def test_identifiers_come_from_the_identity() -> None:
    """Identifiers in other systems; null if the system of record has none."""
    identity = model.StudentIdentity(
        vendor_id="i", student_id=ME, identifiers=[model.StudentIdentifier(system="State", value="S-1")]
    )
    sis = VendorData(
        {"students_by_id": {n: student(n) for n in "12"}, "student_identities_by_id": {"1": identity}}
    )
    world = World([third_party_source("sis", sis)])
    query = """query($n: String!) {student(studentUniqueId: $n) {
        identifiers {system value} identity {provenance {recordId}}
    }}"""

    assert (await world.data(query, n="1"))["student"]["identifiers"] == [{"system": "State", "value": "S-1"}]
    assert await world.data(query, n="2") == {"student": {"identifiers": None, "identity": None}}


async def test_section_enrollments_are_filtered_by_day() -> None:
    """The default is today; an enrollment without recorded days is active."""
    enrollments = [
        model.SectionEnrollment(vendor_id=name, student_id=ME, section_id=model.SectionId(name), end_date=end)
        for name, end in (("over", date(2026, 12, 1)), ("open", None))
    ]
    data = await student_fields(
        """district {shortName} now: sections {provenance {recordId}}
        then: sections(asOf: "2026-12-01") {provenance {recordId}}""",
        section_enrollments_by_student=enrollments,
    )

    assert (record_ids(data, "now"), record_ids(data, "then")) == (["open"], ["over", "open"])
    assert data["district"] == {"shortName": "cedar"}


async def test_addresses_are_valid_on_their_days() -> None:
    """The last day is included, and an address without days is always valid."""

    def address(street: str, begin: date | None = None, end: date | None = None) -> model.StudentAddress:
        return model.StudentAddress(
            vendor_id=street,
            student_id=ME,
            kind=model.Descriptor(code_value="Home"),
            street=street,
            city="Cedar",
            state="TX",
            postal_code="00001",
            begin_date=begin,
            end_date=end,
        )

    addresses = [
        address("1 Mill"),
        address("2 Mill", date(2026, 8, 20), date(2027, 2, 1)),
        address("3 Mill", date(2027, 2, 2)),
    ]
    data = await student_fields(
        """all: addresses {street}
        before: addresses(asOf: "2027-02-01") {street}
        after: addresses(asOf: "2027-02-02") {street}""",
        addresses_by_student=addresses,
    )

    assert [[row["street"][0] for row in data[name]] for name in ("all", "before", "after")] == [
        ["1", "2", "3"],
        ["1", "2"],
        ["1", "3"],
    ]
