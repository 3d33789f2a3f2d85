"""What all lookups of the Canvas adapter share."""

from __future__ import annotations

import httpx

from student_graph.adapters.canvas.adapter.settings import CanvasSettings
from student_graph.adapters.canvas.client.courses import CourseReader
from student_graph.adapters.canvas.client.graphql import GraphQLClient
from student_graph.adapters.canvas.client.requests import CanvasClient
from student_graph.adapters.canvas.client.submissions import SubmissionReader
from student_graph.adapters.contract import Adapter


class CanvasAdapter(Adapter):
    """The clients of one Canvas."""

    settings: CanvasSettings

    def __init__(self, name: str, settings: CanvasSettings, http: httpx.AsyncClient) -> None:
        super().__init__(name, settings, http)
        self._client = CanvasClient(
            http,
            settings.base_url,
            students_per_call=settings.students_per_call,
            concurrency=settings.concurrency,
        )
        limits = {"courses_per_call": settings.courses_per_call, "concurrency": settings.concurrency}
        # Each has questions of its own: a Canvas that refuses those about submissions may answer the others.
        contents, work = (
            GraphQLClient(http, settings.base_url, is_optional=is_optional) if settings.graphql else None
            for is_optional in (False, True)
        )
        self._courses = CourseReader(self._client, contents, **limits)
        self._work = SubmissionReader(self._client, work, **limits)
