"""The documents of examples/queries as questions: who asks each one, where its answer is, and its key figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from student_graph.adapters.sandbox.demo_student import demo_student
from student_graph.gateway.demo.districts import DemoDistrict
from tests.gateway.documents.examples.figures import Figure, count, distinct, percent, text, total
from tests.gateway.servers import ROOT

FOLDER = ROOT / "examples" / "queries"
NO_LINK = frozenset({"NO_IDENTITY_LINK", "IDENTITY_UNCONFIRMED", "IDENTITY_CONFLICT"})
"""Codes of students without a certain account in the LMS, which the demo has on purpose."""
FIRST_STUDENT = "viewer.students.edges.0.node"
STUDENTS = "viewer.students.edges.*.node"
CLASSES = "viewer.sections.*"
ROSTERS = f"{CLASSES}.roster.*"
DISTRICT = "districts.*"
ABSENCE = f"{FIRST_STUDENT}.attendance.chronicAbsence"
RISK_INDICATORS = "viewer.schools.*.students.edges.*.node.riskProfile.indicators.*"
CASELOAD_INDICATORS = "viewer.caseloads.*.students.edges.*.node.indicators.*"


@dataclass(frozen=True)
class Question:
    """Who asks a document, and what is in its answer."""

    viewer: str
    answer: str
    """Path of a value that is not null in the response."""
    figures: tuple[Figure, ...]
    """Key figures of the answer."""
    codes: frozenset[str] = NO_LINK
    """Error codes that may be in the response."""
    variables: dict[str, Any] = field(default_factory=dict)
    after: str | None = None
    """Document that is sent before this one, which reports on vendor calls; None if it reports on students."""

    def key_figures(self, data: Any) -> str:
        """The key figures of a response's data, on one line."""
        return ", ".join(figure(data) for figure in self.figures)

    def all_variables(self, document: str, district: DemoDistrict) -> dict[str, Any]:
        """The variables for a document; a student is the one with the most records in the district."""
        student = {"studentUniqueId": demo_student(district.facts)} if "$studentUniqueId" in document else {}
        return self.variables | student


QUESTIONS = {
    "01-one-student": Question(
        "superintendent",
        "student.name.firstName",
        (
            count("grades", "student.courseGrades.*"),
            count("assignments", "student.assignments.*"),
            total("attendance events", "student.attendanceEvents.totalCount"),
            count("test results", "student.assessments.*"),
        ),
    ),
    "02-class-roster": Question(
        "teacher",
        f"{FIRST_STUDENT}.sections.0.section.roster.0.courseGrades",
        (
            count("classes", f"{STUDENTS}.sections.*"),
            distinct("students", f"{STUDENTS}.sections.*.section.roster.*.student.studentUniqueId"),
            count("grades", f"{STUDENTS}.sections.*.section.roster.*.courseGrades.*"),
            count("assignments", f"{STUDENTS}.sections.*.section.roster.*.assignments.*"),
        ),
    ),
    "03-sources": Question(
        "superintendent",
        "sources.0.reachable",
        (
            count("sources", "sources.*"),
            count("reachable", "sources.*.reachable", True),
            count("kinds of records offered", "sources.*.offers.*"),
            total("vendor calls", "sources.*.calls"),
        ),
        after="01-one-student",
    ),
    "04-find-students": Question(
        "principal",
        "students.edges.*.node.gradeLevel",
        (
            count("students on the first page", "students.edges.*"),
            count("enrollments", "students.edges.*.node.enrollments.*"),
        ),
    ),
    "05-teachers-day": Question(
        "teacher",
        f"{ROSTERS}.student.attendance.absentDays.value",
        (
            count("classes", CLASSES),
            distinct("students", f"{ROSTERS}.student.studentUniqueId"),
            count("grades", f"{ROSTERS}.courseGrades.*"),
            total("missing work", f"{ROSTERS}.student.coursework.missing.value"),
        ),
    ),
    "06-reteach": Question(
        "teacher",
        f"{ROSTERS}.student.assessments.*.objectives.*.performanceLevels.0.proficient",
        (
            distinct("students", f"{ROSTERS}.student.studentUniqueId"),
            count("parts of their latest tests", f"{ROSTERS}.student.assessments.*.objectives.*"),
            count(
                "below proficient",
                f"{ROSTERS}.student.assessments.*.objectives.*.performanceLevels.*.proficient",
                False,
            ),
        ),
    ),
    "07-near-chronic-absence": Question(
        "teacher",
        f"{FIRST_STUDENT}.attendance.affordableDays.value",
        (
            total("students", "viewer.students.totalCount"),
            text(f"{FIRST_STUDENT}.attendance.affordableDays.reasons.0"),
        ),
    ),
    "08-newly-absent": Question(
        "superintendent", "viewer.students.totalCount", (total("students", "viewer.students.totalCount"),)
    ),
    "09-early-warning-list": Question(
        "principal",
        "viewer.schools.0.students.totalCount",
        (
            total("students", "viewer.schools.*.students.totalCount"),
            count("indicators at risk", f"{RISK_INDICATORS}.level", "AT_RISK"),
        ),
    ),
    "10-schools-compared": Question(
        "superintendent",
        "districts.0.metrics.groups.0.population",
        (
            count("schools", f"{DISTRICT}.metrics.groups.*"),
            total("students", f"{DISTRICT}.metrics.total.population"),
            percent("chronically absent", f"{DISTRICT}.metrics.total.atRiskShare"),
        ),
    ),
    "11-subgroups": Question(
        "superintendent",
        "districts.0.englishLearners.groups.0.population",
        (
            percent("chronically absent: English learners", f"{DISTRICT}.englishLearners.groups.0.atRiskShare"),
            percent("others", f"{DISTRICT}.englishLearners.groups.1.atRiskShare"),
            count("grade levels", f"{DISTRICT}.gradeLevels.groups.*.keys.*.group"),
        ),
    ),
    "12-reading-group": Question(
        "teacher",
        f"{FIRST_STUDENT}.assessments.0.scores.0.result",
        (
            count("students", STUDENTS),
            count("test results", f"{STUDENTS}.assessments.*"),
            distinct("tests", f"{STUDENTS}.assessments.*.assessment.title"),
        ),
    ),
    "13-buses-and-meals": Question(
        "superintendent",
        "districts.0.meals.groups.0.population",
        (
            count("bus routes", f"{DISTRICT}.busRoutes.groups.*.keys.*.group"),
            total("students late in first period", f"{DISTRICT}.busRoutes.groups.*.aboveZero"),
            count("groups by meals and failed courses", f"{DISTRICT}.meals.groups.*"),
        ),
    ),
    "14-target-population": Question(
        "principal",
        "viewer.students.totalCount",
        (total("students", "viewer.students.totalCount"), total("undecided", "viewer.students.undecided")),
    ),
    "15-on-track": Question(
        "superintendent",
        f"{FIRST_STUDENT}.courses.onTrack.reasons.0",
        (
            count("ninth graders", STUDENTS),
            count("off track", f"{STUDENTS}.courses.onTrack.level", "AT_RISK"),
            count("open until the year's end", f"{STUDENTS}.courses.onTrack.level", "NOT_EVALUATED"),
        ),
    ),
    "16-parents-page": Question(
        "parent",
        f"{FIRST_STUDENT}.attendance.absentDays.value",
        (
            count("children", STUDENTS),
            total("days absent", f"{STUDENTS}.attendance.absentDays.value"),
            count("current grades", f"{STUDENTS}.courseGrades.*"),
            count("missing work", f"{STUDENTS}.assignments.*"),
        ),
    ),
    "17-what-may-i-see": Question(
        "teacher",
        f"{FIRST_STUDENT}.provenance.source",
        (
            total("students in reach", "viewer.students.totalCount"),
            count("grants", "viewer.grants.*"),
            count("programs shown", f"{STUDENTS}.programs.*"),
        ),
        frozenset({"FORBIDDEN"}),
    ),
    "18-why-this-number": Question(
        "teacher",
        f"{ABSENCE}.definition.source",
        (text(f"{ABSENCE}.reasons.0"), total("records behind it", f"{ABSENCE}.evidence.totalCount")),
    ),
    "19-class-periods": Question(
        "teacher",
        f"{CLASSES}.schedule.0.meetingTimes.0.startTime",
        (
            count("classes", CLASSES),
            total("class periods missed", f"{ROSTERS}.student.attendance.periodAbsenceRate.numerator"),
            total("late arrivals", f"{ROSTERS}.student.attendance.periodTardies.value"),
        ),
    ),
    "20-scorecard": Question(
        "superintendent",
        "sources.0.scorecard.rows.0.findings.0.text",
        (
            count("scorecards of sources", "sources.*.scorecard"),
            count("findings", "sources.*.scorecard.rows.*.findings.*"),
            count("measured", "sources.*.scorecard.rows.*.findings.*.measured", True),
        ),
        after="01-one-student",
    ),
    "21-caseloads": Question(
        "counselor",
        "viewer.caseloads",
        (
            count("caseloads", "viewer.caseloads.*"),
            count("students", "viewer.caseloads.*.students.edges.*"),
            count("indicators on track", f"{CASELOAD_INDICATORS}.level", "ON_TRACK"),
            count("at risk or to watch", f"{CASELOAD_INDICATORS}.level", "AT_RISK", "WATCH"),
        ),
    ),
    "22-definitions": Question(
        "teacher",
        "districts.0.presets.0.rules.0.thresholds",
        (
            count("presets", f"{DISTRICT}.presets.*"),
            count("rules", f"{DISTRICT}.presets.*.rules.*"),
            count("thresholds", f"{DISTRICT}.presets.*.rules.*.thresholds.*"),
        ),
    ),
}
