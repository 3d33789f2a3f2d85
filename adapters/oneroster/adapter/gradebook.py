"""Lookups of assigned work and course grades: OneRoster line items and their results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import AssignmentWork, CourseGrade, SectionId, StudentId
from student_graph.adapters.oneroster.adapter.places import joined
from student_graph.adapters.oneroster.adapter.schools import STUDENTS_TO_A_CLASS, Schools, parsed
from student_graph.adapters.oneroster.api import gradebook as api
from student_graph.adapters.oneroster.api.rostering import CLASSES
from student_graph.adapters.oneroster.client.keys import is_linked
from student_graph.adapters.oneroster.client.requests import Related
from student_graph.adapters.oneroster.mapping import gradebook as mapping
from student_graph.adapters.oneroster.mapping.people import Person
from student_graph.adapters.oneroster.mapping.schools import Calendar, grading_period

K = TypeVar("K")
R = TypeVar("R")

ITEMS_OF_CLASS = Related(api.LINE_ITEMS, "class.sourcedId", "classes/{}/lineItems")
RESULTS_OF_ITEM = Related(api.RESULTS, "lineItem.sourcedId", "lineItems/{}/results")
RESULTS_OF_STUDENT = Related(api.RESULTS, "student.sourcedId", "students/{}/results")
RESULTS_OF_CLASS = "classes/{}/results"
ITEMS_TO_A_STUDENT = 10
"""About so many line items in all for each student; it weighs one read of all against one for each."""


@dataclass(frozen=True, slots=True)
class Graded:
    """A result with its line item, its class and whose it is."""

    item: api.LineItem
    result: api.Result
    section: SectionId | None
    person: Person

    @property
    def category(self) -> str:
        """Id of the line item's category; empty where it has none."""
        return self.item.category.sourcedId if self.item.category else ""


class Gradebook(Schools):
    """What was handed in, and what was graded."""

    async def assignment_work_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[AssignmentWork]]:
        """OneRoster `lineItems` and `results` of each class, course grades left out, by due time."""
        return await self._work(await self._of_sections(ids))

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        """OneRoster `results` of each student and the `lineItems` that they name, whatever the school year."""
        return await self._work(await self._of_students(ids))

    async def course_grades_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[CourseGrade]]:
        """OneRoster `results` in line items of the categories that hold course grades."""
        titles = await self._course_grade_categories(required=True)
        found = await self._of_sections(ids)
        calendar = await self.calendar()
        return {
            key: told if isinstance(told, AdapterError) else _grades(told, titles, calendar)
            for key, told in found.items()
        }

    async def course_grades_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[CourseGrade]]:
        """OneRoster `results` of each student in the same, of classes of the school year."""
        titles = await self._course_grade_categories(required=True)
        found = await self._of_students(ids)
        calendar = await self.calendar()
        years = await self._years(found.values(), titles, calendar)
        batch: dict[StudentId, list[CourseGrade] | AdapterError] = {}
        for key, told in found.items():
            if isinstance(told, AdapterError):
                batch[key] = told
            else:
                now = [each for each in told if years.get(each.item.sourcedId) == school_year]
                batch[key] = _grades(now, titles, calendar)
        return batch

    async def _work(
        self, found: Mapping[K, list[Graded] | AdapterError]
    ) -> dict[K, list[AssignmentWork] | AdapterError]:
        titles = await self._course_grade_categories(required=False)
        return {
            key: told if isinstance(told, AdapterError) else _works(told, titles) for key, told in found.items()
        }

    async def _course_grade_categories(self, *, required: bool) -> dict[str, str]:
        """
        Titles of the categories that hold course grades, by id.

        Raises:
            NotOfferedError: none is configured, and grades were asked for.
        """
        wanted = {title.casefold() for title in self.settings.course_grade_categories}
        if not wanted:
            if required:
                raise NotOfferedError("no category of course grades is configured")
            return {}
        rows = await self.rows(api.CATEGORIES)
        return {row.sourcedId: row.title for row in rows if row.title.casefold() in wanted}

    async def _of_sections(self, ids: Sequence[SectionId]) -> dict[SectionId, list[Graded] | AdapterError]:
        """Everything graded in each class."""
        keys, bad = parsed(ids)
        items = await self.related(ITEMS_OF_CLASS, keys.values())
        results = await self._results_in(items)
        students = {row.student.sourcedId for told in results.values() for row in _good(told) if row.student}
        owners = await self.owners(students, linked=any(map(is_linked, ids)))
        found: dict[SectionId, list[Graded] | AdapterError] = dict(bad.items())
        for key, each in keys.items():
            told, own = results.get(each, []), {row.sourcedId: row for row in _good(items.get(each, []))}
            found[key] = (
                told
                if isinstance(told, AdapterError)
                else [
                    Graded(own[row.lineItem.sourcedId], row, key, owners[row.student.sourcedId])
                    for row in told
                    if row.lineItem and row.lineItem.sourcedId in own
                    if row.student and row.student.sourcedId in owners
                ]
            )
        return found

    async def _results_in(
        self, items: Mapping[str, list[api.LineItem] | AdapterError]
    ) -> dict[str, list[api.Result] | AdapterError]:
        """Results of each class: at its own route, or those of its line items."""
        found: dict[str, list[api.Result] | AdapterError] = {
            each: told for each, told in items.items() if isinstance(told, AdapterError)
        }
        classes = [each for each, told in items.items() if not isinstance(told, AdapterError)]
        if await self.probe.nests(api.RESULTS, RESULTS_OF_CLASS, api.LINE_ITEMS, "class.sourcedId"):
            told = await self.gather_by_key(
                classes,
                lambda one: self.nested(api.RESULTS, RESULTS_OF_CLASS, one, field="class.sourcedId"),
            )
            return found | told
        named = {row.sourcedId for each in classes for row in _good(items[each])}
        results = await self.related(RESULTS_OF_ITEM, named)
        for each in classes:
            found[each] = joined([results[row.sourcedId] for row in _good(items[each])])
        return found

    async def _of_students(self, ids: Sequence[StudentId]) -> dict[StudentId, list[Graded] | AdapterError]:
        """Everything graded of each student, whose users all count."""
        persons = await self.persons(ids)
        users = {u.sourcedId for person in persons.values() if isinstance(person, Person) for u in person.users}
        results = await self.related(RESULTS_OF_STUDENT, users)
        named = {row.lineItem.sourcedId for told in results.values() for row in _good(told) if row.lineItem}
        items = await self.by_ids(api.LINE_ITEMS, named, self.settings.students * ITEMS_TO_A_STUDENT)
        found: dict[StudentId, list[Graded] | AdapterError] = {}
        for key, person in persons.items():
            if isinstance(person, AdapterError):
                found[key] = person
                continue
            told = joined([results[user.sourcedId] for user in person.users])
            found[key] = told if isinstance(told, AdapterError) else _of_person(person, told, items)
        return found

    async def _years(
        self, found: Iterable[list[Graded] | AdapterError], titles: Mapping[str, str], calendar: Calendar
    ) -> dict[str, int | None]:
        """School year of each line item: of its period, its session, or the terms of its class."""
        items = {
            each.item.sourcedId: each.item for told in found for each in _good(told) if each.category in titles
        }
        years: dict[str, int | None] = {}
        for each, item in items.items():
            links = (item.gradingPeriod, item.academicSession)
            years[each] = next(
                (year for link in links if link and (year := calendar.year_of(link.sourcedId))), None
            )
        unclear = {item.class_.sourcedId for each, item in items.items() if years[each] is None and item.class_}
        classes = await self.by_ids(CLASSES, unclear, self.settings.students / STUDENTS_TO_A_CLASS)
        for each, item in items.items():
            if years[each] is None and item.class_ and (row := classes.get(item.class_.sourcedId)):
                years[each] = next(
                    (year for term in row.terms if (year := calendar.year_of(term.sourcedId))), None
                )
        return years


def _good(told: list[R] | AdapterError) -> list[R]:
    """Rows of a part; a failed one fails its key elsewhere."""
    return [] if isinstance(told, AdapterError) else told


def _of_person(person: Person, rows: Iterable[api.Result], items: Mapping[str, api.LineItem]) -> list[Graded]:
    found = []
    for row in rows:
        if row.lineItem and (item := items.get(row.lineItem.sourcedId)):
            named = item.class_ or row.class_
            found.append(Graded(item, row, SectionId(named.sourcedId) if named else None, person))
    return found


def _works(found: Iterable[Graded], titles: Mapping[str, str]) -> list[AssignmentWork]:
    """What is no course grade, by due time."""
    return mapping.by_due_time(
        mapping.assignment_work(each.item, each.result, each.section, each.person)
        for each in found
        if each.category not in titles
    )


def _grades(found: Iterable[Graded], titles: Mapping[str, str], calendar: Calendar) -> list[CourseGrade]:
    """What is a course grade, by section and day."""
    grades = [
        mapping.course_grade(
            each.item,
            each.result,
            each.section,
            each.person,
            category=titles[each.category],
            period=grading_period(each.item.gradingPeriod, calendar),
        )
        for each in found
        if each.category in titles and mapping.graded(each.result)
    ]
    return sorted(grades, key=lambda each: (each.section_id or "", str(each.as_of or ""), each.vendor_id))
