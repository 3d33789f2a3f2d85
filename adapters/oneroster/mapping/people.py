"""Maps users, their roles and their enrollments to records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from student_graph.adapters.model import (
    Demographics,
    Descriptor,
    GradeLevel,
    PersonName,
    SchoolEnrollment,
    SchoolId,
    Staff,
    StaffAssignment,
    StaffId,
    Student,
    StudentContact,
    StudentId,
    StudentIdentifier,
    StudentIdentity,
    Subject,
)
from student_graph.adapters.oneroster.api import rostering as api
from student_graph.adapters.oneroster.client.keys import contact_id_of, ids_of, staff_id_of
from student_graph.adapters.oneroster.mapping.codes import classification, grade_level
from student_graph.adapters.oneroster.mapping.schools import Calendar, org_number, school_id
from student_graph.adapters.reading import EndDate, day_after, last_day

DERIVED_ENTRY_TYPE = Descriptor(code_value="Derived from roles")
"""Entry type of every school enrollment, because OneRoster does not have entry types."""
_RACES = {
    "americanIndianOrAlaskaNative": "American Indian or Alaska Native",
    "asian": "Asian",
    "blackOrAfricanAmerican": "Black or African American",
    "nativeHawaiianOrOtherPacificIslander": "Native Hawaiian or Other Pacific Islander",
    "white": "White",
}
_WITHHELD_TYPES = ("ssn", "socialsecurity", "socialinsurance", "sin")
"""Types of identifiers that are never returned, in lower case and without spaces and dashes."""


@dataclass(frozen=True, slots=True)
class Person:
    """A student: the key, and all users that are this student."""

    student_id: StudentId
    users: Sequence[api.User] = ()
    subject: Subject | None = None

    @property
    def agent_ids(self) -> list[str]:
        """The distinct ids of the agents of all users."""
        return list(dict.fromkeys(agent.sourcedId for user in self.users for agent in user.agents))


def subject_of(users: Sequence[api.User], birth_date: dt.date | None) -> Subject:
    """The identifiers, birth date, e-mail address and family name that the vendor has for a student."""
    return Subject(
        ids=ids_of(users),
        birth_date=birth_date,
        email=next((user.email for user in users if user.email), None),
        family_name=users[0].familyName,
    )


def name_of(user: api.User) -> PersonName:
    """The name of a user."""
    return PersonName(
        first_name=user.givenName or "", last_name=user.familyName or "", middle_name=user.middleName
    )


def _preferred_name(user: api.User) -> PersonName | None:
    if not (user.preferredFirstName or user.preferredMiddleName or user.preferredLastName):
        return None
    return PersonName(
        first_name=user.preferredFirstName or user.givenName or "",
        last_name=user.preferredLastName or user.familyName or "",
        middle_name=user.preferredMiddleName,
    )


def student(person: Person) -> Student:
    """A student, from the first of its users."""
    user = person.users[0]
    return Student(
        vendor_id=user.sourcedId,
        subject=person.subject,
        student_id=person.student_id,
        name=name_of(user),
        preferred_name=_preferred_name(user),
    )


def identity(person: Person, birth_date: dt.date | None) -> StudentIdentity:
    """All identifiers of a student that other systems may have, without social security numbers."""
    user = person.users[0]
    identifiers: dict[tuple[str, str], None] = {}
    for row in person.users:
        typed = [(user_id.type or "", user_id.identifier or "") for user_id in row.userIds]
        plain = [
            ("userMasterIdentifier", row.userMasterIdentifier),
            ("Email", row.email),
            ("username", row.username),
        ]
        identifiers.update(((system, value), None) for system, value in typed if not _is_withheld(system))
        identifiers.update(((system, value), None) for system, value in plain if value)
        identifiers[("sourcedId", row.sourcedId)] = None
    return StudentIdentity(
        vendor_id=user.sourcedId,
        subject=person.subject,
        student_id=person.student_id,
        identifiers=[
            StudentIdentifier(system=system, value=value) for system, value in identifiers if system and value
        ],
        birth_date=birth_date,
        family_name=user.familyName,
    )


def _is_withheld(system: str) -> bool:
    return "".join(filter(str.isalpha, system)).lower() in _WITHHELD_TYPES


def demographics(person: Person, row: api.Demographics) -> Demographics:
    """The demographics of a student: birth date, sex and ethnicity."""
    return Demographics(
        vendor_id=row.sourcedId,
        subject=person.subject,
        student_id=person.student_id,
        birth_date=row.birthDate,
        sex=Descriptor(code_value=row.sex) if row.sex else None,
        races=[Descriptor(code_value=race) for name, race in _RACES.items() if getattr(row, name)],
        hispanic_latino_ethnicity=row.hispanicOrLatinoEthnicity,
    )


def school_enrollments(
    person: Person, schools: dict[str, api.Org], calendar: Calendar, today: dt.date, role_end: EndDate
) -> list[SchoolEnrollment]:
    """
    The school enrollments of a student: one for each stay at a school where the student has the role of a student.

    A student who left and came back has a role for each stay. Roles with the same days are one enrollment.
    An enrollment without a first day starts on the first day of the school year.
    """
    enrollments: dict[tuple[SchoolId, dt.date, dt.date | None], SchoolEnrollment] = {}
    for user in person.users:
        for role in user.all_roles:
            school = schools.get(role.org.sourcedId) if role.org else None
            if role.role != "student" or school is None:
                continue
            entry_date = role.beginDate or calendar.first_day(today)
            key = (school_id(school), entry_date, day_after(role.endDate, role_end))
            if key in enrollments:
                continue
            is_return = any(known_school == key[0] for known_school, _, _ in enrollments)
            grade = user.grades[0] if user.grades else None
            enrollments[key] = SchoolEnrollment(
                vendor_id=f"{user.sourcedId}:{school.sourcedId}" + (f":{entry_date}" if is_return else ""),
                subject=person.subject,
                student_id=person.student_id,
                school_id=key[0],
                school_year=_school_year(entry_date, key[2], calendar, today),
                entry_date=entry_date,
                exit_withdraw_date=key[2],
                entry_type=DERIVED_ENTRY_TYPE,
                grade_level=grade_level(grade) if grade else GradeLevel.UNMAPPED,
                grade_level_descriptor=Descriptor(code_value=grade or "Not recorded"),
                primary_school=None if role.roleType is None else role.roleType == "primary",
            )
    return sorted(enrollments.values(), key=lambda record: (record.entry_date, record.school_id))


def _school_year(entry_date: dt.date, exit_day: dt.date | None, calendar: Calendar, today: dt.date) -> int | None:
    """The school year in which all days of an enrollment up to today are; None if there is no such year."""
    last = last_day(exit_day, "day_after") or today
    year = calendar.year_at(entry_date)
    return year if calendar.year_at(max(entry_date, last)) in (year, None) else None


def staff(users: Sequence[api.User]) -> Staff:
    """A member of staff, from the first of the person's users, with the e-mail addresses of all."""
    user = users[0]
    emails = tuple(dict.fromkeys(row.email for row in users if row.email))
    return Staff(vendor_id=user.sourcedId, staff_id=staff_id_of(user), name=name_of(user), emails=emails)


def staff_assignments(
    user: api.User,
    key: StaffId,
    orgs: dict[str, api.Org],
    calendar: Calendar,
    today: dt.date,
    *,
    role_end: EndDate,
) -> list[StaffAssignment]:
    """The assignments of a member of staff: one for each role at an organization."""
    return [
        StaffAssignment(
            vendor_id=f"{user.sourcedId}:{role.org.sourcedId}:{role.role}",
            staff_id=key,
            education_organization_id=org_number(orgs[role.org.sourcedId]),
            classification=classification(role.role),
            classification_descriptor=Descriptor(code_value=role.role),
            begin_date=role.beginDate or calendar.first_day(today),
            end_date=last_day(role.endDate, role_end),
        )
        for role in user.all_roles
        if role.role in api.STAFF_ROLES and role.org and role.org.sourcedId in orgs
    ]


def contact(users: Sequence[api.User], person: Person, *, legal_guardian: bool) -> StudentContact:
    """
    A parent, guardian or relative of a student, from the first of the contact's users.

    Without `legal_guardian` it is not known whether the contact has the rights of a parent.
    """
    user = users[0]
    relation = next((role.role for role in user.all_roles if role.role in api.CONTACT_ROLES), None)
    return StudentContact(
        vendor_id=user.sourcedId,
        subject=person.subject,
        student_id=person.student_id,
        contact_id=contact_id_of(user),
        name=name_of(user),
        relation=Descriptor(code_value=relation) if relation else None,
        legal_guardian=legal_guardian or None,
        emails=list(dict.fromkeys(row.email for row in users if row.email)),
        phones=list(dict.fromkeys(phone for row in users for phone in (row.phone, row.sms) if phone)),
    )
