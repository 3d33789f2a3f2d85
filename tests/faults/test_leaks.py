"""Sections K and L: responses, logs and errors disclose nothing about students out of reach, and no secrets."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookups_of
from student_graph.adapters.registry import adapter_kinds, find_adapter
from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.gateway.config import settings_file
from student_graph.gateway.logs import JsonLines
from student_graph.gateway.web.errors import PUBLIC_EXTENSIONS
from student_graph.gateway.web.load_shedding import LoadLimits
from student_graph.resolvers.fields.errors import MESSAGES
from student_graph.resolvers.fields.field import LOOKUPS_METADATA
from student_graph.resolvers.schema import core_schema, make_schema
from tests.clients import async_client
from tests.gateway.graph import TOKEN, VIEW
from tests.gateway.servers import ROOT
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts, demo_gateway
from tests.subcases import subcases

CANARY = "Canary-7f3a"


@pytest.fixture(scope="module")
def gateway() -> Iterator[tuple[DemoGateway, list[Sandbox], dict[str, str]]]:
    """A gateway, its sandboxes, and the numbers of a parent's child, another student and no student."""
    districts = demo_districts("edfi", 60)
    sandboxes = list(districts[0].sandboxes.values())
    patient = LoadLimits(wait=600.0, burst=600.0)  # many requests at once are refused on a busy machine otherwise
    with served(*sandboxes), demo_gateway(districts, load_limits=patient) as running:
        [child] = visible_students(running, "parent")
        others = sorted(visible_students(running, "superintendent") - {child})
        yield running, sandboxes, {"child": child, "unrelated": others[0], "nobody": "999999"}


def visible_students(running: DemoGateway, viewer: str) -> set[str]:
    query = "{ viewer { students(first: 50) { edges { node { studentUniqueId } } } } }"
    edges = running.post(query, viewer)["data"]["viewer"]["students"]["edges"]
    return {edge["node"]["studentUniqueId"] for edge in edges}


@pytest.mark.row("L05", "K02")
def test_a_student_out_of_reach_is_like_one_who_does_not_exist(
    gateway: tuple[DemoGateway, list[Sandbox], dict[str, str]],
) -> None:
    """The responses are equal, and no vendor gets a request, so response times do not differ either."""
    running, sandboxes, students = gateway
    query = "query ($n: String) { student(studentUniqueId: $n) { name { firstName } demographics { birthDate } } }"
    responses = {}
    for student in ("unrelated", "nobody"):
        running.post(query, "parent", n=students[student])
        for sandbox in sandboxes:
            sandbox.requests.clear()
        responses[student] = running.post(query, "parent", n=students[student])
        assert [request for sandbox in sandboxes for request in sandbox.requests] == []
    assert (
        responses["unrelated"] == responses["nobody"] == {"data": {"student": None}, "extensions": {"sources": {}}}
    )


@pytest.mark.row("K04")
async def test_viewers_who_send_the_same_query_at_once_get_their_own_responses(
    gateway: tuple[DemoGateway, list[Sandbox], dict[str, str]],
) -> None:
    """Requests to vendors are shared, responses are not."""
    running, _, students = gateway
    query = "{ viewer { students(first: 50) { totalCount edges { node { studentUniqueId } } } } }"
    async with async_client(base_url=running.client.base_url, timeout=60) as client:

        async def ask(viewer: str) -> tuple[str, Any]:
            headers = {"Authorization": f"Bearer {running.tokens[viewer]}"}
            response = await client.post("/graphql", json={"query": query}, headers=headers)
            return viewer, response.json()["data"]["viewer"]["students"]["totalCount"]

        counts = await asyncio.gather(
            *(ask(viewer) for _ in range(20) for viewer in ("parent", "superintendent", "student"))
        )
    assert set(counts) == {("parent", 1), ("superintendent", 60), ("student", 1)}
    assert students["child"]


TESTED_APART = {
    **dict.fromkeys(
        ("Section.metrics", "School.metrics", "LocalEducationAgency.metrics"),
        "tests/scenarios/privacy/test_aggregates.py",
    ),
    **dict.fromkeys(("Student.indicators", "Student.riskProfile"), "tests/scenarios/privacy/test_metrics.py"),
}
"""The test of each field that reads several classes of data and has arguments."""


@pytest.mark.row("K06")
def test_fields_with_arguments_read_only_open_data_or_their_own_class() -> None:
    """
    Otherwise a viewer could find protected values by filtering, sorting and counting (binary search).

    The other fields have rules of their own: they refuse what is not granted, or do not evaluate it.
    """
    wrong = []
    for name, type_ in core_schema(make_schema()).type_map.items():
        for field_name, field in getattr(type_, "fields", {}).items():
            metadata = getattr(
                (getattr(field, "extensions", None) or {}).get("strawberry-definition"), "metadata", {}
            )
            own = metadata.get("sensitivity")
            classes = {lookup.sensitivity for lookup in metadata.get(LOOKUPS_METADATA, ())}
            if getattr(field, "args", None) and any(
                sensitivity.value not in ("OPEN", own and own.value) for sensitivity in classes
            ):
                wrong.append(f"{name}.{field_name}")
    assert set(wrong) == TESTED_APART.keys()
    assert all((ROOT / file).is_file() for file in TESTED_APART.values())


@pytest.mark.row("K10")
def test_every_lookup_about_students_returns_records_that_name_their_student() -> None:
    """The policy hides records that name no student; its own tests prove that."""
    assert all(lookup.record_type.about == lookup.about.value for lookup in lookups_of(Adapter))


@pytest.mark.row("L04")
def test_errors_have_only_public_extensions_and_fixed_messages() -> None:
    """The message of each code is a fixed sentence without placeholders."""
    assert set(PUBLIC_EXTENSIONS) == {
        "code",
        "coordinate",
        "limit",
        "retryAfter",
        "retryable",
        "sensitivity",
        "source",
    }
    assert all(re.fullmatch(r"[A-Z][^{}%]*\.", message) for message in MESSAGES.values())


@pytest.mark.row("L02", "J11")
async def test_a_log_holds_neither_literals_nor_variables_nor_tokens(caplog: pytest.LogCaptureFixture) -> None:
    """An internal error is logged with its type and its lines of code; a refused token is not logged."""
    caplog.set_level(logging.DEBUG)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(VIEW), base_url="http://gateway.example") as client:
        for headers in (TOKEN, {"Authorization": f"Bearer {CANARY}.{CANARY}.{CANARY}"}):
            for query in (
                f'{{ bug(student: "{CANARY}") }}',
                f"query {CANARY.replace('-', '')} {{ bug(student: $x) }}",
            ):
                await client.post("/graphql", json={"query": query, "variables": {"x": CANARY}}, headers=headers)
        await client.get(f"/graphql?token={CANARY}")
    lines = [JsonLines().format(record) for record in caplog.records]
    assert any("internal error" in line for line in lines)
    assert not [line for line in lines if CANARY in line or CANARY.replace("-", "") in line]


@pytest.mark.row("L01", "L03", "L08")
def test_every_log_record_is_one_short_line_of_json() -> None:
    """Even with line breaks, color codes, a megabyte of text, names in exceptions, or from other libraries."""
    log = JsonLines()
    records = [
        log_record("student_graph.gateway", f"one\r\ntwo\x1b[31m{'x' * 1_000_000}"),
        log_record("httpx", f"GET https://vendor.example?token={CANARY}"),
        log_record("uvicorn.error", "%s", CANARY),
        log_record("student_graph.gateway", "failed", exc=ValueError(CANARY)),
        log_record("aiohttp.client", "failed", exc=KeyError(CANARY)),
    ]
    lines = [log.format(record) for record in records]
    assert all(len(line.encode()) <= 4096 and "\n" not in line and "\x1b" not in line for line in lines)
    assert not [line for line in lines if CANARY in line]
    assert [json.loads(line)["logger"] for line in lines][1] == "httpx"
    assert json.loads(lines[3])["exception"] == "ValueError"


def log_record(name: str, message: str, *args: Any, exc: Exception | None = None) -> logging.LogRecord:
    return logging.LogRecord(
        name, logging.ERROR, "x.py", 1, message, args, (type(exc), exc, None) if exc else None
    )


@pytest.mark.row("L06", "L08")
@subcases("kind", adapter_kinds())
def test_no_settings_show_a_secret(kind: str) -> None:
    """They are neither in the text of the settings nor in the message of a validation error."""
    type_ = find_adapter(kind).settings_type()
    secrets = [name for name, field in type_.model_fields.items() if field.annotation is SecretStr]
    settings = type_.model_construct(**{name: SecretStr(CANARY) for name in secrets})
    assert CANARY not in repr(settings) + str(settings)
    with pytest.raises(ValidationError) as caught:
        type_.model_validate({"base_url": CANARY, **dict.fromkeys(secrets, CANARY)})
    assert CANARY not in str(caught.value)


@pytest.mark.row("K14")
def test_the_policy_digest_changes_only_with_the_policy() -> None:
    """Grants, issuers and required purposes change it; other settings do not."""
    base: dict[str, Any] = {
        "districts": [{"id": "hill", "name": "Hill", "time_zone": "UTC",
                       "sources": [{"name": "sis", "kind": "edfi"}]}],
    }  # fmt: skip
    plain = settings_file.policy_digest(settings_file.Config.model_validate(base))
    grants = [{"roles": ["teacher"], "classes": ["PII"]}]
    wider = {**base, "districts": [{**base["districts"][0], "grants": grants}]}
    other = {**base, "server": {"port": 9000}}
    assert settings_file.policy_digest(settings_file.Config.model_validate(wider)) != plain
    assert settings_file.policy_digest(settings_file.Config.model_validate(other)) == plain
