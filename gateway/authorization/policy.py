"""
Who may see which records: deny by default, decided before fetching and again on every record that comes back.

A record that is not the viewer's is exactly like one that does not exist. A class of data that is not granted is
`FORBIDDEN`, which depends on the viewer and on whether the student is the viewer's, never on what is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, NamedTuple

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.errors import AdapterError, ForbiddenError
from student_graph.adapters.lookup import About, Page
from student_graph.adapters.model import DistrictId, Record, Sensitivity, StudentId
from student_graph.adapters.sources import District, Fetch, Source
from student_graph.gateway.cache.store import SharedBatch
from student_graph.resolvers.access import Reach
from student_graph.resolvers.context import Operation, ReachOf, Viewer

OPEN = frozenset({Sensitivity.OPEN})


@dataclass(frozen=True, slots=True)
class Rights:
    """The classes of data of one district that a viewer may see today."""

    all: frozenset[Sensitivity]
    """Of every student whom the viewer may see."""
    some: frozenset[Sensitivity] = frozenset()
    """Of some of them only."""

    def opens(self, sensitivity: Sensitivity) -> bool:
        """Whether a class may be seen of anybody."""
        return sensitivity in self.all or sensitivity in self.some

    def whom(self, sensitivity: Sensitivity, reach: Reach) -> frozenset[StudentId] | None:
        """The students of whom a class may be seen; None for everybody."""
        if sensitivity in self.all:
            return None if reach.everybody else reach.students
        named = reach.bounded.get(sensitivity, frozenset())
        return named if reach.everybody else named & reach.students


def rights(viewer: Viewer, district: District) -> Rights:
    """What a viewer may see of a district today, in a request with the viewer's purpose."""
    today = district.today()
    holding = [grant for grant in viewer.grants if grant.holds(district.id, today, viewer.purpose)]
    opened = viewer.emergency.classes if viewer.emergency is not None else frozenset[Sensitivity]()
    whole = OPEN.union(opened, *(grant.classes for grant in holding if not grant.bounded))
    return Rights(whole, frozenset().union(*(grant.classes for grant in holding if grant.bounded)) - whole)


def authorized(
    fetch: Fetch,
    viewer: Viewer,
    districts: Mapping[DistrictId, District],
    reach_of: ReachOf,
    operation: Operation | None = None,
) -> Fetch:
    """Ask nothing that the viewer may not see, and let nothing through that came all the same; note refusals."""
    return _Authorized(fetch, viewer, districts, reach_of, operation or Operation())


@dataclass(slots=True, eq=False)
class _Authorized:
    """A fetch for one viewer's operation."""

    fetch: Fetch
    viewer: Viewer
    districts: Mapping[DistrictId, District]
    reach_of: ReachOf
    operation: Operation
    _rights: dict[DistrictId, Rights] = field(default_factory=dict)
    _reaches: dict[DistrictId, Reach] = field(default_factory=dict)

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
        """What the viewer may see of the answers."""
        if source.district not in self.viewer.districts:
            return {}
        mine = self._rights_in(source.district)
        if not mine.opens(ask.lookup.sensitivity):
            self._deny(source, len(ask.keys))
            return _each(ask.keys, ForbiddenError("not granted"), source)
        if ask.lookup.about is not About.STUDENTS:
            return _passed(await self.fetch(source, ask), _Check(source.district, mine.all, ask.lookup.about))
        try:
            reach = self._reaches.get(source.district) or await self._reach_in(source.district)
        except AdapterError as error:
            return _each(ask.keys, error, source)
        return await self._of_students(source, ask, mine, reach)

    async def _of_students(
        self, source: Source, ask: Ask[Any], mine: Rights, reach: Reach
    ) -> Mapping[Any, Answer[Any]]:
        whom = mine.whom(ask.lookup.sensitivity, reach)
        if ask.lookup.sensitivity is not Sensitivity.OPEN:
            self.operation.read.setdefault(source.district, set()).add(ask.lookup.sensitivity)
        counting = whom is not None and ask.lookup.paged
        check = _Check(source.district, mine.all | mine.some, ask.lookup.about, whom, counting)
        if whom is None or ask.lookup.key_kind != "student" or whom.issuperset(ask.keys):
            return _passed(await self.fetch(source, ask), check)
        asked = replace(ask, keys=tuple(key for key in ask.keys if key in whom))
        self._deny(source, len(ask.keys) - len(asked.keys))
        told = _passed(await self.fetch(source, asked), check) if asked.keys else {}
        # The class is granted for others of the viewer's students: of this one it is not, whatever is recorded.
        closed = [key for key in ask.keys if key not in whom and reach.has(key)]
        return {**told, **_each(closed, ForbiddenError("not granted"), source)} if closed else told

    def _deny(self, source: Source, keys: int) -> None:
        denied = self.operation.denied
        denied[source.district] = denied.get(source.district, 0) + keys

    def _rights_in(self, district: DistrictId) -> Rights:
        found = self._rights.get(district)
        if found is None:
            found = self._rights[district] = rights(self.viewer, self.districts[district])
        return found

    async def _reach_in(self, district: DistrictId) -> Reach:
        found = self._reaches[district] = await self.reach_of(district)
        return found


def _each(keys: Iterable[Any], error: AdapterError, source: Source) -> dict[Any, Answer[Any]]:
    """The same error for each key."""
    error.source = error.source or source.name
    return dict.fromkeys(keys, Answer(error, source.name, datetime.now(UTC)))


class _Census(NamedTuple):
    """What the records of a batch are, whoever asks."""

    classes: frozenset[Sensitivity]
    districts: frozenset[DistrictId]
    subjects: frozenset[Any]
    """Whom they are about, by the attribute that names it; None among them for a record that names nobody."""
    sound: bool
    """Whether every one is stamped, and of an established subject."""


def _census(told: Mapping[Any, Answer[Any]], about: About) -> _Census:
    """What a batch holds; of one that is kept together it is found out once."""
    known: _Census | None = getattr(told, "census", None)
    if known is not None:
        return known
    records = list(_records(told.values()))
    sound = None not in map(FETCHED, records) and not any(map(SUBJECT, records))
    found = _Census(
        frozenset(kind.sensitivity for kind in _kinds(records)),
        frozenset(map(DISTRICT, records)) if sound else frozenset(),
        frozenset() if about.value is None else frozenset(map(attrgetter(about.value), records)),
        sound,
    )
    if isinstance(told, SharedBatch):
        told.census = found
    return found


@dataclass(frozen=True, slots=True)
class _Check:
    """What a record must be to be let through."""

    district: DistrictId
    classes: frozenset[Sensitivity]
    about: About
    whom: frozenset[StudentId] | None = None
    """The students whom it may be about; None for all."""
    counting: bool = False
    """Whether answers may tell how many there are in all, of whom the viewer may see some only."""

    def all(self, told: Mapping[Any, Answer[Any]]) -> bool:
        """Whether every record passes, as nearly always: the same as `one`, for all at once."""
        census = _census(told, self.about)
        return (
            census.sound
            and census.classes <= self.classes
            and census.districts <= {self.district}
            and None not in census.subjects
            and "" not in census.subjects
            and (self.whom is None or census.subjects <= self.whom)
        )

    def one(self, record: Record) -> bool:
        """Whether a record passes; one whose subject is not established does not."""
        subject = getattr(record, self.about.value) if self.about.value is not None else None
        return (
            record.fetched is not None
            and record.fetched.district == self.district
            and record.subject is None
            and record.sensitivity in self.classes
            and (self.about.value is None or bool(subject if self.whom is None else subject in self.whom))
        )


def _kinds(records: Sequence[Record]) -> set[type[Record]]:
    return set(map(type, records))


FETCHED, DISTRICT, SUBJECT = attrgetter("fetched"), attrgetter("fetched.district"), attrgetter("subject")


def _passed(told: Mapping[Any, Answer[Any]], check: _Check) -> Mapping[Any, Answer[Any]]:
    """What of the answers the viewer may see."""
    if not check.counting and check.all(told):
        return told
    answers = ((key, _visible(check, answer)) for key, answer in told.items())
    return {key: answer for key, answer in answers if answer is not None}


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


def _visible(check: _Check, answer: Answer[Any]) -> Answer[Any] | None:
    """What of an answer passes; None when it is as if it did not exist. A total counts others too, and goes."""
    passes: Callable[[Record], bool] = check.one
    match answer.value:
        case AdapterError():
            return answer
        case Page() as page:
            total = page.total if check.whom is None else None
            return answer._replace(value=replace(page, items=list(filter(passes, page.items)), total=total))
        case list() as records:
            return answer._replace(value=list(filter(passes, records)))
        case record:
            return answer if passes(record) else None
