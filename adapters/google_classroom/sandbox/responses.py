"""Responses of Google's APIs: error bodies, partial responses, and pages with opaque tokens."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

Json: TypeAlias = dict[str, Any]

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
"""Google's name of each HTTP status that the sandbox sends."""
DEFAULT_ROWS_PER_PAGE = 30
"""Rows of a page if no number is requested; the published document names it for lists of students."""
MAX_ROWS_PER_PAGE = 1000
_MAX_INT32 = 2**31 - 1
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*|\*")


class RefusalError(Exception):
    """A response with an error status and the body that Google's APIs send."""

    def __init__(self, status: int, message: str, reason: str | None = None) -> None:
        super().__init__(status)
        self.response = error_response(status, message, reason)


def error_response(status: int, message: str, reason: str | None = None) -> Response:
    """An error response; `reason` is that of the older form, such as `rateLimitExceeded`."""
    error: Json = {"code": status, "message": message, "status": STATUSES[status]}
    if reason is not None:
        error["errors"] = [{"message": message, "domain": "usageLimits", "reason": reason}]
    headers = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'} if status == 401 else None
    return JSONResponse({"error": error}, status_code=status, headers=headers)


def unknown_entity() -> RefusalError:
    """A 404: there is no such course, user or list."""
    return RefusalError(404, "Requested entity was not found.")


def permission_denied() -> RefusalError:
    """A 403: the user may not see the object, or a scope is missing."""
    return RefusalError(403, "The caller does not have permission")


def throttled(status: int) -> Response:
    """The response to too many requests: a 429, or the 403 of Google's older error model."""
    if status == 403:
        return error_response(403, "User Rate Limit Exceeded", "userRateLimitExceeded")
    return error_response(429, "Quota exceeded for quota metric 'Read requests' and limit 'per minute per user'")


def json_response(request: Request, body: Json) -> Response:
    """A successful response with the properties that the request names in `fields`; all without it."""
    mask = request.query_params.get("fields")
    return JSONResponse(body if mask is None else select(body, parse_mask(mask)))


def page(
    request: Request,
    name: str,
    rows: Sequence[Any],
    *,
    clamp: Callable[[int], int],
    serialize: Callable[[Any], Json],
    empty_pages: bool,
) -> Response:
    """
    One page of a list under `name`, with the token of the next page; an empty list is left out.

    A token counts for the request that it came from, in everything but the size of pages. With `empty_pages` each
    page with rows follows one without, as the published document allows.
    """
    size = clamp(min(_size(request), MAX_ROWS_PER_PAGE))
    start, is_empty = _position(request, empty_pages)
    shown = [] if is_empty else rows[start : start + size]
    end = start + len(shown)
    body: Json = {name: [serialize(row) for row in shown]} if shown else {}
    if end < len(rows):
        body["nextPageToken"] = _token(request, end, is_empty=empty_pages and not is_empty)
    return json_response(request, body)


def _size(request: Request) -> int:
    text = request.query_params.get("pageSize", "0")
    if not (text.isascii() and text.isdigit()) or int(text) > _MAX_INT32:
        raise RefusalError(400, "Invalid value at 'page_size' (TYPE_INT32)")
    return int(text) or DEFAULT_ROWS_PER_PAGE


def _digest(request: Request) -> str:
    """A digest of what must be the same in all requests for pages of a list."""
    ignored = ("pageToken", "pageSize", "fields")
    items = sorted(item for item in request.query_params.multi_items() if item[0] not in ignored)
    return hashlib.sha256(json.dumps([request.url.path, items]).encode()).hexdigest()[:12]


def _token(request: Request, start: int, *, is_empty: bool) -> str:
    return base64.urlsafe_b64encode(json.dumps([_digest(request), start, is_empty]).encode()).decode().rstrip("=")


def _position(request: Request, empty_pages: bool) -> tuple[int, bool]:
    """The first row of the requested page, and whether the page is one without rows."""
    token = request.query_params.get("pageToken")
    if not token:
        return 0, empty_pages
    try:
        digest, start, is_empty = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError):
        digest, start, is_empty = "", 0, False
    if digest != _digest(request):
        raise RefusalError(400, "Invalid page token")
    return start, is_empty


Mask: TypeAlias = Mapping[str, Any]
"""Names of properties, each with the mask of what is inside it; an empty one stands for all."""


def parse_mask(text: str) -> Mask:
    """
    A mask such as `id,profile(name/familyName)`.

    Raises:
        RefusalError: it cannot be read.
    """
    mask, end = _parse(text, 0)
    if end != len(text) or not mask:
        raise RefusalError(400, "Request contains an invalid argument: Invalid field selection")
    return mask


def _parse(text: str, position: int) -> tuple[dict[str, Any], int]:
    mask: dict[str, Any] = {}
    while (match := _NAME.match(text, position)) is not None:
        position = match.end()
        nested: dict[str, Any] = {}
        if text[position : position + 1] == "/":
            nested, position = _parse_path(text, position + 1)
        elif text[position : position + 1] == "(":
            nested, position = _parse(text, position + 1)
            if not nested or text[position : position + 1] != ")":
                return {}, position
            position += 1
        mask.setdefault(match[0], {}).update(nested)
        if text[position : position + 1] != ",":
            break
        position += 1
    return mask, position


def _parse_path(text: str, position: int) -> tuple[dict[str, Any], int]:
    """The rest of a path such as `name/familyName`."""
    match = _NAME.match(text, position)
    if match is None:
        return {}, position
    if text[match.end() : match.end() + 1] == "/":
        nested, end = _parse_path(text, match.end() + 1)
        return {match[0]: nested}, end
    return {match[0]: {}}, match.end()


def select(value: Any, mask: Mask) -> Any:
    """The properties of a value that a mask names; of a list, those of each element."""
    if isinstance(value, list):
        return [select(item, mask) for item in value]
    if not isinstance(value, dict) or not mask or "*" in mask:
        return value
    return {name: select(part, mask[name]) for name, part in value.items() if name in mask}
