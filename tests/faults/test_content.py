"""Section B: invalid content of a vendor fails the keys that it is about, and is never cached or shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import Adapter, Batch
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import AssignmentWork, StudentId
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from student_graph.gateway.http.breaker import MAX_CONSECUTIVE_FAILURES
from tests.faults.vendor import CANARY, WorkAdapter, body, district, error_codes, http_response, vendor
from tests.gateway.small_district import Ledger, error_code, source

row = pytest.mark.row
BAD_RESPONSE, SCHEMA = "SOURCE_BAD_RESPONSE", "SOURCE_SCHEMA"
WORK = lookup_of(Adapter.assignment_work_by_student)


class Content(NamedTuple):
    """A body that the vendor sends as the work of a student, and the code of the error in the graph."""

    body: bytes
    code: str | None
    """None if there is no error."""
    media_type: str = "application/json"
    is_left_out: bool = False
    """Whether its row is left out, which `extensions.degraded` says."""


def row_with(**fields: Any) -> bytes:
    """A list of one row of the student, with these fields."""
    return json.dumps([{"student": "s1", "title": "Essay"} | fields]).encode()


def row_with_points(points: str) -> bytes:
    """A list of one row whose points are this JSON text."""
    return b'[{"student": "s1", "title": "Essay", "points": ' + points.encode() + b"}]"


CONTENTS = {
    "B01-a-login-page": Content(f"<html>{CANARY} sign in</html>".encode(), BAD_RESPONSE, "text/html"),
    "B01-html-labelled-json": Content(f"<html>{CANARY}</html>".encode(), BAD_RESPONSE),
    "B01-json-labelled-text": Content(body("s1"), BAD_RESPONSE, "text/plain"),
    "B01-text-json": Content(body("s1"), None, "text/json; charset=utf-8"),
    "B01-empty-body": Content(b"", BAD_RESPONSE),
    "B02-malformed": Content(body("s1")[:-3], BAD_RESPONSE),
    "B02-nan": Content(row_with_points("NaN"), BAD_RESPONSE),
    "B02-infinity": Content(row_with_points("Infinity"), BAD_RESPONSE),
    "B02-1e999": Content(row_with_points("1e999"), None),
    "B02-a-number-of-5000-digits": Content(row_with_points("9" * 5000), BAD_RESPONSE),
    "B02-a-lone-surrogate": Content(b'[{"student": "s1", "title": "\\ud800"}]', None),
    "B02-a-byte-order-mark": Content(b"\xef\xbb\xbf" + body("s1"), None),
    "B02-utf-16": Content(body("s1").decode().encode("utf-16"), BAD_RESPONSE),
    "B02-latin-1": Content('[{"student": "s1", "title": "Café"}]'.encode("latin-1"), BAD_RESPONSE),
    "B02-a-hundred-thousand-deep": Content(b"[" * 100_000 + b"]" * 100_000, BAD_RESPONSE),
    "B02-a-duplicate-name": Content(b'[{"student": "s2", "student": "s1", "title": "Essay"}]', None),
    "B03-a-missing-field": Content(b'[{"student": "s1"}]', SCHEMA),
    "B03-null-in-a-required-field": Content(row_with(title=None), SCHEMA),
    "B03-null-in-one-of-two-rows": Content(
        b"%b, %b" % (row_with(title=None)[:-1], body("s1")[1:]), None, is_left_out=True
    ),
    "B03-a-number-as-text": Content(row_with(points="7"), None),
    "B03-true-for-a-number": Content(row_with(points=True), None),
    "B04-unknown-fields": Content(row_with(ssn=CANARY, iepStatus=CANARY), None),
    "B11-all-students-for-one-key": Content(body("s1", "s2", "s3"), SCHEMA),
    "B12-another-student": Content(body("s7"), SCHEMA),
    "B14-a-title-of-ten-megabytes": Content(row_with(title="x" * 10_000_000), BAD_RESPONSE),
    "B14-a-title-of-5000-characters": Content(row_with(title="x" * 5000), SCHEMA),
    "B14-a-title-with-a-zero-byte": Content(row_with(title="a\0b"), None),
    "B14-a-title-with-reversed-text": Content(row_with(title="\u202egnp.exe"), None),
    "B14-a-title-that-is-a-script": Content(row_with(title="<script>alert(1)</script>"), None),
    "B14-a-title-that-is-a-formula": Content(row_with(title="=cmd()"), None),
}
PARAMETERS = [pytest.param(content, id=name, marks=row(name[:3])) for name, content in CONTENTS.items()]


@pytest.mark.parametrize("content", PARAMETERS)
async def test_invalid_content_fails_only_its_own_keys(content: Content, caplog: pytest.LogCaptureFixture) -> None:
    """Another student's work is returned; the invalid one is null with its code, not cached and not shown."""

    async def script(request: Any) -> None:
        if request.path != "/work/s1":
            return await request.answer()
        response = http_response("200 OK", content.body).replace(
            b"application/json", content.media_type.encode(), 1
        )
        return await request.send(response)

    async with vendor(script) as server, district(server) as hill:
        answer = await hill.ask("s1", "s2")
        first, second = answer["data"]["s0"], answer["data"]["s1"]
        assert [work["title"] for work in second["assignments"]] == ["Essay"]
        assert error_codes(answer) == ({content.code} if content.code else set())
        assert (first["assignments"] is None) == (content.code is not None)
        if content.is_left_out:
            assert [work["title"] for work in first["assignments"]] == ["Essay"]
            assert {entry["code"] for entry in answer["extensions"]["degraded"]} == {SCHEMA}
        assert CANARY not in f"{answer} {caplog.text}"
        await hill.ask("s1", "s2")
        paths = [request.path for request in server.requests]
        assert paths.count("/work/s1") == (2 if content.code else 1)


@row("B01")
async def test_login_pages_instead_of_records_open_the_circuit_breaker() -> None:
    """After five in a row no request is sent to the source."""
    page = http_response("200 OK", b"<html></html>").replace(b"application/json", b"text/html", 1)
    async with vendor(lambda request: request.send(page)) as server, district(server) as hill:
        for number in range(20):
            await hill.ask(f"s{number}")
        assert len(server.requests) == MAX_CONSECUTIVE_FAILURES == 5


class BrokenAdapter(WorkAdapter):
    """An adapter whose lookup returns a value of the wrong type."""

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        return self.wrong_result  # type: ignore[attr-defined, no-any-return] # the test sets it


@row("B16")
@pytest.mark.parametrize("result", [None, [], 7, "text", {"s1": 7}, {"s1": [7]}, {"s1": None}, {7: []}])
async def test_a_lookup_that_returns_the_wrong_type_is_an_internal_error_of_its_source(result: Any) -> None:
    """The requested key gets the error `INTERNAL`; a key that was not requested is ignored."""
    broken = source(BrokenAdapter, Ledger(), "lms")
    broken.adapter.wrong_result = result  # type: ignore[attr-defined]
    answers = await fetch_from_vendor(broken, Ask(WORK, (StudentId("s1"),)))
    assert {error_code(answers[key]) for key in answers if key == "s1"} <= {"INTERNAL"}
    if result != {7: []}:
        assert error_code(answers["s1"]) == "INTERNAL"
