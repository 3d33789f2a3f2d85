"""Rows about people: users of every role, and demographics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TypeAlias

from student_graph.adapters.oneroster.sandbox.quirks import Manner
from student_graph.adapters.oneroster.sandbox.rows import Reference, Row, natural, org, sourced_id
from student_graph.adapters.oneroster.sandbox.schools import graded
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
"""Staff classification to role in 1.2 and in 1.1; any other is an aide, or not served."""
_RELATIONS = {"Mother": "parent", "Father": "parent", "Guardian": "guardian"}
_RACES = {
    "americanIndianOrAlaskaNative": "American Indian or Alaska Native",
    "asian": "Asian",
    "blackOrAfricanAmerican": "Black or African American",
    "nativeHawaiianOrOtherPacificIslander": "Native Hawaiian or Other Pacific Islander",
    "white": "White",
}


Span: TypeAlias = tuple[date | None, date | None]
"""First and last day, as far as they are known."""


class People:
    """Who is who: people as user rows, and references to them."""

    def __init__(self, facts: DistrictFacts, manner: Manner, version: str) -> None:
        self._facts = facts
        self._manner = manner
        self._version = version
        self._today = facts.now.date()
        self._stays: dict[str, list[EnrollmentFact]] = defaultdict(list)
        for stay in facts.enrollments:
            self._stays[stay.student].append(stay)
        self._contacts: dict[str, list[ContactFact]] = defaultdict(list)
        for contact in facts.contacts:
            self._contacts[contact.student].append(contact)
        self._takers = list(dict.fromkeys(result.taker for result in facts.results if result.taker is not None))

    def student(self, student: str, school: int | None = None) -> Reference:
        """The user of a student; where there is one for each school, that of `school` or of the primary one."""
        if not self._manner.row_per_school:
            return Reference("user", sourced_id("STU", student))
        stays = self._stays[student]
        home = school or next((stay.school for stay in stays if stay.primary), self._facts.lea)
        return Reference("user", sourced_id("STU", student, home))

    def taker(self, result: ResultFact) -> Reference:
        """The user whom a result is about: one of the vendor's own, where it knows students by its own numbers."""
        return self.student(result.student) if result.taker is None else _taker(result.taker)

    def staff(self, staff: str) -> Reference:
        """The user of a member of staff."""
        return Reference("user", sourced_id("STA", staff))

    def users(self) -> Iterator[Row]:
        """Students, staff and contacts."""
        for student in self._facts.students:
            for reference, stays in self._users_of(student.id):
                yield self._student(student, reference, stays)
        for taker in self._takers:
            yield self._taker(taker)
        for member in self._facts.staff:
            if self._manner.unmapped_staff or member.classification in _ROLES:
                yield self._member(member)
        contacts: dict[str, list[ContactFact]] = defaultdict(list)
        for contact in self._facts.contacts:
            contacts[contact.id].append(contact)
        for links in contacts.values():
            yield self._contact(links)

    def demographics(self) -> Iterator[Row]:
        """Demographics of the students, under the ids of their users."""
        for student in self._facts.students:
            sex = student.sex if self._manner.natural_keys else student.sex.lower()
            for reference, stays in self._users_of(student.id):
                home = stays[0].school if stays else self._facts.lea
                yield {
                    "sourcedId": reference.id,
                    "birthDate": student.birth.isoformat(),
                    "sex": sex,
                    **{name: race in student.races for name, race in _RACES.items()},
                    "demographicRaceTwoOrMoreRaces": len(student.races) > 1,
                    "hispanicOrLatinoEthnicity": student.hispanic,
                    "metadata": natural("students", home, studentUniqueId=student.id),
                }

        for taker in self._takers:
            if taker.birth is not None:
                yield _born(taker)

    def _users_of(self, student: str) -> list[tuple[Reference, list[EnrollmentFact]]]:
        """A student's users, each with the stays that it stands for; none where users are made of stays."""
        stays = self._stays[student]
        if not self._manner.row_per_school:
            return [(self.student(student), stays)]
        schools = dict.fromkeys(stay.school for stay in stays)
        return [(self.student(student, one), [stay for stay in stays if stay.school == one]) for one in schools]

    def _student(self, student: StudentFact, reference: Reference, stays: list[EnrollmentFact]) -> Row:
        current = [stay for stay in stays if stay.exit is None or stay.exit >= self._today]
        main = next((stay for stay in current or stays if stay.primary), stays[-1] if stays else None)
        home = main.school if main else self._facts.lea
        codes = () if self._manner.natural_keys else student.codes
        state = next((code for system, code in student.codes if system == "State"), None)
        agents = {contact.id for contact in self._contacts[student.id]}
        return self._user(reference.id, student.id, student.first, student.last, student.email) | {
            "userMasterIdentifier": None if self._manner.natural_keys else state,
            "userIds": [
                {"type": system, "identifier": code} for system, code in (("studentUniqueId", student.id), *codes)
            ],
            "enabledUser": bool(current) or not stays,
            "middleName": student.middle,
            "preferredFirstName": student.preferred_first,
            **self._roles("student", self._schools(stays), home),
            "orgs": [org(school) for school in dict.fromkeys(stay.school for stay in current or stays)]
            or [org(self._facts.lea)],
            "agents": None if self._manner.natural_keys else [_contact(agent) for agent in sorted(agents)] or None,
            "grades": [graded(main.grade, self._manner)] if main else None,
            "metadata": natural("students", home, studentUniqueId=student.id),
        }

    def _taker(self, taker: AssessmentTakerFact) -> Row:
        """A test taker as the assessment vendor knows one: by its numbers, whoever's they are."""
        first, last = taker.first or "", taker.last or ""
        return self._user(_taker(taker).id, taker.ids[0][1], first, last, "") | {
            "userIds": [{"type": system, "identifier": number} for system, number in taker.ids],
            **self._roles("student", {}, self._facts.lea),
            "orgs": [org(self._facts.lea)],
        }

    def _member(self, member: StaffFact) -> Row:
        role = _ROLES.get(member.classification, ("aide", "aide"))[self._version == "1.1"]
        return self._user(self.staff(member.id).id, member.id, member.first, member.last, member.email) | {
            "userIds": None if self._manner.natural_keys else [{"type": "staffUniqueId", "identifier": member.id}],
            **self._roles(role, {member.organization: (member.begin, None)}, member.organization),
            "orgs": [org(member.organization)],
            "metadata": natural("staffs", member.organization, staffUniqueId=member.id),
        }

    def _contact(self, links: list[ContactFact]) -> Row:
        contact = links[0]
        schools = self._schools([stay for link in links for stay in self._stays[link.student]])
        homes: dict[int, Span] = dict.fromkeys(schools, (None, None)) or {self._facts.lea: (None, None)}
        children = [reference for link in links for reference, _ in self._users_of(link.student)]
        return self._user(_contact(contact.id).id, contact.id, contact.first, contact.last, contact.email) | {
            "userIds": [{"type": "contactUniqueId", "identifier": contact.id}],
            **self._roles(_RELATIONS.get(contact.relation, "relative"), homes, next(iter(homes))),
            "orgs": [org(school) for school in homes],
            "agents": None if self._manner.natural_keys else children,
            "metadata": natural("contacts", next(iter(homes)), contactUniqueId=contact.id),
        }

    def _user(self, sourced: str, identifier: str, first: str, last: str, email: str) -> Row:
        """What users of every role have."""
        login = email if self._manner.usernames == "emails" else email.partition("@")[0] or identifier
        return {
            "sourcedId": sourced,
            "userMasterIdentifier": None,
            "username": login,
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

    def _roles(self, role: str, schools: dict[int, Span], primary: int) -> Row:
        """A role at each organization, in the words of both versions; the Ed-Fi service does not date them."""
        dated = not self._manner.natural_keys
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
            "primaryOrg": None if self._manner.natural_keys else org(primary),
        }

    @staticmethod
    def _schools(stays: Iterable[EnrollmentFact]) -> dict[int, Span]:
        """School to the first day of the first stay and the last day of the last, if that has one."""
        spans: dict[int, Span] = {}
        for stay in sorted(stays, key=lambda stay: stay.entry):
            spans[stay.school] = (spans.get(stay.school, (stay.entry, None))[0], stay.exit)
        return spans


def _contact(contact: str) -> Reference:
    return Reference("user", sourced_id("CON", contact))


def _taker(taker: AssessmentTakerFact) -> Reference:
    return Reference("user", sourced_id("TAK", taker))


def _born(taker: AssessmentTakerFact) -> Row:
    """Demographics of a test taker, of whom the vendor knows the birth date and no more."""
    return {
        "sourcedId": _taker(taker).id,
        "birthDate": taker.birth.isoformat() if taker.birth else None,
        "sex": None,
        **dict.fromkeys(_RACES),
        "demographicRaceTwoOrMoreRaces": None,
        "hispanicOrLatinoEthnicity": None,
        "metadata": None,
    }
