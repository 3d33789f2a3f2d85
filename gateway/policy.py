"""
Who may see which records: deny by default, decided before fetching and again on every record that comes back.

The form that this release has: a viewer sees the districts and the classes of data that were granted. A record of
another district is exactly like one that does not exist; a class that was not granted is `FORBIDDEN`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from adapters.errors import AdapterError, ForbiddenError
from adapters.lookup import Page
from adapters.model import Record, Sensitivity
from adapters.sources import Answer, Ask, Fetch, Source
from resolvers.context import Viewer

OPEN = frozenset({Sensitivity.OPEN})


def allows(viewer: Viewer, sensitivity: Sensitivity) -> bool:
    """Whether a viewer may see a class of data at all."""
    return sensitivity is Sensitivity.OPEN or sensitivity in viewer.grants


def authorized(fetch: Fetch, viewer: Viewer) -> Fetch:
    """Ask nothing that the viewer may not see, and let nothing through that came all the same."""

    async def fetch_authorized(source: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
        if source.district not in viewer.districts:
            return {}
        if not allows(viewer, ask.lookup.sensitivity):
            error = ForbiddenError("not granted")
            error.source = source.name
            now = datetime.now(UTC)
            return {key: Answer(error, source.name, now) for key in ask.keys}
        told = await fetch(source, ask)
        if _all_mine(viewer, ask, list(_records(told.values()))):
            return told
        mine = _mine(viewer, ask)
        answers = ((key, _visible(mine, answer)) for key, answer in told.items())
        return {key: answer for key, answer in answers if answer is not None}

    return fetch_authorized


def _records(answers: Iterable[Answer[Any]]) -> Iterator[Record]:
    """All records of all answers."""
    for answer in answers:
        match answer.value:
            case list() as records:
                yield from records
            case Page() as page:
                yield from page.items
            case AdapterError():
                pass
            case record:
                yield record


def _visible(mine: Callable[[Record], bool], answer: Answer[Any]) -> Answer[Any] | None:
    """What of an answer the viewer may see; None when it is as if it did not exist."""
    match answer.value:
        case AdapterError():
            return answer
        case Page() as page:
            return answer._replace(value=replace(page, items=list(filter(mine, page.items))))
        case list() as records:
            return answer._replace(value=list(filter(mine, records)))
        case record:
            return answer if mine(record) else None


def _all_mine(viewer: Viewer, ask: Ask[Any], records: Sequence[Record]) -> bool:
    """Whether every record is the viewer's to see, as nearly always: the same as `_mine`, for all at once."""
    allowed, subject = viewer.grants | OPEN, ask.lookup.about.value
    return (
        all(kind.sensitivity in allowed for kind in {type(record) for record in records})
        and None not in map(FETCHED, records)
        and viewer.districts.issuperset(map(DISTRICT, records))
        and not any(map(SUBJECT, records))
        and (subject is None or all(map(attrgetter(subject), records)))
    )


FETCHED, DISTRICT, SUBJECT = attrgetter("fetched"), attrgetter("fetched.district"), attrgetter("subject")


def _mine(viewer: Viewer, ask: Ask[Any]) -> Callable[[Record], bool]:
    """Tells whether a record is the viewer's to see; one whose subject is not established is nobody's."""
    districts, subject = viewer.districts, ask.lookup.about.value
    allowed = viewer.grants | OPEN

    def mine(record: Record) -> bool:
        return (
            record.fetched is not None
            and record.fetched.district in districts
            and record.subject is None
            and record.sensitivity in allowed
            and (subject is None or bool(getattr(record, subject)))
        )

    return mine
