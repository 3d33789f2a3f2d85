"""A question to a collection, read from its query, and the page that answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode

from starlette.responses import JSONResponse, Response

from student_graph.adapters.oneroster.sandbox import filters
from student_graph.adapters.oneroster.sandbox.quirks import Manner
from student_graph.adapters.oneroster.sandbox.refusals import RefusalError, bad_value
from student_graph.adapters.oneroster.sandbox.rows import Row

Spell: TypeAlias = Callable[[Row, Sequence[str]], dict[str, Any]]

LIMIT = 100
"""Rows of a page unless asked for more."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a collection."""

    test: filters.Test | None
    sort: str | None
    descending: bool
    limit: int
    offset: int
    fields: tuple[str, ...]
    """All when empty."""

    def answers(self, rows: Sequence[Row]) -> list[Row]:
        """Rows that pass the filter, in order."""
        found = [row for row in rows if self.test is None or self.test(row)]
        if self.sort is None:
            return found
        name = self.sort
        return sorted(found, key=lambda row: _rank(row[name]), reverse=self.descending)


def question(query: Mapping[str, str], table: str, known: tuple[str, ...], manner: Manner) -> Question:
    """
    The question of a query.

    Raises:
        RefusalError: it cannot be read, and the server does not pass over that.
    """
    limit = _number(query, "limit", LIMIT, 1, manner)
    order = query.get("orderBy", "asc")
    if order not in ("asc", "desc") and manner.bad_sort == "refused":
        raise bad_value("Query parameter 'orderBy' must be 'asc' or 'desc'")
    return Question(
        test=filters.parse(query["filter"], table, known, manner) if query.get("filter") else None,
        sort=_sort(query, known, manner),
        descending=order == "desc",
        limit=min(limit, manner.most_rows or limit),
        offset=_number(query, "offset", 0, 0, manner),
        fields=selection(query, known, manner),
    )


def selection(query: Mapping[str, str], known: tuple[str, ...], manner: Manner) -> tuple[str, ...]:
    """
    The fields asked for; none for all.

    Raises:
        RefusalError: one of them does not exist.
    """
    asked = tuple(name.strip() for name in query.get("fields", "").split(",") if name.strip())
    if unknown := [name for name in asked if name not in known]:
        if manner.bad_fields == "refused":
            raise RefusalError(400, f"Field '{unknown[0]}' cannot be selected", "invalid_selection_field")
        return tuple(name for name in asked if name in known)
    return asked


def page(rows: list[Row], asked: Question, *, key: str, url: str, spell: Spell, manner: Manner) -> Response:
    """One page of an answer, in the server's envelope, with its neighbours."""
    total = len(rows)
    told = [spell(row, asked.fields) for row in rows[asked.offset : asked.offset + asked.limit]]
    links = _links(asked, total, manner)
    headers = {"X-Total-Count": str(total)} if manner.totals else {}
    if manner.links:
        headers["Link"] = ", ".join(f'<{_address(url, asked, at)}>; rel="{rel}"' for rel, at in links.items())
    match manner.envelope:
        case "named":
            body: dict[str, Any] = {key: told}
        case "meta":
            addresses = {rel: _address(url, asked, at) for rel, at in links.items()}
            body = {key: told, "_meta": _meta(asked, total), "_links": addresses}
        case "data":
            body = {"data": told, "total": total}
    return JSONResponse(body, headers=headers)


def _number(query: Mapping[str, str], name: str, default: int, least: int, manner: Manner) -> int:
    text = query.get(name, str(default))
    if text.isascii() and text.isdigit() and least <= int(text):
        return int(text)
    if manner.bad_paging == "ignored":
        return default
    whole = text.isascii() and text.isdigit()
    raise bad_value(
        f"Query parameter '{name}' must be {least} or greater"
        if whole
        else f"Query parameter '{name}' must be a non-negative integer"
    )


def _sort(query: Mapping[str, str], known: tuple[str, ...], manner: Manner) -> str | None:
    name = query.get("sort")
    if name is None or name in known:
        return name
    if manner.bad_sort == "refused":
        raise RefusalError(400, f"Field '{name}' cannot be sorted by", "invalid_sort_field")
    return None


def _rank(value: Any) -> tuple[bool, bool, Any]:
    """Where a value stands: what there is not first, numbers before texts."""
    if isinstance(value, float):
        return True, False, value
    return value is not None, True, filters.as_text(value)


def _links(asked: Question, total: int, manner: Manner) -> dict[str, int]:
    """Relation to the offset of a neighbour."""
    last = max(total - 1, 0) // asked.limit * asked.limit
    links = {"first": 0}
    if asked.offset > 0:
        before = max(asked.offset - asked.limit, 0)
        links["prev"] = before if manner.blind_prev else min(before, last)
    if asked.offset + asked.limit < total:
        links["next"] = asked.offset + asked.limit
    return links | {"last": last}


def _address(url: str, asked: Question, offset: int) -> str:
    """The address of a page, with all that was asked."""
    base, _, query = url.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    given = [pair for pair in pairs if pair[0] not in {"limit", "offset"}]
    return f"{base}?{urlencode([*given, ('limit', str(asked.limit)), ('offset', str(offset))])}"


def _meta(asked: Question, total: int) -> dict[str, int]:
    return {
        "totalCount": total,
        "limit": asked.limit,
        "offset": asked.offset,
        "totalPages": -(-total // asked.limit),
        "currentPage": asked.offset // asked.limit + 1,
    }
