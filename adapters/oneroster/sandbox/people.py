"""Rows of users with every role, and of demographics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TypeAlias

from student_graph.adapters.oneroster.sandbox.quirks import Quirks
from student_graph.adapters.oneroster.sandbox.rows import Reference, Row, natural_key_metadata, org, sourced_id
from student_graph.adapters.oneroster.sandbox.schools import grade_level
from student_graph.adapters.sandbox.facts import (
    AssessmentTakerFact,
    ContactFact,
    DistrictFacts,
    EnrollmentFact,
    ResultFact,
    StaffFact,
    StudentFact,
)

_ROLES = {
    "Teacher": ("teacher", "teacher"),
    "Principal": ("principal", "administrator"),
    "Superintendent": ("districtAdministrator", "administrator"),
}
"""The role in 1.2 and in 1.1 by staff classification. Other staff are aides, or are not served."""
_RELATIONS = {"Mother": "parent", "Father": "parent", "Guardian": "guardian"}
_RACES = {
    "americanIndianOrAlaskaNative": "American Indian or Alaska Native",
    "asian": "Asian",
    "blackOrAfricanAmerican": "Black or African American",
    "nativeHawaiianOrOtherPacificIslander": "Native Hawaiian or Other Pacific Islander",
    "white": "White",
}

DateRange: TypeAlias = tuple[date | None, date | None]
"""First and last day; None for unknown."""


def contact_roles(quirks: Quirks) -> tuple[str, ...]:
    """The roles of contacts that are linked to students; the Ed-Fi service links none."""
    return () if quirks.natural_keys else ("guardian", "parent", "relative")


class People:
    """Builds the rows of people, and references to them."""

    def __init__(self, facts: DistrictFacts, quirks: Quirks, version: str) -> None:
        self._facts = facts
        self._quirks = quirks
        self._version = version
        self._today = facts.now.date()
        self._enrollments: dict[str, list[EnrollmentFact]] = defaultdict(list)
        for enrollment in facts.enrollments:
            self._enrollments[enrollment.student].append(enrollment)
        self._contacts: dict[str, list[ContactFact]] = defaultdict(list)
        for contact in facts.contacts:
            self._contacts[contact.student].append(contact)
        self._assessment_takers = list(
            dict.fromkeys(result.taker for result in facts.results if result.taker is not None)
        )

    def student(self, student: str, school: int | None = None) -> Reference:
        """
        The user of a student. With one user per school it is that of `school`, by default of the primary one.
        """
        if not self._quirks.user_per_school:
            return Reference("user", sourced_id("STU", student))
        enrollments = self._enrollments[student]
        home_school = school or next(
            (enrollment.school for enrollment in enrollments if enrollment.primary), self._facts.lea
        )
        return Reference("user", sourced_id("STU", student, home_school))

    def taker(self, result: ResultFact) -> Reference:
        """The user of a result. A vendor that knows students by its own numbers has users of its own for them."""
        return self.student(result.student) if result.taker is None else _taker_reference(result.taker)

    def staff(self, staff: str) -> Reference:
        """The user of a member of staff."""
        return Reference("user", sourced_id("STA", staff))

    def users(self) -> Iterator[Row]:
        """The users of students, assessment takers, staff and contacts."""
        for student in self._facts.students:
            for reference, enrollments in self._users_of(student.id):
                yield self._student(student, reference, enrollments)
        for taker in self._assessment_takers:
            yield self._taker(taker)
        for member in self._facts.staff:
            if self._quirks.unmapped_staff or member.classification in _ROLES:
                yield self._member(member)
        contacts: dict[str, list[ContactFact]] = defaultdict(list)
        for contact in self._facts.contacts:
            contacts[contact.id].append(contact)
        for links in contacts.values():
            yield self._contact(links)

    def demographics(self) -> Iterator[Row]:
        """The demographics of students and assessment takers, with the ids of their users."""
        for student in self._facts.students:
            sex = student.sex if self._quirks.natural_keys else student.sex.lower()
            for reference, enrollments in self._users_of(student.id):
                home = enrollments[0].school if enrollments else self._facts.lea
                yield {
                    "sourcedId": reference.id,
                    "birthDate": student.birth.isoformat(),
                    "sex": sex,
                    **{name: race in student.races for name, race in _RACES.items()},
                    "demographicRaceTwoOrMoreRaces": len(student.races) > 1,
                    "hispanicOrLatinoEthnicity": student.hispanic,
                    "metadata": natural_key_metadata("students", home, studentUniqueId=student.id),
                }

        for taker in self._assessment_takers:
            if taker.birth is not None:
                yield _taker_demographics(taker)

    def _users_of(self, student: str) -> list[tuple[Reference, list[EnrollmentFact]]]:
        """
        The users of a student with the school enrollments of each.

        With one user per school, a student without school enrollments has no user.
        """
        enrollments = self._enrollments[student]
        if not self._quirks.user_per_school:
            return [(self.student(student), enrollments)]
        schools = dict.fromkeys(enrollment.school for enrollment in enrollments)
        return [
            (
                self.student(student, school),
                [enrollment for enrollment in enrollments if enrollment.school == school],
            )
            for school in schools
        ]

    def _student(self, student: StudentFact, reference: Reference, enrollments: list[EnrollmentFact]) -> Row:
        current = [
            enrollment for enrollment in enrollments if enrollment.exit is None or enrollment.exit >= self._today
        ]
        main = next(
            (enrollment for enrollment in current or enrollments if enrollment.primary),
            enrollments[-1] if enrollments else None,
        )
        home = main.school if main else self._facts.lea
        codes = () if self._quirks.natural_keys else student.codes
        state = next((code for system, code in student.codes if system == "State"), None)
        agents = {contact.id for contact in self._contacts[student.id]}
        return self._user(reference.id, student.id, student.first, student.last, student.email) | {
            "userMasterIdentifier": None if self._quirks.natural_keys else state,
            "userIds": [
                {"type": system, "identifier": code} for system, code in (("studentUniqueId", student.id), *codes)
            ],
            "enabledUser": bool(current) or not enrollments,
            "middleName": student.middle,
            "preferredFirstName": student.preferred_first,
            **self._roles("student", self._dates_by_school(enrollments), home),
            "orgs": [
                org(school) for school in dict.fromkeys(enrollment.school for enrollment in current or enrollments)
            ]
            or [org(self._facts.lea)],
            "agents": None
            if self._quirks.natural_keys
            else [_contact_reference(agent) for agent in sorted(agents)] or None,
            "grades": [grade_level(main.grade, self._quirks)] if main else None,
            "metadata": natural_key_metadata("students", home, studentUniqueId=student.id),
        }

    def _taker(self, taker: AssessmentTakerFact) -> Row:
        """A student as an assessment vendor knows one, by its own numbers."""
        first, last = taker.first or "", taker.last or ""
        return self._user(_taker_reference(taker).id, taker.ids[0][1], first, last, "") | {
            "userIds": [{"type": system, "identifier": number} for system, number in taker.ids],
            **self._roles("student", {}, self._facts.lea),
            "orgs": [org(self._facts.lea)],
        }

    def _member(self, member: StaffFact) -> Row:
        role = _ROLES.get(member.classification, ("aide", "aide"))[self._version == "1.1"]
        return self._user(self.staff(member.id).id, member.id, member.first, member.last, member.email) | {
            "userIds": None if self._quirks.natural_keys else [{"type": "staffUniqueId", "identifier": member.id}],
            **self._roles(role, {member.organization: (member.begin, None)}, member.organization),
            "orgs": [org(member.organization)],
            "metadata": natural_key_metadata("staffs", member.organization, staffUniqueId=member.id),
        }

    def _contact(self, links: list[ContactFact]) -> Row:
        contact = links[0]
        schools = self._dates_by_school(
            [enrollment for link in links for enrollment in self._enrollments[link.student]]
        )
        homes: dict[int, DateRange] = dict.fromkeys(schools, (None, None)) or {self._facts.lea: (None, None)}
        children = [reference for link in links for reference, _ in self._users_of(link.student)]
        return self._user(
            _contact_reference(contact.id).id, contact.id, contact.first, contact.last, contact.email
        ) | {
            "userIds": [{"type": "contactUniqueId", "identifier": contact.id}],
            **self._roles(_RELATIONS.get(contact.relation, "relative"), homes, next(iter(homes))),
            "orgs": [org(school) for school in homes],
            "agents": None if self._quirks.natural_keys else children,
            "metadata": natural_key_metadata("contacts", next(iter(homes)), contactUniqueId=contact.id),
        }

    def _user(self, sourced_id: str, identifier: str, first: str, last: str, email: str) -> Row:
        """The properties of users with any role."""
        username = email if self._quirks.usernames == "emails" else email.partition("@")[0] or identifier
        return {
            "sourcedId": sourced_id,
            "userMasterIdentifier": None,
            "username": username,
            "userIds": None,
            "enabledUser": True,
            "givenName": first,
            "familyName": last,
            "middleName": None,
            "preferredFirstName": None,
            "preferredMiddleName": None,
            "preferredLastName": None,
            "role": None,
            "roles": None,
            "orgs": None,
            "primaryOrg": None,
            "identifier": identifier,
            "email": email or None,
            "agents": None,
            "grades": None,
            "metadata": None,
        }

    def _roles(self, role: str, schools: dict[int, DateRange], primary: int) -> Row:
        """The roles at each organization in both versions; the Ed-Fi service does not send their dates."""
        dated = not self._quirks.natural_keys
        return {
            "role": role,
            "roles": [
                {
                    "roleType": "primary" if school == primary else "secondary",
                    "role": role,
                    "org": org(school),
                    "beginDate": begin.isoformat() if begin and dated else None,
                    "endDate": end.isoformat() if end and dated else None,
                }
                for school, (begin, end) in (schools or {self._facts.lea: (None, None)}).items()
            ],
            "primaryOrg": None if self._quirks.natural_keys else org(primary),
        }

    @staticmethod
    def _dates_by_school(enrollments: Iterable[EnrollmentFact]) -> dict[int, DateRange]:
        """The dates of each school: from the first enrollment to the end of the last one, if it has ended."""
        dates: dict[int, DateRange] = {}
        for enrollment in sorted(enrollments, key=lambda enrollment: enrollment.entry):
            dates[enrollment.school] = (dates.get(enrollment.school, (enrollment.entry, None))[0], enrollment.exit)
        return dates


def _contact_reference(contact: str) -> Reference:
    return Reference("user", sourced_id("CON", contact))


def _taker_reference(taker: AssessmentTakerFact) -> Reference:
    return Reference("user", sourced_id("TAK", taker))


def _taker_demographics(taker: AssessmentTakerFact) -> Row:
    """The demographics of an assessment taker: only the birth date."""
    return {
        "sourcedId": _taker_reference(taker).id,
        "birthDate": taker.birth.isoformat() if taker.birth else None,
        "sex": None,
        **dict.fromkeys(_RACES),
        "demographicRaceTwoOrMoreRaces": None,
        "hispanicOrLatinoEthnicity": None,
        "metadata": None,
    }
