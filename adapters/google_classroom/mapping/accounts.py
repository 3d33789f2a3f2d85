"""Converts Google Classroom users to the students and accounts of the graph."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from student_graph.adapters.google_classroom.api import Student, UserProfile
from student_graph.adapters.identity import vendor_key
from student_graph.adapters.model import LmsAccount, LmsCourseId, StudentId, Subject


@dataclass(frozen=True, slots=True)
class KeyedStudent:
    """A user as a student, with the key that the gateway uses."""

    user_id: str
    subject: Subject
    """The student as Google identifies them; all records of the student share it."""
    student_id: StudentId


def subject(user_id: str, profile: UserProfile | None, student_domain: str | None) -> Subject:
    """
    A user as Google identifies them: by the e-mail address, by the part before the @ as `login`, and by `id`.

    The `login` is there only if the address is in `student_domain`. The address is in small letters, because case
    says nothing in it.
    """
    email = ((profile and profile.emailAddress) or "").strip().lower()
    login, _, domain = email.rpartition("@")
    ids = (("email", email), ("login", login if domain == student_domain else ""), ("id", user_id))
    family_name = profile.name.familyName if profile and profile.name else None
    return Subject(
        ids=tuple((field, text) for field, text in ids if text),
        email=email or None,
        family_name=(family_name or "").strip() or None,
    )


def keyed_by_user(
    user_id: str, profile: UserProfile | None, student_domain: str | None, student_id: StudentId | None = None
) -> KeyedStudent:
    """A user with the requested key; without one, with the e-mail address, or else Google's number."""
    person = subject(user_id, profile, student_domain)
    return KeyedStudent(user_id, person, student_id or StudentId(vendor_key(*person.ids[0])))


def keyed_by_course(student: Student, student_domain: str | None) -> KeyedStudent:
    """A student of a course."""
    return keyed_by_user(student.userId, student.profile, student_domain)


def lms_account(keyed: KeyedStudent, course_ids: Iterable[str]) -> LmsAccount:
    """The account of a student with the courses that the student takes now."""
    return LmsAccount(
        vendor_id=keyed.user_id,
        subject=keyed.subject,
        student_id=keyed.student_id,
        course_ids=tuple(LmsCourseId(id) for id in sorted(set(course_ids), key=_number_order)),
    )


def _number_order(course_id: str) -> tuple[int, str]:
    """The position of an id among others: ids are numbers as texts."""
    return len(course_id), course_id
