"""Ids, and codes that several records use."""

from enum import Enum
from typing import NewType

StudentId = NewType("StudentId", str)
"""
The district's `studentUniqueId`, at most 32 characters. An adapter whose vendor has its own ids receives a key
such as `sis_user_id:604822` instead.
"""
SchoolId = NewType("SchoolId", str)
"""The district's school number, as text, such as `255901001`."""
StaffId = NewType("StaffId", str)
"""The district's `staffUniqueId`."""
ContactId = NewType("ContactId", str)
"""The district's unique number of a parent, guardian or other contact."""
CaseloadId = NewType("CaseloadId", str)
"""
Id of a caseload, a group of students that a staff member serves outside classes: one opaque text that the
system of record builds.
"""
SectionId = NewType("SectionId", str)
"""Id of a section in one session: one opaque text that the system of record builds."""
LmsCourseId = NewType("LmsCourseId", str)
"""Id that a learning management system itself has for one of its courses."""


class GradeLevel(Enum):
    """Grade levels, from the youngest students to the oldest."""

    INFANT_TODDLER = "Infant/toddler"
    PRESCHOOL = "Preschool/Prekindergarten"
    KINDERGARTEN = "Kindergarten"
    FIRST = "First grade"
    SECOND = "Second grade"
    THIRD = "Third grade"
    FOURTH = "Fourth grade"
    FIFTH = "Fifth grade"
    SIXTH = "Sixth grade"
    SEVENTH = "Seventh grade"
    EIGHTH = "Eighth grade"
    NINTH = "Ninth grade"
    TENTH = "Tenth grade"
    ELEVENTH = "Eleventh grade"
    TWELFTH = "Twelfth grade"
    GRADE_13 = "Grade 13"
    POSTSECONDARY = "Postsecondary"
    ADULT = "Adult Education"
    UNGRADED = "Ungraded"
    OTHER = "Other"
    UNMAPPED = "UNMAPPED"


class AcademicSubject(Enum):
    """Subjects of courses and assessments."""

    MATHEMATICS = "Mathematics"
    ENGLISH_LANGUAGE_ARTS = "English Language Arts"
    READING = "Reading"
    WRITING = "Writing"
    SCIENCE = "Science"
    SOCIAL_STUDIES = "Social Studies"
    FINE_ARTS = "Fine and Performing Arts"
    FOREIGN_LANGUAGE = "Foreign Language and Literature"
    PHYSICAL_EDUCATION = "Physical, Health, and Safety Education"
    CAREER_AND_TECHNICAL = "Career and Technical Education"
    COMPUTER_SCIENCE = "Computer and Information Sciences"
    COMPOSITE = "Composite"
    OTHER = "Other"
    UNMAPPED = "UNMAPPED"


class StaffClassification(Enum):
    """The position for which a staff member is employed."""

    TEACHER = "Teacher"
    PRINCIPAL = "Principal"
    ASSISTANT_PRINCIPAL = "Assistant Principal"
    SUPERINTENDENT = "Superintendent"
    ASSISTANT_SUPERINTENDENT = "Assistant Superintendent"
    LEA_ADMINISTRATOR = "LEA Administrator"
    SCHOOL_ADMINISTRATOR = "School Administrator"
    COUNSELOR = "Counselor"
    SUPPORT = "Support Services Staff"
    OTHER = "Other"
    UNMAPPED = "UNMAPPED"
