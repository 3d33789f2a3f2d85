"""Users, their roles and places as records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from student_graph.adapters.model import (
    ContactId,
    Demographics,
    Descriptor,
    GradeLevel,
    PersonName,
    SchoolEnrollment,
    SchoolId,
    SectionEnrollment,
    SectionId,
    SectionStaff,
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
from student_graph.adapters.oneroster.client.keys import ids_of, staff_id_of
from student_graph.adapters.oneroster.mapping.codes import classification, grade_level
from student_graph.adapters.oneroster.mapping.schools import Calendar, org_number, school_id

DERIVED = Descriptor(code_value="Derived from roles")
"""How a stay at a school began, which OneRoster does not tell."""
_RACES = {
    "americanIndianOrAlaskaNative": "American Indian or Alaska Native",
    "asian": "Asian",
    "blackOrAfricanAmerican": "Black or African American",
    "nativeHawaiianOrOtherPacificIslander": "Native Hawaiian or Other Pacific Islander",
    "white": "White",
}
_NEVER = ("ssn", "socialsecurity", "socialinsurance", "sin")
"""Types of numbers that never leave, without spaces and dashes."""


@dataclass(frozen=True, slots=True)
class Person:
    """A student: the number asked for, and all users that are this child."""

    student_id: StudentId
    users: Sequence[api.User] = ()
    subject: Subject | None = None


def subject_of(users: Sequence[api.User], birth_date: dt.date | None) -> Subject:
    """Whom the vendor takes users to be."""
    return Subject(
        ids=ids_of(users),
        birth_date=birth_date,
        email=next((user.email for user in users if user.email), None),
        family_name=users[0].familyName,
    )


def name_of(user: api.User) -> PersonName:
    """A user's name."""
    return PersonName(
        first_name=user.givenName or "", last_name=user.familyName or "", middle_name=user.middleName
    )


def _preferred(user: api.User) -> PersonName | None:
    if not (user.preferredFirstName or user.preferredMiddleName or user.preferredLastName):
        return None
    return PersonName(
        first_name=user.preferredFirstName or user.givenName or "",
        last_name=user.preferredLastName or user.familyName or "",
        middle_name=user.preferredMiddleName,
    )


def student(person: Person) -> Student:
    """A child, whatever the number of its users."""
    user = person.users[0]
    return Student(
        vendor_id=user.sourcedId,
        subject=person.subject,
        student_id=person.student_id,
        name=name_of(user),
        preferred_name=_preferred(user),
    )


def identity(person: Person, birth_date: dt.date | None) -> StudentIdentity:
    """Everything by which other systems may know a child."""
    user = person.users[0]
    found: dict[tuple[str, str], None] = {}
    for each in person.users:
        typed = [(one.type or "", one.identifier or "") for one in each.userIds]
        plain = [
            ("userMasterIdentifier", each.userMasterIdentifier),
            ("Email", each.email),
            ("username", each.username),
        ]
        found.update(((system, value), None) for system, value in typed if _may_leave(system))
        found.update(((system, value), None) for system, value in plain if value)
        found[("sourcedId", each.sourcedId)] = None
    return StudentIdentity(
        vendor_id=user.sourcedId,
        subject=person.subject,
        student_id=person.student_id,
        identifiers=[StudentIdentifier(system=system, value=value) for system, value in found if system and value],
        birth_date=birth_date,
        family_name=user.familyName,
    )


def _may_leave(system: str) -> bool:
    return "".join(filter(str.isalpha, system)).lower() not in _NEVER


def demographics(person: Person, row: api.Demographics) -> Demographics:
    """Birth date, sex and ethnicity."""
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
    person: Person, schools: dict[str, api.Org], calendar: Calendar, today: dt.date
) -> list[SchoolEnrollment]:
    """A stay for each school at which the child is a student; undated ones began with the school year."""
    found: dict[SchoolId, SchoolEnrollment] = {}
    for user in person.users:
        for role in user.places:
            at = schools.get(role.org.sourcedId) if role.org else None
            if role.role != "student" or at is None or school_id(at) in found:
                continue
            entry = role.beginDate or calendar.first_day(today)
            grade = user.grades[0] if user.grades else None
            found[school_id(at)] = SchoolEnrollment(
                vendor_id=f"{user.sourcedId}:{at.sourcedId}",
                subject=person.subject,
                student_id=person.student_id,
                school_id=school_id(at),
                school_year=calendar.year_at(entry),
                entry_date=entry,
                exit_withdraw_date=role.endDate,
                entry_type=DERIVED,
                grade_level=grade_level(grade) if grade else GradeLevel.UNMAPPED,
                grade_level_descriptor=Descriptor(code_value=grade or "Not recorded"),
                primary_school=None if role.roleType is None else role.roleType == "primary",
            )
    return sorted(found.values(), key=lambda stay: (stay.entry_date, stay.school_id))


def section_enrollment(row: api.Enrollment, section: SectionId, person: Person) -> SectionEnrollment:
    """A student's place in a class."""
    return SectionEnrollment(
        vendor_id=row.sourcedId,
        subject=person.subject,
        student_id=person.student_id,
        section_id=section,
        begin_date=row.beginDate,
        end_date=row.endDate,
    )


def section_staff(row: api.Enrollment, section: SectionId, user: api.User) -> SectionStaff:
    """A teacher's or aide's place in a class."""
    return SectionStaff(
        vendor_id=row.sourcedId,
        staff_id=staff_id_of(user),
        section_id=section,
        position=Descriptor(code_value=row.role),
        begin_date=row.beginDate,
        end_date=row.endDate,
    )


def staff(user: api.User) -> Staff:
    """A member of staff."""
    return Staff(vendor_id=user.sourcedId, staff_id=staff_id_of(user), name=name_of(user))


def staff_assignments(
    user: api.User, key: StaffId, orgs: dict[str, api.Org], calendar: Calendar, today: dt.date
) -> list[StaffAssignment]:
    """A record for each role of a member of staff."""
    return [
        StaffAssignment(
            vendor_id=f"{user.sourcedId}:{role.org.sourcedId}:{role.role}",
            staff_id=key,
            education_organization_id=org_number(orgs[role.org.sourcedId]),
            classification=classification(role.role),
            classification_descriptor=Descriptor(code_value=role.role),
            begin_date=role.beginDate or calendar.first_day(today),
            end_date=role.endDate,
        )
        for role in user.places
        if role.role in api.STAFF_ROLES and role.org and role.org.sourcedId in orgs
    ]


def contact(user: api.User, person: Person) -> StudentContact:
    """A parent, guardian or relative of a child."""
    relation = next((place.role for place in user.places if place.role in api.CONTACT_ROLES), None)
    return StudentContact(
        vendor_id=user.sourcedId,
        subject=person.subject,
        student_id=person.student_id,
        contact_id=ContactId(user.identifier or user.sourcedId),
        name=name_of(user),
        relation=Descriptor(code_value=relation) if relation else None,
        emails=[user.email] if user.email else [],
        phones=[phone for phone in (user.phone, user.sms) if phone],
    )
