"""Every request of the adapter is in the standard, and in the document of the Ed-Fi service."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.oneroster.adapter import OneRoster
from student_graph.adapters.oneroster.adapter.settings import OneRosterSettings
from student_graph.adapters.oneroster.sandbox import EDFI_SERVICE, PUBLISHED_12, OneRosterSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.harness import run_lookup_or_error
from tests.adapters.helpers import published_yaml
from tests.adapters.oneroster.scripted_sandbox import SHARED, connected, needs_reference_data

pytestmark = needs_reference_data

CATALOG = SHARED / "data" / "oneroster-1.2-operations" / "rest-operations.md"
SWAGGER = SHARED / "data" / "edfi-oneroster" / "swagger.yml"
FACTS = make_district(24)
SCOPE = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
PROBED_ONLY = {r"/students/[^/]+/results", r"/lineItems/[^/]+/results"}
"""Routes that are not in the standard but on some servers; the adapter probes them once."""


def operations() -> Iterator[tuple[re.Pattern[str], set[str], set[str]]]:
    """Path, parameters and scopes of each operation of the standard that reads."""
    service = ""
    for line in CATALOG.read_text("utf-8").splitlines():
        if line.startswith("## "):
            service = "rostering" if "Rostering" in line else "resources" if "Resources" in line else "gradebook"
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 6 and cells[2] == "GET":
            path = re.sub(r"\{\w+\}", "[^/]+", cells[3].strip("`"))
            pattern = re.compile(f"/ims/oneroster/{service}/v1p2{path}")
            yield pattern, set(re.findall(r"`(\w+)`", cells[4])), set(re.findall(r"`([\w.-]+)`", cells[6]))


async def requests_of(quirks: Any) -> list[httpx.URL]:
    """The requests of all lookups to a server."""
    sandbox = OneRosterSandbox(FACTS, quirks=quirks)
    sent: list[httpx.URL] = []

    async def record(request: httpx.Request) -> None:
        assert request.method == ("POST" if request.url.path == "/oauth/token" else "GET")
        sent.append(request.url)

    async with connected(sandbox) as adapter:
        adapter.http.event_hooks = {"request": [record]}
        for lookup in OneRoster.capabilities():
            await run_offered_lookup(adapter, lookup, sandbox)
        await adapter.check()
    return [url for url in sent if url.path != "/oauth/token"]


async def run_offered_lookup(adapter: OneRoster, lookup: Lookup, sandbox: OneRosterSandbox) -> None:
    """Run a lookup for a few keys; it succeeds, or the server does not offer it."""
    answers = await run_lookup_or_error(
        adapter, lookup, sandbox.known_keys(lookup.key_kind)[:3], sandbox.arguments()
    )

    assert not isinstance(answers, AdapterError) or answers.code == "NOT_OFFERED"


async def test_every_request_is_in_the_standard() -> None:
    """Paths and parameters are those of OneRoster 1.2, except for two routes that are only probed."""
    published_operations = list(operations())
    urls = await requests_of(PUBLISHED_12)
    unknown = set()
    for url in urls:
        parameters = [names for pattern, names, _ in published_operations if pattern.fullmatch(url.path)]
        if not parameters or not url.params.keys() <= parameters[0]:
            unknown.add(url.path)

    assert urls
    assert [path for path in unknown if not any(re.search(f"{pattern}$", path) for pattern in PROBED_ONLY)] == []


async def test_every_request_to_the_ed_fi_service_is_published_or_a_probe() -> None:
    """Parameters are those of its document; a route that it lacks is probed once and is a 404."""
    document = published_yaml.load(SWAGGER)
    published = {
        re.compile(re.sub(r"\{\w+\}", "[^/]+", path)): {
            parameter["name"] for parameter in item["get"]["parameters"]
        }
        for path, item in document["paths"].items()
        if "get" in item
    }
    urls = await requests_of(EDFI_SERVICE)
    missing_paths: list[str] = []
    for url in urls:
        names = [names for pattern, names in published.items() if pattern.fullmatch(url.path)]
        if names:
            assert url.params.keys() <= names[0]
        else:
            missing_paths.append(url.path)

    assert urls
    rostering = [path for path in missing_paths if "/rostering/" in path]
    assert len(rostering) == len(set(rostering)), "a missing route is probed once"


def test_the_requested_scopes_allow_every_operation() -> None:
    """Every operation of rostering, gradebook and assessments needs one of the requested scopes."""
    settings = OneRosterSettings.model_validate(
        {"base_url": "https://sis.example", "client_id": "c", "client_secret": "s"}
    )
    requested_scopes = {scope.removeprefix(SCOPE) for scope in settings.requested_scopes.split()}

    assert all(
        scopes & requested_scopes for pattern, _, scopes in operations() if "/resources/" not in pattern.pattern
    )


@pytest.mark.parametrize("field", ["name", "userIds", "userIds:", "roles"])
def test_a_field_without_student_numbers_is_refused(field: str) -> None:
    """The validation error has the name of the setting."""
    settings = {
        "base_url": "https://sis.example",
        "client_id": "c",
        "client_secret": "s",
        "student_id_field": field,
    }
    with pytest.raises(ValueError, match="student_id_field"):
        OneRosterSettings.model_validate(settings)
