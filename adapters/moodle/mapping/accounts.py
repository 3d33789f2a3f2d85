"""Converts Moodle's users to the students and accounts of the graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from student_graph.adapters.identity import vendor_key
from student_graph.adapters.model import LmsAccount, LmsCourseId, StudentId, Subject
from student_graph.adapters.moodle.api import EnrolledUser, User
from student_graph.adapters.moodle.client.keys import USER_FIELDS


@dataclass(frozen=True, slots=True)
class KeyedStudent:
    """A user as a student, with the key that the gateway uses."""

    user_id: int
    subject: Subject
    """The student as Moodle identifies them; all records of the student share it."""
    student_id: StudentId


def subject(user: User) -> Subject:
    """A user as Moodle identifies them: by the fields by which Moodle finds users, without empty ones."""
    ids = ((field, str(getattr(user, field) or "").strip()) for field in USER_FIELDS)
    return Subject(
        ids=tuple((field, text.lower() if field == "email" else text) for field, text in ids if text),
        email=(user.email or "").strip().lower() or None,
        family_name=(user.lastname or "").strip() or None,
    )


def keyed(user: User, student_id: StudentId | None = None) -> KeyedStudent:
    """A user with the requested key; without one, with the first field by which Moodle finds the user."""
    person = subject(user)
    return KeyedStudent(user.id, person, student_id or StudentId(vendor_key(*person.ids[0])))


def students_of(roster: Iterable[EnrolledUser], roles: Iterable[str]) -> dict[int, EnrolledUser]:
    """The users of a course who have one of the roles of students, by id."""
    names = frozenset(roles)
    return {user.id: user for user in roster if any(role.shortname in names for role in user.roles)}


def ambiguous_keys(students: Iterable[KeyedStudent]) -> frozenset[StudentId]:
    """The keys that several of these users have: Moodle lets administrators give an idnumber twice."""
    counts = Counter(student.student_id for student in students)
    return frozenset(key for key, count in counts.items() if count > 1)


def lms_account(student: KeyedStudent, course_ids: Iterable[int]) -> LmsAccount:
    """The account of a student with current courses."""
    return LmsAccount(
        vendor_id=str(student.user_id),
        subject=student.subject,
        student_id=student.student_id,
        course_ids=tuple(LmsCourseId(str(id)) for id in sorted(set(course_ids))),
    )
