"""Vendors report changes by webhooks, and operators purge the cache."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from student_graph.gateway.server.service import Service
from student_graph.gateway.server.workers.coordination import Claims
from student_graph.gateway.web.routes.webhooks import (
    CALLS_BURST,
    MAX_CLOCK_DIFFERENCE_SECONDS,
    REFUSED_CALLS_BURST,
    Webhooks,
    signature,
)
from student_graph.gateway.web.token_bucket import MAX_BUCKETS, TokenBuckets
from tests.gateway.cache.small_cache import Clock
from tests.gateway.cache.test_response_cache import VIEWERS
from tests.gateway.servers import client_for, run_here
from tests.gateway.small_district import Ledger, district

KEY = b"h" * 32
QUERY = {"query": '{ student(studentUniqueId: "s1") { studentUniqueId } }'}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client of a gateway whose SIS reports changes."""
    service = Service([district(Ledger(students=["s1"]))], VIEWERS, webhook_keys={("hill", "sis"): KEY})
    with client_for(service.app()) as http:
        yield http


def call(
    client: httpx.Client,
    body: dict[str, Any] | bytes | None = None,
    *,
    path: str = "/hooks/hill/sis",
    key: bytes = KEY,
    seconds_from_now: float = 0.0,
    **headers: str,
) -> httpx.Response:
    """Call a webhook with a signature and a timestamp so many seconds from now."""
    content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    timestamp = str(int(time.time() + seconds_from_now))
    return client.post(path, content=content, headers={**signed(timestamp, content, key), **headers})


def signed(timestamp: str, content: bytes, key: bytes = KEY) -> dict[str, str]:
    """Return the headers that sign a call."""
    return {
        "X-Student-Graph-Timestamp": timestamp,
        "X-Student-Graph-Signature": signature(key, timestamp, content),
    }


def cache_hits(client: httpx.Client) -> int:
    """Send a query, and return how many of its keys the cache answered."""
    response = client.post("/graphql", json=QUERY, headers={"Authorization": "Bearer head"}).json()
    hits: int = response["extensions"]["sources"]["hill/sis"]["hits"]
    return hits


def test_changed_data_is_fetched_again(client: httpx.Client) -> None:
    """A call names students by the vendor's ids, or record types, or nothing for all data of the source."""
    for number, body in enumerate([{"students": ["s1"]}, {"records": ["Student"]}, {}]):
        cache_hits(client)
        assert cache_hits(client) == 1
        assert call(client, body, seconds_from_now=number).status_code == 204
        assert cache_hits(client) == 0


def test_unchanged_data_is_still_cached(client: httpx.Client) -> None:
    """A change of another student or of another record type removes nothing else."""
    cache_hits(client)
    call(client, {"students": ["s2"]}, seconds_from_now=10)
    call(client, {"records": ["AttendanceEvent"]}, seconds_from_now=11)
    assert cache_hits(client) == 1


def test_all_calls_without_a_valid_signature_get_the_same_response(client: httpx.Client) -> None:
    """A wrong key, a changed body, an old time, a repetition, no signature and an unknown source look the same."""
    content = b'{"students": ["s1"]}'
    headers = signed(str(int(time.time()) + 30), content)  # a timestamp that no other test uses
    too_far = MAX_CLOCK_DIFFERENCE_SECONDS + 5
    assert client.post("/hooks/hill/sis", content=content, headers=headers).status_code == 204
    refused = [
        client.post("/hooks/hill/sis", content=content, headers=headers),
        client.post("/hooks/hill/sis", content=content.replace(b"s1", b"s2"), headers=headers),
        client.post("/hooks/hill/lms", content=content, headers=headers),
        client.post("/hooks/hill/sis", content=content),
        call(client, key=b"x" * 32),
        call(client, seconds_from_now=-too_far),
        call(client, seconds_from_now=too_far),
        call(client, path="/hooks/hill/lms"),
        call(client, path="/hooks/nowhere/sis"),
        call(client, **{"X-Student-Graph-Timestamp": "soon"}),
        call(client, **{"X-Student-Graph-Signature": "sha256="}),
    ]
    assert {(response.status_code, response.text) for response in refused} == {(401, refused[0].text)}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[]", "Send one JSON object"),
        (b"{", "Send one JSON object"),
        (b'{"student": "s1"}', "Send one JSON object"),
        (b'{"district": "dale"}', "district, source: they are in the URL"),
        (b'{"records": ["Students"]}', "records: there is no record type 'Students'"),
        (json.dumps({"students": [str(n) for n in range(1001)]}).encode(), "students: more than 1000"),
    ],
)
def test_a_signed_call_with_a_wrong_body_gets_a_reason(client: httpx.Client, body: bytes, message: str) -> None:
    """The message tells the vendor's developer what to change."""
    response = call(client, body, seconds_from_now=20)
    assert response.status_code == 400
    assert message in response.json()["error"]


def test_a_body_over_the_limit_is_refused(client: httpx.Client) -> None:
    """The limit is 64 KiB; a longer body is neither kept nor checked."""
    assert call(client, b" " * 70_000).status_code == 413


@pytest.mark.parametrize(
    ("viewer", "body", "status", "message"),
    [
        ("nobody", {"district": "hill"}, 401, "Send the token of an operator."),
        ("teacher", {"district": "hill"}, 403, "Send the token of an operator."),
        ("head", {}, 400, "district: there is no such district"),
        ("head", {"district": "dale"}, 400, "district: there is no such district"),
        (
            "head",
            {"district": "hill", "source": "bus"},
            400,
            "source: the district has no such source; it has lms, sis",
        ),
        ("head", {"district": "hill", "records": ["X"]}, 400, "records: there is no record type 'X'"),
    ],
)
def test_a_wrong_purge_gets_a_reason(
    client: httpx.Client, viewer: str, body: dict[str, Any], status: int, message: str
) -> None:
    """Only operators may purge; the message says what is wrong."""
    response = client.post("/cache/purge", json=body, headers={"Authorization": f"Bearer {viewer}"})
    code = {400: "BAD_REQUEST", 401: "UNAUTHENTICATED", 403: "FORBIDDEN"}[status]
    assert (response.status_code, response.json()) == (status, {"error": message, "code": code})


def test_the_command_purges_a_running_gateway(client: httpx.Client) -> None:
    """`student-graph cache purge` prints how many cache entries it removed, or one line with the error."""
    cache_hits(client)
    url = str(client.base_url)
    environ = {"OPERATOR": "head"}
    arguments = ["cache", "purge", "--url", url, "--token-env", "OPERATOR", "--district"]
    purged = run_here(*arguments, "hill", "--student", "s1", environ=environ)
    assert (purged.returncode, purged.stdout) == (0, "removed 1 cache entry\n")
    failed = [
        run_here(*arguments, "dale", environ=environ),
        run_here(*arguments, "hill"),
        run_here(*arguments, "hill", "--url", "http://127.0.0.1:9", environ=environ),
    ]
    assert [(process.returncode, process.stderr) for process in failed] == [
        (2, "student-graph: district: there is no such district\n"),
        (2, "student-graph: --token-env: the environment variable OPERATOR is not set\n"),
        (2, "student-graph: --url: no gateway answers at http://127.0.0.1:9\n"),
    ]


def webhooks(purged: list[Any], clock: Clock | None = None, claims: Claims | None = None) -> Starlette:
    """
    The webhooks of a gateway with one source and a clock that stands still; `purged` gets what is purged.

    With `claims`, it is one of several workers.
    """

    async def claim(name: str, seconds: int) -> bool:
        return claims is None or claims.take(name, seconds)

    async def purge(change: Any) -> int:
        purged.append(change)
        return 0

    return Starlette(routes=Webhooks({("hill", "sis"): KEY}, purge, claim, clock=clock or Clock()).routes())


async def statuses(app: Any, address: str, requests: Sequence[Mapping[str, str]]) -> list[int]:
    """Call the source's webhook from an address, with each of these headers, and return the statuses."""
    transport = httpx.ASGITransport(app, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.example") as caller:
        return [
            (await caller.post("/hooks/hill/sis", content=b"{}", headers=headers)).status_code
            for headers in requests
        ]


async def test_calls_of_strangers_take_nothing_from_the_rate_of_a_source() -> None:
    """Unsigned, wrongly signed and repeated calls have a rate for each address, also if it is the source's own."""
    purged: list[Any] = []
    app = webhooks(purged)
    now = int(time.time())
    captured = signed(str(now - 100), b"{}")
    assert await statuses(app, "192.0.2.1", [captured]) == [204]
    strange: list[dict[str, str]] = [{}, signed(str(now), b"{}", b"x" * 32), captured]
    refused = await statuses(app, "192.0.2.1", strange * 40)
    assert refused == [401] * REFUSED_CALLS_BURST + [429] * (120 - REFUSED_CALLS_BURST)
    calls = [signed(str(now - number), b"{}") for number in range(CALLS_BURST - 1)]
    assert await statuses(app, "192.0.2.1", calls) == [204] * len(calls)
    assert len(purged) == CALLS_BURST
    assert await statuses(app, "192.0.2.2", [{}]) == [401]


async def test_a_signed_call_over_the_rate_can_be_sent_again() -> None:
    """It is no repetition: it was not accepted the first time."""
    clock = Clock()
    app = webhooks([], clock)
    now = int(time.time())
    calls = [signed(str(now - number), b"{}") for number in range(CALLS_BURST + 1)]
    assert await statuses(app, "192.0.2.1", calls) == [204] * CALLS_BURST + [429]
    clock.now += 1.0
    assert await statuses(app, "192.0.2.1", [calls[-1], calls[-1]]) == [204, 401]


@pytest.mark.parametrize(("address", "others"), [
    ("192.0.2.1", ["192.0.2.2", "2001:db8::1", "::ffff:192.0.2.2"]),
    ("2001:db8::1", ["2001:db8:0:1::1", "192.0.2.1"]),
    ("::ffff:192.0.2.1", ["::ffff:192.0.2.2", "::1"]),
    ("a socket", ["another"]),
])  # fmt: skip
async def test_refused_calls_are_counted_by_network(address: str, others: list[str]) -> None:
    """A host has all addresses of an IPv6 network of 64 bits, but one IPv4 address."""
    app = webhooks([])
    assert 429 in await statuses(app, address, [{}] * (REFUSED_CALLS_BURST + 1))
    for other in others:
        assert await statuses(app, other, [{}]) == [401]


async def test_the_addresses_of_one_ipv6_network_share_a_rate() -> None:
    """Taking a new address for each call does not help."""
    app = webhooks([])
    answers = [
        (await statuses(app, f"2001:db8::{number:x}", [{}]))[0] for number in range(1, REFUSED_CALLS_BURST + 2)
    ]
    assert set(answers) == {401, 429}


def test_the_memory_for_addresses_is_bounded() -> None:
    """A flood from many addresses forgets the oldest of them."""
    buckets = TokenBuckets(rate=1.0, burst=1)
    for number in range(MAX_BUCKETS + 1_000):
        assert buckets.take(f"192.0.2.{number}", now=float(number))
    assert len(buckets._buckets) == MAX_BUCKETS


async def test_a_call_is_accepted_by_one_worker_only() -> None:
    """A repetition is refused also by those that have not seen the first one."""
    purged: list[Any] = []
    claims = Claims()
    workers = [webhooks(purged, claims=claims) for _ in range(2)]
    headers = signed(str(int(time.time())), b"{}")

    assert [await statuses(worker, "192.0.2.1", [headers]) for worker in workers] == [[204], [401]]
    assert len(purged) == 1
