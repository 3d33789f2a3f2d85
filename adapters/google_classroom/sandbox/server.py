"""The Google Classroom sandbox: the routes that the adapter reads, and those next to them that it leaves alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.google_classroom.adapter.settings import SCOPES
from student_graph.adapters.google_classroom.sandbox import serializers
from student_graph.adapters.google_classroom.sandbox.index import Index, course_id, email
from student_graph.adapters.google_classroom.sandbox.responses import (
    Json,
    RefusalError,
    error_response,
    json_response,
    page,
    permission_denied,
    throttled,
    unknown_entity,
)
from student_graph.adapters.google_classroom.sandbox.tokens import ADMINISTRATOR, Tokens, key_file
from student_graph.adapters.sandbox.facts import AssignmentFact, DistrictFacts, LmsAccountFact, LmsCourseFact
from student_graph.adapters.sandbox.serving import Sandbox

Handler: TypeAlias = Callable[[Request], Response]

COURSES, ROSTERS, EMAILS, WORK = SCOPES
DEFAULT_COURSE_STATES = frozenset({"ACTIVE", "ARCHIVED", "PROVISIONED", "DECLINED"})
"""States of the courses of a list whose request names none, by the published document."""


class GoogleClassroomSandbox(Sandbox):
    """A Google Classroom that serves the LMS part of a district's facts."""

    kind: ClassVar[str] = "google_classroom"
    token_path: ClassVar[str | None] = "/token"

    def __init__(
        self,
        facts: DistrictFacts,
        *,
        delegated: Collection[str] = SCOPES,
        emails: bool = True,
        states: Mapping[int, str] | None = None,
        co_taught: Mapping[int, str] | None = None,
        forbidden: frozenset[int] = frozenset(),
        removed: frozenset[int] = frozenset(),
        throttle_status: int = 429,
        empty_pages: bool = False,
        change: Callable[[str, Json], Json] | None = None,
    ) -> None:
        """
        Serve the facts.

        Args:
            delegated: Scopes that the domain delegates to the service account.
            emails: Whether e-mail addresses are shown, as with the scope for them.
            states: States of courses that are not active, by the number of the course in the facts.
            co_taught: Second sections that are taught in courses, by the number of the course.
            forbidden: Numbers of courses that the administrator may not see.
            removed: Numbers of accounts that were deleted; their submissions are still there.
            throttle_status: HTTP status for too many requests: 429, or the 403 of the older error model.
            empty_pages: Whether each page with rows follows one without rows.
            change: Changes the JSON of each row, by the name of its list: for odd rows.
        """
        super().__init__()
        self._facts = facts
        self._index = Index(facts, co_taught or {})
        self._tokens = Tokens(delegated)
        self._emails, self._states = emails, states or {}
        self._forbidden, self._removed = forbidden, removed
        self._throttle_status, self._empty_pages = throttle_status, empty_pages
        self._change = change or (lambda _, row: row)

    def settings(self) -> dict[str, Any]:
        """The settings of an adapter that reads this sandbox."""
        return {
            "base_url": self.url,
            "token_url": f"{self.url}{self.token_path}",
            "service_account_key": key_file(),
            "administrator": ADMINISTRATOR,
        }

    def known_keys(self, kind: str) -> list[str]:
        """Addresses of the students that are in a course, ids of courses, and sections; no keys of other kinds."""
        courses = self._facts.lms_courses
        match kind:
            case "student":
                members = {member for course in courses for member in course.members}
                return [f"email:{email(a)}" for a in self._facts.accounts if a.id in members and a.sis_id]
            case "lms_course":
                return [course_id(course) for course in courses]
            case "district":
                return ["district"]
            case "section":
                return [f"sis_section:{course.sis_section}" for course in courses if course.sis_section]
            case _:
                return []

    def arguments(self) -> dict[str, Any]:
        """The school year of the facts."""
        return {"school_year": self._facts.year}

    def revoke(self) -> None:
        """Revoke all issued tokens."""
        self._tokens.revoke()

    def unavailable_response(self) -> Response:
        """Google's response during an outage."""
        return error_response(503, "The service is currently unavailable.")

    def throttled_response(self) -> Response:
        """The response to too many requests."""
        return throttled(self._throttle_status)

    def routes(self) -> Sequence[BaseRoute]:
        """The routes of Google Classroom, each with its scopes, and the token endpoint."""
        work = frozenset({WORK})
        table: dict[str, tuple[frozenset[str], Handler]] = {
            "/courses": (frozenset({COURSES}), self._courses),
            "/courses/{course}": (frozenset({COURSES}), self._course),
            "/courses/{course}/aliases": (frozenset({COURSES}), self._aliases),
            "/courses/{course}/students": (frozenset({ROSTERS, EMAILS}), self._students),
            "/courses/{course}/teachers": (frozenset({ROSTERS, EMAILS}), self._teachers),
            "/courses/{course}/courseWork": (work, self._course_work),
            "/courses/{course}/courseWork/{work}/studentSubmissions": (work, self._submissions),
            "/userProfiles/{user}": (frozenset({ROSTERS, EMAILS}), self._profile),
            "/userProfiles/{user}/guardians": (frozenset({"guardianlinks"}), self._missing_route),
        }
        routes = [Route(f"/v1{path}", self._guarded(*entry)) for path, entry in table.items()]
        token = Route(str(self.token_path), self._token, methods=["POST"])
        return [token, *routes, Route("/{rest:path}", self._guarded(None, self._missing_route))]

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        return self._tokens.exchange(form)

    def _guarded(
        self, scopes: frozenset[str] | None, handler: Handler
    ) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """An endpoint that requires a token with one of the scopes, and answers with the response of a refusal."""

        async def endpoint(request: Request) -> Response:
            try:
                self._require(scopes, request)
                return handler(request)
            except RefusalError as refusal:
                return refusal.response

        return endpoint

    def _require(self, scopes: frozenset[str] | None, request: Request) -> None:
        """
        Check that a request has a token with one of the scopes.

        Raises:
            RefusalError: it has none.
        """
        granted = self._tokens.scopes(request.headers.get("authorization", "").removeprefix("Bearer "))
        if granted is None:
            raise RefusalError(401, "Request had invalid authentication credentials.")
        if scopes is not None and scopes.isdisjoint(granted):
            raise RefusalError(403, "Request had insufficient authentication scopes.", "insufficientPermissions")

    def _missing_route(self, _: Request) -> Response:
        raise unknown_entity()

    def _courses(self, request: Request) -> Response:
        query = request.query_params
        states = frozenset(query.getlist("courseStates")) or DEFAULT_COURSE_STATES
        courses = list(self._index.courses.values())
        if "studentId" in query:
            courses = self._index.courses_of[self._user(query["studentId"]).id]
        if "teacherId" in query:
            taught = self._index.courses_taught[self._user(query["teacherId"]).id]
            courses = [course for course in courses if course in taught]
        rows = [course for course in courses if self._state(course) in states]
        return self._page(request, "courses", rows, self._course_json)

    def _course(self, request: Request) -> Response:
        return json_response(request, self._change("courses", self._course_json(self._visible(request))))

    def _aliases(self, request: Request) -> Response:
        rows = [{"alias": alias} for alias in self._index.aliases(self._visible(request))]
        return self._page(request, "aliases", rows, lambda row: row)

    def _students(self, request: Request) -> Response:
        course = self._visible(request)
        return self._members(request, "students", course, course.members)

    def _teachers(self, request: Request) -> Response:
        course = self._visible(request)
        return self._members(request, "teachers", course, course.teachers)

    def _members(self, request: Request, name: str, course: LmsCourseFact, ids: Sequence[int]) -> Response:
        rows = [self._index.accounts[id] for id in ids if id not in self._removed]

        def serialize(account: LmsAccountFact) -> Json:
            return serializers.member_json(course, account, with_email=self._emails)

        return self._page(request, name, rows, serialize)

    def _course_work(self, request: Request) -> Response:
        course = self._visible(request)
        states = frozenset(request.query_params.getlist("courseWorkStates")) or {"PUBLISHED"}
        rows = [
            w for w in self._index.assignments[course.id] if ("PUBLISHED" if w.published else "DRAFT") in states
        ]

        def serialize(work: AssignmentFact) -> Json:
            return serializers.course_work_json(course, work)

        return self._page(request, "courseWork", rows, serialize)

    def _submissions(self, request: Request) -> Response:
        course, work_id = self._visible(request), request.path_params["work"]
        work = [w for w in self._index.assignments[course.id] if work_id in ("-", str(w.id)) and w.published]
        if work_id != "-" and not work:
            raise unknown_entity()
        rows = [submission for fact in work for submission in self._index.submissions[fact.id]]
        if "userId" in request.query_params:
            user = self._user(request.query_params["userId"])
            rows = [submission for submission in rows if submission.account == user.id]
        states = frozenset(request.query_params.getlist("states"))

        def serialize(row: Json) -> Json:
            return row

        objects = [serializers.submission_json(course, self._index.accounts[s.account], s) for s in rows]
        shown = [row for row in objects if not states or row["state"] in states]
        return self._page(request, "studentSubmissions", shown, serialize)

    def _profile(self, request: Request) -> Response:
        account = self._index.user(request.path_params["user"])
        if account is None or account.id in self._removed:
            raise permission_denied()  # as the published document says of a user that does not exist
        row = serializers.profile_json(account, with_email=self._emails)
        return json_response(request, self._change("userProfiles", row))

    def _user(self, text: str) -> LmsAccountFact:
        account = self._index.user(text)
        if account is None or account.id in self._removed:
            raise unknown_entity()
        return account

    def _visible(self, request: Request) -> LmsCourseFact:
        """
        The course that the path names.

        Raises:
            RefusalError: there is none, or the administrator may not see it.
        """
        course = self._index.course(request.path_params["course"])
        if course is None:
            raise unknown_entity()
        if course.id in self._forbidden or self._state(course) == "SUSPENDED":
            raise permission_denied()
        return course

    def _state(self, course: LmsCourseFact) -> str:
        return self._states.get(course.id, "ACTIVE")

    def _course_json(self, course: LmsCourseFact) -> Json:
        return serializers.course_json(course, self._state(course))

    def _page(
        self, request: Request, name: str, rows: Sequence[Any], serialize: Callable[[Any], Json]
    ) -> Response:
        return page(
            request,
            name,
            self.switches.shown(rows),
            clamp=self.switches.clamp,
            serialize=lambda row: self._change(name, serialize(row)),
            empty_pages=self._empty_pages,
        )
