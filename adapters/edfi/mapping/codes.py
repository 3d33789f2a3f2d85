"""
Codes of the Ed-Fi descriptors, as they are named in the graph.

Names are as published with Data Standard 5.2 and the earlier ones still served; compared without regard to case.
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

KINDS: Mapping[str, type[Enum]] = {
    "AcademicSubjectDescriptor": AcademicSubject,
    "AttendanceEventCategoryDescriptor": AttendanceCategory,
    "GradeLevelDescriptor": GradeLevel,
    "GradeTypeDescriptor": GradeType,
    "ProgramTypeDescriptor": ProgramType,
    "ResultDatatypeTypeDescriptor": ResultDatatype,
    "StaffClassificationDescriptor": StaffClassification,
}
"""Which enum stands for the codes of which descriptor."""

_OTHER_SPELLINGS: Mapping[type[Enum], Mapping[str, tuple[str, ...]]] = {
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
        # No title in this list opens a school or the district to its holder.
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


def _standard(kind: type[Enum]) -> dict[str, str]:
    """Name by code: the members' own values are codes, but for the one that says there is none."""
    names = {str(member.value).casefold(): member.name for member in kind if member.name != "UNMAPPED"}
    for name, codes in _OTHER_SPELLINGS[kind].items():
        names.update((code.casefold(), name) for code in codes)
    return names


STANDARD: Mapping[type[Enum], Mapping[str, str]] = {kind: _standard(kind) for kind in KINDS.values()}
"""Name of the enum's member by code, lower case."""
