"""Sections K and L beside the grid: what no answer, difference, log or setting's text may tell."""

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
from student_graph.resolvers.fields.errors import MESSAGES
from student_graph.resolvers.fields.field import LOOKUPS_METADATA
from student_graph.resolvers.schema import core_schema, make_schema
from tests.gateway.graph import TOKEN, VIEW
from tests.scenarios.helpers.districts import Standing, districts, standing

CANARY = "Canary-7f3a"


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Standing, list[Sandbox], dict[str, str]]]:
    """A gateway over a small district, and two students: the parent's child and a stranger."""
    made = districts("edfi", 60)
    sandboxes = list(made[0].sandboxes.values())
    with served(*sandboxes), standing(made) as asking:
        [child] = numbers(asking, "parent")
        strangers = sorted(numbers(asking, "superintendent") - {child})
        yield asking, sandboxes, {"child": child, "stranger": strangers[0], "nobody": "999999"}


def numbers(asking: Standing, viewer: str) -> set[str]:
    query = "{ viewer { students(first: 50) { edges { node { studentUniqueId } } } } }"
    edges = asking.ask(query, viewer)["data"]["viewer"]["students"]["edges"]
    return {edge["node"]["studentUniqueId"] for edge in edges}


@pytest.mark.row("L05", "K02")
def test_a_stranger_and_nobody_take_the_same_way(stage: tuple[Standing, list[Sandbox], dict[str, str]]) -> None:
    """The same answer, byte for byte, and no question to any vendor: there is nothing whose time could differ."""
    asking, sandboxes, students = stage
    query = "query ($n: String) { student(studentUniqueId: $n) { name { firstName } demographics { birthDate } } }"
    told = {}
    for who in ("stranger", "nobody"):
        asking.ask(query, "parent", n=students[who])
        for sandbox in sandboxes:
            sandbox.requests.clear()
        told[who] = asking.ask(query, "parent", n=students[who])
        assert [request for sandbox in sandboxes for request in sandbox.requests] == []
    assert told["stranger"] == told["nobody"] == {"data": {"student": None}, "extensions": {"sources": {}}}


@pytest.mark.row("K04")
async def test_viewers_who_ask_the_same_at_once_get_their_own(
    stage: tuple[Standing, list[Sandbox], dict[str, str]],
) -> None:
    """Questions to vendors are shared, answers are not."""
    asking, _, students = stage
    query = "{ viewer { students(first: 50) { totalCount edges { node { studentUniqueId } } } } }"
    async with httpx.AsyncClient(base_url=asking.client.base_url, timeout=30) as client:

        async def ask(viewer: str) -> tuple[str, Any]:
            headers = {"Authorization": f"Bearer {asking.tokens[viewer]}"}
            told = await client.post("/graphql", json={"query": query}, headers=headers)
            return viewer, told.json()["data"]["viewer"]["students"]["totalCount"]

        told = await asyncio.gather(
            *(ask(who) for _ in range(20) for who in ("parent", "superintendent", "student"))
        )
    assert set(told) == {("parent", 1), ("superintendent", 60), ("student", 1)}
    assert students["child"]


@pytest.mark.row("K06")
def test_no_argument_reads_a_class_that_is_not_open() -> None:
    """What cannot be filtered, sorted or counted cannot be found by halving."""
    wrong = []
    for name, type_ in core_schema(make_schema()).type_map.items():
        for field_name, field in getattr(type_, "fields", {}).items():
            metadata = getattr(
                (getattr(field, "extensions", None) or {}).get("strawberry-definition"), "metadata", {}
            )
            own = metadata.get("sensitivity")
            classes = {lookup.sensitivity for lookup in metadata.get(LOOKUPS_METADATA, ())}
            if getattr(field, "args", None) and any(
                each.value not in ("OPEN", own and own.value) for each in classes
            ):
                wrong.append(f"{name}.{field_name}")
    assert wrong == []


@pytest.mark.row("K10")
def test_every_lookup_of_students_names_its_student() -> None:
    """A record that names nobody is nobody's to see; the policy's own tests hold that."""
    assert all(lookup.record_type.about == lookup.about.value for lookup in _lookups())


def _lookups() -> list[Any]:
    return lookups_of(Adapter)


@pytest.mark.row("L04")
def test_an_error_shows_what_is_on_the_list_and_no_more() -> None:
    """Codes have a sentence of ours each."""
    assert set(PUBLIC_EXTENSIONS) == {"code", "source", "retryable", "retryAfter", "limit"}
    assert all(re.fullmatch(r"[A-Z][^{}%]*\.", message) for message in MESSAGES.values())


@pytest.mark.row("L02", "J11")
async def test_a_log_holds_neither_literals_nor_variables_nor_tokens(caplog: pytest.LogCaptureFixture) -> None:
    """Of a mistake of ours it names type and places; of a refused token nothing."""
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
def test_a_log_line_is_one_line_of_json_whatever_is_in_it() -> None:
    """Line breaks, colours, a megabyte, an exception with a name in it, and what other libraries say."""
    log = JsonLines()
    told = [
        record("student_graph.gateway", f"one\r\ntwo\x1b[31m{'x' * 1_000_000}"),
        record("httpx", f"GET https://vendor.example?token={CANARY}"),
        record("uvicorn.error", "%s", CANARY),
        record("student_graph.gateway", "failed", exc=ValueError(CANARY)),
        record("aiohttp.client", "failed", exc=KeyError(CANARY)),
    ]
    lines = [log.format(each) for each in told]
    assert all(len(line.encode()) <= 4096 and "\n" not in line and "\x1b" not in line for line in lines)
    assert not [line for line in lines if CANARY in line]
    assert [json.loads(line)["logger"] for line in lines][1] == "httpx"
    assert json.loads(lines[3])["exception"] == "ValueError"


def record(name: str, message: str, *args: Any, exc: Exception | None = None) -> logging.LogRecord:
    return logging.LogRecord(
        name, logging.ERROR, "x.py", 1, message, args, (type(exc), exc, None) if exc else None
    )


@pytest.mark.row("L06", "L08")
@pytest.mark.parametrize("kind", adapter_kinds())
def test_no_settings_show_a_secret(kind: str) -> None:
    """Neither as text nor in the error of a wrong one."""
    type_ = find_adapter(kind).settings_type()
    secret = [name for name, field in type_.model_fields.items() if field.annotation is SecretStr]
    made = type_.model_construct(**{name: SecretStr(CANARY) for name in secret})
    assert CANARY not in repr(made) + str(made)
    with pytest.raises(ValidationError) as caught:
        type_.model_validate({"base_url": CANARY, **dict.fromkeys(secret, CANARY)})
    assert CANARY not in str(caught.value)


@pytest.mark.row("K14")
def test_the_policys_digest_changes_with_it() -> None:
    """What districts grant, who may speak for them, and what requests must say; nothing else."""
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
