"""The change queries of the sandbox: deleted rows and changed keys of a resource."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from student_graph.adapters.edfi.sandbox.queries import MAX_CHANGE_VERSION, parse_query
from student_graph.adapters.edfi.sandbox.rows import Rows
from student_graph.adapters.sandbox.records.folder import Payload


def deletions_response(request: Request, rows: Rows, max_rows: int) -> Response:
    """
    One page of the deletions of a resource, the oldest first.

    Raises:
        ProblemError: A parameter is unknown, is in the query twice or has an invalid value.
    """
    return _page(rows.deletions, request, max_rows)


def key_changes_response(request: Request, rows: Rows, max_rows: int) -> Response:
    """
    One page of the rows of a resource that got another natural key, the oldest change first.

    Raises:
        ProblemError: A parameter is unknown, is in the query twice or has an invalid value.
    """
    return _page(rows.key_changes, request, max_rows)


def _page(changes: list[Payload], request: Request, max_rows: int) -> Response:
    """One page of the changes that have a change version in the range of the request."""
    query = parse_query(request.query_params.multi_items(), frozenset(), cursors=False)
    first, last = query.change_versions or (0, MAX_CHANGE_VERSION)
    items = [change for change in changes if first <= change["changeVersion"] <= last]
    headers = {"Total-Count": str(len(items))} if query.with_total else {}
    return JSONResponse(items[query.start : query.start + min(query.size, max_rows)], headers=headers)
