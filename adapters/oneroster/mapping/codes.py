"""Maps codes of OneRoster to enum members: grade levels, subjects, roles and statuses of work."""

from __future__ import annotations

from student_graph.adapters.model import (
    AcademicSubject,
    GradeLevel,
    GradeType,
    StaffClassification,
    SubmissionStatus,
)

_GRADE_CODES = {
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
"""Roles of staff. In version 1.1 an `administrator` may be of a school or of the district."""
_STATUSES = {
    "exempt": SubmissionStatus.EXCUSED,
    "excused": SubmissionStatus.EXCUSED,
    "fullygraded": SubmissionStatus.GRADED,
    "graded": SubmissionStatus.GRADED,
    "partiallygraded": SubmissionStatus.PENDING_REVIEW,
    "submitted": SubmissionStatus.SUBMITTED,
    "turnedin": SubmissionStatus.SUBMITTED,
    "notsubmitted": SubmissionStatus.UNSUBMITTED,
    "unsubmitted": SubmissionStatus.UNSUBMITTED,
    "missing": SubmissionStatus.MISSING,
}
"""OneRoster `scoreStatus` and words of servers, without blanks and other characters between their parts."""
_GRADED_STATUSES = frozenset(
    {
        "",
        "fullygraded",
        "partiallygraded",
        "graded",
        "complete",
        "completed",
        "final",
        "posted",
        "returned",
        "scored",
    }
)
"""Statuses of results with a grade, which may be 0: those of the standard, and words of servers."""
_UNGRADED_STATUSES = frozenset(
    {
        "exempt", "excused", "waived", "excluded", "notapplicable", "na",
        "submitted", "turnedin", "pending", "inprogress", "draft", "needsgrading", "pendingreview",
        "notsubmitted", "unsubmitted", "missing", "incomplete", "notgraded", "ungraded", "notstarted", "assigned",
        "withdrawn", "dropped", "absent", "void", "voided", "invalid",
    }
)  # fmt: skip
"""Statuses of results without a grade: those of the standard, and words of servers."""
_GRADE_TYPES = {kind.value.casefold(): kind for kind in GradeType}


def grade_level(code: str) -> GradeLevel:
    """The grade level of a code such as `09`, `9` or `KG`, or of a phrase such as `Ninth grade`; else UNMAPPED."""
    text = code.strip()
    padded = text.zfill(2) if text.isdigit() else text.upper()
    return _GRADE_CODES.get(padded) or _GRADE_PHRASES.get(text.casefold(), GradeLevel.UNMAPPED)


def subject(name: str) -> AcademicSubject:
    """The subject with a name; UNMAPPED if the graph does not have it."""
    return _SUBJECTS.get(name.strip().casefold(), AcademicSubject.UNMAPPED)


def classification(role: str) -> StaffClassification:
    """The staff classification of a role; UNMAPPED for an unknown one."""
    return _ROLES.get(role, StaffClassification.UNMAPPED)


def submission_status(score_status: str | None, *, missing: bool) -> SubmissionStatus:
    """The status of work from `scoreStatus`: excused work is never missing, missing work has no other status."""
    status = _STATUSES.get(_letters(score_status), SubmissionStatus.UNMAPPED)
    if missing and status is not SubmissionStatus.EXCUSED:
        return SubmissionStatus.MISSING
    return status


def is_exempt(score_status: str | None) -> bool | None:
    """Whether `scoreStatus` says that the student need not do the work; None if there is no status."""
    return None if score_status is None else _STATUSES.get(_letters(score_status)) is SubmissionStatus.EXCUSED


def is_graded(score_status: str | None, score: float | None) -> bool:
    """
    Whether a result with this `scoreStatus` has a grade if it has a score.

    Servers send a score of 0 with work that is exempt, not submitted, or submitted and not graded yet. So with a
    status that is not known, 0 is no grade.
    """
    status = _letters(score_status)
    return status in _GRADED_STATUSES or (status not in _UNGRADED_STATUSES and score != 0)


def _letters(text: str | None) -> str:
    """The letters of a text in lower case."""
    return "".join(filter(str.isalpha, text or "")).lower()


def grade_type(name: str) -> GradeType:
    """The grade type with a name; UNMAPPED for an unknown one."""
    return _GRADE_TYPES.get(name.strip().casefold(), GradeType.UNMAPPED)
