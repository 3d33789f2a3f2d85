"""
Incremental delivery: deferred parts of a response follow later, so that one slow vendor does not delay the rest.

A document marks them with `@defer` on a fragment. They are sent as `multipart/mixed`, in the format that the
client asks for: that of graphql-core 3.3 (`pending`, `completed` and `incremental`), or that of August 2022, in
which each part has its path and label. graphql-core itself executes a document with `@defer`; its lookups are
batched like all others.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any, TypeAlias, cast

from graphql import ExperimentalIncrementalExecutionResults, GraphQLError
from starlette.types import Send

from student_graph.gateway.concurrency.observation import note_sent
from student_graph.gateway.web.encoding import encode_in_parts
from student_graph.gateway.web.media_types import PartsFormat
from student_graph.gateway.web.security_headers import ENCODED_SECURITY_HEADERS

_BOUNDARY = b"\r\n---"
_PART_HEAD = b"\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"
_END = b"--\r\n"

ErrorFormatter: TypeAlias = Callable[[Iterable[GraphQLError]], list[dict[str, Any]]]
PartsMaker: TypeAlias = Callable[
    [ExperimentalIncrementalExecutionResults, ErrorFormatter, Callable[[], Mapping[str, Any]]],
    AsyncGenerator[dict[str, Any], None],
]
"""Makes the parts of a response in one format; the last one has the extensions."""


async def send_parts(
    send: Send,
    results: ExperimentalIncrementalExecutionResults,
    parts_format: PartsFormat,
    format_errors: ErrorFormatter,
    extensions: Callable[[], Mapping[str, Any]],
    *,
    before_part: Callable[[], Awaitable[object]] | None = None,
) -> None:
    """
    Send a response part by part, each after a call of `before_part`; the last part has the `extensions`.

    Each part is sent with the boundary behind it, because clients read a part when its boundary has come.
    """
    headers = [(b"content-type", parts_format.content_type.encode()), *ENCODED_SECURITY_HEADERS]
    parts_of = _PARTS_OF[parts_format]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    start = _BOUNDARY
    # If the client disconnects, the work for the other parts ends at once.
    async with (
        aclosing(results.subsequent_results),
        aclosing(parts_of(results, format_errors, extensions)) as parts,
    ):
        async for part in parts:
            if before_part is not None:
                await before_part()
            body = b"".join([start, _PART_HEAD, *await encode_in_parts(part), _BOUNDARY])
            start = b""
            await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": _END})
    note_sent(200)


async def _parts(
    results: ExperimentalIncrementalExecutionResults,
    format_errors: ErrorFormatter,
    extensions: Callable[[], Mapping[str, Any]],
    *,
    repeat_errors: bool,
) -> AsyncGenerator[dict[str, Any], None]:
    """
    The parts in the newest format.

    With `repeat_errors`, the errors of a fragment that failed as a whole are also in an item of `incremental`:
    urql, which names no format, reads no others.
    """
    initial = results.initial_result
    yield _without_empty(
        data=initial.data,
        errors=format_errors(initial.errors or ()),
        pending=[_pending(pending) for pending in initial.pending],
    ) | {"hasNext": True}
    async for result in results.subsequent_results:
        items = [_incremental(incremental, format_errors) for incremental in result.incremental or ()]
        completed = [_completed(item, format_errors) for item in result.completed or ()]
        if repeat_errors:
            items += [
                {"id": item["id"], "data": {}, "errors": item["errors"]} for item in completed if "errors" in item
            ]
        pending = [_pending(item) for item in result.pending or ()]
        part = _without_empty(pending=pending, incremental=items, completed=completed)
        yield part | {"hasNext": result.has_next} | ({} if result.has_next else {"extensions": extensions()})


async def _parts_of_2022(
    results: ExperimentalIncrementalExecutionResults,
    format_errors: ErrorFormatter,
    extensions: Callable[[], Mapping[str, Any]],
) -> AsyncGenerator[dict[str, Any], None]:
    """
    The parts in the format of August 2022.

    A value that two fragments select comes once, as in the newest format; clients merge parts by their paths. A
    fragment that failed as a whole has empty data: Apollo Client 3 would put null in place of the object that the
    fragment is on, with all that it has already.
    """
    initial = results.initial_result
    pending = {item.id: item for item in initial.pending}
    yield {"data": initial.data} | _without_empty(errors=format_errors(initial.errors or ())) | {"hasNext": True}
    async for result in results.subsequent_results:
        pending |= {item.id: item for item in result.pending or ()}
        items = [
            _item_of_2022(pending[item.id], item.data, format_errors(item.errors or ()), item.sub_path or ())
            for item in cast("Iterable[Any]", result.incremental or ())
        ]
        items += [
            _item_of_2022(pending[item.id], {}, format_errors(item.errors))
            for item in result.completed or ()
            if item.errors
        ]
        part = _without_empty(incremental=items) | {"hasNext": result.has_next}
        yield part | ({} if result.has_next else {"extensions": extensions()})


def _item_of_2022(
    pending: Any, data: Any, errors: list[dict[str, Any]], sub_path: Iterable[str | int] = ()
) -> dict[str, Any]:
    """A deferred fragment, or a part of it."""
    return {"data": data, "path": [*pending.path, *sub_path]} | _without_empty(label=pending.label, errors=errors)


def _pending(pending: Any) -> dict[str, Any]:
    return _without_empty(id=pending.id, label=pending.label) | {"path": list(pending.path)}


def _incremental(incremental: Any, format_errors: ErrorFormatter) -> dict[str, Any]:
    return {"id": incremental.id, "data": incremental.data} | _without_empty(
        subPath=list(incremental.sub_path or ()), errors=format_errors(incremental.errors or ())
    )


def _completed(completed: Any, format_errors: ErrorFormatter) -> dict[str, Any]:
    return {"id": completed.id} | _without_empty(errors=format_errors(completed.errors or ()))


_PARTS_OF: Mapping[PartsFormat, PartsMaker] = {
    PartsFormat.NEWEST: partial(_parts, repeat_errors=True),
    PartsFormat.V0_2: partial(_parts, repeat_errors=False),
    PartsFormat.V2022: _parts_of_2022,
}


def _without_empty(**members: Any) -> dict[str, Any]:
    """Return the members that are not None or an empty list."""
    return {name: value for name, value in members.items() if value not in (None, [])}
