"""The change queries of the sandbox: deleted rows and changed keys of a resource."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from student_graph.adapters.edfi.sandbox.queries import MAX_CHANGE_VERSION, Query, parse_query
from student_graph.adapters.edfi.sandbox.rows import Rows


def deletions_response(request: Request, rows: Rows, max_rows: int) -> Response:
    """
    One page of the deletions of a resource, the oldest first.

    Raises:
        ProblemError: A parameter is unknown, is in the query twice or has an invalid value.
    """
    query = parse_query(request.query_params.multi_items(), frozenset(), cursors=False)
    first, last = query.change_versions or (0, MAX_CHANGE_VERSION)
    deletions = [deletion for deletion in rows.deletions if first <= deletion["changeVersion"] <= last]
    return _page(deletions, query, max_rows)


def key_changes_response(request: Request) -> Response:
    """
    No changed keys: the sandbox never changes one.

    Raises:
        ProblemError: A parameter is unknown, is in the query twice or has an invalid value.
    """
    return _page([], parse_query(request.query_params.multi_items(), frozenset(), cursors=False), 0)


def _page(items: list[dict[str, object]], query: Query, max_rows: int) -> Response:
    headers = {"Total-Count": str(len(items))} if query.with_total else {}
    return JSONResponse(items[query.start : query.start + min(query.size, max_rows)], headers=headers)
