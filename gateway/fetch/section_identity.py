"""What the district's sections are called at a source that has names of its own, and the way back."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, IdentityError
from student_graph.adapters.identity import IdentityRules, vendor_key
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import Record, SchoolId, Section, SectionId, StudentId
from student_graph.adapters.sources import District, Fetch

SECTIONS = lookup_of(Adapter.sections_by_id)
SCHOOL_SECTIONS = lookup_of(Adapter.sections_by_school)
STAYS = lookup_of(Adapter.school_enrollments_by_student)


class SectionLinks:
    """
    The sections of one district as one source calls them.

    A section identifier is unique only with its course, school and session, so one that stands for two sections
    of a school and year is a conflict on the way out and no section on the way in.
    """

    def __init__(self, fetch: Fetch, district: District, rules: IdentityRules) -> None:
        self._fetch = fetch
        self._district = district
        self._rule = next(iter(rules.sections), None)

    async def keys(self, sections: Sequence[SectionId]) -> dict[SectionId, str | AdapterError]:
        """The source's name of each section, or why there is none for certain."""
        if self._rule is None:
            return dict.fromkeys(sections, IdentityError("no rule links a section to the source"))
        if self._rule.system == "sectionId":
            return {section: vendor_key(self._rule.field, section) for section in sections}
        authority = self._district.authority(SECTIONS)
        if authority is None:
            return dict.fromkeys(sections, IdentityError("no source tells what the sections are called"))
        told = await self._fetch(authority, Ask(SECTIONS, tuple(sections)))
        known = [answer.value for answer in told.values() if isinstance(answer.value, Section)]
        namesakes = await self._by_name({(s.school_id, s.school_year) for s in known})
        keys: dict[SectionId, str | AdapterError] = {}
        for section in sections:
            found = told[section].value if section in told else IdentityError("nobody knows the section")
            if isinstance(found, Section):
                alone = len(namesakes.get((found.school_id, found.section_identifier), ())) <= 1
                conflict = IdentityError("two sections of one name", code="IDENTITY_CONFLICT")
                keys[section] = vendor_key(self._rule.field, found.section_identifier) if alone else conflict
            else:
                keys[section] = found
        return keys

    async def renamed(self, answers: Mapping[StudentId, Answer[Any]]) -> dict[StudentId, Answer[Any]]:
        """Answers by student whose records name the district's sections; one that cannot be told is left out."""
        named = [student for student, answer in answers.items() if any(map(_section, _records(answer)))]
        ours = await self._of_students(named) if named else {}
        return {
            student: _told(answer, ours.get(student, {})) if student in named else answer
            for student, answer in answers.items()
        }

    async def _of_students(self, students: Sequence[StudentId]) -> dict[StudentId, dict[str, SectionId]]:
        """For each student the sections of the student's schools this year, by the source's name."""
        authority = self._district.authority(STAYS)
        if authority is None or self._rule is None:
            return {}
        stays = await self._fetch(authority, Ask(STAYS, tuple(students)))
        schools = {
            student: {stay.school_id for stay in _records(stays[student])} if student in stays else set()
            for student in students
        }
        year = self._district.school_year(self._district.today())
        by_name = await self._by_name({(school, year) for each in schools.values() for school in each})
        found: dict[StudentId, dict[str, SectionId]] = {}
        for student, own in schools.items():
            names: dict[str, list[SectionId]] = {}
            for (school, identifier), sections in by_name.items():
                if school in own:
                    names.setdefault(vendor_key(self._rule.field, identifier), []).extend(sections)
            found[student] = {name: sections[0] for name, sections in names.items() if len(sections) == 1}
        return found

    async def _by_name(
        self, wanted: Iterable[tuple[SchoolId, int]]
    ) -> dict[tuple[SchoolId, str], list[SectionId]]:
        """The sections of schools in school years, by school and identifier; none where they cannot be read."""
        if (authority := self._district.authority(SCHOOL_SECTIONS)) is None:
            return {}
        by_year: dict[int, set[SchoolId]] = {}
        for school, year in wanted:
            by_year.setdefault(year, set()).add(school)
        found: dict[tuple[SchoolId, str], list[SectionId]] = {}
        for year, schools in by_year.items():
            told = await self._fetch(
                authority, Ask(SCHOOL_SECTIONS, tuple(sorted(schools)), {"school_year": year})
            )
            for section in (section for answer in told.values() for section in _records(answer)):
                found.setdefault((section.school_id, section.section_identifier), []).append(section.section_id)
        return found


def renamed(record: Record, attribute: str, key: Any) -> Record:
    """A copy of a record under the district's key: the record itself may be shared and stays as it is."""
    mine = copy.copy(record)
    own = isinstance(getattr(type(record), attribute, None), property)  # a student's own record names it otherwise
    setattr(mine, attribute.replace("_id", "_unique_id") if own else attribute, key)
    mine.subject = None if attribute == "student_id" else mine.subject
    return mine


def _section(record: Record) -> SectionId | None:
    """The section that a record names; None for records that name none."""
    return getattr(record, "section_id", None)


def _records(answer: Answer[Any]) -> list[Any]:
    """The records of a list; none of an error."""
    return answer.value if isinstance(answer.value, list) else []


def _told(answer: Answer[Any], ours: Mapping[str, SectionId]) -> Answer[Any]:
    """The answer with the district's sections in place of the source's."""
    named = ((record, _section(record)) for record in _records(answer))
    return answer._replace(value=[renamed(r, "section_id", ours.get(name)) if name else r for r, name in named])
