"""Section B: what a vendor answers that it should not costs the keys it is about, and is never kept or shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import Batch
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import AssignmentWork, StudentId
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from tests.faults.vendor import CANARY, Work, body, codes, district, http, vendor
from tests.gateway.small_district import Ledger, error_code, source

row = pytest.mark.row
BAD, SCHEMA = "SOURCE_BAD_RESPONSE", "SOURCE_SCHEMA"
WORK = lookup_of(Work.__mro__[1].assignment_work_by_student)  # type: ignore[attr-defined]


class Content(NamedTuple):
    """What a vendor sends as the work of a student, and what the graph makes of it."""

    sent: bytes
    code: str | None
    media: str = "application/json"


def a_row(**parts: Any) -> bytes:
    """A row of the student, with these parts."""
    return json.dumps([{"student": "s1", "title": "Essay"} | parts]).encode()


def raw(points: str) -> bytes:
    """A row whose points are written so."""
    return b'[{"student": "s1", "title": "Essay", "points": ' + points.encode() + b"}]"


CONTENTS = {
    "B01-a-login-page": Content(f"<html>{CANARY} sign in</html>".encode(), BAD, "text/html"),
    "B01-html-said-to-be-json": Content(f"<html>{CANARY}</html>".encode(), BAD),
    "B01-json-said-to-be-text": Content(body("s1"), BAD, "text/plain"),
    "B01-nothing": Content(b"", BAD),
    "B02-malformed": Content(body("s1")[:-3], BAD),
    "B02-nan": Content(raw("NaN"), BAD),
    "B02-infinity": Content(raw("Infinity"), BAD),
    "B02-1e999": Content(raw("1e999"), BAD),
    "B02-a-number-of-5000-digits": Content(raw("9" * 5000), BAD),
    "B02-a-lone-surrogate": Content(b'[{"student": "s1", "title": "\\ud800"}]', BAD),
    "B02-a-byte-order-mark": Content(b"\xef\xbb\xbf" + body("s1"), BAD),
    "B02-utf-16": Content(body("s1").decode().encode("utf-16"), BAD),
    "B02-latin-1": Content('[{"student": "s1", "title": "Café"}]'.encode("latin-1"), BAD),
    "B02-a-hundred-thousand-deep": Content(b"[" * 100_000 + b"]" * 100_000, BAD),
    "B02-two-values-of-one-name": Content(b'[{"student": "s2", "student": "s1", "title": "Essay"}]', None),
    "B03-a-missing-field": Content(b'[{"student": "s1"}]', SCHEMA),
    "B03-null-where-there-must-be-something": Content(a_row(title=None), SCHEMA),
    "B03-a-number-as-text": Content(a_row(points="7"), SCHEMA),
    "B03-true-for-a-number": Content(a_row(points=True), SCHEMA),
    "B04-a-field-that-nobody-asked-for": Content(a_row(ssn=CANARY, iepStatus=CANARY), None),
    "B11-everybody-although-one-was-asked-for": Content(body("s1", "s2", "s3"), SCHEMA),
    "B12-somebody-else": Content(body("s7"), SCHEMA),
    "B14-a-title-of-ten-megabytes": Content(a_row(title="x" * 10_000_000), BAD),
    "B14-a-title-longer-than-a-title": Content(a_row(title="x" * 5000), SCHEMA),
    "B14-a-title-with-a-zero-byte": Content(a_row(title="a\0b"), None),
    "B14-a-title-that-turns-around": Content(a_row(title="\u202egnp.exe"), None),
    "B14-a-title-that-is-a-script": Content(a_row(title="<script>alert(1)</script>"), None),
    "B14-a-title-that-is-a-formula": Content(a_row(title="=cmd()"), None),
}
PARAMETERS = [pytest.param(content, id=name, marks=row(name[:3])) for name, content in CONTENTS.items()]


@pytest.mark.parametrize("content", PARAMETERS)
async def test_content_that_should_not_be_costs_its_own_keys(
    content: Content, caplog: pytest.LogCaptureFixture
) -> None:
    """Another student's work is there; what came wrong is null with its code, is not kept, and is not shown."""

    async def script(call: Any) -> None:
        if call.path != "/work/s1":
            return await call.well()
        answer = http("200 OK", content.sent).replace(b"application/json", content.media.encode(), 1)
        return await call.send(answer)

    async with vendor(script) as made, district(made) as hill:
        answer = await hill.ask("s1", "s2")
        first, second = answer["data"]["s0"], answer["data"]["s1"]
        assert [work["title"] for work in second["assignments"]] == ["Essay"]
        assert codes(answer) == ({content.code} if content.code else set())
        assert (first["assignments"] is None) == (content.code is not None)
        assert CANARY not in f"{answer} {caplog.text}"
        await hill.ask("s1", "s2")
        asked = [call.path for call in made.calls]
        assert asked.count("/work/s1") == (2 if content.code else 1)


@row("B01")
async def test_login_pages_in_place_of_records_count_as_failures_of_the_source() -> None:
    """Five in a row, and the source is left alone: it will not get better by being asked."""
    page = http("200 OK", b"<html></html>").replace(b"application/json", b"text/html", 1)
    async with vendor(lambda call: call.send(page)) as made, district(made) as hill:
        for number in range(20):
            await hill.ask(f"s{number}")
        assert len(made.calls) == 5


class Careless(Work):
    """An adapter with mistakes."""

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        return self.ledger  # type: ignore[attr-defined, no-any-return] # what the test hands it


@row("B16")
@pytest.mark.parametrize("told", [None, [], 7, "text", {"s1": 7}, {"s1": [7]}, {"s1": None}, {7: []}])
async def test_an_adapter_that_returns_something_else_is_its_sources_failure(told: Any) -> None:
    """No mapping, or one of other things: an error at the key, or a key that nobody asked for."""
    made = source(Careless, Ledger(), "lms")
    made.adapter.ledger = told  # type: ignore[attr-defined]
    answers = await fetch_from_vendor(made, Ask(WORK, (StudentId("s1"),)))
    assert {error_code(answers[key]) for key in answers if key == "s1"} <= {"INTERNAL"}
    if told != {7: []}:
        assert error_code(answers["s1"]) == "INTERNAL"
