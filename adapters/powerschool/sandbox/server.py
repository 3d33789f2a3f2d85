"""The PowerSchool sandbox: the token endpoint, PowerQueries of the plugin, and the two resources beside them."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.powerschool.sandbox.plugin import Query, granted_fields, queries
from student_graph.adapters.powerschool.sandbox.rows import Row, section_ids, tables
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox

CLIENT_ID, CLIENT_SECRET = "powerschool-sandbox", "powerschool-sandbox-secret"
PREFIX = "org.studentgraph.gateway."
DEFAULT_PAGE_ROWS = 100
"""Rows of a page if the request does not say how many, by the documentation of PowerQueries."""
_SELECTED_BY = {
    "students": ("student_number",),
    "schools": ("school_number", "_school_number"),
    "sections": ("section_dcid", "dcid"),
    "staff": ("teacher_number",),
    "school_year": ("school_year", "_school_year"),
}
"""Columns by which the arguments of the plugin's queries select rows."""


class PowerSchoolSandbox(Sandbox):
    """A PowerSchool SIS with the plugin of this package installed and enabled."""

    kind: ClassVar[str] = "powerschool"
    token_path: ClassVar[str | None] = "/oauth/access_token"

    def __init__(self, facts: DistrictFacts, *, not_granted: Sequence[str] = ()) -> None:
        """
        Serve the facts.

        Args:
            facts: The district.
            not_granted: Fields such as `STUDENTS.DOB` that an administrator took from the plugin.
        """
        super().__init__()
        self._facts = facts
        self._tables = tables(facts)
        self._granted = granted_fields() - set(not_granted)
        self._tokens: set[str] = set()

    def settings(self) -> dict[str, Any]:
        """Return the address and the credentials of the plugin."""
        return {"base_url": self.url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}

    def known_keys(self, kind: str) -> list[str]:
        """Return the numbers of people and schools, ids of sections, and the one district."""
        match kind:
            case "student":
                return [student.id for student in self._facts.students]
            case "school":
                return [str(school.id) for school in self._facts.schools]
            case "section":
                return section_ids(self._facts)
            case "staff":
                return [person.id for person in self._facts.staff]
            case "district":
                return [str(self._facts.lea)]
            case _:
                return []

    def arguments(self) -> dict[str, Any]:
        """Return the school year of the facts."""
        return {"school_year": self._facts.year}

    def revoke(self) -> None:
        """Revoke all issued tokens."""
        self._tokens.clear()

    def throttled_response(self) -> Response:
        """Return the response to too many requests."""
        return _message(429, "Too many requests", {"Retry-After": "1"})

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes of PowerSchool that are needed here."""
        return [
            Route(str(self.token_path), self._token, methods=["POST"]),
            Route("/ws/v1/metadata", self._metadata),
            Route("/ws/v1/district", self._district),
            Route("/ws/schema/query/{name}", self._query, methods=["POST"]),
            Route("/ws/schema/query/{name}/count", self._count, methods=["POST"]),
        ]

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        expected = "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        is_client = hmac.compare_digest(request.headers.get("authorization", "").encode(), expected.encode())
        if not is_client:
            return JSONResponse({"error": "invalid_client"}, 401)
        if form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        token = secrets.token_hex(16)
        self._tokens.add(token)
        # PowerSchool sends the lifetime as a text.
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": "2592000"})

    def _refusal(self, request: Request) -> Response | None:
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self._tokens:
            return _message(401, "Invalid token", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        if "json" not in request.headers.get("accept", ""):
            return Response("<metadata/>", media_type="application/xml")
        return None

    async def _metadata(self, request: Request) -> Response:
        document = {
            "powerschool_version": "24.1.0.0.0",
            "plugin_id": 21,
            "student_max_page_size": 100,
            "schema_table_query_max_page_size": 100,
            "district_timezone": "America/Chicago",
        }
        return self._refusal(request) or JSONResponse({"metadata": document})

    async def _district(self, request: Request) -> Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        number, is_empty = str(self._facts.lea), not self._facts.schools
        district = {"uuid": f"d-{number}", "name": self._facts.name, "district_number": number}
        return JSONResponse({"district": None if is_empty else district})

    async def _query(self, request: Request) -> Response:
        rows = await self._selected(request)
        if isinstance(rows, Response):
            return rows
        shown = self.switches.shown(rows)
        number = _number(request.query_params.get("page", "1"))
        size = _number(request.query_params.get("pagesize", str(DEFAULT_PAGE_ROWS)))
        if number is None or size is None or number < 1:
            return _message(400, "Invalid page or page size")
        size = len(shown) if size == 0 else self.switches.clamp(size)
        page = shown[(number - 1) * size : number * size]
        visible = [
            {"name": "students", **{name: value for name, value in row.items() if not name.startswith("_")}}
            for row in page
        ]
        document: dict[str, Any] = {"name": "students", "record": visible, "@extensions": ""}
        if request.query_params.get("count") == "true":
            document["count"] = len(shown)
        return JSONResponse(document)

    async def _count(self, request: Request) -> Response:
        rows = await self._selected(request)
        return rows if isinstance(rows, Response) else JSONResponse({"count": len(rows)})

    async def _selected(self, request: Request) -> list[Row] | Response:
        """The rows of a query and its arguments, or the refusal of the request."""
        if (refusal := self._refusal(request)) is not None:
            return refusal
        name = request.path_params["name"]
        query = queries().get(name)
        if query is None:
            return _message(404, f"No query named {name}")
        missing = sorted(field for field in query.columns.values() if field not in self._granted)
        if missing:
            errors = [{"resource": field.split(".")[0], "field": field.split(".")[1], "code": "NO_ACCESS"}
                      for field in missing]  # fmt: skip
            return JSONResponse({"message": "Validation Failed", "errors": errors}, 403)
        try:
            arguments = _arguments(query, json.loads(await request.body() or b"{}"))
        except ValueError as exc:
            return _message(400, str(exc))
        rows = self._tables[_table(name, self._tables)]
        return [row for row in rows if all(_is_selected(row, *argument) for argument in arguments.items())]


def _table(name: str, names: dict[str, list[Row]]) -> str:
    """The longest name of a table with which the name of a query begins."""
    short = name.removeprefix(PREFIX)
    return max((table for table in names if short.startswith(table)), key=len)


def _arguments(query: Query, body: Any) -> dict[str, Any]:
    """
    The arguments of a request, with their defaults.

    Raises:
        ValueError: one is missing, unknown, or no list where a list is needed.
    """
    if not isinstance(body, dict) or body.keys() - query.arguments.keys():
        raise ValueError("Invalid argument")
    arguments = {}
    for name, argument in query.arguments.items():
        value = body.get(name, argument.default)
        if value is None or isinstance(value, list) is not argument.is_array:
            raise ValueError(f"Invalid argument {name}")
        arguments[name] = value
    return arguments


def _is_selected(row: Row, name: str, value: Any) -> bool:
    column = next(column for column in _SELECTED_BY[name] if column in row)
    if name == "school_year":
        return str(value) in ("0", row[column])
    return row[column] in [str(element) for element in value]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _message(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"message": text}, status, headers)
