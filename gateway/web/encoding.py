"""Encoding values as JSON, long ones in parts between which other tasks run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from student_graph.gateway.concurrency.observation import span
from student_graph.gateway.concurrency.time_slices import give_way, parts_of
from student_graph.gateway.execution import encode_around_rows

encode = msgspec.json.Encoder().encode
"""Encodes a value as JSON. Raises `UnicodeEncodeError` for a lone surrogate, which no vendor's JSON contains."""

MAX_ITEMS_AT_ONCE = 1_000
"""A value with more objects and lists than this, by estimate, is encoded in parts."""
MAX_ESTIMATE_DEPTH = 8


async def encode_in_parts(value: Any) -> list[bytes]:
    """
    Encode a value that consists of mappings, structs, lists, rows and leaves as JSON, in parts.

    Long lists of objects are emptied on the way, because freeing all their objects at once is long work too.
    """
    if _estimated_items(value) <= MAX_ITEMS_AT_ONCE:
        return encode_around_rows(value)
    parts: list[bytes] = []
    with span("encode"):
        await _append(value, parts)
    return parts


async def _append(value: Any, parts: list[bytes]) -> None:
    """Append the JSON of a value. Only objects and lists that are large themselves are taken apart."""
    members = _members(value)
    if members is not None:
        separator = b"{"
        for name, member in members.items():
            parts += (separator, encode(name), b":")
            separator = b","
            await _append_sized(member, parts)
        parts.append(b"{}" if separator == b"{" else b"}")
    elif isinstance(value, list) and value:
        items_of_first = _estimated_items(_first_present(value))
        if items_of_first > MAX_ITEMS_AT_ONCE:
            for index, item in enumerate(value):
                parts.append(b"," if index else b"[")
                await _append_sized(item, parts)
                value[index] = None
        else:
            async for part in parts_of(len(value), MAX_ITEMS_AT_ONCE // 10 // max(items_of_first, 1) or 1):
                items = value[part]
                parts.append(b"," if part.start else b"[")
                parts += _without_brackets(encode_around_rows(items))
                value[part] = [None] * len(items)
                del items
        parts.append(b"]")
    else:
        parts += encode_around_rows(value)


async def _append_sized(value: Any, parts: list[bytes]) -> None:
    if _estimated_items(value) <= MAX_ITEMS_AT_ONCE:
        parts += encode_around_rows(value)
        await give_way()
    else:
        await _append(value, parts)


def _without_brackets(parts: list[bytes]) -> list[bytes]:
    """The JSON of a list's items from that of the list."""
    parts[0] = parts[0][1:]
    parts[-1] = parts[-1][:-1]
    return parts


def _members(value: Any) -> Mapping[str, Any] | None:
    """The members of a mapping or struct by their names in JSON; None for other values."""
    if isinstance(value, dict):
        return value
    if isinstance(value, msgspec.Struct):
        names = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
        return {encoded: getattr(value, name) for encoded, name in names}
    return None


def _first_present(values: list[Any]) -> Any:
    """The first value of a list that is not null; None if there is none."""
    return next((value for value in values if value is not None), None)


def _estimated_items(value: Any, depth: int = MAX_ESTIMATE_DEPTH) -> int:
    """How many objects and lists a value holds, if all items of a list are like its first one."""
    if isinstance(value, list):
        return 1 + len(value) * (_estimated_items(_first_present(value), depth - 1) if depth else 1)
    if isinstance(value, dict):
        members: Iterable[Any] = value.values()
    elif isinstance(value, msgspec.Struct):
        members = [getattr(value, name) for name in value.__struct_fields__]
    else:
        return 0
    return 1 + sum([_estimated_items(member, depth - 1) for member in members] if depth else [])
