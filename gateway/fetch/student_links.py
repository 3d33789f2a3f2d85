"""Links between the students of a district and the ids of a source that has its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from student_graph.adapters.answers import Answers, Ask, records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, IdentityError, NotOfferedError, RefusedError, translate
from student_graph.adapters.identity import (
    UNCONFIRMED,
    UNIQUE_ID_SYSTEM,
    IdentityIndex,
    IdentityRule,
    IdentityRules,
    confirm_link,
    vendor_key_of,
)
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import StudentId, StudentIdentity, Subject
from student_graph.adapters.sources import District, Fetch

IDENTITIES_BY_ID = lookup_of(Adapter.student_identities_by_id)
IDENTITIES_BY_DISTRICT = lookup_of(Adapter.student_identities_by_district)


class StudentLinks:
    """
    Finds and confirms the links between the students of one district and the ids of one source.

    A check whose evidence cannot be read is not passed: the record is withheld.
    """

    def __init__(self, fetch: Fetch, district: District, rules: IdentityRules) -> None:
        self._fetch = fetch
        self._district = district
        self._rules = rules

    async def identities(self, students: Iterable[StudentId]) -> dict[StudentId, StudentIdentity | AdapterError]:
        """
        The identity of each student.

        If the system of record does not know a student, the identity has only the number.
        """
        keys = tuple(dict.fromkeys(students))
        known = await self._identities(keys)
        return {key: known.get(key) or _number_only(key) for key in keys}

    async def _identities(self, students: Iterable[StudentId]) -> dict[StudentId, StudentIdentity | AdapterError]:
        """
        The identities of students, from the system of record; unknown students are absent.

        If the system of record has no identities or does not show them, the district's own number can still link a
        student. Then no attribute can confirm the link, and a record that has such an attribute is withheld. An
        outage is an error.
        """
        keys = tuple(dict.fromkeys(students))
        authority = self._district.authority(IDENTITIES_BY_ID)
        if authority is None:
            return {key: _number_only(key) for key in keys}
        answers = await self._fetch(authority, Ask(IDENTITIES_BY_ID, keys)) if keys else {}
        return {
            student: _number_only(student) if self._needs_number_only(answer.value) else answer.value
            for student, answer in answers.items()
        }

    def _needs_number_only(self, identity: StudentIdentity | AdapterError) -> bool:
        """Whether the gateway may not read identifiers, and all rules use only the district's unique number."""
        by_unique_id = all(rule.system == UNIQUE_ID_SYSTEM for rule in self._rules.students)
        return by_unique_id and isinstance(identity, NotOfferedError | RefusedError)

    async def index(self, subjects: Iterable[Subject | None]) -> IdentityIndex | AdapterError:
        """An index of all students that the subjects may name."""
        if all(rule.system == UNIQUE_ID_SYSTEM for rule in self._rules.students):
            fields = {rule.field for rule in self._rules.students}
            numbers = {StudentId(v) for s in subjects if s is not None for f, v in s.ids if f in fields and v}
            identities = await self._identities(sorted(numbers))
            failed = next((i for i in identities.values() if isinstance(i, AdapterError)), None)
            return failed or IdentityIndex([i for i in identities.values() if isinstance(i, StudentIdentity)])
        return await self._district_index()

    async def _district_index(self) -> IdentityIndex | AdapterError:
        """An index of all students of the district: only it shows whether two students share an identifier."""
        authority = self._district.authority(IDENTITIES_BY_DISTRICT)
        if authority is None:
            return NotOfferedError("no source of the district provides the identifiers of all students")
        answers = await self._fetch(authority, Ask(IDENTITIES_BY_DISTRICT, (self._district.id,)))
        value: Any = answers[self._district.id].value if self._district.id in answers else []
        return value if isinstance(value, AdapterError) else IdentityIndex(value)

    async def vendor_keys(
        self, rule: IdentityRule, students: Sequence[StudentId], identities: Mapping[StudentId, Any]
    ) -> dict[StudentId, str | AdapterError]:
        """
        The source's key of each student by a rule; an error if the identifier may belong to another student too.

        Students without an identifier of the rule's system are absent.
        """
        keys: dict[StudentId, str | AdapterError] = {}
        for student in students:
            try:
                key = vendor_key_of(rule, identities[student])
            except IdentityError as error:
                keys[student] = translate(error)
            else:
                keys |= {student: key} if key is not None else {}
        if rule.system != UNIQUE_ID_SYSTEM and keys:
            index = await self._district_index()
            problems = {student: _ambiguity(index, rule, student) for student in keys}
            keys |= {student: problem for student, problem in problems.items() if problem is not None}
        return keys

    async def index_for_conflicts(self, answers: Answers) -> IdentityIndex | AdapterError | None:
        """An index of the students that the records may name; None if there is only one rule, which needs none."""
        if len(self._rules.students) < 2:
            return None
        return await self.index(
            record.subject for answer in answers.values() for record in records_in(answer.value)
        )

    def confirm(
        self, student: StudentId, identity: StudentIdentity, subject: Subject, index: IdentityIndex | None
    ) -> None:
        """
        Check that a vendor's record is about a student.

        Raises:
            IdentityError: it also names another student, or nothing confirms that it is about this one.
        """
        if index is not None:
            if not {student, identity.student_id} & index.by_id.keys():
                raise IdentityError("the district's list of students does not hold the student", code=UNCONFIRMED)
            if index.candidates(subject, self._rules) - {student}:
                raise IdentityError("identifiers of two students", code="IDENTITY_CONFLICT")
        confirm_link(subject, identity, self._rules)


def check_person(key: str, subject: Subject) -> None:
    """
    Check that a record is about the person with the requested key, such as `sis_user_id:604822`.

    If a source ignores a filter, or a response belongs to another request, the same field names somebody else.

    Raises:
        IdentityError: the record has other values of the key's field only.
    """
    field, _, value = key.partition(":")
    values = {text.strip().casefold() for name, text in subject.ids if name == field and text}
    if values and value.strip().casefold() not in values:
        raise IdentityError("the record of another person", code="IDENTITY_CONFLICT")


def _ambiguity(index: IdentityIndex | AdapterError, rule: IdentityRule, student: StudentId) -> AdapterError | None:
    """Why a student's identifier by a rule may belong to another student too; None if it is certainly unique."""
    if isinstance(index, AdapterError):
        return index
    try:
        is_ambiguous = index.is_ambiguous(rule, student)
    except IdentityError as error:
        return translate(error)
    return IdentityError("an identifier of two students", code="IDENTITY_CONFLICT") if is_ambiguous else None


def _number_only(student: StudentId) -> StudentIdentity:
    """An identity that consists of the district's unique number only."""
    return StudentIdentity(vendor_id="", student_id=student, identifiers=[])
