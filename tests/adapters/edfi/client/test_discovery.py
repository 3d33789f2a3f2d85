"""The discovery document of an Ed-Fi API, and the addresses that come from it."""

from __future__ import annotations

import asyncio
import re
import traceback

import httpx
import pytest

from student_graph.adapters.edfi.adapter import EdFi
from student_graph.adapters.edfi.api.standards import UnsupportedStandardError
from student_graph.adapters.edfi.client.discovery import DOCUMENT_LIFETIME_SECONDS, Discovery
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.errors import AdapterError, PayloadError
from student_graph.adapters.model import StudentId
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from student_graph.adapters.testing.harness import run_lookup
from student_graph.adapters.testing.transports import UNSERVED_URL
from tests.adapters.edfi.scripted_sandbox import ScriptedSandbox, connected
from tests.clients import async_client

STUDENT_ROW = {"id": "a1", "studentUniqueId": "604822", "firstName": "Lisa", "lastSurname": "Woods"}
STUDENT_ID = StudentId("604822")


async def test_credentials_are_sent_to_the_configured_origin_only() -> None:
    """A document with an address on another origin is an error; the other server receives no request."""
    other_server = ScriptedSandbox({"students": [STUDENT_ROW]})
    sandbox = ScriptedSandbox({"students": [STUDENT_ROW]})
    with served(other_server):
        sandbox.advertised = other_server.url
        async with connected(sandbox) as adapter:
            with pytest.raises(PayloadError):
                await adapter.students_by_id([STUDENT_ID])

    assert sandbox.requests == ["GET /"]
    assert other_server.requests == []


async def test_a_token_endpoint_on_another_origin_must_be_in_the_settings() -> None:
    """A discovered one gets no credentials, and the error names the setting that allows it."""
    sandbox = ScriptedSandbox({"students": [STUDENT_ROW]})
    sandbox.advertised_tokens = "https://login.example"
    async with connected(sandbox) as adapter:
        error = (await adapter.students_by_id([STUDENT_ID]))[STUDENT_ID]

    assert isinstance(error, PayloadError)
    assert "`token_url`" in error.reason
    assert sandbox.requests == ["GET /"]
    async with connected(sandbox, token_url=f"{UNSERVED_URL}/oauth/token") as adapter:
        student = (await adapter.students_by_id([STUDENT_ID]))[STUDENT_ID]

    assert not isinstance(student, AdapterError)


async def test_the_document_is_read_without_credentials() -> None:
    """The document is public, and only the document has the address to which credentials are sent."""
    sent: list[httpx.Request] = []

    async def record(request: httpx.Request) -> None:
        sent.append(request)

    async with connected(ScriptedSandbox({"students": [STUDENT_ROW]})) as adapter:
        adapter.http.event_hooks = {"request": [record]}
        await adapter.students_by_id([STUDENT_ID])

    assert [request.url.path for request in sent if request.method == "GET"][:2] == [
        "/",
        "/data/v3/ed-fi/students",
    ]
    assert "authorization" not in sent[0].headers
    assert [request.url.path for request in sent if request.extensions.get("needed_by_all")] == [
        "/",
        "/oauth/token",
    ]


@pytest.mark.parametrize("root", ["/local/v3.3b", "/2022/data/v3", "/tenant/data"])
async def test_the_data_root_comes_from_the_document(root: str) -> None:
    """The data root need not contain `data/v3`, and may contain a tenant or a year."""
    sandbox = ScriptedSandbox({"students": [STUDENT_ROW]}, root=root)
    async with connected(sandbox) as adapter:
        batch = await adapter.students_by_id([STUDENT_ID])

    assert STUDENT_ID in batch
    assert any(f"GET {root}/ed-fi/students?" in line for line in sandbox.requests)


async def test_concurrent_lookups_read_the_document_once() -> None:
    """Ten lookups that start at the same time share one read of the document and one token."""
    sandbox = EdFiSandbox(make_district(10))
    async with connected(sandbox) as adapter:
        keys = [StudentId(key) for key in sandbox.known_keys("student")]
        await asyncio.gather(*(adapter.students_by_id([key]) for key in keys))

    assert sandbox.requests.count("GET /") == 1
    assert sandbox.requests.count("POST /oauth/token") == 1


async def test_the_document_is_read_again_after_an_hour() -> None:
    """The addresses in a document are used for an hour."""
    sandbox = ScriptedSandbox({})
    # The clock is read to check the age of a document, again under the lock, and after a read.
    times = iter(
        [
            0.0,
            DOCUMENT_LIFETIME_SECONDS - 1,
            DOCUMENT_LIFETIME_SECONDS,
            DOCUMENT_LIFETIME_SECONDS,
            DOCUMENT_LIFETIME_SECONDS + 1,
            DOCUMENT_LIFETIME_SECONDS + 2,
        ]
    )
    with served(sandbox):
        async with async_client() as http:
            discovery = Discovery(http, sandbox.url, clock=lambda: next(times))
            for _ in range(4):
                await discovery.document()

    assert len(sandbox.requests) == 2


async def test_a_failure_is_shared_but_not_cached() -> None:
    """Callers that wait for a read share its failure; the next caller reads again."""
    sandbox = ScriptedSandbox({})
    with served(sandbox):
        async with async_client() as http:
            discovery = Discovery(http, sandbox.url)
            sandbox.switches.down = True
            results = await asyncio.gather(*(discovery.document() for _ in range(5)), return_exceptions=True)
            request_count = len(sandbox.requests)
            sandbox.switches.down = False
            document = await discovery.document()

    assert request_count == 1
    assert {httpx.HTTPStatusError} == {type(result) for result in results}
    assert document.version == "7.2"


async def test_a_failure_shared_by_a_hundred_callers_does_not_grow() -> None:
    """Its traceback would otherwise grow with each of them, and keep alive what they hold."""

    async def fail(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)  # the other callers wait for the result meanwhile
        return httpx.Response(503)

    async with httpx.AsyncClient(transport=httpx.MockTransport(fail)) as http:
        discovery = Discovery(http, UNSERVED_URL)
        results = await asyncio.gather(*(discovery.document() for _ in range(100)), return_exceptions=True)
    assert {httpx.HTTPStatusError} == {type(result) for result in results}
    failure = results[-1]
    assert isinstance(failure, httpx.HTTPStatusError)
    assert len(traceback.extract_tb(failure.__traceback__)) < 20


async def test_a_cancelled_read_is_repeated_by_the_next_caller() -> None:
    """A waiting caller does not get the failure of an earlier read when the current read is cancelled."""
    sandbox = ScriptedSandbox({})
    sent = asyncio.Event()

    async def hang_once(_: httpx.Request) -> None:
        if not sent.is_set():
            sent.set()
            await asyncio.Event().wait()

    with served(sandbox):
        async with async_client() as http:
            discovery = Discovery(http, sandbox.url)
            sandbox.switches.down = True
            with pytest.raises(httpx.HTTPStatusError):
                await discovery.document()
            sandbox.switches.down = False
            http.event_hooks = {"request": [hang_once]}
            first, second = (asyncio.create_task(discovery.document()) for _ in range(2))
            await sent.wait()
            first.cancel()

            assert (await second).version == "7.2"
            assert first.cancelled()


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("5.1.0", (5, 1)),
        ("3.3.1-b", (3, 3)),
        ("4", (4, 0)),
        ("4.1", (4, 0)),
        ("5.2.0", (5, 1)),
        ("6.1.0", (6, 0)),
        ("", (5, 0)),
        ("next", (5, 0)),
    ],
)
async def test_the_data_standard_is_the_declared_one(declared: str, expected: tuple[int, int]) -> None:
    """A suffix does not matter, nor does a newer minor version; without a valid declaration it is 5.0."""
    async with connected(ScriptedSandbox({}, standard=declared)) as adapter:
        assert expected == (await adapter.client.discovery.standard()).since


@pytest.mark.parametrize("declared", ["2.2.0", "3.2.0-c", "7.0.0", "10.0"])
async def test_another_data_standard_is_refused(declared: str) -> None:
    """`check` and every lookup say so, and no request for data is sent."""
    sandbox = ScriptedSandbox({"students": [STUDENT_ROW]}, standard=declared)
    async with connected(sandbox) as adapter:
        with pytest.raises(UnsupportedStandardError, match=re.escape(declared.partition(".0")[0])):
            await adapter.check()
        for lookup in EdFi.capabilities():
            with pytest.raises(UnsupportedStandardError):
                await run_lookup(adapter, lookup, ["1"], {"school_year": 2027})

    assert {"GET /"} == set(sandbox.requests)
