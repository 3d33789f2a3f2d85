"""A small Ed-Fi ODS/API: discovery document, tokens, collections and rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.edfi.sandbox.changes import deletions_response, key_changes_response
from student_graph.adapters.edfi.sandbox.discovery import discovery_document, token_information
from student_graph.adapters.edfi.sandbox.filters import DataStandard, filters_by_resource, is_since
from student_graph.adapters.edfi.sandbox.keys import CASELOAD_RESOURCES, RESOURCE_AND_KEY, caseload_key
from student_graph.adapters.edfi.sandbox.problems import (
    ProblemError,
    bad_parameter,
    missing_resource,
    throttled,
    unauthenticated,
    unavailable,
)
from student_graph.adapters.edfi.sandbox.queries import (
    INITIAL_VERSION,
    MAX_PAGE_ROWS,
    page_token,
    parse_query,
    partition_tokens,
)
from student_graph.adapters.edfi.sandbox.rows import Rows, all_rows
from student_graph.adapters.edfi.sandbox.tokens import (
    CLIENT_ID,
    CLIENT_SECRET,
    Tokens,
    form_fields,
)
from student_graph.adapters.sandbox.credentials import are_equal, parse_basic
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.records.folder import EdFiRecords, Payload
from student_graph.adapters.sandbox.serving import Sandbox

Endpoint = Callable[[Request], Awaitable[Response]]


class EdFiSandbox(Sandbox):
    """An Ed-Fi ODS/API that serves the facts or records of a district in one Data Standard."""

    kind: ClassVar[str] = "edfi"
    token_path: ClassVar[str | None] = "/oauth/token"

    def __init__(
        self,
        facts: DistrictFacts,
        data_standard: DataStandard = "5.1",
        *,
        token_lifetime: float = 1800.0,
        epoch_expiry: bool = False,
        legacy_errors: bool | None = None,
        data_path: str = "/data/v3",
        advertised: str | None = None,
    ) -> None:
        """
        Serve facts, or records without changes.

        Args:
            facts: The facts or records of the district.
            data_standard: Data Standard of the payloads.
            token_lifetime: Lifetime of tokens in seconds.
            epoch_expiry: Send `expires_in` as seconds since 1970, as some servers do.
            legacy_errors: Send errors as `{"message"}`, as versions before 7.2 do; the version decides if None.
            data_path: Path of the resources.
            advertised: Address in the discovery document, by default the address of the sandbox.

        Raises:
            ValueError: Records are of Data Standard 5 and another standard is requested.
        """
        super().__init__()
        if isinstance(facts, EdFiRecords) and data_standard not in {"5.0", "5.1"}:
            raise ValueError("records are of Data Standard 5 and cannot be served as another one")
        self.facts = facts
        self.newest_change_version = INITIAL_VERSION
        """The version of the last change; a test that changes facts increases it."""
        self.refuses_changes = False
        """Whether it answers 400 to a request for changes, as servers without change queries do."""
        self.data_standard: DataStandard = data_standard
        self.tokens = Tokens(token_lifetime)
        self._rows: dict[str, Rows] = all_rows(facts, data_standard)
        self._epoch_expiry = epoch_expiry
        self._is_newest_version = is_since(data_standard, "5.1")
        self._legacy = not self._is_newest_version if legacy_errors is None else legacy_errors
        self._data_path = data_path
        self._advertised = advertised

    def routes(self) -> Sequence[BaseRoute]:
        """The routes of discovery and tokens, and those that require a token."""
        data = f"{self._data_path}/ed-fi/{{resource}}"
        return [
            Route("/", self._discovery),
            Route(str(self.token_path), self._with_problems(self._token), methods=["POST"]),
            Route("/oauth/token_info", self._require_token(self._token_info), methods=["POST"]),
            Route("/changeQueries/v1/availableChangeVersions", self._require_token(self._change_versions)),
            Route(f"{data}/deletes", self._require_token(self._deletions)),
            Route(f"{data}/keyChanges", self._require_token(self._key_changes)),
            Route(f"{data}/partitions", self._require_token(self._partitions)),
            Route(data, self._require_token(self._collection)),
            Route(f"{data}/{{id}}", self._require_token(self._row)),
        ]

    def settings(self) -> dict[str, Any]:
        """The address and credentials of the sandbox as settings of an adapter."""
        return {"base_url": self.url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}

    def insert(self, resource: str, fact: Any) -> str:
        """Add a row to a resource that has rows, as a change of the vendor's data; returns its id."""
        return self.between_requests(lambda: self._rows[resource].insert(fact, self._next_change_version()))

    def update(self, resource: str, id: str, fact: Any) -> None:
        """Replace the row with an id, as a change of the vendor's data."""
        self.between_requests(lambda: self._rows[resource].update(id, fact, self._next_change_version()))

    def change_key(self, resource: str, id: str, fact: Any) -> None:
        """Replace the row with an id by one with another natural key, as a change of the vendor's data."""
        self.between_requests(lambda: self._rows[resource].change_key(id, fact, self._next_change_version()))

    def delete(self, resource: str, id: str) -> None:
        """Delete the row with an id, as a change of the vendor's data."""
        self.between_requests(lambda: self._rows[resource].delete(id, self._next_change_version()))

    def rows(self, resource: str) -> Sequence[tuple[str, Any]]:
        """The id and the fact of each row of a resource, without deleted ones."""
        return self._rows[resource].facts()

    def _next_change_version(self) -> int:
        self.newest_change_version += 1
        return self.newest_change_version

    def known_keys(self, kind: str) -> list[str]:
        """Keys of students, contacts, schools, sections, staff, caseloads, assessments and the agency."""
        if kind == "caseload":
            return list(dict.fromkeys(map(caseload_key, self._all_rows(*CASELOAD_RESOURCES))))
        older = kind == "contact" and not is_since(self.data_standard, "5.0")
        resource, key = RESOURCE_AND_KEY.get("parent" if older else kind, ("", str))
        return [key(row) for row in self._all_rows(resource)]

    def _all_rows(self, *resources: str) -> Iterator[Payload]:
        """Every row of the resources; a resource that is not served has none."""
        for rows in (self._rows.get(resource, ()) for resource in resources):
            yield from (rows[position] for position in range(len(rows)))

    def arguments(self) -> dict[str, Any]:
        """The school year of the facts."""
        return {"school_year": self.facts.year}

    def revoke(self) -> None:
        """Revoke every token."""
        self.tokens.revoke()

    def unavailable_response(self) -> Response:
        """A 503 with the body that Ed-Fi sends."""
        return unavailable().response(legacy=self._legacy)

    def throttled_response(self) -> Response:
        """A 429 with `Retry-After`."""
        return throttled().response(legacy=self._legacy, headers={"Retry-After": "1"})

    def _require_token(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint that requires a valid bearer token."""

        async def checked_endpoint(request: Request) -> Response:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or self.tokens.expiry(token) is None:
                raise unauthenticated("The token is absent, unknown or expired.")
            return await endpoint(request)

        return self._with_problems(checked_endpoint)

    def _with_problems(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint that turns a `ProblemError` into its response."""

        async def endpoint_with_problems(request: Request) -> Response:
            try:
                return await endpoint(request)
            except ProblemError as problem:
                return problem.response(legacy=self._legacy)

        return endpoint_with_problems

    async def _discovery(self, request: Request) -> Response:
        root = self._advertised or self.url or str(request.base_url).rstrip("/")
        return JSONResponse(discovery_document(root, self.data_standard, self._data_path))

    async def _token(self, request: Request) -> Response:
        """A token for client credentials, which are sent by HTTP Basic or in the form."""
        form = await form_fields(request)
        if form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        fields = (form.get("client_id", ""), form.get("client_secret", ""))
        credentials = parse_basic(request.headers.get("authorization", "")) or fields
        if not are_equal(credentials, (CLIENT_ID, CLIENT_SECRET)):
            return JSONResponse({"error": "invalid_client"}, 401, {"WWW-Authenticate": "Basic"})
        token = self.tokens.issue()
        expires_in = int((self._epoch_expiry and self.tokens.expiry(token)) or self.tokens.lifetime)
        body = {"access_token": token, "expires_in": expires_in, "token_type": "bearer"}
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    async def _token_info(self, request: Request) -> Response:
        expiry = self.tokens.expiry((await form_fields(request)).get("token", ""))
        if expiry is None:
            return JSONResponse({"active": False})
        return JSONResponse(
            token_information(CLIENT_ID, expiry, self.facts, filters_by_resource(self.data_standard))
        )

    async def _change_versions(self, request: Request) -> Response:
        return JSONResponse({"oldestChangeVersion": 0, "newestChangeVersion": self.newest_change_version})

    def _resource(self, request: Request) -> Rows:
        """
        The rows of the resource in the path, without rows if the district has none.

        Raises:
            ProblemError: The Data Standard has no such resource, or the sandbox does not serve it.
        """
        name = request.path_params["resource"]
        served = filters_by_resource(self.data_standard)
        if name not in served:
            hint = "".join(f"; the nearest is '{match}'" for match in get_close_matches(name, served, 1))
            raise missing_resource(f"There is no such resource{hint}.")
        return self._rows.get(name, Rows(name, (), dict))

    async def _collection(self, request: Request) -> Response:
        rows = self._resource(request)
        query = parse_query(
            request.query_params.multi_items(),
            filters_by_resource(self.data_standard)[rows.resource],
            cursors=self._is_newest_version,
        )
        positions = rows.where(query.filters)
        # Rows that are read by a cursor have the order of the cursor.
        in_cursor_order = query.with_cursor or query.first or query.last is not None
        positions = positions[self.switches.missing :] if in_cursor_order else self.switches.shown(positions)
        if query.change_versions is not None:
            self._check_change_queries()
            positions = rows.changed_between(positions, *query.change_versions)
        end = query.start + self.switches.clamp(query.size)
        headers = {"Total-Count": str(len(positions))} if query.with_total else {}
        if query.first or query.last is not None:
            positions = [p for p in positions if query.first <= p and (query.last is None or p < query.last)]
        if query.with_cursor and query.size and end < len(positions):
            headers["Next-Page-Token"] = page_token(positions[end], query.last)
        return JSONResponse([rows[position] for position in positions[query.start : end]], headers=headers)

    async def _partitions(self, request: Request) -> Response:
        rows = self._resource(request)
        if not self._is_newest_version:
            raise missing_resource("There is no such resource.")
        names = filters_by_resource(self.data_standard)[rows.resource]
        return JSONResponse(
            {"pageTokens": partition_tokens(request.query_params.multi_items(), names, rows.where)}
        )

    async def _deletions(self, request: Request) -> Response:
        self._check_change_queries()
        return deletions_response(request, self._resource(request), self.switches.clamp(MAX_PAGE_ROWS))

    async def _key_changes(self, request: Request) -> Response:
        self._check_change_queries()
        return key_changes_response(request, self._resource(request), self.switches.clamp(MAX_PAGE_ROWS))

    def _check_change_queries(self) -> None:
        """
        Refuse a request for changes if the server has none.

        Raises:
            ProblemError: The server refuses change queries.
        """
        if self.refuses_changes:
            raise bad_parameter("The parameter 'minChangeVersion' is not a property of the resource.")

    async def _row(self, request: Request) -> Response:
        row = self._resource(request).with_id(request.path_params["id"])
        if row is None:
            raise missing_resource("There is no row with this id.")
        etag = f'"{row["_etag"]}"' if "_etag" in row else ""
        headers = {"ETag": etag} if etag else {}
        if etag and request.headers.get("if-none-match", "") in {etag, etag.strip('"')}:
            return Response(status_code=304, headers=headers)
        return JSONResponse(row, headers=headers)
