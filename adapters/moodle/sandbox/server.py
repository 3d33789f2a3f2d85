"""The Moodle sandbox: the script of the web services, which calls a function for each request."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.moodle.client.functions import FUNCTIONS
from student_graph.adapters.moodle.sandbox.functions import Functions
from student_graph.adapters.moodle.sandbox.parameters import Parameters, parse
from student_graph.adapters.moodle.sandbox.responses import Json, MoodleError, missing_record, respond
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox

TOKEN = "3b8f0c6c1d2e4f5a8b9c0d1e2f3a4b5c"
SCRIPT = "/webservice/rest/server.php"
Handler: TypeAlias = Callable[[Parameters], Any]


class MoodleSandbox(Sandbox):
    """A Moodle that serves the LMS part of a district's facts."""

    kind: ClassVar[str] = "moodle"

    def __init__(
        self,
        facts: DistrictFacts,
        *,
        service: Collection[str] = (*FUNCTIONS, "core_course_get_courses"),
        errors: Mapping[str, MoodleError] | None = None,
        hidden: Collection[int] = (),
        ended: Collection[int] = (),
        manages_courses: bool = False,
        texts: bool = False,
        debug: bool = False,
        change: Callable[[str, Any], Any] | None = None,
    ) -> None:
        """
        Serve the facts.

        Args:
            service: Functions of the service of the token.
            errors: The exception that takes the place of the answer of a function.
            hidden: Numbers of courses that students do not see.
            ended: Numbers of courses whose last day is over.
            manages_courses: Whether the account may change courses, to which alone Moodle shows their idnumber.
            texts: Whether numbers are sent as texts.
            debug: Whether errors show queries, as on a site that debugs.
            change: Changes the answer of each function, by its name: for odd rows.
        """
        super().__init__()
        self._facts = facts
        self._functions = Functions(
            facts, self.switches, service=service, hidden=hidden, ended=ended, manages_courses=manages_courses
        )
        self.service, self.errors = service, dict(errors or {})
        self._texts, self._debug = texts, debug
        self._change = change or (lambda _, answer: answer)
        self.called: list[str] = []
        """The functions that were called, the oldest first."""

    def settings(self) -> dict[str, Any]:
        """The settings of an adapter that reads this sandbox."""
        return {"base_url": self.url, "token": TOKEN}

    def known_keys(self, kind: str) -> list[str]:
        """The numbers of students that are in a course, ids of courses, and sections; no keys of other kinds."""
        courses = self._facts.lms_courses
        match kind:
            case "student":
                members = {member for course in courses for member in course.members}
                return [f"idnumber:{a.sis_id}" for a in self._facts.accounts if a.id in members and a.sis_id]
            case "lms_course":
                return [str(course.id) for course in courses]
            case "district":
                return ["district"]
            case "section":
                return [f"sis_section:{course.sis_section}" for course in courses if course.sis_section]
            case _:
                return []

    def arguments(self) -> dict[str, Any]:
        """The school year of the facts."""
        return {"school_year": self._facts.year}

    def unavailable_response(self) -> Response:
        """The page of a site under maintenance, as its web server sends it."""
        return HTMLResponse("<html><body>This site is undergoing maintenance</body></html>", 503)

    def throttled_response(self) -> Response:
        """The response of the web server to too many requests: Moodle itself has no limit."""
        return HTMLResponse("<html><body>Too Many Requests</body></html>", 429)

    def routes(self) -> Sequence[BaseRoute]:
        """The script of the web services."""
        return [Route(SCRIPT, self._call, methods=["GET", "POST"])]

    async def _call(self, request: Request) -> Response:
        form = parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
        parameters = parse([*request.query_params.multi_items(), *form])
        as_json = parameters.pop("moodlewsrestformat", "xml") == "json"
        try:
            answer = self._answer(parameters)
        except MoodleError as error:
            return respond(error.body(debug=self._debug), as_json=as_json)
        return respond(_as_texts(answer) if self._texts else answer, as_json=as_json)

    def _answer(self, parameters: Parameters) -> Any:
        """
        The answer of the function that a request names.

        Raises:
            MoodleError: The token or a parameter is wrong, or the function is unknown or not in the service.
        """
        function = str(parameters.pop("wsfunction", ""))
        self.called.append(function)
        if parameters.pop("wstoken", None) != TOKEN:
            raise MoodleError("moodle_exception", "invalidtoken", "Invalid token - token not found")
        handler = self._functions.table.get(function)
        if handler is None:
            raise missing_record("external_functions")
        if function not in self.service:
            raise MoodleError("webservice_access_exception", "accessexception", "Access control exception")
        if function in self.errors:
            raise self.errors[function]
        return self._change(function, handler(parameters))


def _as_texts(value: Any) -> Any:
    """The value with texts in place of numbers."""
    match value:
        case dict():
            body: Json = {name: _as_texts(part) for name, part in value.items()}
            return body
        case list():
            return [_as_texts(part) for part in value]
        case bool() | None:
            return value
        case int() | float():
            return str(value)
        case _:
            return value
