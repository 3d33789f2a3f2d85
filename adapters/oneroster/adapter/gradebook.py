"""Lookups of assigned work and course grades: OneRoster line items and their results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.keys import is_path_segment
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import AssignmentWork, CourseGrade, SectionId, StudentId
from student_graph.adapters.oneroster.adapter.schools import STUDENTS_PER_CLASS, SchoolLookups, parse_section_keys
from student_graph.adapters.oneroster.api import gradebook as api
from student_graph.adapters.oneroster.api.rostering import CLASSES
from student_graph.adapters.oneroster.client.keys import is_linked
from student_graph.adapters.oneroster.client.requests import Relation
from student_graph.adapters.oneroster.client.rows import merge_rows, readable_rows
from student_graph.adapters.oneroster.mapping import gradebook as mapping
from student_graph.adapters.oneroster.mapping.people import Person
from student_graph.adapters.oneroster.mapping.schools import Calendar, grading_period
from student_graph.adapters.reading import rows_needed_by

K = TypeVar("K")
R = TypeVar("R")

CLASS_LINE_ITEMS = Relation(api.LINE_ITEMS, "class.sourcedId", "classes/{}/lineItems")
LINE_ITEM_RESULTS = Relation(api.RESULTS, "lineItem.sourcedId", "lineItems/{}/results")
STUDENT_RESULTS = Relation(api.RESULTS, "student.sourcedId", "students/{}/results")
CLASS_RESULTS_PATH = "classes/{}/results"
LINE_ITEMS_PER_STUDENT = 10
"""
Estimated number of line items divided by students, to compare the cost of one long list with many short reads.
"""


@dataclass(frozen=True, slots=True)
class GradedItem:
    """A result with its line item, its section and its student."""

    item: api.LineItem
    result: api.Result
    section: SectionId | None
    person: Person

    @property
    def category(self) -> str:
        """The id of the line item's category; empty if it has none."""
        return self.item.category.sourcedId if self.item.category else ""


class GradebookLookups(SchoolLookups):
    """Lookups of assigned work and course grades."""

    async def assignment_work_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[AssignmentWork]]:
        """OneRoster `lineItems` and `results` of each class, without course grades, sorted by due time."""
        return await self._assignment_work(await self._items_by_section(ids))

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        """OneRoster `results` of each student and the `lineItems` that they name, of all school years."""
        return await self._assignment_work(await self._items_by_student(ids))

    async def course_grades_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[CourseGrade]]:
        """OneRoster `results` of line items whose category holds course grades."""
        categories = await self._required_grade_categories()
        return await self._course_grades(await self._items_by_section(ids), categories)

    async def course_grades_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[CourseGrade]]:
        """
        OneRoster `results` of line items whose category holds course grades, in the school year.

        A grade whose school year is not known belongs to each.
        """
        categories = await self._required_grade_categories()
        grades = await self._course_grades(await self._items_by_student(ids), categories)
        return {
            key: answer
            if isinstance(answer, AdapterError)
            else [grade for grade in answer if grade.school_year in (None, school_year)]
            for key, answer in grades.items()
        }

    async def _assignment_work(
        self, items: Mapping[K, list[GradedItem] | AdapterError]
    ) -> dict[K, list[AssignmentWork] | AdapterError]:
        categories = await self._grade_categories()
        return {
            key: answer if isinstance(answer, AdapterError) else _assignment_work(answer, categories)
            for key, answer in items.items()
        }

    async def _course_grades(
        self, items: Mapping[K, list[GradedItem] | AdapterError], categories: Mapping[str, str]
    ) -> dict[K, list[CourseGrade] | AdapterError]:
        calendar = await self.calendar()
        school_years = await self._school_years(items.values(), categories, calendar)

        def course_grade(graded: GradedItem) -> CourseGrade:
            graded_at = graded.result.scoreDate
            year_of_date = calendar.year_at(graded_at.date()) if graded_at else None
            return mapping.course_grade(
                graded.item,
                graded.result,
                graded.section,
                graded.person,
                category=categories[graded.category],
                period=grading_period(graded.item.gradingPeriod, calendar),
                school_year=school_years[graded.item.sourcedId] or year_of_date,
            )

        batch: dict[K, list[CourseGrade] | AdapterError] = {}
        for key, answer in items.items():
            if isinstance(answer, AdapterError):
                batch[key] = answer
                continue
            grades = [
                course_grade(graded)
                for graded in answer
                if graded.category in categories and mapping.has_grade(graded.result)
            ]
            batch[key] = sorted(grades, key=mapping.section_and_date)
        return batch

    async def _grade_categories(self) -> dict[str, str]:
        """The titles of the categories that hold course grades, by id; empty if none are configured."""
        configured = {title.casefold() for title in self.settings.course_grade_categories}
        if not configured:
            return {}
        rows = await self.client.read_rows(api.CATEGORIES)
        return {row.sourcedId: row.title for row in rows if row.title.casefold() in configured}

    async def _required_grade_categories(self) -> dict[str, str]:
        """
        The titles of the categories that hold course grades, by id.

        Raises:
            NotOfferedError: No category is configured.
        """
        if not self.settings.course_grade_categories:
            raise NotOfferedError("no category of course grades is configured")
        return await self._grade_categories()

    async def _items_by_section(
        self, ids: Sequence[SectionId]
    ) -> dict[SectionId, list[GradedItem] | AdapterError]:
        """The results of each section, with their line items and students."""
        class_ids, errors = parse_section_keys(ids)
        items_by_class = await self.client.read_related(CLASS_LINE_ITEMS, class_ids.values())
        results_by_class = await self._results_by_class(items_by_class)
        keys_by_user: dict[str, list[SectionId]] = {}
        for key, class_id in class_ids.items():
            for row in readable_rows(results_by_class.get(class_id, [])):
                if row.student:
                    keys_by_user.setdefault(row.student.sourcedId, []).append(key)
        rows_needed_by(keys_by_user)
        user_ids = set(keys_by_user)
        persons = await self.persons_of_users(
            user_ids,
            linked=any(map(is_linked, ids)),
            loaded=await self.students_of_classes(class_ids.values(), user_ids),
        )
        batch: dict[SectionId, list[GradedItem] | AdapterError] = dict(errors.items())
        for key, class_id in class_ids.items():
            results = results_by_class.get(class_id, [])
            items = {row.sourcedId: row for row in readable_rows(items_by_class.get(class_id, []))}
            batch[key] = (
                results
                if isinstance(results, AdapterError)
                else [
                    GradedItem(items[row.lineItem.sourcedId], row, key, persons[row.student.sourcedId])
                    for row in results
                    if row.lineItem and row.lineItem.sourcedId in items
                    if row.student and row.student.sourcedId in persons
                ]
            )
        return batch

    async def _results_by_class(
        self, items_by_class: Mapping[str, list[api.LineItem] | AdapterError]
    ) -> dict[str, list[api.Result] | AdapterError]:
        """The results of each class, read at its own route or by its line items."""
        client = self.client
        batch: dict[str, list[api.Result] | AdapterError] = {
            class_id: items for class_id, items in items_by_class.items() if isinstance(items, AdapterError)
        }
        class_ids = [class_id for class_id in items_by_class if class_id not in batch]
        if all(map(is_path_segment, class_ids)) and await client.probe.has_nested_route(
            api.RESULTS, CLASS_RESULTS_PATH, api.LINE_ITEMS, "class.sourcedId"
        ):
            return batch | await client.read_by_key(
                class_ids,
                lambda key: client.read_nested(api.RESULTS, CLASS_RESULTS_PATH, key, field="class.sourcedId"),
            )
        item_ids = {row.sourcedId for class_id in class_ids for row in readable_rows(items_by_class[class_id])}
        results = await client.read_related(LINE_ITEM_RESULTS, item_ids)
        for class_id in class_ids:
            batch[class_id] = merge_rows(
                [results[row.sourcedId] for row in readable_rows(items_by_class[class_id])]
            )
        return batch

    async def _items_by_student(
        self, ids: Sequence[StudentId]
    ) -> dict[StudentId, list[GradedItem] | AdapterError]:
        """The results of all users of each student, with their line items."""
        persons = await self.find_persons(ids)
        user_ids = {
            user.sourcedId for person in persons.values() if isinstance(person, Person) for user in person.users
        }
        results = await self.client.read_related(STUDENT_RESULTS, user_ids)
        keys_by_item: dict[str, list[StudentId]] = {}
        for key, person in persons.items():
            for user in person.users if isinstance(person, Person) else ():
                for row in readable_rows(results[user.sourcedId]):
                    if row.lineItem:
                        keys_by_item.setdefault(row.lineItem.sourcedId, []).append(key)
        rows_needed_by(keys_by_item)
        items = await self._items_of([row for rows in results.values() for row in readable_rows(rows)])
        batch: dict[StudentId, list[GradedItem] | AdapterError] = {}
        for key, person in persons.items():
            if isinstance(person, AdapterError):
                batch[key] = person
                continue
            rows = merge_rows([results[user.sourcedId] for user in person.users])
            batch[key] = rows if isinstance(rows, AdapterError) else _items_of_person(person, rows, items)
        return batch

    async def _items_of(self, results: Sequence[api.Result]) -> dict[str, api.LineItem]:
        """
        The line items of results, by id: those of the classes that the results name, and the others by id.

        Raises:
            AdapterError: A line item could not be read.
        """
        item_ids = {row.lineItem.sourcedId for row in results if row.lineItem}
        class_ids = {row.class_.sourcedId for row in results if row.class_}
        estimated_rows = self.settings.students * LINE_ITEMS_PER_STUDENT
        items: dict[str, api.LineItem] = {}
        if len(class_ids) < min(len(item_ids), self.settings.pages(estimated_rows)):
            rows_by_class = await self.client.read_related(CLASS_LINE_ITEMS, class_ids)
            rows = (row for answer in rows_by_class.values() for row in readable_rows(answer))
            items = {row.sourcedId: row for row in rows if row.sourcedId in item_ids}
        return items | await self.client.read_by_ids(
            api.LINE_ITEMS, item_ids - items.keys(), estimated_rows=estimated_rows
        )

    async def _school_years(
        self,
        answers: Iterable[list[GradedItem] | AdapterError],
        categories: Mapping[str, str],
        calendar: Calendar,
    ) -> dict[str, int | None]:
        """The school year of each line item: of its grading period, its session, or the terms of its class."""
        items = {
            graded.item.sourcedId: graded.item
            for answer in answers
            for graded in readable_rows(answer)
            if graded.category in categories
        }
        years: dict[str, int | None] = {}
        for item_id, item in items.items():
            links = (item.gradingPeriod, item.academicSession)
            years[item_id] = next(
                (year for link in links if link and (year := calendar.year_of(link.sourcedId))), None
            )
        class_ids = {
            item.class_.sourcedId for item_id, item in items.items() if years[item_id] is None and item.class_
        }
        classes = await self.client.read_by_ids(
            CLASSES, class_ids, estimated_rows=self.settings.students / STUDENTS_PER_CLASS
        )
        for item_id, item in items.items():
            if years[item_id] is None and item.class_ and (row := classes.get(item.class_.sourcedId)):
                years[item_id] = next(
                    (year for term in row.terms if (year := calendar.year_of(term.sourcedId))), None
                )
        return years


def _items_of_person(
    person: Person, rows: Iterable[api.Result], items: Mapping[str, api.LineItem]
) -> list[GradedItem]:
    graded = []
    for row in rows:
        if row.lineItem and (item := items.get(row.lineItem.sourcedId)):
            class_link = item.class_ or row.class_
            graded.append(GradedItem(item, row, SectionId(class_link.sourcedId) if class_link else None, person))
    return graded


def _assignment_work(items: Iterable[GradedItem], categories: Mapping[str, str]) -> list[AssignmentWork]:
    """The results that are not course grades, sorted by due time."""
    work = (
        mapping.assignment_work(graded.item, graded.result, graded.section, graded.person)
        for graded in items
        if graded.category not in categories
    )
    return sorted(work, key=mapping.due_time)
