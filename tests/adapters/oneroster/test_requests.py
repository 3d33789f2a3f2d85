"""Every request of the adapter is one that the standard has, and that the Ed-Fi service publishes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.oneroster.adapter import OneRoster
from student_graph.adapters.oneroster.adapter.settings import OneRosterSettings
from student_graph.adapters.oneroster.sandbox import EDFI_SERVICE, PUBLISHED_12, OneRosterSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.harness import run_lookup_or_error
from tests.adapters.oneroster.scripted_sandbox import SHARED, connected, needs_shared

pytestmark = needs_shared

CATALOG = SHARED / "data" / "oneroster-1.2-operations" / "rest-operations.md"
SWAGGER = SHARED / "data" / "edfi-oneroster" / "swagger.yml"
FACTS = make_district(60)
SCOPE = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
PROBED_ONLY = {r"/students/[^/]+/results", r"/lineItems/[^/]+/results"}
"""Routes that the standard lacks and servers have: asked for once, to see whether they are there."""


def operations() -> Iterator[tuple[re.Pattern[str], set[str], set[str]]]:
    """Path, parameters and scopes of each reading operation of the standard."""
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
    """What every lookup asks of a server, however it answers."""
    sandbox = OneRosterSandbox(FACTS, quirks=quirks)
    sent: list[httpx.URL] = []

    async def keep(request: httpx.Request) -> None:
        assert request.method == ("POST" if request.url.path == "/oauth/token" else "GET")
        sent.append(request.url)

    async with connected(sandbox) as adapter:
        adapter.http.event_hooks = {"request": [keep]}
        for lookup in OneRoster.capabilities():
            await carried_out(adapter, lookup, sandbox)
        await adapter.check()
    return [url for url in sent if url.path != "/oauth/token"]


async def carried_out(adapter: OneRoster, lookup: Lookup, sandbox: OneRosterSandbox) -> None:
    """Ask for a few keys; a server without a gradebook says so."""
    told = await run_lookup_or_error(adapter, lookup, sandbox.known_keys(lookup.key_kind)[:3], sandbox.arguments())

    assert not isinstance(told, AdapterError) or told.code == "NOT_OFFERED"


async def test_every_request_is_one_of_the_standard() -> None:
    """Paths and parameters of OneRoster 1.2; two routes beyond it are only looked for."""
    known = list(operations())
    urls = await requests_of(PUBLISHED_12)
    unknown = set()
    for url in urls:
        parameters = [names for pattern, names, _ in known if pattern.fullmatch(url.path)]
        if not parameters or not url.params.keys() <= parameters[0]:
            unknown.add(url.path)

    assert urls
    assert [path for path in unknown if not any(re.search(f"{each}$", path) for each in PROBED_ONLY)] == []


async def test_every_request_to_the_ed_fi_service_is_published_or_looked_for() -> None:
    """Parameters of its document; what it lacks is looked for once and answered with 404."""
    document = yaml.safe_load(SWAGGER.read_text("utf-8"))
    published = {
        re.compile(re.sub(r"\{\w+\}", "[^/]+", path)): {each["name"] for each in found["get"]["parameters"]}
        for path, found in document["paths"].items()
        if "get" in found
    }
    urls = await requests_of(EDFI_SERVICE)
    lacking: list[str] = []
    for url in urls:
        names = [names for pattern, names in published.items() if pattern.fullmatch(url.path)]
        if names:
            assert url.params.keys() <= names[0]
        else:
            lacking.append(url.path)

    assert urls
    rostering = [path for path in lacking if "/rostering/" in path]
    assert len(rostering) == len(set(rostering)), "a route that is not there is looked for once"


def test_the_token_may_do_all_that_is_asked() -> None:
    """Every operation of rostering, gradebook and assessments has one of the scopes that are asked for."""
    settings = OneRosterSettings.model_validate(
        {"base_url": "https://sis.example", "client_id": "c", "client_secret": "s"}
    )
    wanted = {each.removeprefix(SCOPE) for each in settings.requested_scopes.split()}

    assert all(scopes & wanted for pattern, _, scopes in operations() if "/resources/" not in pattern.pattern)


@pytest.mark.parametrize("field", ["name", "userIds", "userIds:", "roles"])
def test_a_field_that_names_nobody_is_refused_at_the_start(field: str) -> None:
    """A wrong setting stops the start with its name."""
    given = {"base_url": "https://sis.example", "client_id": "c", "client_secret": "s", "student_id_field": field}
    with pytest.raises(ValueError, match="student_id_field"):
        OneRosterSettings.model_validate(given)
