"""
Enum members of the graph for the codes of Ed-Fi descriptors.

The codes are those that Data Standard 5.2 and the older supported standards publish. Case does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from student_graph.adapters.model import (
    AcademicSubject,
    AttendanceCategory,
    GradeLevel,
    GradeType,
    ProgramType,
    ResultDatatype,
    StaffClassification,
)

ENUM_BY_DESCRIPTOR: Mapping[str, type[Enum]] = {
    "AcademicSubjectDescriptor": AcademicSubject,
    "AttendanceEventCategoryDescriptor": AttendanceCategory,
    "GradeLevelDescriptor": GradeLevel,
    "GradeTypeDescriptor": GradeType,
    "ProgramTypeDescriptor": ProgramType,
    "ResultDatatypeTypeDescriptor": ResultDatatype,
    "StaffClassificationDescriptor": StaffClassification,
}
"""Enum by the name of the descriptor whose codes it represents."""

_OTHER_CODES: Mapping[type[Enum], Mapping[str, tuple[str, ...]]] = {
    GradeLevel: {
        "PRESCHOOL": ("Preschool", "Prekindergarten", "Early Education"),
        "KINDERGARTEN": ("Transitional Kindergarten",),
        "UNGRADED": ("No grade level",),
        "OTHER": ("Out of School",),
    },
    AcademicSubject: {
        "ENGLISH_LANGUAGE_ARTS": ("English",),
        "READING": ("Critical Reading",),
        "SCIENCE": ("Life and Physical Sciences",),
        "SOCIAL_STUDIES": ("Social Sciences and History",),
        "COMPOSITE": ("Cross Subject",),
        "OTHER": ("Military Science", "Religious Education and Theology", "Miscellaneous"),
    },
    StaffClassification: {
        "TEACHER": (
            "Pre-Kindergarten Teacher",
            "Kindergarten Teacher",
            "Elementary Teacher",
            "Secondary Teacher",
            "Ungraded Teacher",
            "Substitute Teacher",
        ),
        "COUNSELOR": ("Elementary School Counselor", "Secondary School Counselor", "School Counselor"),
        "SUPPORT": (
            "Paraprofessional/Instructional Aide",
            "Instructional Aide",
            "Librarian/Media Specialist",
            "Librarians/Media Specialists",
            "Library/Media Support Staff",
            "LEA Administrative Support Staff",
            "School Administrative Support Staff",
            "School Psychologist",
            "Student Support Services Staff (w/o Psychology)",
            "All Other Support Staff",
            "Operational Support",
        ),
        # None of these titles gives access to a school or to the district.
        "OTHER": (
            "Instr Coordinator and Supervisor to the Staff",
            "Instructional Coordinator",
            "LEA Specialist",
            "LEA System Administrator",
            "Missing",
            "School Leader",
            "School Specialist",
            "State Administrator",
        ),
    },
    AttendanceCategory: {"IN_ATTENDANCE": ("Present",)},
    GradeType: {},
    ProgramType: {
        "LANGUAGE_INSTRUCTION": (
            "English as a Second Language (ESL)",
            "Bilingual",
            "Bilingual Summer",
        ),
        "CAREER_AND_TECHNICAL": ("Technical Preparatory", "Vocational Education"),
        "OTHER": (
            "Adult/Continuing Education",
            "Alternative Education",
            "Athletics",
            "Cocurricular Programs",
            "College Preparatory",
            "Community Service Program",
            "Community/Junior College Education Program",
            "Compensatory Services for Disadvantaged Students",
            "District-Funded GED",
            "Early Head Start",
            "Even Start",
            "Extended Day/Child Care Services",
            "Fee For Service",
            "Foreign Exchange",
            "Head Start",
            "High School Equivalency Program (HSEP)",
            "Home Visiting",
            "Independent Study",
            "Indian Education",
            "International Baccalaureate",
            "Kindergarten - Extended Day",
            "Kindergarten - Full Day",
            "Kindergarten - Half Day",
            "Library/Media Services Program",
            "Magnet/Special Program Emphasis",
            "Optional Flexible School Day Program (OFSDP)",
            "Prekindergarten - Extended Day",
            "Prekindergarten - Full Day",
            "Prekindergarten - Half Day",
            "Public Preschool",
            "Regular Education",
            "Remedial Education",
            "Service Learning",
            "Student Retention/Dropout Prevention",
            "Support",
            "Teacher Professional Development/Mentoring",
        ),
    },
    ResultDatatype: {},
}
"""Codes by enum and member name, in addition to the values of the members, which are codes themselves."""


def _member_names(enum: type[Enum]) -> dict[str, str]:
    """Member name by lower-case code; the value of each member except `UNMAPPED` is a code."""
    names = {str(member.value).casefold(): member.name for member in enum if member.name != "UNMAPPED"}
    for name, codes in _OTHER_CODES[enum].items():
        names.update((code.casefold(), name) for code in codes)
    return names


MEMBER_NAME_BY_CODE: Mapping[type[Enum], Mapping[str, str]] = {
    enum: _member_names(enum) for enum in ENUM_BY_DESCRIPTOR.values()
}
"""Member name by enum and lower-case code."""
