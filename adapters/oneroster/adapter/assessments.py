"""Lookups of assessments and results: the assessment results profile of OneRoster 1.2."""

from __future__ import annotations

from collections.abc import Sequence

from student_graph.adapters.errors import AdapterError, BadKeyError, NotOfferedError
from student_graph.adapters.keys import path_id
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import Assessment, AssessmentId, AssessmentResult, StudentId
from student_graph.adapters.oneroster.adapter.places import joined
from student_graph.adapters.oneroster.adapter.users import Users
from student_graph.adapters.oneroster.api import gradebook as api
from student_graph.adapters.oneroster.client.requests import Related
from student_graph.adapters.oneroster.mapping import assessments as mapping
from student_graph.adapters.oneroster.mapping.people import Person

LINE_ITEMS = 500
"""About so many tests and parts of tests; it weighs one read of all against one for each."""
RESULTS = Related(api.ASSESSMENT_RESULTS, "student.sourcedId")


class Assessments(Users):
    """Tests, and what was reached in them."""

    async def assessment_results_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[AssessmentResult]]:
        """OneRoster `assessmentResults` of each student, those in parts of a test inside those in the test."""
        self._offered()
        persons = await self.persons(ids)
        users = {u.sourcedId for person in persons.values() if isinstance(person, Person) for u in person.users}
        results = await self.related(RESULTS, users)
        items = {row.sourcedId: row for row in await self.rows(api.ASSESSMENT_LINE_ITEMS)} if users else {}
        found: dict[StudentId, list[AssessmentResult] | AdapterError] = {}
        for key, person in persons.items():
            if isinstance(person, AdapterError):
                found[key] = person
                continue
            told = joined([results[user.sourcedId] for user in person.users])
            found[key] = (
                told if isinstance(told, AdapterError) else mapping.assessment_results(told, items, person)
            )
        return found

    async def assessments_by_id(self, ids: Sequence[AssessmentId]) -> Batch[AssessmentId, Assessment]:
        """OneRoster `assessmentLineItems`."""
        self._offered()
        keys: list[str] = []
        found: dict[AssessmentId, Assessment | AdapterError] = {}
        for each in ids:
            try:
                path_id(each)
                keys.append(each)
            except BadKeyError as why:
                found[each] = why
        rows = await self.by_ids(api.ASSESSMENT_LINE_ITEMS, keys, LINE_ITEMS)
        return found | {AssessmentId(key): mapping.assessment(row) for key, row in rows.items()}

    def _offered(self) -> None:
        """
        Version 1.1 has no assessments.

        Raises:
            NotOfferedError: the server speaks 1.1.
        """
        if self.settings.version == "1.1":
            raise NotOfferedError("OneRoster 1.1 has no assessments")
