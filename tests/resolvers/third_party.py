"""A stranger's adapter: it answers from records that a test gave it, and pages as a vendor would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import AnyHttpUrl

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.contract import Adapter, AdapterSettings
from student_graph.adapters.errors import AdapterError, UnavailableError
from student_graph.adapters.lookup import Page, StudentFilter, Window
from student_graph.adapters.model import DistrictId, Fetched, Record
from student_graph.adapters.sources import Source

FETCHED_AT = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class Shelf:
    """What a stranger's system holds, by lookup and key."""

    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    roster: list[Any] | None = None
    """Everybody of the district, listed a page at a time; None when the system lists nobody."""
    largest_page: int = 3
    applies: frozenset[str] = frozenset()
    """What the system says it filters by, when it has."""
    failing: dict[str, AdapterError] = field(default_factory=dict)
    """Lookups that fail."""
    stale: bool = False
    breaks_at: int | None = None
    """Position in the roster from which no page can be read."""


def stranger(name: str, shelf: Shelf, district: str = "cedar", **options: Any) -> Source:
    """A source whose adapter overrides exactly the lookups that the shelf holds."""

    def answering(lookup: str) -> Any:
        async def answer(_: Adapter, ids: Sequence[str], **__: Any) -> Mapping[str, Any]:
            if failure := shelf.failing.get(lookup):
                raise failure
            held = shelf.answers[lookup]
            return {key: held[key] for key in ids if key in held}

        return answer

    async def students_by_district(
        _: Adapter, ids: Sequence[str], *, window: Window, filter: StudentFilter | None = None
    ) -> Mapping[str, Any]:
        if failure := shelf.failing.get("students_by_district"):
            raise failure
        people = [p for p in shelf.roster or [] if wanted(p, filter, shelf.applies)]
        start = int(window.after or 0)
        if shelf.breaks_at is not None and start >= shelf.breaks_at:
            return {ids[0]: UnavailableError("failing (503)")}
        items = people[start : start + min(window.first, shelf.largest_page)]
        end = start + len(items)
        after = str(end) if end < len(people) else None
        return {ids[0]: Page(items, after, len(people), shelf.applies)}

    overrides = {lookup: answering(lookup) for lookup in shelf.answers}
    if shelf.roster is not None:
        overrides["students_by_district"] = students_by_district
    made: Any = type("Stranger", (Adapter,), {"__annotations__": {"settings": AdapterSettings}, **overrides})
    adapter = made(name, AdapterSettings(base_url=AnyHttpUrl("http://127.0.0.1:9")), httpx.AsyncClient())
    adapter.shelf = shelf
    return Source(name, "stranger", DistrictId(district), adapter, **options)


def wanted(person: Any, filter: StudentFilter | None, applies: frozenset[str]) -> bool:
    """A family name that begins so, for a system that filters by name."""
    if filter is None or filter.name is None or "name" not in applies:
        return True
    return str(person.name.last_name).startswith(filter.name)


@dataclass
class Desk:
    """Carries asks to the adapters, and remembers them."""

    asks: list[tuple[str, Ask[Any]]] = field(default_factory=list)

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
        """One ask at one source."""
        self.asks.append((source.name, ask))
        shelf: Shelf = source.adapter.shelf  # type: ignore[attr-defined]
        if failure := shelf.failing.get(ask.lookup.name):
            failure.source = source.name
            return {key: Answer(failure, source.name, FETCHED_AT) for key in ask.keys}
        window = {"window": ask.window} if ask.window else {}
        told = await getattr(source.adapter, ask.lookup.name)(ask.keys, **ask.arguments, **window)
        return {
            key: Answer(stamped(value, source), source.name, FETCHED_AT, shelf.stale)
            for key, value in told.items()
        }

    def names(self) -> list[str]:
        """Lookups asked, in order."""
        return [ask.lookup.name for _, ask in self.asks]


def stamped(value: Any, source: Source) -> Any:
    """The same records, with where they came from."""
    many = value.items if isinstance(value, Page) else value if isinstance(value, list) else [value]
    for record in many:
        if isinstance(record, Record):
            record.fetched = Fetched(source.district, source.name, FETCHED_AT)
    return value
