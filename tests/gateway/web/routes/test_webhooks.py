"""Vendors that say when something changed, and operators who say what to forget."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from student_graph.gateway.server import Service
from student_graph.gateway.web.routes.webhooks import WINDOW, signature
from tests.gateway.cache.test_response_cache import VIEWERS
from tests.gateway.servers import answering, command
from tests.gateway.small_district import Ledger, district

KEY = b"h" * 32
QUERY = {"query": '{ student(studentUniqueId: "s1") { studentUniqueId } }'}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A district whose SIS calls when something changed."""
    service = Service([district(Ledger(students=["s1"]))], VIEWERS, webhook_keys={("hill", "sis"): KEY})
    with answering(service.app()) as made:
        yield made


def call(
    client: httpx.Client,
    body: dict[str, Any] | bytes | None = None,
    *,
    path: str = "/hooks/hill/sis",
    key: bytes = KEY,
    at: float = 0.0,
    **headers: str,
) -> httpx.Response:
    """A vendor's call, made so many seconds from now."""
    sent = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    told = str(int(time.time() + at))
    signed = {"X-Student-Graph-Timestamp": told, "X-Student-Graph-Signature": signature(key, told, sent)}
    return client.post(path, content=sent, headers={**signed, **headers})


def fetched(client: httpx.Client) -> int:
    """How many keys a question is answered from what is kept."""
    told = client.post("/graphql", json=QUERY, headers={"Authorization": "Bearer head"}).json()
    hits: int = told["extensions"]["sources"]["hill/sis"]["hits"]
    return hits


def test_what_changed_is_asked_again(client: httpx.Client) -> None:
    """The call names a student of the vendor's own, or a type of record, or nothing: all of the source."""
    for number, body in enumerate([{"students": ["s1"]}, {"records": ["Student"]}, {}]):
        fetched(client)
        assert fetched(client) == 1
        assert call(client, body, at=number).status_code == 204
        assert fetched(client) == 0


def test_what_did_not_change_is_not(client: httpx.Client) -> None:
    """Another student, another type of record."""
    fetched(client)
    call(client, {"students": ["s2"]}, at=10)
    call(client, {"records": ["AttendanceEvent"]}, at=11)
    assert fetched(client) == 1


def test_everything_that_is_not_signed_as_it_must_be_looks_the_same(client: httpx.Client) -> None:
    """A wrong key, a changed body, an old time, a second time, no signature, a source that is not there."""
    sent = b'{"students": ["s1"]}'
    told = str(int(time.time()) + 30)  # as no other test
    good = {"X-Student-Graph-Timestamp": told, "X-Student-Graph-Signature": signature(KEY, told, sent)}
    assert client.post("/hooks/hill/sis", content=sent, headers=good).status_code == 204
    refused = [
        client.post("/hooks/hill/sis", content=sent, headers=good),
        client.post("/hooks/hill/sis", content=sent.replace(b"s1", b"s2"), headers=good),
        client.post("/hooks/hill/lms", content=sent, headers=good),
        client.post("/hooks/hill/sis", content=sent),
        call(client, key=b"x" * 32),
        call(client, at=-WINDOW - 5),
        call(client, at=WINDOW + 5),
        call(client, path="/hooks/hill/lms"),
        call(client, path="/hooks/nowhere/sis"),
        call(client, **{"X-Student-Graph-Timestamp": "soon"}),
        call(client, **{"X-Student-Graph-Signature": "sha256="}),
    ]
    assert {(answer.status_code, answer.text) for answer in refused} == {(401, refused[0].text)}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"[]", "Send one JSON object"),
        (b"{", "Send one JSON object"),
        (b'{"student": "s1"}', "Send one JSON object"),
        (b'{"district": "dale"}', "district, source: they stand in the address"),
        (b'{"records": ["Students"]}', "records: there is no type of record 'Students'"),
        (json.dumps({"students": [str(n) for n in range(1001)]}).encode(), "students: more than 1000"),
    ],
)
def test_a_signed_call_that_cannot_be_read_says_why(client: httpx.Client, body: bytes, says: str) -> None:
    """The vendor's developer reads it."""
    told = call(client, body, at=20)
    assert told.status_code == 400
    assert says in told.json()["error"]


def test_a_body_is_read_so_far_and_no_further(client: httpx.Client) -> None:
    """64 KiB; nothing longer is kept or checked."""
    assert call(client, b" " * 70_000).status_code == 413


def test_a_flood_of_calls_is_refused() -> None:
    """Sixty at once, ten a second: beyond it the vendor is told to wait."""
    service = Service([district(Ledger())], VIEWERS, webhook_keys={("hill", "sis"): KEY})
    with answering(service.app()) as client:
        statuses = [call(client, path="/hooks/hill/none").status_code for _ in range(90)]
        assert (statuses.count(401) >= 60, statuses[-1]) == (True, 429)
        assert call(client).status_code == 204


@pytest.mark.parametrize(
    ("viewer", "body", "status", "says"),
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
        ("head", {"district": "hill", "records": ["X"]}, 400, "records: there is no type of record 'X'"),
    ],
)
def test_an_operator_is_told_what_is_wrong(
    client: httpx.Client, viewer: str, body: dict[str, Any], status: int, says: str
) -> None:
    """And nobody else may purge."""
    told = client.post("/cache/purge", json=body, headers={"Authorization": f"Bearer {viewer}"})
    assert (told.status_code, told.json()) == (status, {"error": says})


def test_the_command_purges_a_running_gateway(client: httpx.Client) -> None:
    """It says how many answers were forgotten; what is wrong it says in one line."""
    fetched(client)
    url = str(client.base_url)
    environ = {"OPERATOR": "head"}
    words = ["cache", "purge", "--url", url, "--token-env", "OPERATOR", "--district"]
    done = command(*words, "hill", "--student", "s1", environ=environ)
    assert (done.returncode, done.stdout) == (0, "forgot 1 answers\n")
    wrong = [
        command(*words, "dale", environ=environ),
        command(*words, "hill"),
        command(*words, "hill", "--url", "http://127.0.0.1:9", environ=environ),
    ]
    assert [(one.returncode, one.stderr) for one in wrong] == [
        (2, "student-graph: district: there is no such district\n"),
        (2, "student-graph: --token-env: the environment variable OPERATOR is not set\n"),
        (2, "student-graph: --url: no gateway answers at http://127.0.0.1:9\n"),
    ]
