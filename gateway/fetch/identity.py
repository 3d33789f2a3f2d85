"""
Between the district's ids and a source's own: outward before asking, inward on what comes back.

Everything else passes untouched: districts, and sources that speak the district's ids. Identities are asked of
the district's system of record by the gateway itself, below the viewer's authorization, and never shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, IdentityError, NotOfferedError, RefusedError
from student_graph.adapters.identity import (
    UNIQUE_ID_SYSTEM,
    IdentityIndex,
    IdentityRule,
    IdentityRules,
    attributes_agree,
    vendor_key,
    vendor_key_of,
)
from student_graph.adapters.lookup import About, lookup_of
from student_graph.adapters.model import DistrictId, Record, SectionId, StudentId, StudentIdentity, Subject
from student_graph.adapters.sources import District, Fetch, Source
from student_graph.gateway.fetch.section_identity import SectionLinks, renamed
from student_graph.gateway.telemetry import LinkStatus, Telemetry

BY_ID = lookup_of(Adapter.student_identities_by_id)
BY_DISTRICT = lookup_of(Adapter.student_identities_by_district)


def identified(fetch: Fetch, districts: Mapping[DistrictId, District], telemetry: Telemetry) -> Fetch:
    """Ask each source in its own terms, and answer in the district's."""

    async def fetch_identified(source: Source, ask: Ask[Any], /) -> Answers:
        if source.identity is None or ask.lookup.key_kind == "district":
            return await fetch(source, ask)
        linker = _Linker(fetch, districts[source.district], source, source.identity, telemetry)
        return await linker.answers(ask)

    return fetch_identified


class _Linker:
    """One ask at one source that has ids of its own."""

    def __init__(
        self, fetch: Fetch, district: District, source: Source, rules: IdentityRules, telemetry: Telemetry
    ) -> None:
        self._fetch = fetch
        self._district = district
        self._source = source
        self._rules = rules
        self._telemetry = telemetry
        self._sections = SectionLinks(fetch, district, rules)

    async def answers(self, ask: Ask[Any]) -> Answers:
        """The answers at the district's keys."""
        match ask.lookup.key_kind:
            case "student":
                return await self._by_student(ask)
            case "section":
                return await self._by_section(ask)
            case "school":
                return await self._by_fixed(ask, self._rules.schools, "schoolId")
            case "staff":
                return await self._by_fixed(ask, self._rules.staff, "staffUniqueId")
            case _:
                return await self._fetch(self._source, ask)

    async def _by_student(self, ask: Ask[Any]) -> Answers:
        """Try the rules in their order; whom none of them links has no link."""
        identities = await self._identities(ask.keys)
        answers = {s: self._failed(i) for s, i in identities.items() if isinstance(i, AdapterError)}
        for rule in self._rules.students:
            left = [student for student in ask.keys if student not in answers]
            keys: dict[str, StudentId] = {}
            for student, key in (await self._keys(rule, left, identities)).items():
                if isinstance(key, AdapterError):
                    answers[student] = self._conflict(student, key)
                else:
                    keys[key] = student
            told = await self._fetch(self._source, replace(ask, keys=tuple(keys))) if keys else {}
            index = await self._others(told.values())
            for key, answer in told.items():
                if key in keys:
                    answers[keys[key]] = self._own(keys[key], identities.get(keys[key]), answer, index)
        for student in ask.keys:
            if student not in answers:
                self._telemetry.link(self._source, student, LinkStatus.UNMATCHED)
                answers[student] = self._failed(IdentityError("the source does not know the student"))
        return await self._sections.renamed(answers)

    async def _keys(
        self, rule: IdentityRule, students: Sequence[StudentId], identities: Mapping[StudentId, Any]
    ) -> dict[StudentId, str | IdentityError]:
        """The source's key of each student whom the rule can name; an error where it would name two."""
        keys: dict[StudentId, str | IdentityError] = {}
        for student in students:
            try:
                key = vendor_key_of(rule, identities.get(student) or _bare(student))
            except IdentityError as error:
                keys[student] = error
            else:
                keys |= {student: key} if key is not None else {}
        if rule.system != UNIQUE_ID_SYSTEM and keys:
            index = await self._everybody()
            for student in keys:
                if isinstance(index, AdapterError) or index.is_ambiguous(rule, student):
                    keys[student] = IdentityError("an identifier of two students", code="IDENTITY_CONFLICT")
        return keys

    async def _others(self, told: Iterable[Answer[Any]]) -> IdentityIndex | AdapterError | None:
        """Whoever else the answers may name; None where the one rule that led to them is all there is."""
        if len(self._rules.students) < 2:
            return None
        return await self._index(record.subject for answer in told for record in _records(answer))

    def _own(
        self, student: StudentId, identity: Any, answer: Answer[Any], index: IdentityIndex | AdapterError | None
    ) -> Answer[Any]:
        """One student's answer under the district's id, withheld when anything speaks against the student."""
        if isinstance(answer.value, AdapterError):
            return answer
        if isinstance(index, AdapterError):
            return self._failed(index)
        records = _records(answer)
        if any(index.candidates(r.subject, self._rules) - {student} for r in records if index and r.subject):
            return self._conflict(student, IdentityError("identifiers of two students", code="IDENTITY_CONFLICT"))
        if isinstance(identity, StudentIdentity) and not all(
            record.subject is None or attributes_agree(record.subject, identity, self._rules) for record in records
        ):
            return self._conflict(student, IdentityError("a second attribute disagrees", code="IDENTITY_CONFLICT"))
        self._telemetry.link(self._source, student, LinkStatus.MATCHED)
        ours = [renamed(record, "student_id", student) for record in records]
        return answer._replace(value=ours if isinstance(answer.value, list) else ours[0])

    async def _by_section(self, ask: Ask[Any]) -> Answers:
        """Ask by the vendor's names of the sections, then find out whom the rows are about."""
        answers: dict[Any, Answer[Any]] = {}
        keys: dict[str, SectionId] = {}
        for section, key in (await self._sections.keys(ask.keys)).items():
            if isinstance(key, AdapterError):
                answers[section] = self._failed(key)
            else:
                keys[key] = section
        told = await self._fetch(self._source, replace(ask, keys=tuple(keys))) if keys else {}
        rows = [row for answer in told.values() for row in _records(answer)]
        index = await self._index(r.subject for r in rows) if ask.lookup.about is About.STUDENTS else None
        for key, answer in told.items():
            answers[keys[key]] = self._inward(keys[key], answer, index)
        for section in keys.values():
            answers.setdefault(section, self._failed(IdentityError("the source does not know the section")))
        return answers

    def _inward(self, section: SectionId, answer: Answer[Any], index: Any) -> Answer[Any]:
        """A section's rows, each about a student of ours; the others are withheld and said so."""
        if isinstance(answer.value, AdapterError):
            return answer
        if isinstance(index, AdapterError):
            return self._failed(index)
        ours: list[Record] = []
        withheld: dict[str, AdapterError] = {}
        for record in answer.value:
            mine = renamed(record, "section_id", section)
            if index is not None and record.subject is not None:
                try:
                    student = index.resolve(record.subject, self._rules).student_id
                except IdentityError as error:
                    error.source = self._source.name
                    withheld[error.code] = error
                    link = LinkStatus.CONFLICTED if error.code == "IDENTITY_CONFLICT" else LinkStatus.UNMATCHED
                    self._telemetry.link(self._source, repr(record.subject.ids), link)
                    continue
                self._telemetry.link(self._source, student, LinkStatus.MATCHED)
                mine = renamed(mine, "student_id", student)
            ours.append(mine)
        return answer._replace(value=ours, withheld=tuple(withheld.values()))

    async def _by_fixed(self, ask: Ask[Any], rules: Sequence[IdentityRule], system: str) -> Answers:
        """Schools and staff: the vendor's field holds the district's own number."""
        rule = next((rule for rule in rules if rule.system == system), None)
        if rule is None:
            error = self._failed(IdentityError(f"no rule links a {ask.lookup.key_kind} to the source"))
            return dict.fromkeys(ask.keys, error)
        keys = {vendor_key(rule.field, key): key for key in ask.keys}
        told = await self._fetch(self._source, replace(ask, keys=tuple(keys)))
        return {
            keys[key]: self._inward_fixed(ask, keys[key], answer) for key, answer in told.items() if key in keys
        }

    def _inward_fixed(self, ask: Ask[Any], key: Any, answer: Answer[Any]) -> Answer[Any]:
        attribute = ask.lookup.key_attribute
        if isinstance(answer.value, AdapterError) or attribute is None:
            return answer
        if isinstance(answer.value, list):
            return answer._replace(value=[renamed(record, attribute, key) for record in answer.value])
        return answer._replace(value=renamed(answer.value, attribute, key))

    async def _identities(self, students: Iterable[StudentId]) -> dict[StudentId, StudentIdentity | AdapterError]:
        """What the system of record knows of each student; absent: it knows nobody of that number."""
        keys = tuple(dict.fromkeys(students))
        authority = self._district.authority(BY_ID)
        if authority is None:
            return {key: _bare(key) for key in keys}
        told = await self._fetch(authority, Ask(BY_ID, keys)) if keys else {}
        return {k: _bare(k) if self._does_without(a.value) else a.value for k, a in told.items()}

    def _does_without(self, identity: StudentIdentity | AdapterError) -> bool:
        """
        Whether the identifiers are simply not ours to read, which a link by the unique number can do without.

        An outage is another matter: then nothing can be confirmed and the value is withheld.
        """
        by_unique_id = all(rule.system == UNIQUE_ID_SYSTEM for rule in self._rules.students)
        return by_unique_id and isinstance(identity, NotOfferedError | RefusedError)

    async def _index(self, subjects: Iterable[Subject | None]) -> IdentityIndex | AdapterError:
        """Everybody whom the rows may be about."""
        if all(rule.system == UNIQUE_ID_SYSTEM for rule in self._rules.students):
            fields = {rule.field for rule in self._rules.students}
            claimed = {StudentId(v) for s in subjects if s is not None for f, v in s.ids if f in fields and v}
            known = await self._identities(sorted(claimed))
            failed = next((i for i in known.values() if isinstance(i, AdapterError)), None)
            return failed or IdentityIndex([i for i in known.values() if isinstance(i, StudentIdentity)])
        return await self._everybody()

    async def _everybody(self) -> IdentityIndex | AdapterError:
        """The identifiers of the whole district, which alone can tell that one of them stands for two students."""
        authority = self._district.authority(BY_DISTRICT)
        if authority is None:
            return NotOfferedError("no source of the district tells everybody's identifiers")
        told = await self._fetch(authority, Ask(BY_DISTRICT, (self._district.id,)))
        value: Any = told[self._district.id].value if self._district.id in told else []
        return value if isinstance(value, AdapterError) else IdentityIndex(value)

    def _conflict(self, student: StudentId, error: IdentityError) -> Answer[Any]:
        """A student who cannot be told apart for certain."""
        self._telemetry.link(self._source, student, LinkStatus.CONFLICTED)
        return self._failed(error)

    def _failed(self, error: AdapterError) -> Answer[Any]:
        """An error in place of the answer; one of the system of record keeps that source's name."""
        error.source = error.source or self._source.name
        return Answer(error, self._source.name, datetime.now(UTC))


def _records(answer: Answer[Any]) -> Sequence[Record]:
    """The records of an answer: one, a list of them, or none where it failed."""
    if isinstance(answer.value, AdapterError):
        return ()
    return answer.value if isinstance(answer.value, list) else (answer.value,)


def _bare(student: StudentId) -> StudentIdentity:
    """What is known of a student where the system of record tells nothing: the unique number."""
    return StudentIdentity(vendor_id="", student_id=student, identifiers=[])
