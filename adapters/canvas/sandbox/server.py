"""The Canvas sandbox: the REST routes that a gateway reads, with Canvas's ids, pages, limits and errors."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.canvas.sandbox.answers import RefusalError, invalid_token, not_found, throttled
from student_graph.adapters.canvas.sandbox.context import Desk, Handler
from student_graph.adapters.canvas.sandbox.courses import CourseRoutes
from student_graph.adapters.canvas.sandbox.index import Register
from student_graph.adapters.canvas.sandbox.people import PeopleRoutes
from student_graph.adapters.canvas.sandbox.serializers import Spelling
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox

TOKEN = "canvas-sandbox-token"
"""The one token that the sandbox accepts."""


class CanvasSandbox(Sandbox):
    """Canvas, with the LMS part of a district's facts."""

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
    ) -> None:
        """
        Serve the facts.

        `analytics`: whether the token may see analytics. `hidden`: accounts whom it may not see in courses.
        `unposted`: submissions whose grades their teacher holds back. `refusal_status`, `throttle_status`:
        how this version says no. `next_origin`: where links to next pages lead, when not home.
        """
        super().__init__()
        self._facts = facts
        self._throttle_status = throttle_status
        register = Register(facts)
        self._desk = Desk(
            register=register,
            spelling=Spelling(register, unposted),
            origin=lambda: next_origin or self.url,
            switches=lambda: self.switches,
            analytics=analytics,
            hidden=hidden,
            refusal_status=refusal_status,
        )

    def settings(self) -> dict[str, Any]:
        """Settings with which the adapter reaches this sandbox."""
        return {"base_url": self.url, "token": TOKEN}

    def known(self, kind: str) -> list[str]:
        """Students who are in a course, and sections, by their SIS ids."""
        courses = self._facts.lms_courses
        match kind:
            case "student":
                members = {member for course in courses for member in course.members}
                accounts = (account for account in self._facts.accounts if account.id in members)
                return [f"sis_user_id:{account.sis_id}" for account in accounts if account.sis_id]
            case "section":
                return [f"sis_section_id:{course.sis_section}" for course in courses if course.sis_section]
            case _:
                return []

    def arguments(self) -> dict[str, Any]:
        """The school year of the facts."""
        return {"school_year": self._facts.year}

    def unavailable(self) -> Response:
        """A load balancer's words: Canvas itself is not there to say anything."""
        return PlainTextResponse("503 Service Unavailable", status_code=503)

    def throttle(self) -> Response:
        """The bucket of the token is full."""
        return throttled(self._throttle_status)

    def routes(self) -> Sequence[BaseRoute]:
        """Canvas's routes, each behind the token."""
        table = PeopleRoutes(self._desk).table() | CourseRoutes(self._desk).table()
        known = [Route(f"/api/v1{path}", _guarded(handler)) for path, handler in table.items()]
        return [*known, Route("/{rest:path}", _guarded(_nothing))]


def _guarded(handler: Handler) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """The handler, for those who bring the token; refusals become answers."""

    async def endpoint(request: Request) -> Response:
        try:
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                raise invalid_token()
            return handler(request)
        except RefusalError as refusal:
            return refusal.response

    return endpoint


def _nothing(_: Request) -> Response:
    raise not_found()
