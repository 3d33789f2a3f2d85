"""Canvas's way of answering: error bodies, rate limit headers and pages linked by opaque addresses."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

COST = {"X-Request-Cost": "0.0421", "X-Rate-Limit-Remaining": "599.9579"}
"""What every answered call says about the leaky bucket of its token."""

MOST_PER_PAGE = 100


class RefusalError(Exception):
    """An answer other than 200, as Canvas words it."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.response = JSONResponse(body, status_code=status, headers={**COST, **(headers or {})})


def invalid_token() -> RefusalError:
    """The token is missing, wrong or revoked."""
    return RefusalError(
        401,
        {"errors": [{"message": "Invalid access token."}]},
        {"WWW-Authenticate": 'Bearer realm="canvas-lms"'},
    )


def unauthorized(status: int) -> RefusalError:
    """The token is valid and may not do this: 401 in older versions, 403 in newer ones."""
    message = "user not authorized to perform that action"
    return RefusalError(status, {"status": "unauthorized", "errors": [{"message": message}]})


def not_found() -> RefusalError:
    """Nothing is kept under that id."""
    return RefusalError(404, {"errors": [{"message": "The specified resource does not exist."}]})


def throttled(status: int) -> Response:
    """The token's bucket is full: 403 on self-hosted and older servers, 429 on newer ones."""
    reason = "403 Forbidden" if status == 403 else "429 Too Many Requests"
    return PlainTextResponse(
        f"{reason} (Rate Limit Exceeded)\n", status_code=status, headers={"X-Rate-Limit-Remaining": "0.0"}
    )


def answered(body: Any) -> Response:
    """One object."""
    return JSONResponse(body, headers=COST)


def page(
    request: Request,
    rows: Sequence[Any],
    *,
    origin: str,
    path: str,
    clamp: Callable[[int], int],
    numbered: bool = False,
) -> Response:
    """
    One page of a list, with its neighbours in the `Link` header.

    Numbered lists link to their last page; the others go by bookmark and do not know it. `path` is where the
    next page is found, which need not be where this one was; `clamp` makes pages shorter than was asked.
    """
    size = clamp(_size(request))
    start = _start(request, size)
    rest = [(name, text) for name, text in request.query_params.multi_items() if name not in ("page", "per_page")]

    def link(offset: int, rel: str) -> str:
        mark = str(offset // size + 1) if numbered else _bookmark(offset)
        query = urlencode([*rest, ("page", mark), ("per_page", str(size))])
        return f'<{origin}/api/v1{path}?{query}>; rel="{rel}"'

    links = [link(start, "current")]
    if start + size < len(rows):
        links.append(link(start + size, "next"))
    links.append(link(0, "first"))
    if numbered:
        links.append(link(max(len(rows) - 1, 0) // size * size, "last"))
    return JSONResponse(rows[start : start + size], headers={**COST, "Link": ",".join(links)})


def _size(request: Request) -> int:
    """Rows a page: 10 unless asked, never more than 100 whatever is asked."""
    text = request.query_params.get("per_page", "")
    return min(int(text), MOST_PER_PAGE) if text.isascii() and text.isdigit() and int(text) else 10


def _start(request: Request, size: int) -> int:
    mark = request.query_params.get("page", "1")
    if mark.isascii() and mark.isdigit():
        return (max(int(mark), 1) - 1) * size
    try:
        return int(base64.urlsafe_b64decode(mark.removeprefix("bookmark:")))
    except (binascii.Error, ValueError):
        raise RefusalError(400, {"errors": [{"message": "invalid bookmark"}]}) from None


def _bookmark(offset: int) -> str:
    return "bookmark:" + base64.urlsafe_b64encode(str(offset).encode()).decode()
