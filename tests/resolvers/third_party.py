"""A source with an adapter that serves the records of a test, and pages as a vendor would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import AnyHttpUrl

from student_graph.adapters.answers import Answer, Ask, records_in
from student_graph.adapters.contract import Adapter, AdapterSettings
from student_graph.adapters.errors import AdapterError, UnavailableError
from student_graph.adapters.lookup import Page, StudentFilter, Window
from student_graph.adapters.model import DistrictId, Fetched
from student_graph.adapters.sources import Source
from tests.clients import async_client

FETCHED_AT = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class VendorData:
    """Records of a third-party system, and its failures."""

    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By lookup and key."""
    roster: list[Any] | None = None
    """All students of the district, listed page by page; None if the system lists none."""
    max_page_size: int = 3
    applies: frozenset[str] = frozenset()
    """Conditions of a filter that the system says it applies."""
    failing: dict[str, AdapterError] = field(default_factory=dict)
    """Errors by lookup."""
    stale: bool = False
    breaks_at: int | None = None
    """Position in the roster from which no page can be read."""


def third_party_source(name: str, data: VendorData, district: str = "cedar", **options: Any) -> Source:
    """Return a source whose adapter overrides exactly the lookups in the data."""

    def lookup_method(lookup: str) -> Any:
        async def method(_: Adapter, ids: Sequence[str], **__: Any) -> Mapping[str, Any]:
            if failure := data.failing.get(lookup):
                raise failure
            answers = data.answers[lookup]
            return {key: answers[key] for key in ids if key in answers}

        return method

    async def students_by_district(
        _: Adapter, ids: Sequence[str], *, window: Window, filter: StudentFilter | None = None
    ) -> Mapping[str, Any]:
        if failure := data.failing.get("students_by_district"):
            raise failure
        students = [student for student in data.roster or [] if matches(student, filter, data.applies)]
        start = int(window.after or 0)
        if data.breaks_at is not None and start >= data.breaks_at:
            return {ids[0]: UnavailableError("failing (503)")}
        items = students[start : start + min(window.first, data.max_page_size)]
        end = start + len(items)
        after = str(end) if end < len(students) else None
        return {ids[0]: Page(items, after, len(students), data.applies)}

    overrides = {lookup: lookup_method(lookup) for lookup in data.answers}
    if data.roster is not None:
        overrides["students_by_district"] = students_by_district
    attributes = {"__annotations__": {"settings": AdapterSettings}, **overrides}
    adapter_class: Any = type("ThirdParty", (Adapter,), attributes)
    adapter = adapter_class(name, AdapterSettings(base_url=AnyHttpUrl("http://127.0.0.1:9")), async_client())
    adapter.data = data
    return Source(name, "third-party", DistrictId(district), adapter, **options)


def matches(student: Any, filter: StudentFilter | None, applies: frozenset[str]) -> bool:
    """Return whether the last name starts with the filter's name, for a system that filters by name."""
    if filter is None or filter.name is None or "name" not in applies:
        return True
    return str(student.name.last_name).startswith(filter.name)


@dataclass
class RecordingFetch:
    """A fetch that calls the adapters and records the asks."""

    asks: list[tuple[str, Ask[Any]]] = field(default_factory=list)
    """Each with the name of its source."""

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
        """Answer one ask."""
        self.asks.append((source.name, ask))
        data: VendorData = source.adapter.data  # type: ignore[attr-defined]
        if failure := data.failing.get(ask.lookup.name):
            failure.source = source.name
            return {key: Answer(failure, source.name, FETCHED_AT) for key in ask.keys}
        window = {"window": ask.window} if ask.window else {}
        batch = await getattr(source.adapter, ask.lookup.name)(ask.keys, **ask.arguments, **window)
        return {
            key: Answer(with_provenance(value, source), source.name, FETCHED_AT, data.stale)
            for key, value in batch.items()
        }

    def names(self) -> list[str]:
        """Return the names of the lookups, in order."""
        return [ask.lookup.name for _, ask in self.asks]


def with_provenance(value: Any, source: Source) -> Any:
    """Set the source on the records of a value, and return it."""
    for record in records_in(value):
        record.fetched = Fetched(source.district, source.name, FETCHED_AT)
    return value
