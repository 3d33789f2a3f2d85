"""Rows of attendance, discipline, classes, grades and tests, as Aeries sends them."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from student_graph.adapters.aeries.sandbox.index import Index, SectionNumber
from student_graph.adapters.aeries.sandbox.people import Row, day, number
from student_graph.adapters.sandbox.facts import AttendanceFact, SectionEnrollmentFact

ABSENCE_CODES = {"Excused Absence": "E", "Unexcused Absence": "U", "Tardy": "T", "Early departure": "D"}
_TYPES = {"E": (2, "Excused Absence"), "U": (3, "Unexcused Absence"), "T": (5, "Tardy"), "D": (4, "Not Absent")}
WITHOUT_MEANING = "X"
"""A code that was removed from the list of codes while days still have it."""


def absence_code_rows(school: int) -> list[Row]:
    """What the codes of a school stand for."""
    return [
        {"SchoolCode": school, "AbsenceCode": code, "Title": text, "TypeCode": number, "TypeDescription": text}
        for code, (number, text) in _TYPES.items()
    ]


def attendance_row(index: Index, student: str, school: int) -> Row:
    """The days of a student at a school that have a code for the day or for a class."""
    days: dict[date, list[AttendanceFact]] = defaultdict(list)
    for fact in index.facts.attendance:
        if fact.student == student and fact.school == school:
            days[fact.day].append(fact)
    return {
        "StudentID": int(student),
        "AttendanceDays": [_day_row(index, of_day, facts) for of_day, facts in sorted(days.items())],
    }


def _day_row(index: Index, of_day: date, facts: list[AttendanceFact]) -> Row:
    of_school = [fact for fact in facts if fact.section is None]
    return {
        "CalendarDate": day(of_day),
        "AllDayAttendanceCode": ABSENCE_CODES.get(of_school[-1].category, WITHOUT_MEANING) if of_school else "",
        "Classes": [
            {
                "SectionNumber": index.number_of[fact.section.key][1],
                "Period": (fact.periods or fact.section.periods or ("",))[0],
                "AttendanceCode": ABSENCE_CODES.get(fact.category, WITHOUT_MEANING),
            }
            for fact in facts
            if fact.section is not None
        ],
    }


def discipline_row(index: Index, student: str) -> Row:
    """All incidents of a student at any school, each with its decisions."""
    records = []
    for position, (incident, behavior) in enumerate(index.incidents_of(student), 1):
        at = None if incident.at is None else f"{incident.day}T{incident.at:%H:%M:%S}"
        decisions = [
            {
                "StudentID": int(student),
                "SequenceNumber": sequence,
                "DispositionCode": action.disciplines[0],
                "AssignedDays": action.length,
                "Days": action.length,
                "ActionDecisionDate": day(action.day),
                "StartDate": day(action.day),
            }
            for sequence, action in enumerate(index.actions.get((student, incident.id), ()), 1)
        ]
        records.append(
            {
                "AdministrativeDecisions": decisions,
                "SequenceNumber": position,
                "IncidentDate": day(incident.day),
                "IncidentID": int(incident.id),
                "ExactTime": at,
                "SchoolOfIncidentCode": incident.school,
                "LocationCode": incident.location or "",
                "ViolationCode1": behavior,
                "ViolationCode2": "",
                "Comment": "A comment that nobody else reads.",
            }
        )
    return {"StudentID": int(student), "AssertiveDisciplines": records}


def section_row(index: Index, number_of: SectionNumber) -> Row:
    """A section of the master schedule."""
    section = index.sections[number_of]
    return {
        "SchoolCode": number_of[0],
        "SectionNumber": number_of[1],
        "Period": section.periods[0] if section.periods else "",
        "Semester": section.session.split()[1][:1],
        "CourseID": section.course,
        "Room": section.room or "",
        "InactiveStatusCode": "",
        "SectionStaffMembers": [
            {
                "StaffID": int(staff),
                "IsPrimaryTeacher": position == "Teacher of Record",
                "StaffRoleCode": position,
                "StartDate": None,
                "EndDate": None,
                "InactiveStatusCode": "",
            }
            for staff, position, _, _ in section.staff
        ],
    }


def class_row(index: Index, fact: SectionEnrollmentFact, position: int) -> Row:
    """A student in a section."""
    school, section = index.number_of[fact.section.key]
    return {
        "StudentID": int(fact.student),
        "SchoolCode": school,
        "SequenceNumber": position,
        "SectionNumber": section,
        "CourseID": fact.section.course,
        "DateStarted": day(fact.begin),
        "DateEnded": day(fact.end),
    }


def course_row(index: Index, code: str) -> Row:
    """A course of the district."""
    course = index.courses[code]
    return {
        "ID": code,
        "Title": course.title[:15],
        "LongDescription": course.title,
        "DepartmentCode": course.subject,
        "InactiveStatusCode": "",
    }


def report_card_row(index: Index, student: str, school: int) -> Row:
    """The marks of a student, by course and marking period."""
    courses: dict[SectionNumber, Row] = {}
    for fact in index.facts.grades:
        section = fact.enrollment.section
        if fact.enrollment.student != student or section.school != school or fact.period is None:
            continue
        if fact.kind != "Grading Period":
            continue
        number_of = index.number_of[section.key]
        course = courses.setdefault(number_of, {
            "SchoolCode": school, "CourseID": section.course, "CourseTitle": index.courses[section.course].title,
            "Period": "", "SectionNumber": number_of[1], "MarkingPeriodGrades": [],
        })  # fmt: skip
        mark = fact.letter or (f"{fact.numeric:g}" if fact.numeric is not None else "")
        marks = course["MarkingPeriodGrades"]
        earlier = [grade for grade in marks if grade["MarkingPeriod"] != fact.period[2]]
        course["MarkingPeriodGrades"] = [*earlier, {"MarkingPeriod": fact.period[2], "Mark": mark, "Credit": 0.0}]
    return {"StudentID": int(student), "StudentReportCardCourses": list(courses.values())}


def gpa_row(index: Index, student: str, school: int) -> Row:
    """The credits and averages of a student."""
    own = [fact for fact in index.facts.transcripts if fact.student == student]
    latest: Any = max(own, key=lambda fact: fact.year) if own else None
    return {
        "StudentID": int(student),
        "SchoolCode": school,
        "CreditsAttempted": latest.attempted if latest else 0.0,
        "CreditsCompleted": latest.earned if latest else 0.0,
        "GPA_CumulativeAcademic": (latest.gpa or 0.0) if latest else 0.0,
        "GPA_CumulativeAcademicNonWeighted": (latest.gpa or 0.0) if latest else 0.0,
        "GPA_CumulativeTotal": 0.0,
        "GPA_CumulativeTotalNonWeighted": 0.0,
    }


def test_rows(index: Index, student: str) -> list[Row]:
    """The tests of a student, each part a row of its own."""
    rows = []
    for position, fact in enumerate((fact for fact in index.facts.results if fact.student == student), 1):
        test, _, part = fact.assessment.id.partition("-")
        scores = [
            {"Type": "ScaleScore" if method == "Scale score" else "Other", "Score": float(result)}
            for method, _, result in fact.scores
            if result.replace(".", "", 1).isdigit()
        ]
        rows.append(
            {
                "StudentID": int(student),
                "Scores": scores,
                "SequenceNumber": position,
                "TestID": test,
                "TestPart": part or "0",
                "TestDescription": fact.assessment.title,
                "GradeLevel": float(number(fact.grade)),
                "TestingAdministration": f"SPRG{fact.at:%y}",
                "TestDate": day(fact.at),
                "TestTypeCode": "",
                "TestSourceCode": "",
            }
        )
    return rows
