"""The size of pages that a server allows, learned from its refusals."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import httpx
from cachetools import LRUCache
from pydantic_core import from_json

from student_graph.adapters.reading import content_of

log = logging.getLogger(__name__)

MIN_PAGE_ROWS = 10
"""The smallest page that is requested after a refusal: a server that refuses it refuses the list."""
MAX_LISTS_WITH_LARGE_ROWS = 256
"""Number of addresses for which a smaller page is remembered because their rows are large."""
_MAX_MESSAGE_BYTES = 16 * 1024
"""A longer error response is not searched for a size."""
_REFUSALS = frozenset({400, 413, 422})
"""Statuses with which servers refuse the size of a page."""
_SIZE_WORDS = (
    "limit", "page size", "pagesize", "page_size", "per page", "per_page", "perpage",
    "too many records", "too many rows", "too many results", "too many items",
    "number of records", "number of rows", "number of results", "number of items",
    "maximum records", "maximum rows", "maximum results", "max records", "max rows", "max results", "batch size",
)  # fmt: skip
"""Words for the size of a page in the messages of servers."""
_NUMBER = re.compile(r"(?<![\w.])\d{1,6}(?![\w.]*\w)", re.ASCII)


class PageSizes:
    """
    How many rows to request in one page.

    The size that a server allows holds for all of its lists, a size whose pages have too many bytes for one list.
    """

    def __init__(self, max_rows: int) -> None:
        self.server_rows = max_rows
        """Rows in the longest page of any list."""
        self._rows_by_address: LRUCache[str, int] = LRUCache(MAX_LISTS_WITH_LARGE_ROWS)

    def rows(self, address: str) -> int:
        """Rows to request in one page of the list at an address."""
        return min(self.server_rows, self._rows_by_address.get(address, self.server_rows))

    def limit_server(self, rows: int) -> None:
        """Request at most so many rows in a page of any list, because the server refused more."""
        if rows < self.server_rows:
            self.server_rows = rows
            log.warning("the server refuses longer pages; they have at most %d rows from now on", rows)

    def limit_list(self, address: str, rows: int) -> None:
        """Request at most so many rows in a page of the list at an address, because longer ones are too large."""
        if rows < self.rows(address):
            self._rows_by_address[address] = rows
            log.warning("pages of a list are too large; they have at most %d rows from now on", rows)


def allowed_rows(response: httpx.Response, rows: int, parameter: str) -> int | None:
    """
    The size to try after the server refused a page of so many rows; None if the response is not about the size.

    It is the maximum that the message names, or else the half. `parameter` is the vendor's name of the limit.
    """
    if response.status_code not in _REFUSALS or len(response.content) > _MAX_MESSAGE_BYTES:
        return None
    words = (*_SIZE_WORDS, parameter.lower())
    texts = [text for text in _texts(response) if any(word in text.lower() for word in words)]
    numbers = [int(number) for text in texts for number in _NUMBER.findall(text)]
    size = max((number for number in numbers if MIN_PAGE_ROWS <= number < rows), default=rows // 2)
    return size if texts and size >= MIN_PAGE_ROWS else None


def _texts(response: httpx.Response) -> Iterator[str]:
    """The texts in the body of an error response: those of its properties if it is JSON."""
    try:
        yield from _texts_in(from_json(content_of(response)))
    except ValueError:
        yield response.text


def _texts_in(value: Any) -> Iterator[str]:
    """The texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts_in(part)
