"""Traces: what a request did, as spans at a collector."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import pytest

from student_graph.adapters.sandbox import serving
from student_graph.gateway.concurrency.observation import observe
from student_graph.gateway.telemetry import TelemetrySettings
from student_graph.gateway.telemetry.tracing import Tracing
from student_graph.gateway.web.encoding import MAX_ITEMS_AT_ONCE, encode_in_parts
from tests.gateway.telemetry.collector import attributes
from tests.gateway.telemetry.gateway import PAGE, Observed, observed_gateway
from tests.gateway.telemetry.test_span_sender import Memory

TRACE_ID, PARENT_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_a_request_is_a_tree_of_spans_from_its_head_to_the_vendors() -> None:
    """Each span is inside its parent, and each vendor call that a sandbox counted is one."""
    with observed_gateway() as observed:
        observed.gateway.post(PAGE)
        calls = sum(len(sandbox.requests) for sandbox in observed.sandboxes)
    spans = observed.collector.spans
    by_id = {span.span_id: span for span in spans}
    [root] = [span for span in spans if not span.parent_span_id]
    assert root.name == "POST /graphql"
    assert attributes(root)["http.response.status_code"] == 200
    assert attributes(root)["student_graph.outcome"] == "complete"
    assert {span.trace_id for span in spans} == {root.trace_id}
    assert {"parse and check", "execute", "plan"} <= {span.name for span in spans}
    sent = [span for span in spans if span.kind == span.SPAN_KIND_CLIENT]
    assert len(sent) == calls > 0
    for span in sent:
        chain = [by_id[span.parent_span_id]]
        while chain[-1].parent_span_id:
            chain.append(by_id[chain[-1].parent_span_id])
        names = [parent.name for parent in chain]
        assert names[0].startswith("ask "), names
        assert any(name.startswith("lookup ") for name in names), names
        assert names[-2:] == ["execute", "POST /graphql"], names
    for span in spans:
        parent = by_id.get(span.parent_span_id)
        assert parent is None or parent.start_time_unix_nano <= span.start_time_unix_nano


def test_a_page_from_the_cache_of_responses_says_so_and_has_no_parts() -> None:
    """The first page is read from vendors, the second one is made of cached answers, the third one is cached."""
    with observed_gateway() as observed:
        for _ in range(3):
            observed.gateway.post(PAGE)
    *_, cached = roots_of(observed)
    assert attributes(cached)["student_graph.outcome"] == "cached"
    assert [span for span in observed.collector.spans if span.parent_span_id == cached.span_id] == []


def test_known_work_has_no_spans() -> None:
    """If a page is built again from cached answers, its document and plan are known, and no lookup waits."""
    with observed_gateway() as observed:
        for _ in range(2):
            observed.gateway.post(PAGE)
    first, second = roots_of(observed)
    assert attributes(second)["student_graph.outcome"] == "complete"
    names = {root.trace_id: [] for root in (first, second)}
    for span in observed.collector.spans:
        names[span.trace_id].append(span.name)
    assert sorted(names[second.trace_id]) == ["POST /graphql", "execute"]
    assert {"POST /graphql", "execute"} < set(names[first.trace_id])


async def test_only_a_long_answer_is_encoded_in_a_span() -> None:
    """A short one takes microseconds."""
    exporter = Memory()
    tracing = Tracing(TelemetrySettings(endpoint="http://127.0.0.1:1", sample=1.0), exporter)
    root = tracing.start_request("POST", ())
    observe(root, None)
    assert root is not None
    for rows in (10, 2 * MAX_ITEMS_AT_ONCE):
        await encode_in_parts([{"numeric": 91.5}] * rows)
        await asyncio.to_thread(tracing.flush)
        assert [span.name for span in exporter.spans] == ([] if rows == 10 else ["encode"])
    observe(None, None)
    await tracing.close()


def test_a_retry_is_a_span_of_its_own() -> None:
    """A vendor that answers 503 first and then is up again: the second attempt counts as sent again."""
    with observed_gateway() as observed:
        for sandbox in observed.sandboxes:
            sandbox.switches.down = True
        observed.gateway.client.post(
            "/graphql",
            json={"query": PAGE},
            headers={"Authorization": f"Bearer {observed.gateway.tokens['superintendent']}"},
        )
    sent = [attributes(span) for span in observed.collector.spans if span.kind == span.SPAN_KIND_CLIENT]
    assert {span.get("http.request.resend_count") for span in sent} >= {None, 1}
    assert all(span["http.response.status_code"] == 503 and span["error.type"] == "503" for span in sent)
    assert "wait before a retry" in {span.name for span in observed.collector.spans}


def test_a_sample_of_none_traces_nothing_and_one_of_a_half_about_half() -> None:
    """Of sixty requests, a half is between ten and fifty with a probability of 0.9999999."""
    with observed_gateway(sample=0.5) as observed:
        for _ in range(60):
            observed.gateway.post("{ viewer { role } }")
    assert 10 <= len(roots_of(observed)) <= 50
    with observed_gateway(sample=0.0) as observed:
        observed.gateway.post(PAGE)
    assert observed.collector.spans == []


@pytest.mark.parametrize("flag", ["00", "01"])
def test_the_trace_of_the_caller_goes_on(flag: str) -> None:
    """The sample decides whether the request is traced, unless the caller is trusted with that."""
    with observed_gateway(sample=1.0) as observed:
        send_in_trace(observed, flag)
    assert trace_and_parent(roots_of(observed)) == [(TRACE_ID, PARENT_ID)]
    with observed_gateway(sample=0.5, caller_decides=True) as observed:
        for _ in range(10):
            send_in_trace(observed, flag)
    assert len(roots_of(observed)) == (10 if flag == "01" else 0)


@pytest.mark.parametrize("header", ["", "00-zz-00", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "x" * 1000])
def test_a_header_that_is_not_a_trace_begins_a_new_trace(header: str) -> None:
    """The request is answered as ever."""
    with observed_gateway("files") as observed:
        observed.gateway.client.headers["traceparent"] = header
        observed.gateway.post("{ viewer { role } }")
    [root] = roots_of(observed)
    assert not root.parent_span_id


@pytest.mark.parametrize("is_set", [False, True])
def test_vendors_hear_of_the_trace_only_if_the_settings_say_so(
    is_set: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The header then names the span of the vendor's request."""
    headers: list[str | None] = []
    answer = serving._Switched.__call__

    async def answer_noting(app: Any, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            headers.append(dict(scope["headers"]).get(b"traceparent", b"").decode() or None)
        await answer(app, scope, receive, send)

    monkeypatch.setattr(serving._Switched, "__call__", answer_noting)
    with observed_gateway(context_to_vendors=is_set) as observed:
        send_in_trace(observed, "01")
    sent = {span.span_id.hex() for span in observed.collector.spans if span.kind == span.SPAN_KIND_CLIENT}
    assert sent
    if is_set:
        assert {header.split("-")[2] for header in headers if header} == sent
        assert {header.split("-")[1] for header in headers if header} == {TRACE_ID}
    else:
        assert set(headers) == {None}


def test_a_trusted_document_is_named_and_any_other_one_is_not() -> None:
    """The name of an operation is text of a client; a trusted document is one of the operator."""
    trusted = "query TeachersDay { viewer { role } }"
    digest = sha256(trusted.encode()).hexdigest()
    with observed_gateway("files", {"trusted_documents": {digest: trusted}}) as observed:
        observed.gateway.post(trusted)
        observed.gateway.post("query AnnaSmith { viewer { role } }")
    named, unnamed = (attributes(span) for span in roots_of(observed))
    assert named["graphql.operation.name"] == "TeachersDay"
    assert named["student_graph.document"] == f"sha256:{digest}"
    assert "graphql.operation.name" not in unnamed
    assert unnamed["student_graph.document"].startswith("keyed:")
    assert sha256(b"query AnnaSmith { viewer { role } }").hexdigest() not in str(unnamed)


def roots_of(observed: Observed) -> Sequence[Any]:
    """The spans of requests, in the order in which they began."""
    spans = [span for span in observed.collector.spans if span.kind == span.SPAN_KIND_SERVER]
    return sorted(spans, key=lambda span: span.start_time_unix_nano)


def trace_and_parent(spans: Sequence[Any]) -> list[tuple[str, str]]:
    """The ids of the trace and of the parent of spans."""
    return [(span.trace_id.hex(), span.parent_span_id.hex()) for span in spans]


def send_in_trace(observed: Observed, flag: str) -> None:
    """Send a request of a caller's trace, which is sampled with the flag `01`."""
    observed.gateway.client.headers["traceparent"] = f"00-{TRACE_ID}-{PARENT_ID}-{flag}"
    observed.gateway.post(PAGE)
