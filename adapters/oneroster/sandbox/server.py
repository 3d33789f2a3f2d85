"""The OneRoster sandbox: one server of either version, in any manner seen in the field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qsl

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.oneroster.sandbox.gradebook import POSTED_GRADES_TITLE
from student_graph.adapters.oneroster.sandbox.operations import (
    GRADEBOOK,
    PARENTS,
    ROSTERING,
    Ids,
    Operation,
    operations,
)
from student_graph.adapters.oneroster.sandbox.pages import page, question, selection
from student_graph.adapters.oneroster.sandbox.quirks import PUBLISHED_12, Manner
from student_graph.adapters.oneroster.sandbox.refusals import (
    RefusalError,
    no_route,
    no_row,
    throttled,
    unavailable,
)
from student_graph.adapters.oneroster.sandbox.rows import GRADEBOOK_TABLES, TABLES, Row, fields
from student_graph.adapters.oneroster.sandbox.serializers import Spelling
from student_graph.adapters.oneroster.sandbox.signatures import Signatures
from student_graph.adapters.oneroster.sandbox.tables import Tables
from student_graph.adapters.oneroster.sandbox.tokens import CLIENT_ID, CLIENT_SECRET, Tokens
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox

Version = Literal["1.1", "1.2"]

_BASES: dict[Version, dict[str, str]] = {
    "1.1": {ROSTERING: "/ims/oneroster/v1p1", GRADEBOOK: "/ims/oneroster/v1p1"},
    "1.2": {ROSTERING: "/ims/oneroster/rostering/v1p2", GRADEBOOK: "/ims/oneroster/gradebook/v1p2"},
}
_GRADEBOOK_TYPES = {TABLES[table] for table in GRADEBOOK_TABLES}


class OneRosterSandbox(Sandbox):
    """A OneRoster server with the district's roster, gradebook and assessment results."""

    kind: ClassVar[str] = "oneroster"
    token_path: ClassVar[str | None] = "/oauth/token"

    def __init__(self, facts: DistrictFacts, *, version: Version = "1.2", manner: Manner = PUBLISHED_12) -> None:
        """Serve the facts in a version of the standard, in the manner of one server."""
        super().__init__()
        self.facts = facts
        self.version: Version = version
        self.manner = manner
        self.operations = operations(manner, version)
        self._tables = Tables(facts, manner, version)
        self._tokens = Tokens(manner, version)
        self._signatures = Signatures(manner.signature)
        self._spelling = Spelling(manner, self._home)

    def routes(self) -> Sequence[BaseRoute]:
        """The token endpoint, and one door for each service."""
        bases = dict.fromkeys(_BASES[self.version].values())
        doors = [Route(f"{base}{{path:path}}", self._door) for base in bases]
        return [Route("/oauth/token", self._token, methods=["POST"]), *doors, Route("/{path:path}", self._door)]

    def settings(self) -> dict[str, Any]:
        """Address, version and credentials."""
        settings = {
            "base_url": self.url,
            "version": self.version,
            "auth": self.manner.auth,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "course_grade_categories": [POSTED_GRADES_TITLE],
        }
        if self.manner.auth == "oauth1":
            return settings | {"signature": self.manner.signature}
        return settings | {"token_url": f"{self.url}/oauth/token", "scopes": self._tokens.granted}

    def known_keys(self, kind: str) -> list[str]:
        """Identifiers of students, teachers and schools, ids of classes and tests, and the one district."""
        tables = self._tables
        match kind:
            case "student" | "staff":
                rows = tables.users("student" if kind == "student" else "teacher")
                return list(dict.fromkeys(row["identifier"] for row in rows if row["status"] == "active"))
            case "school":
                return [str(school.id) for school in self.facts.schools]
            case "section":
                return list(tables.sections)
            case "assessment":
                offered = any(each.table == "assessmentLineItems" for each in self.operations)
                rows = tables.rows["assessmentLineItems"] if offered else []
                return [row["sourcedId"] for row in rows if row["status"] == "active"]
            case "district":
                return ["here"]
            case _:
                return []

    def arguments(self) -> dict[str, Any]:
        """The school year of the facts."""
        return {"school_year": self.facts.year}

    def unavailable_response(self) -> Response:
        """A 503 in the server's words."""
        return unavailable().response(self.manner)

    def revoke(self) -> None:
        """Every token is unknown from now on."""
        self._tokens.revoke()

    def throttled_response(self) -> Response:
        """A 429 that says when to come back."""
        return throttled().response(self.manner)

    def _home(self, kind: str) -> str:
        """Where the service is that has a type of row."""
        service = GRADEBOOK if kind in _GRADEBOOK_TYPES else ROSTERING
        return f"{self.url}{_BASES[self.version][service]}"

    async def _token(self, request: Request) -> Response:
        if self.manner.auth == "oauth1":
            return no_route().response(self.manner)
        form = dict(parse_qsl((await request.body()).decode(errors="replace")))
        return self._tokens.answer(request.headers.get("authorization", ""), form)

    async def _door(self, request: Request) -> Response:
        try:
            operation, ids = self._route(request.url.path)
            self._admit(request, operation)
            return (
                self._single(request, operation, ids) if operation.single else self._list(request, operation, ids)
            )
        except RefusalError as refusal:
            return refusal.response(self.manner)

    def _route(self, path: str) -> tuple[Operation, Ids]:
        bases = _BASES[self.version]
        for operation in self.operations:
            base = bases[operation.service]
            if not path.startswith(f"{base}/"):
                continue
            ids = operation.match(path.removeprefix(base), any_case=self.manner.any_case)
            if ids is not None:
                return operation, ids
        raise no_route()

    def _admit(self, request: Request, operation: Operation) -> None:
        if self.manner.auth == "oauth2":
            self._tokens.admit(request.headers.get("authorization", ""), operation.scopes)
            return
        query = request.scope["query_string"].decode()
        raw = request.scope["raw_path"].decode()
        url = f"{request.url.scheme}://{request.headers['host']}{raw}{'?' + query if query else ''}"
        self._signatures.admit(httpx.Request(request.method, url, headers=request.headers.items()))

    def _list(self, request: Request, operation: Operation, ids: Ids) -> Response:
        for name, sourced in ids.items():
            if self._tables.find(PARENTS[name], sourced) is None:
                raise no_row(PARENTS[name], sourced)
        manner, known = self.manner, fields(operation.table, self.version)
        asked = question(request.query_params, operation.table, known, manner)
        asked = replace(asked, limit=self.switches.clamp(asked.limit))
        rows = operation.answers(self._tables, ids) if manner.organization_claim else []
        key = operation.path.rpartition("/")[2] if manner.collection_keys == "path" else operation.table
        # Schools and terms stay: without them no list that moves could be asked for.
        moving = operation.table not in ("orgs", "academicSessions")
        found = asked.answers(rows)[self.switches.missing if moving else 0 :]
        return page(found, asked, key=key, url=str(request.url), spell=self._spelling.row, manner=manner)

    def _single(self, request: Request, operation: Operation, ids: Ids) -> Response:
        row = self._row(operation, ids)
        asked = selection(request.query_params, fields(operation.table, self.version), self.manner)
        return JSONResponse({TABLES[operation.table]: self._spelling.row(row, asked)})

    def _row(self, operation: Operation, ids: Ids) -> Row:
        row = self._tables.find(operation.table, ids["id"]) if self.manner.organization_claim else None
        if row is None or not any(row is each for each in operation.answers(self._tables, ids)):
            raise no_row(operation.table, ids["id"])
        return row
