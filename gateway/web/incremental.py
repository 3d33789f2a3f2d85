"""
Incremental delivery: a part of an answer that is asked for later, so that one slow vendor does not hold the page.

`@defer` on a fragment, sent as `multipart/mixed`; the parts are those of graphql-core 3.3 (`pending`, `completed`
and `incremental`). A document that defers is carried out by graphql-core itself; what it asks of vendors is
merged all the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

from graphql import ExperimentalIncrementalExecutionResults, GraphQLError
from starlette.types import Send

from student_graph.gateway.web.response import encode

MULTIPART = "multipart/mixed"

_HEAD = b"\r\n---\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"
_END = b"\r\n-----\r\n"

Format = Callable[[Iterable[GraphQLError]], list[dict[str, Any]]]


async def send_parts(
    send: Send,
    headers: Iterable[tuple[bytes, bytes]],
    results: ExperimentalIncrementalExecutionResults,
    told: Format,
    extensions: Callable[[], Mapping[str, Any]],
    *,
    record: Callable[[], object] = lambda: None,
) -> None:
    """Send an answer part by part, each recorded before; the last one tells what was asked of whom."""
    kind = (b"content-type", f'{MULTIPART}; boundary="-"'.encode())
    await send({"type": "http.response.start", "status": 200, "headers": [kind, *headers]})
    async for part in _parts(results, told, extensions):
        record()
        await send({"type": "http.response.body", "body": _HEAD + encode(part), "more_body": True})
    await send({"type": "http.response.body", "body": _END})


async def _parts(
    results: ExperimentalIncrementalExecutionResults, told: Format, extensions: Callable[[], Mapping[str, Any]]
) -> AsyncIterator[dict[str, Any]]:
    first = results.initial_result
    yield _without_nothing(
        data=first.data,
        errors=told(first.errors or ()),
        pending=[_pending(each) for each in first.pending],
    ) | {"hasNext": True}
    async for later in results.subsequent_results:
        part = _without_nothing(
            pending=[_pending(each) for each in later.pending or ()],
            incremental=[_incremental(each, told) for each in later.incremental or ()],
            completed=[_completed(each, told) for each in later.completed or ()],
        )
        yield part | {"hasNext": later.has_next} | ({} if later.has_next else {"extensions": extensions()})


def _pending(each: Any) -> dict[str, Any]:
    return _without_nothing(id=each.id, label=each.label) | {"path": list(each.path)}


def _incremental(each: Any, told: Format) -> dict[str, Any]:
    """A part that came later, its errors beside it."""
    return {"id": each.id, "data": each.data} | _without_nothing(
        subPath=list(each.sub_path or ()), errors=told(each.errors or ())
    )


def _completed(each: Any, told: Format) -> dict[str, Any]:
    return {"id": each.id} | _without_nothing(errors=told(each.errors or ()))


def _without_nothing(**parts: Any) -> dict[str, Any]:
    return {name: part for name, part in parts.items() if part not in (None, [])}
