"""
The Schoology sandbox: the part of REST API v1 that the declaration reads.

Requests are signed by OAuth 1.0a with two legs; a signature that was seen before is refused. Lists have at most
200 rows and lead to their next page. What no document shows is named in the README of the adapter.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.oauth1 import OAuth1
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.schoology.sandbox import rows
from student_graph.adapters.schoology.sandbox.rows import Index, Row

Handler = Callable[[Request], "Response"]
DEFAULT_LIMIT, MAX_LIMIT = 20, 200
"""Rows of a page if the request names no number, and the most that it may name."""
MAX_IDS = 50
"""Most `school_uids` of one request."""


class SchoologySandbox(Sandbox):
    """A Schoology that serves the LMS part of a district's facts."""

    kind: ClassVar[str] = "schoology"

    def __init__(self, facts: DistrictFacts) -> None:
        super().__init__()
        self._facts, self._index = facts, Index(facts)
        self._key, self._secret = secrets.token_hex(8), secrets.token_hex(16)
        self._nonces: set[str] = set()

    def settings(self) -> dict[str, Any]:
        """Return the source's settings for this sandbox."""
        return {"base_url": self.url, "consumer_key": self._key, "consumer_secret": self._secret}

    def known_keys(self, kind: str) -> list[str]:
        """Return the known keys of a kind, with the vendor's name of the field."""
        match kind:
            case "student":
                members = {member for course in self._facts.lms_courses for member in course.members}
                return [f"school_uid:{a.sis_id}" for a in self._facts.accounts if a.sis_id and a.id in members]
            case "section":
                codes = (course.sis_section for course in self._facts.lms_courses)
                return [f"section_school_code:{code}" for code in codes if code]
            case "lms_course":
                return list(self._index.sections)
            case "district":
                return ["district"]
            case _:
                return []

    def arguments(self) -> dict[str, Any]:
        """Return the school year of the facts."""
        return {"school_year": self._facts.year}

    def throttled_response(self) -> Response:
        """Return the response when the credits are used up; they are refilled every 5 seconds."""
        return Response("", 429, {"Retry-After": "5"}, media_type="application/json")

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes, which all need a signature."""
        handlers: dict[str, Handler] = {
            "/users": self._users,
            "/users/{user}/sections": self._sections_of_user,
            "/users/{user}/grades": self._grades,
            "/sections": self._sections,
            "/sections/{section}/assignments": self._assignments,
        }
        return [Route(f"/v1{path}", self._signed(handler)) for path, handler in handlers.items()]

    def _signed(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            header = request.headers.get("authorization", "")
            parameters = oauth_parameters(header)
            nonce = parameters.get("oauth_nonce", "")
            expected = self._signature(request, parameters)
            if expected is None or parameters.get("oauth_signature") != expected:
                return JSONResponse("Invalid signature.", 401)
            if nonce in self._nonces:
                return JSONResponse("Duplicate timestamp/nonce combination, possible replay attack.", 401)
            self._nonces.add(nonce)
            return handler(request)

        return endpoint

    def _signature(self, request: Request, parameters: dict[str, str]) -> str | None:
        """The signature that a request should have."""
        outgoing = httpx.Request("GET", str(request.url))
        timestamp, nonce = parameters.get("oauth_timestamp", ""), parameters.get("oauth_nonce", "")
        if not timestamp.isdigit():
            return None
        signer = OAuth1(
            self._key,
            SecretStr(self._secret),
            origin=outgoing.url,
            clock=lambda: int(timestamp),
            nonce=lambda: nonce,
        )
        next(signer.auth_flow(outgoing))
        return oauth_parameters(outgoing.headers["authorization"]).get("oauth_signature")

    def _page(self, request: Request, name: str, listed: list[Row]) -> Response:
        """A page of a list, with the address of the next one."""
        query = request.query_params
        start, limit = int(query.get("start", "0")), min(int(query.get("limit") or DEFAULT_LIMIT), MAX_LIMIT)
        present = self.switches.shown(listed)
        end = start + self.switches.clamp(limit)
        links = {"self": str(request.url)}
        if end < len(present):
            following = urlencode({**query, "start": end, "limit": limit})
            links["next"] = f"{request.url.scheme}://{request.url.netloc}{request.url.path}?{following}"
        return JSONResponse({name: present[start:end], "total": str(len(present)), "links": links})

    def _users(self, request: Request) -> Response:
        uids = request.query_params.get("school_uids")
        if uids is None:
            return self._page(request, "user", [rows.user_row(user) for user in self._index.users.values()])
        chosen = uids.split(",")
        if len(chosen) > MAX_IDS:
            return JSONResponse("Too many school_uids.", 400)
        return self._page(request, "user", [rows.user_row(user) for user in self._index.users_with(chosen)])

    def _sections_of_user(self, request: Request) -> Response:
        user = self._index.users.get(request.path_params["user"])
        if user is None:
            return Response("", 404, media_type="application/json")
        return self._page(request, "section", [rows.section_row(c) for c in self._index.sections_of[user.id]])

    def _sections(self, request: Request) -> Response:
        codes = request.query_params.get("section_school_codes", "").split(",")
        return self._page(request, "section", [rows.section_row(c) for c in self._index.sections_with(codes)])

    def _assignments(self, request: Request) -> Response:
        course = self._index.sections.get(request.path_params["section"])
        if course is None:
            return Response("", 404, media_type="application/json")
        listed = [rows.assignment_row(assignment) for assignment in self._index.assignments[course.id]]
        return self._page(request, "assignment", listed)

    def _grades(self, request: Request) -> Response:
        user = self._index.users.get(request.path_params["user"])
        section = request.query_params.get("section_id")
        if user is None:
            return Response("", 404, media_type="application/json")
        if section is None:
            return Response("", 403, media_type="application/json")
        courses = [course for course in self._index.sections_of[user.id] if str(course.id) == section]
        return JSONResponse({"section": [rows.grades_row(self._index, user, course) for course in courses]})


def oauth_parameters(header: str) -> dict[str, str]:
    """The parameters of a header `OAuth name="value", ...`."""
    pairs = (part.strip().partition("=") for part in header.removeprefix("OAuth ").split(","))
    return {name: value.strip('"') for name, _, value in pairs}
