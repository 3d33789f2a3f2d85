"""
Identity: translation between the district's ids and a source's own ids.

Requests are translated before the source is called, records afterwards. Lookups by district and sources that use
the district's ids pass unchanged. The gateway reads identities from the district's system of record on its own
authority, independent of the viewer, and never shows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from student_graph.adapters.answers import Answer, Answers, Ask, records_in
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
from student_graph.gateway.fetch.section_identity import SectionLinks, map_records, with_id
from student_graph.gateway.fetch.translations import RecordedFetch, TranslationCache
from student_graph.gateway.telemetry import LinkStatus, Telemetry

IDENTITIES_BY_ID = lookup_of(Adapter.student_identities_by_id)
IDENTITIES_BY_DISTRICT = lookup_of(Adapter.student_identities_by_district)


def identified(
    fetch: Fetch,
    districts: Mapping[DistrictId, District],
    telemetry: Telemetry,
    translations: TranslationCache | None = None,
) -> Fetch:
    """
    Request records from each source by its own ids, and return them under the district's ids.

    Answers that need cached answers alone are kept in `translations`.
    """

    async def fetch_identified(source: Source, ask: Ask[Any], /) -> Answers:
        if source.identity is None or ask.lookup.key_kind == "district":
            return await fetch(source, ask)
        recorded = RecordedFetch(fetch)
        translator = _Translator(recorded, districts[source.district], source, source.identity, telemetry)
        answers = await translator.answers(ask)
        if translations is None:
            return answers
        return translations.add(source, ask, districts[source.district].today(), recorded, answers)

    return fetch_identified


class _Translator:
    """Translates one ask to a source with ids of its own, and its answers."""

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
        """The answers by the district's keys."""
        match ask.lookup.key_kind:
            case "student":
                return await self._by_student(ask)
            case "section":
                return await self._by_section(ask)
            case "school":
                return await self._by_district_number(ask, self._rules.schools, "schoolId")
            case "staff":
                return await self._by_district_number(ask, self._rules.staff, "staffUniqueId")
            case _:
                return await self._fetch(self._source, ask)

    async def _by_student(self, ask: Ask[Any]) -> Answers:
        """Try the rules in order; a student without a link by any rule gets an error."""
        identities = await self._identities(ask.keys)
        answers = {s: self._failure(i) for s, i in identities.items() if isinstance(i, AdapterError)}
        for rule in self._rules.students:
            unanswered = [student for student in ask.keys if student not in answers]
            student_of: dict[str, StudentId] = {}
            for student, key in (await self._vendor_keys(rule, unanswered, identities)).items():
                if isinstance(key, AdapterError):
                    answers[student] = self._conflict(student, key)
                else:
                    student_of[key] = student
            fetched = await self._fetch(self._source, replace(ask, keys=tuple(student_of))) if student_of else {}
            index = await self._index_for_conflicts(fetched)
            for key, answer in fetched.items():
                if (matched := student_of.get(key)) is not None:
                    answers[matched] = self._confirmed(matched, identities.get(matched), answer, index)
        for student in ask.keys:
            if student not in answers:
                self._telemetry.record_link(self._source, student, LinkStatus.UNMATCHED)
                answers[student] = self._failure(IdentityError("the source does not know the student"))
        return await self._sections.translate(answers)

    async def _vendor_keys(
        self, rule: IdentityRule, students: Sequence[StudentId], identities: Mapping[StudentId, Any]
    ) -> dict[StudentId, str | IdentityError]:
        """
        The source's key of each student by a rule; an error if the rule's identifier is not unique.

        Students without an identifier of the rule's system are absent.
        """
        keys: dict[StudentId, str | IdentityError] = {}
        for student in students:
            try:
                key = vendor_key_of(rule, identities.get(student) or _number_only(student))
            except IdentityError as error:
                keys[student] = error
            else:
                keys |= {student: key} if key is not None else {}
        if rule.system != UNIQUE_ID_SYSTEM and keys:
            index = await self._district_index()
            for student in keys:
                if isinstance(index, AdapterError) or index.is_ambiguous(rule, student):
                    keys[student] = IdentityError("an identifier of two students", code="IDENTITY_CONFLICT")
        return keys

    async def _index_for_conflicts(self, answers: Answers) -> IdentityIndex | AdapterError | None:
        """The students that the answers' records may name; None if the only rule has found them already."""
        if len(self._rules.students) < 2:
            return None
        return await self._index(
            record.subject for answer in answers.values() for record in records_in(answer.value)
        )

    def _confirmed(
        self, student: StudentId, identity: Any, answer: Answer[Any], index: IdentityIndex | AdapterError | None
    ) -> Answer[Any]:
        """A student's answer under the district's id; an error if any evidence contradicts the link."""
        if isinstance(answer.value, AdapterError):
            return answer
        if isinstance(index, AdapterError):
            return self._failure(index)
        records = records_in(answer.value)
        if any(index.candidates(r.subject, self._rules) - {student} for r in records if index and r.subject):
            return self._conflict(student, IdentityError("identifiers of two students", code="IDENTITY_CONFLICT"))
        if isinstance(identity, StudentIdentity) and not all(
            record.subject is None or attributes_agree(record.subject, identity, self._rules) for record in records
        ):
            return self._conflict(student, IdentityError("a second attribute disagrees", code="IDENTITY_CONFLICT"))
        self._telemetry.record_link(self._source, student, LinkStatus.MATCHED)
        return map_records(answer, partial(with_id, attribute="student_id", value=student))

    async def _by_section(self, ask: Ask[Any]) -> Answers:
        """Fetch by the source's section keys, then find the student of each record."""
        answers: dict[Any, Answer[Any]] = {}
        section_of: dict[str, SectionId] = {}
        for section, key in (await self._sections.vendor_keys(ask.keys)).items():
            if isinstance(key, AdapterError):
                answers[section] = self._failure(key)
            else:
                section_of[key] = section
        fetched = await self._fetch(self._source, replace(ask, keys=tuple(section_of))) if section_of else {}
        records = [record for answer in fetched.values() for record in records_in(answer.value)]
        index = await self._index(r.subject for r in records) if ask.lookup.about is About.STUDENTS else None
        for key, answer in fetched.items():
            answers[section_of[key]] = self._resolve_students(section_of[key], answer, index)
        for section in section_of.values():
            answers.setdefault(section, self._failure(IdentityError("the source does not know the section")))
        return answers

    def _resolve_students(self, section: SectionId, answer: Answer[Any], index: Any) -> Answer[Any]:
        """A section's records under the district's student ids; others are withheld, with the reason."""
        if isinstance(answer.value, AdapterError):
            return answer
        if isinstance(index, AdapterError):
            return self._failure(index)
        records: list[Record] = []
        withheld: dict[str, AdapterError] = {}
        for vendor_record in answer.value:
            record = with_id(vendor_record, "section_id", section)
            if index is not None and record.subject is not None:
                try:
                    student = index.resolve(record.subject, self._rules).student_id
                except IdentityError as error:
                    error.source = self._source.name
                    withheld[error.code] = error
                    conflict = error.code == "IDENTITY_CONFLICT"
                    status = LinkStatus.CONFLICTED if conflict else LinkStatus.UNMATCHED
                    self._telemetry.record_link(self._source, repr(record.subject.ids), status)
                    continue
                self._telemetry.record_link(self._source, student, LinkStatus.MATCHED)
                record = with_id(record, "student_id", student)
            records.append(record)
        return answer._replace(value=records, withheld=(*answer.withheld, *withheld.values()))

    async def _by_district_number(self, ask: Ask[Any], rules: Sequence[IdentityRule], system: str) -> Answers:
        """Schools and staff: a field of the vendor holds the district's own number."""
        rule = next((rule for rule in rules if rule.system == system), None)
        if rule is None:
            error = self._failure(IdentityError(f"no rule links a {ask.lookup.key_kind} to the source"))
            return dict.fromkeys(ask.keys, error)
        key_of = {vendor_key(rule.field, key): key for key in ask.keys}
        answers = await self._fetch(self._source, replace(ask, keys=tuple(key_of)))
        return {
            key_of[key]: self._with_key(ask, key_of[key], answer)
            for key, answer in answers.items()
            if key in key_of
        }

    def _with_key(self, ask: Ask[Any], key: Any, answer: Answer[Any]) -> Answer[Any]:
        attribute = ask.lookup.key_attribute
        if isinstance(answer.value, AdapterError) or attribute is None:
            return answer
        return map_records(answer, partial(with_id, attribute=attribute, value=key))

    async def _identities(self, students: Iterable[StudentId]) -> dict[StudentId, StudentIdentity | AdapterError]:
        """The identities of students, from the system of record; unknown students are absent."""
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
        """
        Whether the gateway may not read identifiers, and all rules use only the district's unique number.

        Then a student is linked without them. An outage is different: nothing can be confirmed, so the value is
        withheld.
        """
        by_unique_id = all(rule.system == UNIQUE_ID_SYSTEM for rule in self._rules.students)
        return by_unique_id and isinstance(identity, NotOfferedError | RefusedError)

    async def _index(self, subjects: Iterable[Subject | None]) -> IdentityIndex | AdapterError:
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

    def _conflict(self, student: StudentId, error: IdentityError) -> Answer[Any]:
        """The answer for a student whose link is not certain."""
        self._telemetry.record_link(self._source, student, LinkStatus.CONFLICTED)
        return self._failure(error)

    def _failure(self, error: AdapterError) -> Answer[Any]:
        """An answer that is an error; an error of the system of record keeps that source's name."""
        error.source = error.source or self._source.name
        return Answer(error, self._source.name, datetime.now(UTC))


def _number_only(student: StudentId) -> StudentIdentity:
    """An identity that consists of the district's unique number only."""
    return StudentIdentity(vendor_id="", student_id=student, identifiers=[])
