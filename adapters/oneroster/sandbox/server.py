"""The OneRoster sandbox: a server of version 1.1 or 1.2 with the quirks of an observed server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, get_args
from urllib.parse import parse_qsl

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.oauth1 import SignatureMethod
from student_graph.adapters.oneroster.adapter.profiles import PROFILES, ProfileName
from student_graph.adapters.oneroster.sandbox import filters
from student_graph.adapters.oneroster.sandbox.gradebook import POSTED_GRADES_TITLE
from student_graph.adapters.oneroster.sandbox.operations import (
    GRADEBOOK,
    ROSTERING,
    TABLES_OF_NAMES,
    Operation,
    PathIds,
    operations,
)
from student_graph.adapters.oneroster.sandbox.pages import Query, page_response, parse_query, selected_fields
from student_graph.adapters.oneroster.sandbox.people import contact_roles
from student_graph.adapters.oneroster.sandbox.quirks import PROFILE_SERVERS, PUBLISHED_12, Quirks, Version
from student_graph.adapters.oneroster.sandbox.refusals import (
    RefusalError,
    no_route,
    no_row,
    throttled,
    unavailable,
)
from student_graph.adapters.oneroster.sandbox.rows import GRADEBOOK_TABLES, TABLES, Row, fields
from student_graph.adapters.oneroster.sandbox.serializers import Serializer
from student_graph.adapters.oneroster.sandbox.signatures import Signatures
from student_graph.adapters.oneroster.sandbox.tables import Tables
from student_graph.adapters.oneroster.sandbox.tokens import (
    CLIENT_ID,
    CLIENT_SECRET,
    FIXED_TOKEN,
    VENDOR_KEY,
    VENDOR_SECRET,
    Tokens,
    check_vendor,
)
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox

_BASES: dict[Version, dict[str, str]] = {
    "1.1": {ROSTERING: "/ims/oneroster/v1p1", GRADEBOOK: "/ims/oneroster/v1p1"},
    "1.2": {ROSTERING: "/ims/oneroster/rostering/v1p2", GRADEBOOK: "/ims/oneroster/gradebook/v1p2"},
}
_INDEXED = frozenset({"class", "lineItem", "school", "student", "user"})
"""Properties with one reference, by which long collections are searched with an index."""
_GRADEBOOK_TYPES = {TABLES[table] for table in GRADEBOOK_TABLES}


class OneRosterSandbox(Sandbox):
    """A OneRoster server with the district's roster, gradebook and assessment results."""

    kind: ClassVar[str] = "oneroster"
    token_path: ClassVar[str | None] = "/oauth/token"

    def __init__(
        self,
        facts: DistrictFacts,
        *,
        version: Version = "1.2",
        quirks: Quirks = PUBLISHED_12,
        profile: ProfileName | None = None,
    ) -> None:
        """
        Serve the facts in a version of the standard with the quirks of one server.

        With a `profile` it is a server of that vendor, whose version and quirks are known.
        """
        super().__init__()
        if profile is not None:
            version, quirks = PROFILE_SERVERS[profile]
        self.facts = facts
        self.version: Version = version
        self.quirks = quirks
        self.profile = profile
        self.token_path = quirks.token_path if quirks.auth == "oauth2" else None  # type: ignore[misc]  # of each server its own
        self.operations = operations(quirks, version)
        self._tables = Tables(facts, quirks, version)
        self._tokens = Tokens(quirks, version)
        self._signatures = Signatures(*(get_args(SignatureMethod) if quirks.any_signature else [quirks.signature]))
        self._serializer = Serializer(quirks, self._service_url)

    def routes(self) -> Sequence[BaseRoute]:
        """The token endpoint, and one route for each service."""
        return [
            Route(self.quirks.token_path, self._token, methods=["POST"]),
            Route("/{path:path}", self._respond),
        ]

    def settings(self) -> dict[str, Any]:
        """
        The address, version and credentials of the sandbox as settings of an adapter.

        What the profile of the vendor has as a default is left out.
        """
        settings = {
            "base_url": self.url + self.quirks.root,
            "course_grade_categories": [POSTED_GRADES_TITLE],
            "enrollments_name_all_classes": True,
            "roles_name_all_schools": self.version == "1.2",  # in 1.1 the `orgs` of a student are the current ones
        }
        if self.quirks.last_days:
            settings |= {"session_end": "last_day", "enrollment_end": "last_day"}
        settings |= (
            {"auth": "bearer", "access_token": FIXED_TOKEN}
            if self.quirks.auth == "bearer"
            else {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        )
        if self.quirks.vendor_authorization:
            settings |= {"vendor_key": VENDOR_KEY, "vendor_secret": VENDOR_SECRET}
        if self.profile is not None:
            needs_url = "token_url" in PROFILES[self.profile].required
            return settings | {"profile": self.profile} | ({"token_url": self._token_url} if needs_url else {})
        settings |= {"version": self.version, "auth": self.quirks.auth}
        if self.quirks.auth == "oauth1":
            return settings | {"signature": self.quirks.signature}
        return settings | {"token_url": self._token_url, "scopes": self._tokens.granted_scopes}

    @property
    def _token_url(self) -> str:
        query = f"?{self.quirks.token_query}" if self.quirks.token_query else ""
        return f"{self.url}{self.quirks.token_path}{query}"

    def known_keys(self, kind: str) -> list[str]:
        """Numbers of people and schools, ids of classes and assessments, and the one district."""
        tables = self._tables
        match kind:
            case "student" | "staff" | "contact":
                roles = {"student": ("student",), "staff": ("teacher",), "contact": contact_roles(self.quirks)}
                rows = [row for role in roles[kind] for row in tables.users(role)]
                return list(dict.fromkeys(row["identifier"] for row in rows if row["status"] == "active"))
            case "school":
                return [str(school.id) for school in self.facts.schools]
            case "section":
                return list(tables.sections)
            case "assessment":
                has_assessments = any(operation.table == "assessmentLineItems" for operation in self.operations)
                rows = tables.rows["assessmentLineItems"] if has_assessments else []
                return [row["sourcedId"] for row in rows if row["status"] == "active"]
            case "district":
                return ["here"]
            case _:
                return []

    def arguments(self) -> dict[str, Any]:
        """The school year of the facts."""
        return {"school_year": self.facts.year}

    def unavailable_response(self) -> Response:
        """A 503 in the form that the quirks say."""
        return unavailable().response(self.quirks)

    def revoke(self) -> None:
        """Revoke all tokens."""
        self._tokens.revoke()

    def throttled_response(self) -> Response:
        """A 429 with `Retry-After`."""
        return throttled().response(self.quirks)

    def _service_url(self, kind: str) -> str:
        """The address of the service that has rows of a type."""
        service = GRADEBOOK if kind in _GRADEBOOK_TYPES else ROSTERING
        return f"{self.url}{self.quirks.root}{_BASES[self.version][service]}"

    async def _token(self, request: Request) -> Response:
        if self.quirks.auth != "oauth2":
            return no_route().response(self.quirks)
        if self.quirks.token_query and request.url.query != self.quirks.token_query:
            return JSONResponse({"error": "invalid_request"}, 400)
        form = dict(parse_qsl((await request.body()).decode(errors="replace")))
        return self._tokens.token_response(request.headers.get("authorization", ""), form)

    async def _respond(self, request: Request) -> Response:
        try:
            operation, ids = self._route(request.url.path)
            self._authenticate(request, operation)
            return (
                self._single(request, operation, ids) if operation.single else self._list(request, operation, ids)
            )
        except RefusalError as refusal:
            return refusal.response(self.quirks)

    def _route(self, path: str) -> tuple[Operation, PathIds]:
        for operation in self.operations:
            base = self.quirks.root + _BASES[self.version][operation.service]
            if not path.startswith(f"{base}/"):
                continue
            ids = operation.match(path.removeprefix(base), ignore_path_case=self.quirks.ignore_path_case)
            if ids is not None:
                return operation, ids
        raise no_route()

    def _authenticate(self, request: Request, operation: Operation) -> None:
        if self.quirks.auth != "oauth1":
            self._tokens.check(request.headers.get("authorization", ""), operation.scopes)
            if self.quirks.vendor_authorization and operation.service == GRADEBOOK:
                check_vendor(request.headers.get("x-vendor-authorization", ""))
            return
        query = request.scope["query_string"].decode()
        raw = request.scope["raw_path"].decode()
        url = f"{request.url.scheme}://{request.headers['host']}{raw}{'?' + query if query else ''}"
        self._signatures.check(httpx.Request(request.method, url, headers=request.headers.items()))

    def _list(self, request: Request, operation: Operation, ids: PathIds) -> Response:
        for name, sourced_id in ids.items():
            if self._tables.find(TABLES_OF_NAMES[name], sourced_id) is None:
                raise no_row(TABLES_OF_NAMES[name], sourced_id)
        quirks, known_fields = self.quirks, fields(operation.table, self.version)
        query = parse_query(request.query_params, operation.table, known_fields, quirks)
        query = replace(query, limit=self.switches.clamp(query.limit))
        rows = self._candidates(request, operation, ids, query) if quirks.organization_claim else []
        key = operation.path.rpartition("/")[2] if quirks.collection_keys == "path" else operation.table
        # Schools and terms are never missing, because the requests for other lists need them.
        selected_rows = query.select(rows)
        if operation.table not in ("orgs", "academicSessions"):
            selected_rows = self.switches.shown(selected_rows)
        return page_response(
            selected_rows, query, key=key, url=str(request.url), serialize=self._serializer.row, quirks=quirks
        )

    def _candidates(self, request: Request, operation: Operation, ids: PathIds, query: Query) -> list[Row]:
        """The rows of the operation, for a long collection without those that the filter cannot match."""
        tables, table = self._tables, operation.table
        rows = operation.select_rows(tables, ids)
        if rows is not tables.rows[table]:
            return rows
        if query.test is None:
            return tables.in_order(table) if query.sort == "sourcedId" else rows
        reference = filters.references(request.query_params["filter"])
        if (
            reference is None
            or self.quirks.equality != "exact"
            or reference[0] not in _INDEXED.intersection(fields(table, self.version))
        ):
            return rows
        name, target_ids = reference
        return [row for target_id in target_ids for row in tables.referring(table, name, target_id)]

    def _single(self, request: Request, operation: Operation, ids: PathIds) -> Response:
        row = self._row(operation, ids)
        names = selected_fields(request.query_params, fields(operation.table, self.version), self.quirks)
        return JSONResponse({TABLES[operation.table]: self._serializer.row(row, names)})

    def _row(self, operation: Operation, ids: PathIds) -> Row:
        row = self._tables.find(operation.table, ids["id"]) if self.quirks.organization_claim else None
        if row is None or not any(row is other for other in operation.select_rows(self._tables, ids)):
            raise no_row(operation.table, ids["id"])
        return row
