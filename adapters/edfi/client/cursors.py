"""
Reads long lists by page tokens, which ODS/API has from version 7.3 on.

A token names rows, so that no row is missed or read twice when others are added or deleted meanwhile, and the
server need not count rows up to an offset. A list is divided into parts (`/partitions`), which are read at the
same time. A part ends when the response has no `Next-Page-Token`, never at an empty page.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Hashable
from typing import TypeVar

import httpx

from student_graph.adapters.concurrency import gather_in_order
from student_graph.adapters.edfi.api.paging import PARTITIONS
from student_graph.adapters.errors import BodyTooLargeError
from student_graph.adapters.paging import Params, PayloadPage
from student_graph.adapters.paging.page_sizes import allowed_rows
from student_graph.adapters.paging.pages import all_pages
from student_graph.adapters.reading import counting_page_rows, read

T = TypeVar("T")

MAX_PARTS = 200
"""Parts into which a list can be divided, by the published document."""
REFUSALS = frozenset({400, 404, 405, 501})
"""Statuses with which servers without page tokens answer."""

log = logging.getLogger(__name__)


class CursorLists:
    """The lists of one server that are paged by page tokens."""

    def __init__(self, http: httpx.AsyncClient, *, concurrency: int) -> None:
        """Read lists with a client, at most so many parts of a list at the same time."""
        self._http = http
        self._concurrency = concurrency
        self.is_refused = False
        """Whether the server has refused page tokens; it is not asked for them again."""

    async def read_list(
        self,
        url: str,
        params: Params,
        rows: Callable[[httpx.Response], list[T]],
        page_size: int,
        total: int,
        *,
        key: Callable[[T], Hashable],
    ) -> list[T] | None:
        """
        Read all rows of a list.

        Args:
            url: The address of the list.
            params: The filters of the list.
            rows: Reads the rows of a response.
            page_size: Rows to request in a page.
            total: The length of the list as the server reports it.
            key: The key of a row.

        Returns:
            The rows, without those that were added or deleted meanwhile; None if the server has no page tokens.
        """
        try:
            starts = await self._parts(url, params, min(math.ceil(total / page_size), MAX_PARTS))
            parts = await gather_in_order(
                starts, lambda start: self._part(url, params, rows, start, page_size), self._concurrency
            )
        except BodyTooLargeError:
            return None
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in REFUSALS:
                raise
            self.is_refused = True
            log.info("the server refuses page tokens; its lists are read by limit and offset from now on")
            return None
        rows_of_parts = [row for part in parts for row in part.rows]
        # A server that ignores tokens sends its first rows for each of them, or one page without a next one.
        is_ignored = len({key(row) for row in rows_of_parts}) < len(rows_of_parts)
        is_one_page = starts == [None] and parts[0].after is None and parts[0].sent < total
        return None if is_ignored or is_one_page else rows_of_parts

    async def _parts(self, url: str, params: Params, count: int) -> list[str | None]:
        """The first token of each part of a list; one part without a token if the server does not divide lists."""
        try:
            response = await self._http.get(f"{url}/partitions", params={**params, "number": count})
            return [*read(response, PARTITIONS).pageTokens] or [None]
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in REFUSALS:
                raise
            return [None]

    async def _part(
        self,
        url: str,
        params: Params,
        rows: Callable[[httpx.Response], list[T]],
        start: str | None,
        page_size: int,
    ) -> PayloadPage[list[T]]:
        """All rows of one part of a list as one page; its `after` is the last token, None if there was none."""
        size, unreadable, last_token = page_size, 0, None

        async def read_page(after: str | None) -> PayloadPage[list[T]]:
            nonlocal size, unreadable, last_token
            token = after or start
            position: Params = {} if token is None else {"pageToken": token}
            while True:
                try:
                    response = await self._http.get(url, params={**params, **position, "pageSize": size})
                    with counting_page_rows() as page_rows:
                        page = rows(response)
                except httpx.HTTPStatusError as error:
                    smaller = allowed_rows(error.response, size, "pageSize")
                    if smaller is None:
                        raise
                    size = smaller
                else:
                    unreadable += page_rows.unreadable
                    next_token = response.headers.get("Next-Page-Token") or None
                    last_token = next_token or last_token
                    return PayloadPage(page, next_token)

        read_rows = [row async for page in all_pages(read_page) for row in page]
        return PayloadPage(read_rows, last_token, unreadable=unreadable)
