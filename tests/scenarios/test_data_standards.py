"""The same district in each Ed-Fi Data Standard: a student's page, a class and a teacher's day are the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.edfi.sandbox import DataStandard
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import served
from tests.long_runs import size
from tests.scenarios.helpers.demo_gateway import DemoGateway, comparable, demo_districts, demo_gateway

NEWEST: DataStandard = "6.0"
OTHERS: tuple[DataStandard, ...] = ("3.3", "4.0", "5.0")
CLASSES = size(1, 6)
"""Classes of the teacher that are compared."""

# Not selected: what a Data Standard does not have. Before 5 these are preferred names, types of grade point
# averages and names of grading periods; before 4 the current grade; before 5.1 buses; before 6 Section 504.
STUDENT = """query ($number: String!) { student(studentUniqueId: $number) {
  id studentUniqueId gradeLevel name { firstName middleName lastName generationSuffix }
  identifiers { system value assigningOrganization }
  demographics { birthDate sex { codeValue namespace } races { codeValue } hispanicLatinoEthnicity
    languages { language { codeValue } uses { codeValue } } }
  englishProficiency { status { codeValue } }
  addresses { kind { codeValue } street apartment city state postalCode beginDate endDate }
  contacts { contactUniqueId name { firstName lastName } relation { codeValue } primary emergency emails phones }
  enrollments { entryDate exitWithdrawDate gradeLevel schoolYear school { name } }
  programs { programName programType beginDate endDate }
  specialEducation { programName disabilities { codeValue } setting { codeValue } services { codeValue } }
  homelessness { programName primaryNighttimeResidence { codeValue } }
  foodService { programName directCertification services { codeValue } }
  attendanceEvents(first: 100) { totalCount edges { node {
    date category excusal scope raw { codeValue } arrivalTime departureTime classPeriods } } }
  disciplineIncidents { date behaviors { codeValue } }
  disciplineActions { date disciplines { codeValue } }
  courseGrades { courseName gradeType letter numeric source }
  academicRecords { schoolYear cumulativeEarnedCredits gradePointAverages { value cumulative } }
  assessments { administrationDate gradeLevelWhenAssessed scores { result numeric } performanceLevels { level {
    codeValue } } assessment { title family subjects subjectDescriptors { codeValue namespace } } }
} }"""
CLASS = """query ($id: ID!) { section(id: $id) {
  id courseTitle subject sessionName schoolYear
  classPeriods room schedule { name meetingTimes { startTime endTime } }
  teachers { position { codeValue } staff { staffUniqueId name { firstName lastName } } }
  roster { student { studentUniqueId name { firstName lastName } identifiers { system value }
    demographics { sex { codeValue } } courseGrades { letter numeric } } }
} }"""
TEACHER = """{ viewer { role staff { staffUniqueId name { firstName lastName } }
  sections { id courseTitle sessionName }
  students(first: 100) { totalCount edges { node { studentUniqueId name { firstName lastName } gradeLevel
    attendanceEvents(first: 100) { edges { node { date category } } } } } }
} }"""


@contextmanager
def gateway_over(standard: DataStandard) -> Iterator[DemoGateway]:
    """A gateway over a small district of the demo, without the LMS, in a Data Standard."""
    [district] = demo_districts("edfi", data_standard=standard)
    sandbox = district.sandboxes["edfi"]
    with served(sandbox), demo_gateway([replace(district, sandboxes={"edfi": sandbox})]) as gateway:
        yield gateway


def answers(standard: DataStandard, students: list[str]) -> dict[str, Any]:
    """The pages of students, a teacher's day and the classes of the teacher, without vendors' ids and times."""
    with gateway_over(standard) as gateway:
        day = gateway.post(TEACHER, "teacher")
        sections = [section["id"] for section in day["data"]["viewer"]["sections"]]
        pages = {number: gateway.post(STUDENT, number=number) for number in students}
        classes = {section: gateway.post(CLASS, id=section) for section in sections[:CLASSES]}
    responses = {"day": day, **pages, **classes}
    assert [response["errors"] for response in responses.values() if "errors" in response] == []
    return {name: comparable(response["data"]) for name, response in responses.items()}


FACTS = make_district(30)


def students_with_most(facts: DistrictFacts) -> list[str]:
    """Students who have records that the Data Standards keep in different places."""
    cases = "two_state_ids", "ssn_code", "leading_zeros", "no_email"
    return sorted({student for case in cases for student in facts.special_cases[case]})[:: size(2, 1)]


STUDENTS = students_with_most(FACTS)


@pytest.fixture(scope="module")
def newest() -> dict[str, Any]:
    """The answers in the newest Data Standard."""
    return answers(NEWEST, STUDENTS)


def test_the_newest_standard_has_what_the_district_recorded(newest: dict[str, Any]) -> None:
    """Identifiers, addresses, demographics, classes and subjects are those of the facts, and none is empty."""
    students = {student.id: student for student in FACTS.students}
    for number in STUDENTS:
        fact, page = students[number], newest[number]["student"]
        codes = [(system, code) for system, code in fact.codes if system != "SSN"]
        mails = [("Email", fact.email)] if fact.email else []
        assert sorted((code["system"], code["value"]) for code in page["identifiers"]) == sorted(codes + mails)
        assert page["demographics"]["sex"]["codeValue"] == fact.sex
        assert [race["codeValue"] for race in page["demographics"]["races"]] == list(fact.races)
        assert [part["language"]["codeValue"] for part in page["demographics"]["languages"]] == sorted(
            code for code, _ in fact.languages
        )
        proficiency = page["englishProficiency"]
        assert (proficiency and proficiency["status"]["codeValue"]) == fact.english
        shown = [address for address in fact.addresses if not address.unlisted and "Doubled" not in address.kind]
        assert sorted(row["street"] for row in page["addresses"]) == sorted(address.street for address in shown)
        assert all(result["assessment"]["subjects"] for result in page["assessments"])
    assert newest["day"]["viewer"]["students"]["totalCount"] > 0
    classes = [newest[name]["section"] for name in newest if "section" in newest[name]]
    assert any(section["roster"] for section in classes)
    assert all(section["room"] and section["classPeriods"] for section in classes)
    assert all(
        [period["name"] for period in section["schedule"]] == section["classPeriods"] for section in classes
    )


@pytest.mark.long_run
@pytest.mark.parametrize("standard", OTHERS)
def test_other_standards_give_the_same_answers(newest: dict[str, Any], standard: DataStandard) -> None:
    """A student's page, a class and a teacher's day do not show in which Data Standard the district is."""
    assert answers(standard, STUDENTS) == newest


def test_section_504_needs_the_grant_for_disabilities() -> None:
    """The superintendent sees the programs in Data Standard 6, and a teacher gets an error and no value."""
    query = (
        "query ($number: String!) { student(studentUniqueId: $number) { section504 { programName eligible } } }"
    )
    participants = [fact.student for fact in FACTS.programs if fact.kind == "section 504"]
    with gateway_over(NEWEST) as gateway:
        seen = {number: gateway.post(query, number=number)["data"]["student"] for number in participants}
        page = gateway.post(
            "{ viewer { students(first: 1) { edges { node { section504 { eligible } } } } } }", "teacher"
        )

    assert seen
    assert all(
        student["section504"][0] == {"programName": "Section 504", "eligible": True} for student in seen.values()
    )
    assert [edge["node"]["section504"] for edge in page["data"]["viewer"]["students"]["edges"]] == [None]
    assert {error["extensions"]["code"] for error in page["errors"]} == {"FORBIDDEN"}
