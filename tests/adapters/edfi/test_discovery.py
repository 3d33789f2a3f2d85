"""Where an Ed-Fi API has its parts."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from student_graph.adapters.edfi.client.discovery import KEPT, Discovery
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.errors import PayloadError
from student_graph.adapters.model import StudentId
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from tests.adapters.edfi.scripted import Scripted, connected

LISA = {"id": "a1", "studentUniqueId": "604822", "firstName": "Lisa", "lastSurname": "Woods"}
KEY = StudentId("604822")


async def test_credentials_go_nowhere_but_to_the_configured_origin() -> None:
    """A discovery document that leads elsewhere is an error; the other server hears nothing."""
    elsewhere = Scripted({"students": [LISA]})
    sandbox = Scripted({"students": [LISA]})
    with served(elsewhere):
        sandbox.leads_to = elsewhere.url
        async with connected(sandbox) as adapter:
            with pytest.raises(PayloadError):
                await adapter.students_by_id([KEY])

    assert sandbox.requests == ["GET /"]
    assert elsewhere.requests == []


async def test_the_root_document_is_read_without_credentials() -> None:
    """It is public, and until it is read nobody knows where credentials belong."""
    sent: list[httpx.Request] = []

    async def keep(request: httpx.Request) -> None:
        sent.append(request)

    async with connected(Scripted({"students": [LISA]})) as adapter:
        adapter.http.event_hooks = {"request": [keep]}
        await adapter.students_by_id([KEY])

    assert [request.url.path for request in sent if request.method == "GET"][:2] == [
        "/",
        "/data/v3/ed-fi/students",
    ]
    assert "authorization" not in sent[0].headers


@pytest.mark.parametrize("root", ["/local/v3.3b", "/2022/data/v3", "/tenant/data"])
async def test_the_data_root_is_where_the_document_says(root: str) -> None:
    """It need not contain `data/v3`, and may contain a tenant or a year."""
    sandbox = Scripted({"students": [LISA]}, root=root)
    async with connected(sandbox) as adapter:
        told = await adapter.students_by_id([KEY])

    assert KEY in told
    assert any(f"GET {root}/ed-fi/students?" in line for line in sandbox.requests)


async def test_the_document_is_read_once_for_all() -> None:
    """However many lookups begin at the same time."""
    sandbox = EdFiSandbox(make_district(10))
    async with connected(sandbox) as adapter:
        keys = [StudentId(key) for key in sandbox.known_keys("student")]
        await asyncio.gather(*(adapter.students_by_id([key]) for key in keys))

    assert sandbox.requests.count("GET /") == 1
    assert sandbox.requests.count("POST /oauth/token") == 1


async def test_the_document_is_read_again_after_an_hour() -> None:
    """Hosts move: what it says is good for an hour."""
    sandbox = Scripted({})
    # Looked at when a document is at hand, again once it is ours to read anew, and when it was read.
    instants = iter([0.0, KEPT - 1, KEPT, KEPT, KEPT + 1, KEPT + 2])
    with served(sandbox):
        async with httpx.AsyncClient(trust_env=False) as http:
            discovery = Discovery(http, sandbox.url, clock=lambda: next(instants))
            for _ in range(4):
                await discovery.document()

    assert len(sandbox.requests) == 2


async def test_a_failure_is_shared_and_not_kept() -> None:
    """Those who wait for a reading share its failure; the next to ask reads anew."""
    sandbox = Scripted({})
    with served(sandbox):
        async with httpx.AsyncClient(trust_env=False) as http:
            discovery = Discovery(http, sandbox.url)
            sandbox.switches.down = True
            told = await asyncio.gather(*(discovery.document() for _ in range(5)), return_exceptions=True)
            asked = len(sandbox.requests)
            sandbox.switches.down = False
            document = await discovery.document()

    assert asked == 1
    assert {httpx.HTTPStatusError} == {type(each) for each in told}
    assert document.version == "7.2"


async def test_who_gives_up_while_reading_leaves_the_reading_to_the_next() -> None:
    """A failure of long ago is not taken for the outcome."""
    sandbox = Scripted({})
    with served(sandbox):
        async with httpx.AsyncClient(trust_env=False) as http:
            discovery = Discovery(http, sandbox.url)
            sandbox.switches.down = True
            with pytest.raises(httpx.HTTPStatusError):
                await discovery.document()
            sandbox.switches.change({"down": False, "latency": 50.0})
            first, second = (asyncio.create_task(discovery.document()) for _ in range(2))
            await asyncio.sleep(0.01)
            first.cancel()

            assert (await second).version == "7.2"


@pytest.mark.parametrize(
    ("declared", "expected"),
    [("5.1.0", (5, 1)), ("3.3.1-b", (3, 3)), ("4", (4, 0)), ("", (5, 0)), ("next", (5, 0))],
)
async def test_the_standard_is_what_is_declared(declared: str, expected: tuple[int, int]) -> None:
    """With or without suffix; 5.0 where it is not declared or cannot be read."""
    async with connected(Scripted({}, standard=declared)) as adapter:
        assert expected == await adapter.discovery.standard()
