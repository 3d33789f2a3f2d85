"""Maps enrollments in classes to the records of students and staff of sections."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import Descriptor, SectionEnrollment, SectionId, SectionStaff
from student_graph.adapters.oneroster.api import rostering as api
from student_graph.adapters.oneroster.client.keys import staff_id_of
from student_graph.adapters.oneroster.mapping.people import Person
from student_graph.adapters.reading import EndDate, last_day

STUDENT_ROLE = "student"


@dataclass(frozen=True, slots=True)
class EnrollmentRecords:
    """Makes the records of enrollments, in the order in which lookups return them."""

    end: EndDate
    """What the server writes as `endDate` of enrollments."""

    def of_student(self, person: Person, rows: Sequence[api.Enrollment]) -> list[SectionEnrollment]:
        """The enrollments of one student."""
        records = [
            self._enrollment(row, SectionId(row.class_.sourcedId), person)
            for row in rows
            if row.role == STUDENT_ROLE and row.class_
        ]
        return sorted(records, key=begin_date_and_section)

    def of_students(
        self, rows: Sequence[api.Enrollment], persons: Mapping[str, Person]
    ) -> list[SectionEnrollment]:
        """The enrollments of students in any section."""
        records = [
            self._enrollment(row, SectionId(row.class_.sourcedId), persons[row.user.sourcedId])
            for row in rows
            if row.role == STUDENT_ROLE and row.class_ and row.user and row.user.sourcedId in persons
        ]
        return sorted(records, key=student_and_begin_date)

    def of_section(
        self, key: SectionId, rows: Sequence[api.Enrollment], persons: Mapping[str, Person]
    ) -> list[SectionEnrollment]:
        """The enrollments of students in one section."""
        records = [
            self._enrollment(row, key, persons[row.user.sourcedId])
            for row in rows
            if row.role == STUDENT_ROLE and row.user and row.user.sourcedId in persons
        ]
        return sorted(records, key=student_and_begin_date)

    def sections_of_staff(
        self, user: api.User, rows: Sequence[api.Enrollment], classes: Mapping[str, api.Class | AdapterError]
    ) -> list[SectionStaff] | AdapterError:
        """The enrollments of a member of staff, except in classes that are not active; or the error of a class."""
        taught = [row for row in rows if row.role in api.STAFF_ROLES and row.class_]
        answers = [classes.get(row.class_.sourcedId) for row in taught if row.class_]
        if error := next((answer for answer in answers if isinstance(answer, AdapterError)), None):
            return error
        inactive = {
            answer.sourcedId for answer in answers if isinstance(answer, api.Class) and not answer.is_active
        }
        records = [
            self._staff(row, SectionId(row.class_.sourcedId), user)
            for row in taught
            if row.class_ and row.class_.sourcedId not in inactive
        ]
        return sorted(records, key=begin_date_and_section)

    def staff_of_section(
        self, key: SectionId, rows: Sequence[api.Enrollment], users: Mapping[str, api.User]
    ) -> list[SectionStaff]:
        """The enrollments of staff in one section."""
        records = [
            self._staff(row, key, users[row.user.sourcedId])
            for row in rows
            if row.role in api.STAFF_ROLES and row.user and row.user.sourcedId in users
        ]
        return sorted(records, key=lambda record: (record.staff_id, record.vendor_id))

    def _enrollment(self, row: api.Enrollment, section: SectionId, person: Person) -> SectionEnrollment:
        return SectionEnrollment(
            vendor_id=row.sourcedId,
            subject=person.subject,
            student_id=person.student_id,
            section_id=section,
            begin_date=row.beginDate,
            end_date=last_day(row.endDate, self.end),
        )

    def _staff(self, row: api.Enrollment, section: SectionId, user: api.User) -> SectionStaff:
        return SectionStaff(
            vendor_id=row.sourcedId,
            staff_id=staff_id_of(user),
            section_id=section,
            position=Descriptor(code_value=row.role),
            begin_date=row.beginDate,
            end_date=last_day(row.endDate, self.end),
        )


def begin_date_and_section(record: SectionEnrollment | SectionStaff) -> tuple[dt.date, str, str]:
    """Sorts the sections of a person."""
    return record.begin_date or dt.date.min, record.section_id, record.vendor_id


def student_and_begin_date(record: SectionEnrollment) -> tuple[str, dt.date, str]:
    """Sorts the students of a section, of a school or of the district."""
    return record.student_id, record.begin_date or dt.date.min, record.vendor_id
