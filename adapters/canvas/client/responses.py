"""What the status of a response means in Canvas."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
from pydantic import TypeAdapter

from student_graph.adapters.errors import RefusedError, another_object, rate_limited
from student_graph.adapters.reading import read

T = TypeVar("T")

FORBIDDEN_CODE = "SOURCE_FORBIDDEN"


def check_section(requested: str, sis_section_id: str | None) -> None:
    """
    Check that rows are those of the section that was requested by a key such as `sis_section_id:ALG-1`.

    Raises:
        PayloadError: They name another section; rows that name none are accepted.
    """
    field, _, text = requested.partition(":")
    if (
        field == "sis_section_id"
        and sis_section_id
        and sis_section_id.strip().casefold() != text.strip().casefold()
    ):
        raise another_object()


def check_status(response: httpx.Response) -> httpx.Response:
    """
    The response itself, unless its status has another meaning in Canvas than in HTTP.

    Many servers throttle with a 403, and report a missing permission as a 401 without `WWW-Authenticate`.

    Raises:
        UnavailableError: Canvas throttles the token.
        RefusedError: The token is valid and lacks the permission.
    """
    match response.status_code:
        case httpx.codes.FORBIDDEN if _throttled(response):
            raise rate_limited(response)
        case httpx.codes.UNAUTHORIZED if "www-authenticate" not in response.headers:
            raise RefusedError("access refused (401)", code=FORBIDDEN_CODE)
        case httpx.codes.FORBIDDEN:
            raise RefusedError("access refused (403)", code=FORBIDDEN_CODE)
        case _:
            return response


def _throttled(response: httpx.Response) -> bool:
    remaining = response.headers.get("x-rate-limit-remaining", "")
    return "Rate Limit Exceeded" in response.text or remaining in ("0", "0.0")


class MissingObjectError(Exception):
    """Canvas does not know the object whose list was requested."""


def page_reader(payload: TypeAdapter[list[T]]) -> Callable[[httpx.Response], list[T]]:
    """A function that reads the pages of one list; a 404 on the first page means that the list does not exist."""
    first_page = True

    def read_page(response: httpx.Response) -> list[T]:
        nonlocal first_page
        if response.status_code == httpx.codes.NOT_FOUND and first_page:
            raise MissingObjectError
        first_page = False
        return read(check_status(response), payload)

    return read_page


async def none_if_refused(result: Awaitable[T | None]) -> T | None:
    """The result, or None if the token lacks the permission; a refused token is an HTTP error and is raised."""
    try:
        return await result
    except RefusedError:
        return None
