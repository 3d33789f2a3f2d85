"""Canvas enrollments, each with the keys that the gateway uses for its student and section."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from student_graph.adapters.canvas.api import Enrollment, User
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.identity import vendor_key
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import LmsAccount, LmsCourseId, SectionId, StudentId, Subject


def subject(enrollment: Enrollment) -> Subject:
    """
    The student of an enrollment, as Canvas identifies them.

    Each id has the name of the field by which Canvas finds a student: Canvas `sis_user_id`, `login_id` (as
    `sis_login_id`), `integration_id` (as `sis_integration_id`) and `user_id` (as `id`). Ids that Canvas does not
    send are left out. The family name is the part of `sortable_name` before the comma, or None if there
    is no comma.
    """
    user = enrollment.user or User(id=enrollment.user_id)
    sis_user_id = user.sis_user_id or enrollment.sis_user_id
    return user_subject(user.model_copy(update={"id": enrollment.user_id, "sis_user_id": sis_user_id}))


def user_subject(user: User) -> Subject:
    """A user as Canvas identifies them; see `subject`."""
    ids = (
        ("sis_user_id", user.sis_user_id),
        ("sis_login_id", user.login_id),
        ("sis_integration_id", user.integration_id),
        ("id", str(user.id)),
    )
    family_name, comma, _ = (user.sortable_name or "").partition(",")
    return Subject(
        ids=tuple((field, text) for field, text in ids if text),
        email=user.email or None,
        family_name=family_name.strip() or None if comma else None,
    )


@dataclass(frozen=True, slots=True)
class KeyedEnrollment:
    """An enrollment, with the keys of its student and section."""

    enrollment: Enrollment
    subject: Subject
    """The student as Canvas identifies them; all records made from the enrollment share it."""
    student_id: StudentId
    section_id: SectionId | None
    """None if the section does not come from a student information system."""
    is_repeated: bool = False
    """Whether the student has an earlier enrollment in the course, in another section."""


def keyed_by_student(student_id: StudentId, enrollment: Enrollment) -> KeyedEnrollment:
    """An enrollment of the student with the requested key; its section key comes from Canvas `sis_section_id`."""
    return _keyed(enrollment, subject(enrollment), student_id)


def keyed_by_section(section_id: SectionId, enrollment: Enrollment) -> KeyedEnrollment:
    """An enrollment in the section with the requested key; the student gets the first id that Canvas sends."""
    person = subject(enrollment)
    return KeyedEnrollment(enrollment, person, student_key(person), section_id)


def keyed_by_course(enrollment: Enrollment) -> KeyedEnrollment:
    """An enrollment in a course, with the keys of its student and section from Canvas."""
    person = subject(enrollment)
    return _keyed(enrollment, person, student_key(person))


def _keyed(enrollment: Enrollment, person: Subject, student_id: StudentId) -> KeyedEnrollment:
    sis_id = enrollment.sis_section_id
    section_id = SectionId(vendor_key("sis_section_id", sis_id)) if sis_id else None
    return KeyedEnrollment(enrollment, person, student_id, section_id)


def student_key(subject: Subject) -> StudentId:
    """The key of a student: the first id that Canvas sends, which is the SIS id if there is one."""
    return StudentId(vendor_key(*subject.ids[0]))


def names_another(student_id: StudentId, subject: Subject) -> bool:
    """Whether a student is named by a SIS id, and the subject has another one."""
    own = [vendor_key(field, text) for field, text in subject.ids if field == "sis_user_id"]
    is_by_sis_id = student_id.startswith(vendor_key("sis_user_id", ""))
    return is_by_sis_id and bool(own) and student_id.casefold() not in map(str.casefold, own)


def group_by_course(enrollments: Iterable[KeyedEnrollment]) -> Mapping[int, list[KeyedEnrollment]]:
    """One student's enrollments by Canvas course id: a student can be in two sections of a course."""
    groups: dict[int, list[KeyedEnrollment]] = defaultdict(list)
    for keyed in enrollments:
        groups[keyed.enrollment.course_id].append(keyed)
    return groups


def users_by_course(enrollments: Batch[StudentId, list[KeyedEnrollment]]) -> dict[int, list[int]]:
    """Canvas user ids by course id, without duplicates; students whose enrollments failed are left out."""
    users: dict[int, dict[int, None]] = defaultdict(dict)
    for answer in enrollments.values():
        if not isinstance(answer, AdapterError):
            for keyed in answer:
                users[keyed.enrollment.course_id][keyed.enrollment.user_id] = None
    return {course: list(ids) for course, ids in users.items()}


def lms_account(
    subject: Subject, user_id: int, course_ids: Iterable[int], student_id: StudentId | None = None
) -> LmsAccount:
    """The account of a user with current courses; its student has the first id that Canvas sends unless given."""
    return LmsAccount(
        vendor_id=str(user_id),
        subject=subject,
        student_id=student_id or student_key(subject),
        course_ids=tuple(LmsCourseId(str(course_id)) for course_id in sorted(set(course_ids))),
    )


def mark_repeated(enrollments: Iterable[KeyedEnrollment]) -> list[KeyedEnrollment]:
    """
    Enrollments by their ids; all but the first of each user in each course are marked as repeated.

    Canvas keeps one submission for a student in two sections of a course.
    """
    marked: list[KeyedEnrollment] = []
    seen: set[tuple[int, int]] = set()
    for keyed in sorted(enrollments, key=lambda keyed: keyed.enrollment.id):
        user = (keyed.enrollment.course_id, keyed.enrollment.user_id)
        marked.append(replace(keyed, is_repeated=user in seen))
        seen.add(user)
    return marked


def first_in_course(enrollments: Iterable[KeyedEnrollment]) -> list[KeyedEnrollment]:
    """The first enrollment of each user in each course, by the ids of enrollments."""
    return [keyed for keyed in mark_repeated(enrollments) if not keyed.is_repeated]
