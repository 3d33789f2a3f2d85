"""Lookups of the students and staff of sections: OneRoster `enrollments`, in the cheapest way that works."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias, TypeVar

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.keys import is_path_segment
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import (
    DistrictId,
    SchoolId,
    SectionEnrollment,
    SectionId,
    SectionStaff,
    StaffId,
    StudentId,
)
from student_graph.adapters.oneroster.adapter.schools import STUDENTS_PER_CLASS, SchoolLookups, parse_section_keys
from student_graph.adapters.oneroster.api import rostering as api
from student_graph.adapters.oneroster.client.keys import is_linked
from student_graph.adapters.oneroster.client.requests import Relation
from student_graph.adapters.oneroster.client.rows import merge_rows, readable_rows, require_all
from student_graph.adapters.oneroster.mapping.enrollments import STUDENT_ROLE, EnrollmentRecords
from student_graph.adapters.oneroster.mapping.people import Person
from student_graph.adapters.reading import rows_needed_by

CLASS_ENROLLMENTS = Relation(api.ENROLLMENTS, "class.sourcedId")
USER_ENROLLMENTS = Relation(api.ENROLLMENTS, "user.sourcedId")
SCHOOL_ENROLLMENTS = Relation(api.ENROLLMENTS, "school.sourcedId", "schools/{}/enrollments")
USER_CLASSES_PATH = "users/{}/classes"
CLASS_ENROLLMENTS_PATH = "schools/{}/classes/{}/enrollments"

K = TypeVar("K", bound=str)
EnrollmentRows: TypeAlias = Mapping[str, list[api.Enrollment] | AdapterError]
"""Enrollments, or an error, by the id of a class or user."""


class SectionEnrollmentLookups(SchoolLookups):
    """Lookups of the students and staff of sections."""

    @property
    def _records(self) -> EnrollmentRecords:
        return EnrollmentRecords(self.settings.enrollment_end)

    async def section_enrollments_by_section(
        self, ids: Sequence[SectionId]
    ) -> Batch[SectionId, list[SectionEnrollment]]:
        """OneRoster `enrollments` with the role `student`, by class."""
        class_ids, errors = parse_section_keys(ids)
        rows = await self._enrollments_by_class(class_ids.values())
        user_ids = _user_ids(rows, {STUDENT_ROLE}, class_ids)
        persons = await self.persons_of_users(
            user_ids,
            linked=any(map(is_linked, ids)),
            loaded=await self.students_of_classes(class_ids.values(), user_ids),
        )
        batch: dict[SectionId, list[SectionEnrollment] | AdapterError] = dict(errors.items())
        for key, class_id in class_ids.items():
            answer = rows.get(class_id, [])
            batch[key] = (
                answer if isinstance(answer, AdapterError) else self._records.of_section(key, answer, persons)
            )
        return batch

    async def section_staff_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[SectionStaff]]:
        """OneRoster `enrollments` with a role of staff, by class."""
        class_ids, errors = parse_section_keys(ids)
        rows = await self._enrollments_by_class(class_ids.values())
        users = await self.client.read_by_ids(
            api.USERS, _user_ids(rows, api.STAFF_ROLES, class_ids), estimated_rows=self.settings.students
        )
        batch: dict[SectionId, list[SectionStaff] | AdapterError] = dict(errors.items())
        for key, class_id in class_ids.items():
            answer = rows.get(class_id, [])
            batch[key] = (
                answer if isinstance(answer, AdapterError) else self._records.staff_of_section(key, answer, users)
            )
        return batch

    async def section_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SectionEnrollment]]:
        """OneRoster `enrollments` with the role `student`, of all users of each student."""
        answers = await self.find_persons(ids)
        persons = {key: answer for key, answer in answers.items() if isinstance(answer, Person)}
        rows = await self._enrollments_by_user(
            {user.sourcedId for person in persons.values() for user in person.users}
        )
        batch: dict[StudentId, list[SectionEnrollment] | AdapterError] = {
            key: answer for key, answer in answers.items() if isinstance(answer, AdapterError)
        }
        for key, person in persons.items():
            merged = merge_rows([rows.get(user.sourcedId, []) for user in person.users])
            batch[key] = merged if isinstance(merged, AdapterError) else self._records.of_student(person, merged)
        return batch

    async def section_enrollments_by_school(
        self, ids: Sequence[SchoolId]
    ) -> Batch[SchoolId, list[SectionEnrollment]]:
        """OneRoster `enrollments` with the role `student` that name each school."""
        school_ids = await self.school_sourced_ids(ids)
        rows_needed_by({org_id: [key] for key, org_id in school_ids.items()})
        rows = await self.client.read_related(SCHOOL_ENROLLMENTS, school_ids.values(), are_listed=True)
        user_ids = _user_ids(rows, {STUDENT_ROLE}, school_ids)
        persons = await self.persons_of_users(
            user_ids, loaded=await self.students_of_schools(school_ids.values(), user_ids)
        )
        batch: dict[SchoolId, list[SectionEnrollment] | AdapterError] = {}
        for key, sourced_id in school_ids.items():
            answer = rows[sourced_id]
            batch[key] = answer if isinstance(answer, AdapterError) else self._records.of_students(answer, persons)
        return batch

    async def section_enrollments_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[SectionEnrollment]]:
        """All OneRoster `enrollments` with the role `student`."""
        rows = await self.client.read_rows(api.ENROLLMENTS)
        persons = await self.persons_of_all_users(_user_ids({"": rows}, {STUDENT_ROLE}, dict.fromkeys(ids, "")))
        return dict.fromkeys(ids, self._records.of_students(rows, persons))

    async def section_staff_by_staff(self, ids: Sequence[StaffId]) -> Batch[StaffId, list[SectionStaff]]:
        """
        OneRoster `enrollments` with a role of staff, of all users of each member of staff.

        They decide which students a teacher may see. Those of classes that are not active are left out, because
        an enrollment may outlive its class.
        """
        answers = await self.users_with_roles(ids, api.STAFF_ROLES)
        users_by_key = {key: answer for key, answer in answers.items() if isinstance(answer, list)}
        rows = await self._enrollments_by_user(
            {user.sourcedId for users in users_by_key.values() for user in users}
        )
        batch: dict[StaffId, list[SectionStaff] | AdapterError] = {
            key: answer for key, answer in answers.items() if isinstance(answer, AdapterError)
        }
        classes = await self.client.read_objects(
            api.CLASSES,
            {row.class_.sourcedId for answer in rows.values() for row in readable_rows(answer) if row.class_},
            estimated_rows=self.settings.students / STUDENTS_PER_CLASS,
            with_inactive=True,
        )
        for key, users in users_by_key.items():
            merged = merge_rows([rows.get(user.sourcedId, []) for user in users])
            batch[key] = (
                merged
                if isinstance(merged, AdapterError)
                else self._records.sections_of_staff(users[0], merged, classes)
            )
        return batch

    async def _enrollments_by_class(self, ids: Iterable[str]) -> EnrollmentRows:
        """
        The enrollments of classes: read with a filter, at the route of each class, or from all enrollments.

        The route contains the school of the class, which takes one more read.
        """
        class_ids = sorted(set(ids))
        if not class_ids or await self.client.probe.supports_filter(api.ENROLLMENTS, CLASS_ENROLLMENTS.field):
            return await self.client.read_related(CLASS_ENROLLMENTS, class_ids)
        if not await self._has_class_route():
            return await self.client.read_related(CLASS_ENROLLMENTS, class_ids)
        classes = await self.client.read_objects(api.CLASSES, class_ids, estimated_rows=self.settings.students)
        return await self._enrollments_at_routes(require_all(classes))

    async def _enrollments_by_user(self, ids: Iterable[str]) -> EnrollmentRows:
        """
        The enrollments of users: read with a filter, at the routes of their classes, or from the complete list.
        """
        user_ids = sorted(set(ids))
        client, field = self.client, USER_ENROLLMENTS.field
        if not user_ids or await client.probe.supports_filter(api.ENROLLMENTS, field):
            return await client.read_related(USER_ENROLLMENTS, user_ids)
        has_user_route = await client.probe.has_nested_route(
            api.CLASSES, USER_CLASSES_PATH, api.ENROLLMENTS, field
        )
        if not (has_user_route and all(map(is_path_segment, user_ids)) and await self._has_class_route()):
            return await client.read_related(USER_ENROLLMENTS, user_ids)
        classes_by_user = await client.read_by_key(
            user_ids, lambda user_id: client.read_nested(api.CLASSES, USER_CLASSES_PATH, user_id)
        )
        classes = {
            row.sourcedId: row for rows in classes_by_user.values() if isinstance(rows, list) for row in rows
        }
        rows_by_class = await self._enrollments_at_routes(classes)
        rows_by_user: dict[str, list[api.Enrollment] | AdapterError] = {}
        for user_id in user_ids:
            answer = classes_by_user.get(user_id, [])
            if not isinstance(answer, AdapterError):
                rows = merge_rows([rows_by_class.get(row.sourcedId, []) for row in answer])
                rows_by_user[user_id] = (
                    rows
                    if isinstance(rows, AdapterError)
                    else [row for row in rows if user_id in row.values(field)]
                )
            else:
                rows_by_user[user_id] = answer
        return rows_by_user

    async def _has_class_route(self) -> bool:
        """Whether the server has the enrollments of a class at a route below the school of the class."""
        return await self.client.probe.has_nested_route(
            api.ENROLLMENTS, CLASS_ENROLLMENTS_PATH, api.CLASSES, "school.sourcedId", "sourcedId"
        )

    async def _enrollments_at_routes(self, classes: Mapping[str, api.Class]) -> EnrollmentRows:
        """The enrollments of each class, read at its route; classes without a school are absent."""
        school_ids = {class_id: row.school.sourcedId for class_id, row in classes.items() if row.school}
        at_routes = [key for key, school in school_ids.items() if is_path_segment(key) and is_path_segment(school)]
        others = [key for key in school_ids if key not in at_routes]

        async def read_class(class_id: str) -> list[api.Enrollment]:
            ids = (school_ids[class_id], class_id)
            return await self.client.read_nested(
                api.ENROLLMENTS, CLASS_ENROLLMENTS_PATH, *ids, field=CLASS_ENROLLMENTS.field
            )

        rows = await self.client.read_by_key(at_routes, read_class)
        return rows | await self.client.read_filtered(api.ENROLLMENTS, CLASS_ENROLLMENTS.field, others, 0)


def _user_ids(rows_by_id: EnrollmentRows, roles: Collection[str], ids: Mapping[K, str]) -> set[str]:
    """
    The ids of the users who have one of the roles in the enrollments.

    `ids` has the id of each key of the lookup: a user who is left out is reported for the keys of those rows.
    """
    keys_by_user: dict[str, list[K]] = {}
    for key, object_id in ids.items():
        for row in readable_rows(rows_by_id.get(object_id, [])):
            if row.user and row.role in roles:
                keys_by_user.setdefault(row.user.sourcedId, []).append(key)
    rows_needed_by(keys_by_user)
    return set(keys_by_user)
