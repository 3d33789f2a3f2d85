"""Responses of Canvas: error bodies, rate limit headers, and pages that link to each other by opaque addresses."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

RATE_LIMIT_HEADERS = {"X-Request-Cost": "0.0421", "X-Rate-Limit-Remaining": "599.9579"}
"""Rate limit headers of every response: the cost of the call, and what is left in the token's leaky bucket."""

MAX_ROWS_PER_PAGE = 100
DEFAULT_ROWS_PER_PAGE = 10


class RefusalError(Exception):
    """A response with an error status and the body that Canvas sends."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.response = JSONResponse(body, status_code=status, headers={**RATE_LIMIT_HEADERS, **(headers or {})})


def invalid_token() -> RefusalError:
    """A 401: the token is missing, wrong or revoked."""
    return RefusalError(
        401,
        {"errors": [{"message": "Invalid access token."}]},
        {"WWW-Authenticate": 'Bearer realm="canvas-lms"'},
    )


def unauthorized(status: int) -> RefusalError:
    """The token is valid and lacks the permission: 401 in older versions of Canvas, 403 in newer ones."""
    message = "user not authorized to perform that action"
    return RefusalError(status, {"status": "unauthorized", "errors": [{"message": message}]})


def missing_resource() -> RefusalError:
    """A 404: there is no object with this id."""
    return RefusalError(404, {"errors": [{"message": "The specified resource does not exist."}]})


def throttled(status: int) -> Response:
    """The rate limit is reached: 403 on self-hosted and older servers, 429 on newer ones."""
    reason = "403 Forbidden" if status == 403 else "429 Too Many Requests"
    return PlainTextResponse(
        f"{reason} (Rate Limit Exceeded)\n", status_code=status, headers={"X-Rate-Limit-Remaining": "0.0"}
    )


def json_response(body: Any) -> Response:
    """A successful response with one object."""
    return JSONResponse(body, headers=RATE_LIMIT_HEADERS)


def page(
    request: Request,
    rows: Sequence[Any],
    *,
    origin: str,
    path: str,
    clamp: Callable[[int], int],
    serialize: Callable[[Any], Any],
    numbered: bool = False,
) -> Response:
    """
    One page of a list, with links to other pages in the `Link` header.

    A `numbered` list also links to its last page; the others use bookmarks and do not show how many pages there
    are. `path` is the path of the next page, which may differ from the path of this one. `clamp` returns the page
    size that the sandbox serves for a requested size, and `serialize` the JSON of a row.
    """
    size = clamp(_size(request))
    start = _start(request, size)
    filters = [
        (name, text) for name, text in request.query_params.multi_items() if name not in ("page", "per_page")
    ]

    def link(offset: int, rel: str) -> str:
        page_name = str(offset // size + 1) if numbered else _bookmark(offset)
        query = urlencode([*filters, ("page", page_name), ("per_page", str(size))])
        return f'<{origin}/api/v1{path}?{query}>; rel="{rel}"'

    links = [link(start, "current")]
    if start + size < len(rows):
        links.append(link(start + size, "next"))
    links.append(link(0, "first"))
    if numbered:
        links.append(link(max(len(rows) - 1, 0) // size * size, "last"))
    body = [serialize(row) for row in rows[start : start + size]]
    return JSONResponse(body, headers={**RATE_LIMIT_HEADERS, "Link": ",".join(links)})


def _size(request: Request) -> int:
    """Rows per page: 10 by default, at most 100."""
    text = request.query_params.get("per_page", "")
    valid = text.isascii() and text.isdigit() and int(text)
    return min(int(text), MAX_ROWS_PER_PAGE) if valid else DEFAULT_ROWS_PER_PAGE


def _start(request: Request, size: int) -> int:
    """Index of the first row of the requested page, which is a number or a bookmark."""
    page_name = request.query_params.get("page", "1")
    if page_name.isascii() and page_name.isdigit():
        return (max(int(page_name), 1) - 1) * size
    try:
        return int(base64.urlsafe_b64decode(page_name.removeprefix("bookmark:")))
    except (binascii.Error, ValueError):
        raise RefusalError(400, {"errors": [{"message": "invalid bookmark"}]}) from None


def _bookmark(offset: int) -> str:
    return "bookmark:" + base64.urlsafe_b64encode(str(offset).encode()).decode()
