"""The Ed-Fi ODS/API as a small server: discovery, tokens, collections and rows."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.edfi.sandbox.filters import DataStandard, filters
from student_graph.adapters.edfi.sandbox.known import CASELOADS, KEYS, caseload_key
from student_graph.adapters.edfi.sandbox.pages import CHANGE_VERSION, next_token, question
from student_graph.adapters.edfi.sandbox.problems import (
    ProblemError,
    bad_parameter,
    not_found,
    throttled,
    unauthenticated,
    unavailable,
)
from student_graph.adapters.edfi.sandbox.rows import Rows, all_rows
from student_graph.adapters.edfi.sandbox.tokens import CLIENT_ID, CLIENT_SECRET, Tokens, basic, is_client
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.records.folder import EdFiRecords, Payload
from student_graph.adapters.sandbox.serving import Sandbox

Endpoint = Callable[[Request], Awaitable[Response]]

_VERSIONS: dict[DataStandard, str] = {"3.3": "5.3", "4.0": "6.2", "5.0": "7.1", "5.1": "7.3"}
"""Versions of the ODS/API by the Data Standard they carry."""


class EdFiSandbox(Sandbox):
    """An Ed-Fi ODS/API with the district's records, in the Data Standard asked for."""

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
        Serve `facts`, or records as they are.

        `token_lifetime` is in seconds; `epoch_expiry` makes `expires_in` an instant, as some servers do;
        `legacy_errors` has refusals be `{"message"}` instead of problem details, as before 7.2; `data_path` is
        where the resources are; `advertised` is the address that the discovery document tells instead of its own.

        Raises:
            ValueError: records are of Data Standard 5 and cannot be served as an older one.
        """
        super().__init__()
        if isinstance(facts, EdFiRecords) and data_standard in {"3.3", "4.0"}:
            raise ValueError("records are of Data Standard 5 and cannot be served as an older one")
        self.facts = facts
        self.changes = 0
        """Changes since it was made; a test that changes something counts it here."""
        self.data_standard: DataStandard = data_standard
        self.tokens = Tokens(token_lifetime)
        self._rows: dict[str, Rows] = all_rows(facts, data_standard)
        self._epoch_expiry = epoch_expiry
        self._newest = data_standard == "5.1"
        self._legacy = not self._newest if legacy_errors is None else legacy_errors
        self._data_path = data_path
        self._advertised = advertised

    def routes(self) -> Sequence[BaseRoute]:
        """Discovery, tokens, and what a token is needed for."""
        data = f"{self._data_path}/ed-fi/{{resource}}"
        return [
            Route("/", self._discovery),
            Route(str(self.token_path), self._readable(self._token), methods=["POST"]),
            Route("/oauth/token_info", self._guarded(self._token_info), methods=["POST"]),
            Route("/changeQueries/v1/availableChangeVersions", self._guarded(self._change_versions)),
            Route(data, self._guarded(self._collection)),
            Route(f"{data}/{{number}}", self._guarded(self._row)),
        ]

    def settings(self) -> dict[str, Any]:
        """Address and credentials."""
        return {"base_url": self.url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}

    def known_keys(self, kind: str) -> list[str]:
        """Keys of students, their contacts, schools, sections, staff, caseloads, assessments and the agency."""
        if kind == "caseload":
            return list(dict.fromkeys(map(caseload_key, self._all(*CASELOADS))))
        older = kind == "contact" and self.data_standard in {"3.3", "4.0"}
        resource, key = KEYS.get("parent" if older else kind, ("", str))
        return [key(row) for row in self._all(resource)]

    def _all(self, *resources: str) -> Iterator[Payload]:
        """Every row of some resources; those that are not served have none."""
        for rows in (self._rows.get(resource, ()) for resource in resources):
            yield from (rows[position] for position in range(len(rows)))

    def arguments(self) -> dict[str, Any]:
        """The school year of the facts."""
        return {"school_year": self.facts.year}

    def revoke(self) -> None:
        """Every token is unknown from now on."""
        self.tokens.revoke()

    def unavailable_response(self) -> Response:
        """A 503 with the vendor's body."""
        return unavailable().response(legacy=self._legacy)

    def throttled_response(self) -> Response:
        """A 429 that says when to come back."""
        return throttled().response(legacy=self._legacy, headers={"Retry-After": "1"})

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint behind a bearer token."""

        async def guarded(request: Request) -> Response:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or self.tokens.expiry(token) is None:
                raise unauthenticated("The token is absent, unknown or expired.")
            return await endpoint(request)

        return self._readable(guarded)

    def _readable(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint, with its refusals as answers."""

        async def readable(request: Request) -> Response:
            try:
                return await endpoint(request)
            except ProblemError as problem:
                return problem.response(legacy=self._legacy)

        return readable

    async def _discovery(self, request: Request) -> Response:
        root = self._advertised or self.url or str(request.base_url).rstrip("/")
        version = _VERSIONS[self.data_standard]
        model = {"name": "Ed-Fi", "version": f"{self.data_standard}.0"}
        if self.data_standard == "3.3":
            model = {"name": "Ed-Fi", "version": "3.3.1-b"}
        return JSONResponse(
            {
                "version": version,
                "informationalVersion": f"{version} sandbox",
                "suite": "3",
                "build": f"{version}.0.0",
                "apiMode": "Sandbox",
                "dataModels": [model],
                "urls": {
                    "dependencies": f"{root}/metadata/data/v3/dependencies",
                    "openApiMetadata": f"{root}/metadata/",
                    "oauth": f"{root}/oauth/token",
                    "dataManagementApi": f"{root}{self._data_path}/",
                    "changeQueries": f"{root}/changeQueries/v1/",
                },
            }
        )

    async def _token(self, request: Request) -> Response:
        """Client credentials, by HTTP Basic or in the form."""
        form = await _form(request)
        if form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        given = basic(request.headers.get("authorization", ""))
        key, secret = given or (form.get("client_id", ""), form.get("client_secret", ""))
        if not is_client(key, secret):
            return JSONResponse({"error": "invalid_client"}, 401, {"WWW-Authenticate": "Basic"})
        token = self.tokens.issue()
        expiry = self.tokens.expiry(token) if self._epoch_expiry else None
        expires_in = int(expiry if expiry is not None else self.tokens.lifetime)
        body = {"access_token": token, "expires_in": expires_in, "token_type": "bearer"}
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    async def _token_info(self, request: Request) -> Response:
        expiry = self.tokens.expiry((await _form(request)).get("token", ""))
        if expiry is None:
            return JSONResponse({"active": False})
        agency = {
            "education_organization_id": self.facts.lea,
            "name_of_institution": self.facts.name,
            "type": "edfi.LocalEducationAgency",
        }
        resources = [
            {"resource": f"/ed-fi/{name}", "operations": ["Read"]} for name in sorted(filters(self.data_standard))
        ]
        return JSONResponse(
            {
                "active": True,
                "exp": int(expiry),
                "client_id": CLIENT_ID,
                "namespace_prefixes": ["uri://ed-fi.org"],
                "education_organizations": [agency],
                "assigned_profiles": [],
                "claim_set": {"name": "Sandbox"},
                "resources": resources,
                "services": [],
            }
        )

    async def _change_versions(self, request: Request) -> Response:
        return JSONResponse({"oldestChangeVersion": 0, "newestChangeVersion": CHANGE_VERSION + self.changes})

    def _resource(self, request: Request) -> Rows:
        """
        The rows of the resource in the path; none where the district has no such records.

        Raises:
            ProblemError: the Data Standard has no such resource, or the sandbox does not serve it.
        """
        name = request.path_params["resource"]
        served = filters(self.data_standard)
        if name not in served:
            nearest = get_close_matches(name, served, 1)
            raise not_found(
                f"There is no such resource; the nearest is '{nearest[0]}'."
                if nearest
                else "There is no such resource."
            )
        return self._rows.get(name, Rows(name, (), dict))

    async def _collection(self, request: Request) -> Response:
        rows = self._resource(request)
        asked = question(
            request.query_params.multi_items(), filters(self.data_standard)[rows.resource], cursors=self._newest
        )
        found = rows.where(asked.filters)[self.switches.missing :] if asked.changed else []
        end = asked.start + self.switches.clamp(asked.size)
        headers = {"Total-Count": str(len(found))} if asked.total else {}
        if asked.cursor and asked.size and end < len(found):
            headers["Next-Page-Token"] = next_token(end)
        return JSONResponse([rows[position] for position in found[asked.start : end]], headers=headers)

    async def _row(self, request: Request) -> Response:
        row = self._resource(request).with_id(request.path_params["number"])
        if row is None:
            raise not_found("There is no row with this id.")
        etag = f'"{row["_etag"]}"' if "_etag" in row else ""
        headers = {"ETag": etag} if etag else {}
        if etag and request.headers.get("if-none-match", "") in {etag, etag.strip('"')}:
            return Response(status_code=304, headers=headers)
        return JSONResponse(row, headers=headers)


async def _form(request: Request) -> dict[str, str]:
    """
    The fields of a request, sent as a form or as JSON.

    Raises:
        ProblemError: they can be read as neither.
    """
    body = await request.body()
    try:
        if not request.headers.get("content-type", "").startswith("application/json"):
            return dict(parse_qsl(body.decode()))
        return {name: str(value) for name, value in dict(json.loads(body)).items()}
    except (TypeError, ValueError):
        raise bad_parameter("The request body cannot be read.") from None
