"""No signal of a whole session holds a name, an id of a person, a literal of a query or a token."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from student_graph.gateway.logs import JsonLines
from student_graph.gateway.telemetry.catalog import METRICS
from student_graph.gateway.web.observing import trace_ids
from tests.adapters.recording.test_recordings import personal_values
from tests.gateway.telemetry.gateway import METRICS_TOKEN, OPEN_METRICS, Observed, observed_gateway

PAGE = """
{ viewer { students(first: 20) { edges { node {
  name { firstName } courseGrades { numeric section { sectionName } } assignments { title }
  demographics { birthDate }
} } } } }
"""

CANARY = "Canary7f3a"
"""Text of a client, wherever a client can write text."""
MIN_CHARACTERS = 5
"""Shorter names and numbers are parts of other words."""


@pytest.fixture(scope="module")
def session() -> Iterator[tuple[Observed, list[str], list[str]]]:
    """A session with all that can go wrong: what was gathered, the lines of the log, and the texts to look for."""
    handler = _Lines()
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with observed_gateway("both", context_to_vendors=True) as observed:
            secrets = [*observed.gateway.tokens.values(), METRICS_TOKEN]
            play(observed)
            shown = observed.metrics() + observed.metrics(OPEN_METRICS)
        facts = [district.facts for district in observed.districts]
        people = {
            value
            for fact in facts
            for value in personal_values([fact.students, fact.staff, fact.contacts])
            if len(value) >= MIN_CHARACTERS
        }
        assert len(people) > 100
        yield observed, [*handler.lines, shown], [CANARY, CANARY.lower(), *secrets, *people]
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


class _Lines(logging.Handler):
    """Keeps the lines that the gateway would write to its log, with the ids of traces."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(JsonLines(trace_ids))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of the gateway, its libraries and its vendors' libraries."""
        self.lines.append(self.format(record))


def play(observed: Observed) -> None:
    """Send good pages, wrong documents and wrong heads, with vendors that are up, down, slow and throttling."""
    page = observed.gateway.post(PAGE)
    assert page["data"]["viewer"]["students"]["edges"][0]["node"]["name"]
    students = observed.gateway.post("{ viewer { students(first: 3) { edges { node { studentUniqueId } } } } }")
    number = students["data"]["viewer"]["students"]["edges"][0]["node"]["studentUniqueId"]
    documents = [
        f'query Anna_Smith_{CANARY} {{ student(studentUniqueId: "{number}") {{ name {{ firstName }} }} }}',
        f"query (${CANARY}: String) {{ {CANARY}: student(studentUniqueId: ${CANARY}) {{ id }} }}",
        f"# {CANARY}\n{{ viewer {{ ...{CANARY} }} }} fragment {CANARY} on Viewer {{ role }}",
        f"{{ {CANARY} }}",
        f"{{ viewer {{ role @{CANARY} }} }}",
        f"{{ viewer {{ {CANARY}",
        f'mutation {CANARY} {{ student(studentUniqueId: "{CANARY}") {{ id }} }}',
        f'{{ student(studentUniqueId: "{CANARY}", {CANARY}: 1) {{ id }} }}',
        PAGE,
    ]
    for viewer in ("superintendent", "teacher", "parent"):
        for document in documents:
            send(observed, viewer, {"query": document, "variables": {CANARY: number}})
    send(observed, "teacher", {"query": "{ viewer { role } }", "operationName": CANARY})
    send(observed, "teacher", {"documentId": CANARY})
    send(observed, "teacher", {"query": documents[0], "extensions": {"persistedQuery": {"sha256Hash": CANARY}}})
    heads: list[dict[str, str]] = [
        {"Authorization": f"Bearer {CANARY}.{CANARY}.{CANARY}"},
        {"Student-Graph-Purpose": CANARY * 10},
        {"Student-Graph-Break-Glass": CANARY},
        {"Accept": CANARY},
        {"Content-Type": CANARY},
        {"Host": CANARY},
        {"Cache-Control": f"max-age={CANARY}"},
        {
            "traceparent": f"00-{'a' * 32}-{'b' * 16}-01",
            "tracestate": f"x={CANARY}",
            "baggage": f"student={CANARY}",
        },
        {"traceparent": CANARY, "tracestate": CANARY, "baggage": CANARY},
        {"User-Agent": CANARY, "X-Forwarded-For": CANARY, "Cookie": CANARY},
    ]
    for head in heads:
        send(observed, "teacher", {"query": documents[0]}, head)
    client = observed.gateway.client
    client.request("PUT", "/graphql", content=CANARY)
    client.get(f"/graphql?query={CANARY}&variables={CANARY}")
    client.get(f"/{CANARY}")
    client.post("/graphql", content=f'{{"{CANARY}": '.encode())
    send(observed, "superintendent", {"query": documents[0]}, {"Student-Graph-Explain": "1"})
    for switches in ({"down": True}, {"throttled": True}):
        for sandbox in observed.sandboxes:
            sandbox.switches.change(switches)
        for document in documents:
            send(observed, "superintendent", {"query": document}, {"Cache-Control": "no-cache"})
        for sandbox in observed.sandboxes:
            sandbox.switches.change(dict.fromkeys(switches, False))
    for sandbox in observed.sandboxes:
        sandbox.switches.latency = 300.0
    with suppress(httpx.TimeoutException):  # the client goes before the vendors answer
        send(observed, "superintendent", {"query": documents[-1]}, {"Cache-Control": "no-cache"}, timeout=0.2)
    for sandbox in observed.sandboxes:
        sandbox.switches.latency = 0.0


def send(
    observed: Observed,
    viewer: str,
    body: dict[str, Any],
    headers: dict[str, str] | None = None,
    timeout: float = 60.0,
) -> None:
    """Send a request as a person, whatever comes of it."""
    token = {"Authorization": f"Bearer {observed.gateway.tokens[viewer]}"}
    observed.gateway.client.post("/graphql", json=body, headers={**token, **(headers or {})}, timeout=timeout)


@pytest.mark.row("L02", "L07")
def test_no_span_no_set_of_metrics_and_no_line_of_the_log_holds_any_of_it(
    session: tuple[Observed, list[str], list[str]],
) -> None:
    """The bodies that the collector got are searched as bytes, and the rest as text."""
    observed, texts, canaries = session
    bodies = [body for _, body in observed.collector.bodies]
    assert len(observed.collector.spans) > 200
    assert {path for path, _ in observed.collector.bodies} == {"/v1/traces", "/v1/metrics"}
    everything = b"\0".join([*bodies, *(text.encode() for text in texts)])
    assert b"ask " in everything
    assert b"student_graph_lookups_total" in everything
    assert b'"trace_id":' in everything
    assert [canary for canary in canaries if is_in(canary, everything)] == []


def is_in(canary: str, everything: bytes) -> bool:
    """Whether a text is there; a number is only there as a whole word: it may be a part of an id or a count."""
    text = canary.encode()
    if text not in everything:
        return False
    return (
        not canary.isdecimal() or re.search(rb"(?<![0-9a-f.])" + text + rb"(?![0-9a-f.])", everything) is not None
    )


def test_the_search_finds_what_a_signal_would_hold() -> None:
    """A number in a label, a name in an attribute, a token in a line."""
    assert is_in("401001", b'{"student":"401001"}')
    assert not is_in("401001", b"trace 5b401001fe, bytes 1401001.0")
    assert is_in("Aaliyah", b"\x0a\x07Aaliyah")


@pytest.mark.row("L07")
def test_labels_have_values_of_the_settings_and_of_the_code_only(
    session: tuple[Observed, list[str], list[str]],
) -> None:
    """Whatever clients and vendors send, the labels are the same few words."""
    observed, texts, _ = session
    allowed = {label for metric in METRICS for label in metric.labels} | {"le", "trace_id", "span_id"}
    pairs = set(re.findall(r'(\w+)="([^"]*)"', texts[-1]))
    assert {name for name, _ in pairs} <= allowed
    sources = {name for district in observed.districts for name in district.sandboxes}
    assert {value for name, value in pairs if name == "source"} == sources
    assert {value for name, value in pairs if name == "district"} <= {
        "unknown",
        "several",
        *(district.id for district in observed.districts),
    }
    assert all(re.fullmatch("[A-Z_]+", value) for name, value in pairs if name == "code")
    assert all(
        re.fullmatch("[a-z_]+", value) for name, value in pairs if name in {"lookup", "outcome", "kind", "cache"}
    )
