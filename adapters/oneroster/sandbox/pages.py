"""Parses the query of a collection, and builds the page that answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode

from starlette.responses import JSONResponse, Response

from student_graph.adapters.oneroster.sandbox import filters
from student_graph.adapters.oneroster.sandbox.quirks import Quirks
from student_graph.adapters.oneroster.sandbox.refusals import RefusalError, bad_value
from student_graph.adapters.oneroster.sandbox.rows import Row

SerializeRow: TypeAlias = Callable[[Row, Sequence[str]], dict[str, Any]]
"""Serializes the selected fields of a row, or all fields if none are selected."""

DEFAULT_PAGE_ROWS = 100


@dataclass(frozen=True, slots=True)
class Query:
    """The parsed query of a collection."""

    test: filters.RowTest | None
    """The filter; None for all rows."""
    sort: str | None
    """The field by which rows are sorted; None for the order of the collection."""
    descending: bool
    limit: int
    offset: int
    fields: tuple[str, ...]
    """The selected fields; empty for all."""

    def select(self, rows: Sequence[Row]) -> list[Row]:
        """The rows that satisfy the filter, sorted."""
        matching = [row for row in rows if self.test is None or self.test(row)]
        if self.sort is None:
            return matching
        field = self.sort
        return sorted(matching, key=lambda row: _sort_key(row[field]), reverse=self.descending)


def parse_query(query: Mapping[str, str], table: str, known_fields: tuple[str, ...], quirks: Quirks) -> Query:
    """
    Parse the query parameters of a request.

    Raises:
        RefusalError: A parameter is not valid, and the server does not ignore it.
    """
    limit = _number(query, "limit", DEFAULT_PAGE_ROWS, 1, quirks)
    order = query.get("orderBy", "asc")
    if order not in ("asc", "desc") and quirks.bad_sort == "refused":
        raise bad_value("Query parameter 'orderBy' must be 'asc' or 'desc'")
    return Query(
        test=filters.parse(query["filter"], table, known_fields, quirks) if query.get("filter") else None,
        sort=_sort_field(query, known_fields, quirks),
        descending=order == "desc",
        limit=min(limit, quirks.max_rows_per_page or limit),
        offset=_number(query, "offset", 0, 0, quirks),
        fields=selected_fields(query, known_fields, quirks),
    )


def selected_fields(query: Mapping[str, str], known_fields: tuple[str, ...], quirks: Quirks) -> tuple[str, ...]:
    """
    The fields that the query selects; empty for all.

    Raises:
        RefusalError: One of them does not exist, and the server does not ignore it.
    """
    names = tuple(name.strip() for name in query.get("fields", "").split(",") if name.strip())
    if unknown := [name for name in names if name not in known_fields]:
        if quirks.bad_fields == "refused":
            raise RefusalError(400, f"Field '{unknown[0]}' cannot be selected", "invalid_selection_field")
        return tuple(name for name in names if name in known_fields)
    return names


def page_response(
    rows: list[Row], query: Query, *, key: str, url: str, serialize: SerializeRow, quirks: Quirks
) -> Response:
    """The response with one page of the rows, in the form that the quirks say, and links to other pages."""
    total = len(rows)
    page = [serialize(row, query.fields) for row in rows[query.offset : query.offset + query.limit]]
    offsets = _linked_offsets(query, total, quirks)
    headers = {"X-Total-Count": str(total)} if quirks.totals else {}
    if quirks.links:
        links = (f'<{_page_url(url, query, offset)}>; rel="{relation}"' for relation, offset in offsets.items())
        headers["Link"] = ", ".join(links)
    match quirks.envelope:
        case "named":
            body: dict[str, Any] = {key: page}
        case "meta":
            urls = {relation: _page_url(url, query, offset) for relation, offset in offsets.items()}
            body = {key: page, "_meta": _meta(query, total), "_links": urls}
        case "data":
            body = {"data": page, "total": total}
    return JSONResponse(body, headers=headers)


def _number(query: Mapping[str, str], name: str, default: int, minimum: int, quirks: Quirks) -> int:
    """The whole number of a parameter, at least `minimum`."""
    text = query.get(name, str(default))
    is_number = text.isascii() and text.isdigit()
    if is_number and minimum <= int(text):
        return int(text)
    if quirks.bad_paging == "ignored":
        return default
    raise bad_value(
        f"Query parameter '{name}' must be {minimum} or greater"
        if is_number
        else f"Query parameter '{name}' must be a non-negative integer"
    )


def _sort_field(query: Mapping[str, str], known_fields: tuple[str, ...], quirks: Quirks) -> str | None:
    name = query.get("sort")
    if name is None or name in known_fields:
        return name
    if quirks.bad_sort == "refused":
        raise RefusalError(400, f"Field '{name}' cannot be sorted by", "invalid_sort_field")
    return None


def _sort_key(value: Any) -> tuple[bool, bool, Any]:
    """Sorts absent values before numbers, and numbers before texts."""
    if isinstance(value, float):
        return True, False, value
    return value is not None, True, filters.as_text(value)


def _linked_offsets(query: Query, total: int, quirks: Quirks) -> dict[str, int]:
    """The offsets of the linked pages by relation."""
    last = max(total - 1, 0) // query.limit * query.limit
    offsets = {"first": 0}
    if query.offset > 0:
        previous = max(query.offset - query.limit, 0)
        offsets["prev"] = previous if quirks.prev_link_past_end else min(previous, last)
    if query.offset + query.limit < total:
        offsets["next"] = query.offset + query.limit
    return offsets | {"last": last}


def _page_url(url: str, query: Query, offset: int) -> str:
    """The address of another page of the same query."""
    base, _, text = url.partition("?")
    pairs = [
        (name, value) for name, value in parse_qsl(text, keep_blank_values=True) if name not in {"limit", "offset"}
    ]
    return f"{base}?{urlencode([*pairs, ('limit', str(query.limit)), ('offset', str(offset))])}"


def _meta(query: Query, total: int) -> dict[str, int]:
    return {
        "totalCount": total,
        "limit": query.limit,
        "offset": query.offset,
        "totalPages": -(-total // query.limit),
        "currentPage": query.offset // query.limit + 1,
    }
