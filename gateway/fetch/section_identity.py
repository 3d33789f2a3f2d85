"""Links between the sections of a district and the section ids of a source that has its own."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from itertools import chain
from typing import Any

from student_graph.adapters.answers import Answer, Answers, Ask, records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, IdentityError, NotOfferedError
from student_graph.adapters.identity import UNCONFIRMED, IdentityRules, vendor_key
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import Record, SchoolId, Section, SectionId, StudentId
from student_graph.adapters.sources import District, Fetch

SECTIONS_BY_ID = lookup_of(Adapter.sections_by_id)
SECTIONS_BY_SCHOOL = lookup_of(Adapter.sections_by_school)
ENROLLMENTS = lookup_of(Adapter.school_enrollments_by_student)


class SectionLinks:
    """
    Translates between the section ids of one district and of one source.

    A section identifier is unique only within its course, school and session. If two sections of a school and year
    share one, a request for either is a conflict, and records under it name no section. If the sections of a
    school cannot be read, there may be two with the same identifier: a request is an error, and records name no
    section, with the reason.
    """

    def __init__(self, fetch: Fetch, district: District, rules: IdentityRules) -> None:
        self._fetch = fetch
        self._district = district
        self._rule = next(iter(rules.sections), None)

    async def vendor_keys(self, sections: Sequence[SectionId]) -> dict[SectionId, str | AdapterError]:
        """The source's key of each section, or the error that says why there is no certain one."""
        if self._rule is None:
            return dict.fromkeys(sections, IdentityError("no rule links a section to the source"))
        if self._rule.system == "sectionId":
            return {section: vendor_key(self._rule.field, section) for section in sections}
        authority = self._district.authority(SECTIONS_BY_ID)
        if authority is None:
            error = IdentityError("no source of the district provides section identifiers")
            return dict.fromkeys(sections, error)
        answers = await self._fetch(authority, Ask(SECTIONS_BY_ID, tuple(sections)))
        known = [answer.value for answer in answers.values() if isinstance(answer.value, Section)]
        lists = await self._school_lists({(s.school_id, s.school_year) for s in known})
        keys: dict[SectionId, str | AdapterError] = {}
        for section_id in sections:
            section = answers[section_id].value if section_id in answers else IdentityError("unknown section")
            if isinstance(section, Section):
                problem = _ambiguity(section, lists[section.school_id, section.school_year])
                keys[section_id] = problem or vendor_key(self._rule.field, section.section_identifier)
            else:
                keys[section_id] = section
        return keys

    async def translate(self, answers: dict[StudentId, Answer[Any]]) -> None:
        """
        Put the district's section ids in place of the source's, in the caller's own copies of the records.

        A record whose section has no certain id gets None. If the reason is that the district's sections could not
        be read, the student's answer says so: a later answer may name the section.
        """
        with_sections = [
            student for student, answer in answers.items() if any(map(_section_of, records_in(answer.value)))
        ]
        ids = await self._ids_by_vendor_key(with_sections) if with_sections else {}
        for student in with_sections:
            answer, known = answers[student], ids.get(student, {})
            ids_by_vendor_key: Mapping[str, SectionId] = {} if isinstance(known, AdapterError) else known
            for record in records_in(answer.value):
                if key := _section_of(record):
                    record.section_id = ids_by_vendor_key.get(key)  # type: ignore[attr-defined] # it has one
            if isinstance(known, AdapterError) and not isinstance(known, NotOfferedError):
                answers[student] = answer._replace(withheld=(*answer.withheld, known))

    async def _ids_by_vendor_key(
        self, students: Sequence[StudentId]
    ) -> dict[StudentId, dict[str, SectionId] | AdapterError]:
        """
        For each student the sections of the student's schools in this school year, by the source's key.

        An error if one of the schools, or its sections, could not be read.
        """
        authority = self._district.authority(ENROLLMENTS)
        if authority is None or self._rule is None:
            return {}
        enrollments = await self._fetch(authority, Ask(ENROLLMENTS, tuple(students)))
        result: dict[StudentId, dict[str, SectionId] | AdapterError] = {
            student: answer.value
            for student, answer in enrollments.items()
            if isinstance(answer.value, AdapterError)
        }
        schools_of = {
            student: {enrollment.school_id for enrollment in _listed_records(enrollments, student)}
            for student in students
            if student not in result
        }
        year = self._district.school_year(self._district.today())
        lists = await self._school_lists({(school, year) for schools in schools_of.values() for school in schools})
        for student, schools in schools_of.items():
            ids_by_key: dict[str, list[SectionId]] = {}
            of_schools = [sections for school in schools if isinstance(sections := lists[school, year], list)]
            if len(of_schools) < len(schools):  # a section of the other school may have the same identifier
                failed = [error for school in schools if isinstance(error := lists[school, year], AdapterError)]
                result[student] = failed[0]
                continue
            for section in chain.from_iterable(of_schools):
                key = vendor_key(self._rule.field, section.section_identifier)
                ids_by_key.setdefault(key, []).append(section.section_id)
            result[student] = {key: ids[0] for key, ids in ids_by_key.items() if len(ids) == 1}
        return result

    async def _school_lists(
        self, school_years: Iterable[tuple[SchoolId, int]]
    ) -> dict[tuple[SchoolId, int], list[Section] | AdapterError]:
        """The sections of schools in school years; an error where they cannot be read."""
        if (authority := self._district.authority(SECTIONS_BY_SCHOOL)) is None:
            error = NotOfferedError("no source of the district provides the sections of a school")
            return dict.fromkeys(school_years, error)
        schools_by_year: dict[int, set[SchoolId]] = {}
        for school, year in school_years:
            schools_by_year.setdefault(year, set()).add(school)
        lists: dict[tuple[SchoolId, int], list[Section] | AdapterError] = {}
        for year, schools in schools_by_year.items():
            answers = await self._fetch(
                authority, Ask(SECTIONS_BY_SCHOOL, tuple(sorted(schools)), {"school_year": year})
            )
            for school in schools:
                value: Any = answers[school].value if school in answers else []
                lists[school, year] = value
        return lists


def _ambiguity(section: Section, sections: list[Section] | AdapterError) -> AdapterError | None:
    """Why a section's identifier is not certainly its own at its school and in its year; None if it is."""
    if isinstance(sections, AdapterError):
        return sections
    same_identifier = [other for other in sections if other.section_identifier == section.section_identifier]
    if not same_identifier:
        return IdentityError("the school's list of sections does not hold the section", code=UNCONFIRMED)
    if len(same_identifier) > 1:
        return IdentityError("two sections share an identifier", code="IDENTITY_CONFLICT")
    return None


def with_ids(record: Record, **ids: Any) -> Record:
    """
    A copy of a record with the district's ids in attributes such as `student_id`.

    The record itself may be shared with other answers and stays unchanged.
    """
    record_type: Any = type(record)
    result: Record = _copy_function(record_type)(record)
    for attribute, value in ids.items():
        setattr(result, attribute, value)
    if "student_id" in ids:
        result.subject = None
    return result


@cache
def _copy_function(record_type: type[Any]) -> Callable[[Any], Any]:
    """
    A function that copies the records of a class.

    A page needs thousands of copies, and `copy.copy` takes ten times as long for each of them.
    """
    if "__dict__" in dir(record_type):  # its objects may have other attributes
        return copy.copy
    assignments = (f"    copy.{attribute.name} = record.{attribute.name}" for attribute in fields(record_type))
    source = "\n".join(
        ["def copy_record(record):", "    copy = new(record_type)", *assignments, "    return copy"]
    )
    names: dict[str, Any] = {"new": object.__new__, "record_type": record_type}
    exec(compile(source, f"<copy of {record_type.__name__}>", "exec"), names)  # noqa: S102 - our own text
    function: Callable[[Any], Any] = names["copy_record"]
    return function


def map_records(answer: Answer[Any], change: Callable[[Record], Record]) -> Answer[Any]:
    """The answer with each record of its list, or its only record, replaced by `change(record)`."""
    value: Any = answer.value
    changed = [change(record) for record in value] if isinstance(value, list) else change(value)
    return answer._replace(value=changed)


def _section_of(record: Record) -> SectionId | None:
    """The `section_id` of a record; None for records that have none."""
    return getattr(record, "section_id", None)


def _listed_records(answers: Answers, key: Any) -> list[Any]:
    """The list of records for a key; empty if the key has an error or no answer."""
    value = answers[key].value if key in answers else None
    return value if isinstance(value, list) else []
