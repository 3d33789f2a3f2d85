"""
Identity: translation between the district's ids and a source's own ids.

Requests are translated before the source is called, records afterwards. Lookups by district and sources that use
the district's ids pass unchanged. The gateway reads identities from the district's system of record on its own
authority, independent of the viewer, and never shows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from student_graph.adapters.answers import Answer, Answers, Ask, records_in
from student_graph.adapters.errors import AdapterError, IdentityError, translate
from student_graph.adapters.identity import (
    IdentityIndex,
    IdentityRule,
    IdentityRules,
    vendor_key,
)
from student_graph.adapters.lookup import About
from student_graph.adapters.model import DistrictId, Record, SectionId, StudentId, Subject
from student_graph.adapters.sources import District, Fetch, Source
from student_graph.gateway.fetch.section_identity import SectionLinks, map_records, with_ids
from student_graph.gateway.fetch.student_links import StudentLinks, check_person
from student_graph.gateway.fetch.translations import RecordedFetch, TranslationCache
from student_graph.gateway.telemetry import LinkStatus, Telemetry


def identified(
    fetch: Fetch,
    districts: Mapping[DistrictId, District],
    telemetry: Telemetry,
    translations: TranslationCache | None = None,
) -> Fetch:
    """
    Request records from each source by the source's own ids, and return them under the district's ids.

    Translated answers are kept in `translations` if they were made from cached answers only.
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
        self._students = StudentLinks(fetch, district, rules)
        self._sections = SectionLinks(fetch, district, rules)

    async def answers(self, ask: Ask[Any]) -> Answers:
        """The answers by the district's keys."""
        match ask.lookup.key_kind:
            case "student":
                return await self._fetch_by_student(ask)
            case "section":
                return await self._fetch_by_section(ask)
            case "school":
                return await self._fetch_by_district_number(ask, self._rules.schools, "schoolId")
            case "staff":
                return await self._fetch_by_district_number(ask, self._rules.staff, "staffUniqueId")
            case _:
                return await self._fetch(self._source, ask)

    async def _fetch_by_student(self, ask: Ask[Any]) -> Answers:
        """Try the rules in order; a student without a link by any rule gets an error."""
        identities = await self._students.identities(ask.keys)
        answers = {s: self._withheld(s, i) for s, i in identities.items() if isinstance(i, AdapterError)}
        for rule in self._rules.students:
            unanswered = [student for student in ask.keys if student not in answers]
            student_of: dict[str, StudentId] = {}
            for student, key in (await self._students.vendor_keys(rule, unanswered, identities)).items():
                if isinstance(key, AdapterError):
                    answers[student] = self._withheld(student, key)
                else:
                    student_of[key] = student
            fetched = await self._fetch(self._source, replace(ask, keys=tuple(student_of))) if student_of else {}
            index = await self._students.index_for_conflicts(fetched)
            for key, answer in fetched.items():
                if (matched := student_of.get(key)) is not None:
                    answers[matched] = self._confirmed(matched, key, identities[matched], answer, index)
        for student in ask.keys:
            if student not in answers:
                answers[student] = self._withheld(student, IdentityError("the source does not know the student"))
        await self._sections.translate(answers)
        return answers

    def _confirmed(
        self,
        student: StudentId,
        key: str,
        identity: Any,
        answer: Answer[Any],
        index: IdentityIndex | AdapterError | None,
    ) -> Answer[Any]:
        """A student's answer under the district's id; an error unless all evidence confirms the link."""
        if isinstance(answer.value, AdapterError):
            return answer
        if isinstance(index, AdapterError):
            return self._failure(index)
        subjects = {id(record.subject): record.subject for record in records_in(answer.value)}
        try:
            for subject in subjects.values():
                if subject is not None:
                    check_person(key, subject)
                    self._students.confirm(student, identity, subject, index)
        except IdentityError as error:
            return self._withheld(student, translate(error))
        self._telemetry.record_link(self._source, student, LinkStatus.MATCHED)
        return map_records(answer, partial(with_ids, student_id=student))

    async def _fetch_by_section(self, ask: Ask[Any]) -> Answers:
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
        index = (
            await self._students.index(r.subject for r in records) if ask.lookup.about is About.STUDENTS else None
        )
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
        students: dict[int, StudentId | None] = {}  # by the identity of the subject, which many records share
        for record in answer.value:
            subject = record.subject
            if index is None or subject is None:
                records.append(with_ids(record, section_id=section))
                continue
            if id(subject) not in students:
                students[id(subject)] = self._resolve_student(subject, index, withheld)
            if (student := students[id(subject)]) is not None:
                records.append(with_ids(record, section_id=section, student_id=student))
        return answer._replace(value=records, withheld=(*answer.withheld, *withheld.values()))

    def _resolve_student(
        self, subject: Subject, index: IdentityIndex, withheld: dict[str, AdapterError]
    ) -> StudentId | None:
        """The student that a record names; None if no link is certain, and the reason is added to `withheld`."""
        try:
            student = index.resolve(subject, self._rules).student_id
        except IdentityError as error:
            error.source = self._source.name
            withheld[error.code] = translate(error)
            self._telemetry.record_link(self._source, repr(subject.ids), _status(error))
            return None
        self._telemetry.record_link(self._source, student, LinkStatus.MATCHED)
        return student

    async def _fetch_by_district_number(
        self, ask: Ask[Any], rules: Sequence[IdentityRule], system: str
    ) -> Answers:
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
        return map_records(answer, partial(with_ids, **{attribute: key}))

    def _withheld(self, student: StudentId, error: AdapterError) -> Answer[Any]:
        """The answer for a student without a certain link."""
        if isinstance(error, IdentityError):
            self._telemetry.record_link(self._source, student, _status(error))
        return self._failure(error)

    def _failure(self, error: AdapterError) -> Answer[Any]:
        """An answer that is an error; an error of the system of record keeps that source's name."""
        error.source = error.source or self._source.name
        return Answer(error, self._source.name, datetime.now(UTC))


def _status(error: IdentityError) -> LinkStatus:
    """How the counts name the reason why a record has no certain link."""
    return LinkStatus.CONFLICTED if error.code == "IDENTITY_CONFLICT" else LinkStatus.UNMATCHED
