"""Codes of OneRoster as enums: grade levels, subjects, roles and states of work."""

from __future__ import annotations

from student_graph.adapters.model import (
    AcademicSubject,
    GradeLevel,
    GradeType,
    StaffClassification,
    SubmissionStatus,
)

_GRADES = {
    "IT": GradeLevel.INFANT_TODDLER,
    "PR": GradeLevel.PRESCHOOL,
    "PK": GradeLevel.PRESCHOOL,
    "TK": GradeLevel.KINDERGARTEN,
    "KG": GradeLevel.KINDERGARTEN,
    "01": GradeLevel.FIRST,
    "02": GradeLevel.SECOND,
    "03": GradeLevel.THIRD,
    "04": GradeLevel.FOURTH,
    "05": GradeLevel.FIFTH,
    "06": GradeLevel.SIXTH,
    "07": GradeLevel.SEVENTH,
    "08": GradeLevel.EIGHTH,
    "09": GradeLevel.NINTH,
    "10": GradeLevel.TENTH,
    "11": GradeLevel.ELEVENTH,
    "12": GradeLevel.TWELFTH,
    "13": GradeLevel.GRADE_13,
    "PS": GradeLevel.POSTSECONDARY,
    "AE": GradeLevel.ADULT,
    "UG": GradeLevel.UNGRADED,
    "OTHER": GradeLevel.OTHER,
}
"""Codes of the Common Education Data Standards, which OneRoster prescribes."""
_GRADE_PHRASES = {level.value.casefold(): level for level in GradeLevel}
_SUBJECTS = {subject.value.casefold(): subject for subject in AcademicSubject} | {
    "math": AcademicSubject.MATHEMATICS,
    "english": AcademicSubject.ENGLISH_LANGUAGE_ARTS,
    "history": AcademicSubject.SOCIAL_STUDIES,
}
_ROLES = {
    "teacher": StaffClassification.TEACHER,
    "aide": StaffClassification.SUPPORT,
    "counselor": StaffClassification.COUNSELOR,
    "principal": StaffClassification.PRINCIPAL,
    "siteAdministrator": StaffClassification.SCHOOL_ADMINISTRATOR,
    "districtAdministrator": StaffClassification.LEA_ADMINISTRATOR,
    "administrator": StaffClassification.OTHER,
    "proctor": StaffClassification.OTHER,
    "systemAdministrator": StaffClassification.OTHER,
}
"""Version 1.1 does not say what an `administrator` administers."""
_STATES = {
    "exempt": SubmissionStatus.EXCUSED,
    "fully graded": SubmissionStatus.GRADED,
    "partially graded": SubmissionStatus.PENDING_REVIEW,
    "submitted": SubmissionStatus.SUBMITTED,
    "not submitted": SubmissionStatus.UNSUBMITTED,
}
_GRADE_TYPES = {kind.value.casefold(): kind for kind in GradeType}


def grade_level(code: str) -> GradeLevel:
    """A code such as `09`, `9` or `KG`, or a phrase such as `Ninth grade`; UNMAPPED for any other."""
    text = code.strip()
    padded = text.zfill(2) if text.isdigit() else text.upper()
    return _GRADES.get(padded) or _GRADE_PHRASES.get(text.casefold(), GradeLevel.UNMAPPED)


def subject(name: str) -> AcademicSubject:
    """A subject by its name; UNMAPPED for any that the graph has not."""
    return _SUBJECTS.get(name.strip().casefold(), AcademicSubject.UNMAPPED)


def classification(role: str) -> StaffClassification:
    """What a role is employed as."""
    return _ROLES.get(role, StaffClassification.UNMAPPED)


def submission_status(state: str | None, *, missing: bool) -> SubmissionStatus:
    """Excused before missing before the vendor's own state."""
    found = _STATES.get((state or "").strip().lower(), SubmissionStatus.UNMAPPED)
    if missing and found is not SubmissionStatus.EXCUSED:
        return SubmissionStatus.MISSING
    return found


def grade_type(name: str) -> GradeType:
    """What a grade stands for, by the name that is told; UNMAPPED for any other."""
    return _GRADE_TYPES.get(name.strip().casefold(), GradeType.UNMAPPED)
