"""Lookups of assessments and results: the assessment results profile of OneRoster 1.2."""

from __future__ import annotations

from collections.abc import Sequence

from student_graph.adapters.errors import AdapterError, BadKeyError, NotOfferedError
from student_graph.adapters.keys import query_text
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import Assessment, AssessmentId, AssessmentResult, DistrictId, StudentId
from student_graph.adapters.oneroster.adapter.users import UserLookups
from student_graph.adapters.oneroster.api import gradebook as api
from student_graph.adapters.oneroster.client.requests import Relation
from student_graph.adapters.oneroster.client.rows import merge_rows
from student_graph.adapters.oneroster.mapping import assessments as mapping
from student_graph.adapters.oneroster.mapping.people import Person

ESTIMATED_LINE_ITEMS = 500
"""Estimated number of tests and parts of tests, to compare the cost of one long list with many short reads."""
STUDENT_RESULTS = Relation(api.ASSESSMENT_RESULTS, "student.sourcedId")


class AssessmentLookups(UserLookups):
    """Lookups of assessments and their results."""

    async def assessment_results_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[AssessmentResult]]:
        """
        OneRoster `assessmentResults` of each student; results in a part of a test are in the result of the test.
        """
        self._require_assessments()
        persons = await self.find_persons(ids)
        user_ids = {
            user.sourcedId for person in persons.values() if isinstance(person, Person) for user in person.users
        }
        results = await self.client.read_related(STUDENT_RESULTS, user_ids)
        item_rows = await self.client.read_rows(api.ASSESSMENT_LINE_ITEMS) if user_ids else []
        items = {row.sourcedId: row for row in item_rows}
        batch: dict[StudentId, list[AssessmentResult] | AdapterError] = {}
        for key, person in persons.items():
            if isinstance(person, AdapterError):
                batch[key] = person
                continue
            rows = merge_rows([results[user.sourcedId] for user in person.users])
            batch[key] = (
                rows if isinstance(rows, AdapterError) else mapping.assessment_results(rows, items, person)
            )
        return batch

    async def assessment_results_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[AssessmentResult]]:
        """All OneRoster `assessmentResults`."""
        self._require_assessments()
        persons = await self.all_students()
        items = {row.sourcedId: row for row in await self.client.read_rows(api.ASSESSMENT_LINE_ITEMS)}
        rows_by_user: dict[str, list[api.AssessmentResult]] = {}
        for row in await self.client.read_rows(api.ASSESSMENT_RESULTS):
            if row.student:
                rows_by_user.setdefault(row.student.sourcedId, []).append(row)
        results = [
            result
            for person in persons
            for result in mapping.assessment_results(
                (row for user in person.users for row in rows_by_user.get(user.sourcedId, ())), items, person
            )
        ]
        return dict.fromkeys(ids, results)

    async def assessments_by_id(self, ids: Sequence[AssessmentId]) -> Batch[AssessmentId, Assessment]:
        """OneRoster `assessmentLineItems`."""
        self._require_assessments()
        valid_ids: list[str] = []
        errors: dict[AssessmentId, Assessment | AdapterError] = {}
        for key in ids:
            try:
                query_text(key)
                valid_ids.append(key)
            except BadKeyError as error:
                errors[key] = error
        rows = await self.client.read_objects(
            api.ASSESSMENT_LINE_ITEMS, valid_ids, estimated_rows=ESTIMATED_LINE_ITEMS
        )
        return errors | {
            AssessmentId(key): row if isinstance(row, AdapterError) else mapping.assessment(row)
            for key, row in rows.items()
        }

    def _require_assessments(self) -> None:
        """
        Check that the server's version has assessments.

        Raises:
            NotOfferedError: The server's version is 1.1.
        """
        if self.settings.version == "1.1":
            raise NotOfferedError("OneRoster 1.1 has no assessments")
