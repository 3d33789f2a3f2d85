"""
Facts of a district, independent of any vendor. Every sandbox serves them in the format of its vendor.

All people are fictional. Codes are Ed-Fi code values (`"Ninth grade"`, `"Excused Absence"`), which are common
in the field; a sandbox translates them to the codes of its vendor.
"""

from student_graph.adapters.sandbox.facts.district import DistrictFacts
from student_graph.adapters.sandbox.facts.learning import (
    AssignmentFact,
    EngagementFact,
    LmsAccountFact,
    LmsCourseFact,
    LmsEnrollmentFact,
    SubmissionFact,
)
from student_graph.adapters.sandbox.facts.roster import (
    AddressFact,
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
    AssessmentTakerFact,
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

__all__ = [
    "ActionFact",
    "AddressFact",
    "AssessmentFact",
    "AssessmentTakerFact",
    "AssignmentFact",
    "AttendanceFact",
    "BusFact",
    "CalendarFact",
    "ClassPeriodFact",
    "CohortFact",
    "ContactFact",
    "CourseFact",
    "DistrictFacts",
    "EngagementFact",
    "EnrollmentFact",
    "GradeFact",
    "IncidentFact",
    "LmsAccountFact",
    "LmsCourseFact",
    "LmsEnrollmentFact",
    "ProgramFact",
    "ProgramStaffFact",
    "ResultFact",
    "SchoolFact",
    "SectionEnrollmentFact",
    "SectionFact",
    "SessionFact",
    "StaffFact",
    "StudentFact",
    "SubmissionFact",
    "TranscriptFact",
]
