"""GraphQL over HTTP: what is asked of the gateway, and what it answers, over real sockets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from student_graph.gateway.web.request import MAX_BODY_BYTES
from tests.gateway.graph import TOKEN, VIEW
from tests.gateway.servers import answering


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """A client of the view."""
    with answering(VIEW) as client:
        yield client


def post(http: httpx.Client, query: str, **more: Any) -> dict[str, Any]:
    """The answer to a query."""
    answer = http.post("/graphql", json={"query": query, **more}, headers=TOKEN)
    found: dict[str, Any] = answer.json()

    assert answer.status_code == 200
    return found


def test_an_answer_has_data_and_tells_what_was_asked_of_whom(http: httpx.Client) -> None:
    """Beside the data stands what each source was asked."""
    answer = post(http, "{ role }")

    assert answer["data"] == {"role": "teacher"}
    assert answer["extensions"]["sources"]["sis"]["calls"] == 2
    assert "errors" not in answer


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer other"}, {"Authorization": "Basic dDp0"}])
def test_nobody_is_refused(http: httpx.Client, headers: dict[str, str]) -> None:
    """Without a viewer's token there is no answer, and a client learns which kind is wanted."""
    answer = http.post("/graphql", json={"query": "{ role }"}, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


@pytest.mark.parametrize("media", [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonx",
    "text/plain; a=application/json",
    "",
])  # fmt: skip
def test_another_media_type_is_refused(http: httpx.Client, media: str) -> None:
    """A form of another site can send these without being asked; JSON it cannot."""
    answer = http.post("/graphql", content=b'{"query":"{role}"}', headers={**TOKEN, "Content-Type": media})

    assert answer.status_code == 415
    assert answer.json()["errors"][0]["message"] == "Send the request as application/json."


@pytest.mark.parametrize("media", ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8"])
def test_json_is_json_however_it_is_spelled(http: httpx.Client, media: str) -> None:
    """Case and parameters of a media type do not matter."""
    answer = http.post("/graphql", content=b'{"query":"{role}"}', headers={**TOKEN, "Content-Type": media})

    assert answer.status_code == 200


def test_a_compressed_request_is_refused(http: httpx.Client) -> None:
    """Nothing is unpacked for a client."""
    headers = {**TOKEN, "Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert http.post("/graphql", content=b"\x1f\x8b", headers=headers).status_code == 415


@pytest.mark.parametrize("body", [
    b"",
    b"{",
    b"null",
    b"7",
    b'"{role}"',
    b"[]",
    b'[{"query":"{role}"}]',
    b"{}",
    b'{"query":null}',
    b'{"query":7}',
    b'{"query":""}',
    b'{"query":["{role}"]}',
    b'{"query":"{role}","variables":[]}',
    b'{"query":"{role}","variables":"{}"}',
    b'{"query":"{role}","operationName":7}',
    b'{"query":"{role}","variables":{"a":NaN}}',
    b'{"query":"{role}","variables":{"a":"\\ud800"}}',
    b'{"query":"{role}","variables":{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}}",
    b"\xef\xbb\xbf{}",
    '{"query":"{role}"}'.encode("utf-16"),
    b'{"query":"\xff"}',
])  # fmt: skip
def test_a_body_that_is_no_request_is_a_400(http: httpx.Client, body: bytes) -> None:
    """Whatever JSON or bytes arrive, the answer says what to send and is never a 500."""
    answer = http.post("/graphql", content=body, headers={**TOKEN, "Content-Type": "application/json"})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_beyond_the_limit_is_refused(http: httpx.Client, *, chunked: bool) -> None:
    """Whether it says its length or not, no more than the limit is read."""
    body = b'{"query":"{role}"}' + b" " * MAX_BODY_BYTES
    content: Any = iter([body]) if chunked else body
    answer = http.post("/graphql", content=content, headers={**TOKEN, "Content-Type": "application/json"})

    assert answer.status_code == 413


@pytest.mark.parametrize(("query", "message"), [
    ("{", "Syntax Error: Expected Name, found <EOF>."),
    ("{ rolle }", "Cannot query field 'rolle' on type 'Query'."),
    ("query A { role } query B { role }", "The document must have exactly one operation"),
    ("mutation { role }", "The student graph is read-only"),
    ("subscription { role }", "The student graph is read-only"),
    ("fragment F on Query { role }", "The document must have exactly one operation"),
    ("{ bus(student: 7) }", "String cannot represent a non string value: 7"),
    ("{" + " role" * 2_000 + "}", "Syntax Error: Document contains more than 2000"),
    ("#" * 20_001 + "\n{ role }", "Syntax Error: "),
])  # fmt: skip
def test_a_wrong_document_is_told_what_is_wrong(http: httpx.Client, query: str, message: str) -> None:
    """The field, the place or the limit is named; nothing is executed, and no other field is suggested."""
    answer = post(http, query)

    assert answer["errors"][0]["message"].startswith(message)
    assert "Did you mean" not in answer["errors"][0]["message"]
    assert answer.get("data") is None


def test_an_operation_is_run_by_its_name(http: httpx.Client) -> None:
    """Of several operations the one that is named runs; a name that is none of them is an error."""
    document = "query A { a: role } query B { b: role }"

    assert post(http, document, operationName="B")["data"] == {"b": "teacher"}
    assert "operationName" in post(http, document, operationName="C")["errors"][0]["message"]


def test_a_wrong_variable_is_told_what_is_wrong(http: httpx.Client) -> None:
    """A variable of another type is the client's mistake, not ours."""
    answer = post(http, "query($s: String) { bus(student: $s) }", variables={"s": 7})

    assert "'$s'" in answer["errors"][0]["message"]
    assert set(answer["errors"][0]["extensions"]) == {"requestId"}


def test_a_source_that_failed_is_told_by_code(http: httpx.Client) -> None:
    """Code, source and when to ask again; the other fields have their values."""
    answer = post(http, "{ role bus }")
    [error] = answer["errors"]

    assert answer["data"] == {"role": "teacher", "bus": None}
    assert error["path"] == ["bus"]
    assert error["extensions"].pop("requestId")
    assert error["extensions"] == {
        "code": "SOURCE_UNAVAILABLE",
        "source": "sis",
        "retryable": True,
        "retryAfter": 3,
    }


def test_a_mistake_of_ours_shows_nothing(http: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    """The answer has a code; the log has the place in the code once, and nothing that the client sent."""
    with caplog.at_level(logging.DEBUG):
        answer = post(http, "query Q($s: String!) { a: bug b: bug(student: $s) }", variables={"s": "Ada Hill"})
    text = "\n".join(logging.Formatter().format(record) for record in caplog.records if record.name != "httpx")

    assert {error["extensions"]["code"] for error in answer["errors"]} == {"INTERNAL"}
    assert not [word for word in ("LookupError", "605123", "Ada Hill", "no row") if word in json.dumps(answer)]
    assert text.count("LookupError") == 1
    assert not [word for word in ("605123", "Ada Hill", "no row", "bug(student") if word in text]
    assert answer["errors"][0]["extensions"]["requestId"] in text
