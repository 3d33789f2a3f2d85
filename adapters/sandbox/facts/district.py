"""All facts of a district in one object."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from student_graph.adapters.sandbox.facts.learning import (
    AssignmentFact,
    EngagementFact,
    LmsAccountFact,
    LmsCourseFact,
    SubmissionFact,
)
from student_graph.adapters.sandbox.facts.roster import (
    CalendarFact,
    ClassPeriodFact,
    ContactFact,
    CourseFact,
    EnrollmentFact,
    SchoolFact,
    SectionEnrollmentFact,
    SectionFact,
    SessionFact,
    StaffFact,
    StudentFact,
)
from student_graph.adapters.sandbox.facts.school_life import (
    ActionFact,
    AssessmentFact,
    AttendanceFact,
    BusFact,
    CohortFact,
    GradeFact,
    IncidentFact,
    ProgramFact,
    ProgramStaffFact,
    ResultFact,
    TranscriptFact,
)


@dataclass(slots=True, kw_only=True)
class DistrictFacts:
    """All facts of a district."""

    lea: int
    name: str
    year: int
    """The current school year, named by the calendar year in which it ends"""
    now: datetime
    """The current time of the facts"""
    schools: list[SchoolFact] = field(default_factory=list)
    sessions: list[SessionFact] = field(default_factory=list)
    calendars: list[CalendarFact] = field(default_factory=list)
    students: list[StudentFact] = field(default_factory=list)
    enrollments: list[EnrollmentFact] = field(default_factory=list)
    staff: list[StaffFact] = field(default_factory=list)
    courses: list[CourseFact] = field(default_factory=list)
    class_periods: list[ClassPeriodFact] = field(default_factory=list)
    sections: list[SectionFact] = field(default_factory=list)
    section_enrollments: list[SectionEnrollmentFact] = field(default_factory=list)
    attendance: list[AttendanceFact] = field(default_factory=list)
    incidents: list[IncidentFact] = field(default_factory=list)
    actions: list[ActionFact] = field(default_factory=list)
    grades: list[GradeFact] = field(default_factory=list)
    transcripts: list[TranscriptFact] = field(default_factory=list)
    assessments: list[AssessmentFact] = field(default_factory=list)
    results: list[ResultFact] = field(default_factory=list)
    contacts: list[ContactFact] = field(default_factory=list)
    programs: list[ProgramFact] = field(default_factory=list)
    program_staff: list[ProgramStaffFact] = field(default_factory=list)
    cohorts: list[CohortFact] = field(default_factory=list)
    buses: list[BusFact] = field(default_factory=list)
    accounts: list[LmsAccountFact] = field(default_factory=list)
    lms_courses: list[LmsCourseFact] = field(default_factory=list)
    assignments: list[AssignmentFact] = field(default_factory=list)
    submissions: list[SubmissionFact] = field(default_factory=list)
    engagement: list[EngagementFact] = field(default_factory=list)
    special_cases: dict[str, list[str]] = field(default_factory=dict)
    """
    Special cases of real data, and the ids of the students or other objects that have them, for tests.

    Students: `dual_enrollment`, `re_entry`, `withdrawn`, `future_exit`, `nothing_recorded`, `unmapped_descriptor`,
    `attendance_elsewhere` (at a school and in a section without an enrollment), `several_events_a_day`,
    `unicode_name`, `two_state_ids`, `no_email`, `ssn_code`, `leading_zeros`, `no_lms_link`, `crossed_lms_ids`.
    Schools: `thin_calendar`. Section identifiers: `shared_section_identifier`. LMS accounts:
    `unmatched_lms_accounts`.
    """
