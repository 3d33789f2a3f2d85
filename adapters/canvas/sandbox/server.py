"""The Canvas sandbox: the REST routes that the adapter reads, with the ids, pages, limits and errors of Canvas."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.canvas.sandbox.context import Handler, SandboxContext
from student_graph.adapters.canvas.sandbox.courses import CourseRoutes
from student_graph.adapters.canvas.sandbox.index import Index
from student_graph.adapters.canvas.sandbox.people import PeopleRoutes
from student_graph.adapters.canvas.sandbox.questions import Questions
from student_graph.adapters.canvas.sandbox.responses import (
    RefusalError,
    invalid_token,
    missing_resource,
    throttled,
)
from student_graph.adapters.canvas.sandbox.serializers import Serializer
from student_graph.adapters.sandbox.facts import DistrictFacts, SubmissionFact
from student_graph.adapters.sandbox.serving import Sandbox

TOKEN = "canvas-sandbox-token"
"""The one token that the sandbox accepts."""


class CanvasSandbox(Sandbox):
    """A Canvas that serves the LMS part of a district's facts."""

    kind: ClassVar[str] = "canvas"

    def __init__(
        self,
        facts: DistrictFacts,
        *,
        analytics: bool = True,
        hidden: frozenset[int] = frozenset(),
        unposted: frozenset[int] = frozenset(),
        refusal_status: int = 403,
        throttle_status: int = 403,
        next_origin: str | None = None,
        questions: bool = True,
        grading_periods: bool = False,
        overrides: Mapping[int, float] | None = None,
        usage_reports: bool = True,
        ended: frozenset[int] = frozenset(),
    ) -> None:
        """
        Serve the facts.

        Args:
            analytics: Whether the token may see analytics.
            hidden: Ids of accounts that the token may not see in courses.
            unposted: Ids of submissions whose grades the teacher has not posted.
            refusal_status: HTTP status for a missing permission.
            throttle_status: HTTP status for a throttled request.
            next_origin: Origin of links to next pages; the sandbox's own if None.
            questions: Whether the token may use the GraphQL API.
            grading_periods: Whether courses have grading periods, the current one being empty.
            overrides: Scores that a teacher entered in place of the computed ones, by account id.
            usage_reports: Whether the token may see when students were active in a course, and for how long.
            ended: Ids of courses whose dates are over, although nobody has concluded their enrollments.
        """
        super().__init__()
        self._facts = facts
        self._throttle_status = throttle_status
        index = Index(facts)
        self._context = SandboxContext(
            index=index,
            serializer=Serializer(index, unposted, overrides=overrides, usage_reports=usage_reports),
            origin=lambda: next_origin or self.url,
            switches=lambda: self.switches,
            analytics=analytics,
            hidden=hidden,
            ended=ended,
            refusal_status=refusal_status,
        )
        self._questions = Questions(self._context, grading_periods=grading_periods) if questions else None

    def settings(self) -> dict[str, Any]:
        """The settings of an adapter that reads this sandbox."""
        return {"base_url": self.url, "token": TOKEN}

    def change_submission(self, submission: SubmissionFact) -> None:
        """Replace the submission with the same id, as a change of the vendor's data."""
        self.between_requests(lambda: self._context.index.replace_submission(submission))

    def known_keys(self, kind: str) -> list[str]:
        """SIS ids of the students that are in a course, and of the sections; no keys of other kinds."""
        courses = self._facts.lms_courses
        match kind:
            case "student":
                members = {member for course in courses for member in course.members}
                accounts = (account for account in self._facts.accounts if account.id in members)
                return [f"sis_user_id:{account.sis_id}" for account in accounts if account.sis_id]
            case "lms_course":
                return [str(course.id) for course in courses]
            case "district":
                return ["district"]
            case "section":
                return [f"sis_section_id:{course.sis_section}" for course in courses if course.sis_section]
            case _:
                return []

    def arguments(self) -> dict[str, Any]:
        """The school year of the facts."""
        return {"school_year": self._facts.year}

    def unavailable_response(self) -> Response:
        """A 503 as plain text, which a load balancer in front of Canvas sends."""
        return PlainTextResponse("503 Service Unavailable", status_code=503)

    def throttled_response(self) -> Response:
        """The response to a request whose token has reached its rate limit."""
        return throttled(self._throttle_status)

    def routes(self) -> Sequence[BaseRoute]:
        """The routes of Canvas; each requires the token."""
        table = PeopleRoutes(self._context).table() | CourseRoutes(self._context).table()
        routes = [Route(f"/api/v1{path}", _require_token(handler)) for path, handler in table.items()]
        questions = Route("/api/graphql", self._answer, methods=["POST"])
        return [*routes, questions, Route("/{rest:path}", _require_token(_unknown_path))]

    async def _answer(self, request: Request) -> Response:
        """The answer to a question to the GraphQL API."""
        body = await request.json()

        def answer(_: Request) -> Response:
            if self._questions is None:
                raise self._context.unauthorized()
            return self._questions.answer(body)

        return await _require_token(answer)(request)


def _require_token(handler: Handler) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """An endpoint that checks the token, calls the handler and turns a `RefusalError` into its response."""

    async def endpoint(request: Request) -> Response:
        try:
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                raise invalid_token()
            return handler(request)
        except RefusalError as refusal:
            return refusal.response

    return endpoint


def _unknown_path(_: Request) -> Response:
    raise missing_resource()
