"""Encoding in parts: the same bytes as in one go, and other tasks run in between."""

from __future__ import annotations

import asyncio
import random
import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from student_graph.gateway.execution.rows import EncodedRow
from student_graph.gateway.web.encoding import MAX_ITEMS_AT_ONCE, encode, encode_in_parts
from student_graph.gateway.web.response import CHUNK_BYTES, send_response
from tests.long_runs import size


class Row(msgspec.Struct, rename={"list_": "list"}):
    """A row of a response, as generated code builds it."""

    name: str | None
    list_: list[Any]


def with_decoded_rows(value: Any) -> Any:
    """The value with what encoded rows stand for."""
    if isinstance(value, EncodedRow):
        return msgspec.json.decode(value.json)
    if isinstance(value, list):
        return [with_decoded_rows(item) for item in value]
    if isinstance(value, dict):
        return {name: with_decoded_rows(item) for name, item in value.items()}
    return Row(value.name, with_decoded_rows(value.list_)) if isinstance(value, Row) else value


encoded_rows = st.builds(lambda number: EncodedRow(encode({"row": number})), st.integers(0, 9))
leaves = (
    encoded_rows
    | st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="ascii"), max_size=5), inner, max_size=4)
        | st.builds(Row, st.none() | st.just("Ada"), st.lists(inner, max_size=4))
    ),
    max_leaves=20,
)


@pytest.mark.long_run
@settings(max_examples=size(15, 300))
@given(values, st.integers(0, 3))
def test_the_parts_of_a_long_value_are_its_encoding(value: Any, depth: int) -> None:
    """Also if the long list is in objects, or its items differ, are encoded rows, or the first of them is null."""
    rows: Any = [value, *({"row": number} for number in range(MAX_ITEMS_AT_ONCE)), value]
    for _ in range(depth):
        rows = {"a": value, "rows": rows} if depth % 2 else Row(None, [None, {"rows": rows}])
    expected = encode(with_decoded_rows(rows))
    assert b"".join(asyncio.run(encode_in_parts(rows))) == expected


async def test_a_long_value_is_encoded_in_several_parts_and_a_short_one_in_one() -> None:
    """Lists of lists count as well as one long list."""
    short = {"rows": [{"n": number} for number in range(30)]}
    assert await encode_in_parts(short) == [encode(short)]
    schools = [{"students": [{"n": number} for number in range(300)]} for _ in range(10)]
    expected = encode(schools)
    parts = await encode_in_parts(schools)
    assert b"".join(parts) == expected
    assert len(parts) > 3


async def test_encoded_rows_in_a_long_value_are_its_encoding() -> None:
    """Rosters of encoded rows in many sections, which are encoded in parts around the rows."""
    students = [{"n": number} for number in range(40)]
    sections = [{"roster": [EncodedRow(encode(student)) for student in students], "title": "A"} for _ in range(60)]
    expected = encode([{"roster": students, "title": "A"} for _ in range(60)])

    assert b"".join(await encode_in_parts(sections)) == expected


async def test_the_objects_of_a_long_list_are_freed_while_it_is_encoded() -> None:
    """Afterwards the list holds no objects."""
    rows: list[Any] = [{"n": number} for number in range(2 * MAX_ITEMS_AT_ONCE)]
    await encode_in_parts({"rows": rows})
    assert set(rows) == {None}


async def test_a_long_response_is_sent_in_chunks_with_its_length() -> None:
    """The chunks together are the body; a short one has one chunk."""
    long = random.Random(15).randbytes(5 * CHUNK_BYTES + 1)  # noqa: S311 - a fixed seed
    for parts in ([b"x" * 1000] * 200, [b""], [b"{", b"}"], [b"x" * CHUNK_BYTES] * 2, [b"{", long, b"}"], [long]):
        messages: list[Any] = []

        async def send(message: Any, messages: list[Any] = messages) -> None:
            messages.append(message)

        await send_response(send, parts, "application/json")
        start, *chunks = messages
        body = b"".join(chunk["body"] for chunk in chunks)
        assert body == b"".join(parts)
        assert dict(start["headers"])[b"content-length"] == str(len(body)).encode()
        assert [chunk.get("more_body", False) for chunk in chunks] == [True] * (len(chunks) - 1) + [False]
        assert max(len(chunk["body"]) for chunk in chunks) < 2 * CHUNK_BYTES
        assert len(chunks) <= max(1, -(-len(body) // CHUNK_BYTES)) + 2


async def test_a_long_response_takes_no_second_body_of_memory() -> None:
    """A body of two MiB in parts of a KiB takes no second body of memory."""
    parts = [bytes([number % 256]) * 1024 for number in range(2 * 1024)]

    async def send(_: Any) -> None:
        pass

    tracemalloc.start()
    try:
        await send_response(send, parts, "application/json")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5 * CHUNK_BYTES
