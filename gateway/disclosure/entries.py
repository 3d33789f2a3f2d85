"""The entries of the disclosure log: which students' records one response discloses, for each district."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from sys import getsizeof
from typing import Any, TypeAlias

import msgspec

from student_graph.adapters.answers import SharedValues
from student_graph.adapters.model import DistrictId, Record, Sensitivity
from student_graph.gateway.concurrency.time_slices import parts_of
from student_graph.gateway.disclosure.keys import DisclosureKeys
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.operation import SourceTraffic

SCHOOL_OFFICIAL, PARENT, ELIGIBLE_STUDENT, HEALTH_OR_SAFETY = "99.31(a)(1)", "99.10", "99.5", "99.36"
"""Legal bases of a disclosure: sections of 34 CFR part 99."""
BASIS_BY_ROLE = {ViewerRole.PARENT: PARENT, ViewerRole.STUDENT: ELIGIBLE_STUDENT}
"""Legal basis by the viewer's role; every other role is a school official."""

MAX_ITEMS_AT_ONCE = 256
"""Items of a response that are grouped before other tasks may run."""

SourceAges: TypeAlias = Mapping[str, tuple[bytes, float]]
"""By district and source, such as `hill/sis`: `fresh` or `stale`, and the seconds since its data was fetched."""
SOURCE_FORMAT = b'{"name":%b,"fresh":"%%b","age_s":%%.0f}'

_district_of, _student_of = attrgetter("fetched.district"), attrgetter("student_id")


@dataclass(slots=True)
class DisclosedRecords:
    """The records about students of one district in a response."""

    counts: dict[Sensitivity, Counter[str]] = field(default_factory=dict)
    """
    By class of data, the number of records about each student, by the student's id; a record that appears twice in
    the response counts twice.
    """
    classes: set[Sensitivity] = field(default_factory=set)
    """Classes of data that were read without a record in the response, such as by a filter."""

    @property
    def count(self) -> int:
        """Number of records of all students."""
        return sum(map(Counter.total, self.counts.values()))


@dataclass(frozen=True, slots=True)
class OperationSummary:
    """What the log says about the operation that a client sent."""

    document: str
    """SHA-256 of the document."""
    name: str | None
    """Name of the operation; None if it has none."""
    fields: tuple[str, ...]
    """Fields of students' records that the operation selects, such as `Student.name`."""


@dataclass(slots=True, eq=False)
class Entry:
    """
    One line of the log, without the parts that differ each time: id, time, ages of the sources and request id.

    A cached response is sent again with the same entries. Once an entry is written in full in a file, later lines
    of that file only refer to the full line.
    """

    body: bytes
    """The part of the line that stays the same, as JSON without its braces."""
    sensitive: bool
    """Whether it discloses data that is not open: then it must be written before the response is sent."""
    district: DistrictId
    count: int
    """Number of disclosed records."""
    file: str | None = None
    """Name of the file that contains the full line; None if no file contains it."""
    repeat_body: bytes = b""
    """Replaces `body` in later lines of that file: it refers to the full line."""
    sources_format: bytes | None = None
    """The district's sources as JSON, with placeholders for their ages; None until the sources are known."""
    source_names: tuple[str, ...] = ()
    """The sources in the order of the placeholders, such as `hill/sis`."""

    def __sizeof__(self) -> int:
        """Bytes that the entry takes in memory; `repeat_body` and `sources_format` are short and not counted."""
        return object.__sizeof__(self) + getsizeof(self.body)

    def sources(self, ages: SourceAges) -> bytes:
        """The district's sources as a JSON array, with freshness and age; `ages` always has the same sources."""
        if self.sources_format is None:
            prefix = f"{self.district}/"
            self.source_names = tuple(name for name in ages if name.startswith(prefix))
            names = (_encode(name.removeprefix(prefix)).replace(b"%", b"%%") for name in self.source_names)
            self.sources_format = b"[%b]" % b",".join(SOURCE_FORMAT % name for name in names)
        return self.sources_format % tuple(chain.from_iterable([ages[name] for name in self.source_names]))


async def disclosed_records(parts: Iterable[Sequence[Any]]) -> dict[DistrictId, DisclosedRecords]:
    """Records that a response discloses, by district; its parts hold lists of records, records and nulls."""
    by_district: dict[DistrictId, DisclosedRecords] = {}
    for part in parts:
        if not isinstance(part, SharedValues):
            await _add_part(by_district, part)
            continue
        counted = part.cached("disclosed")
        if counted is None:  # the first operation that discloses the record counts for all
            counted = {}
            await _add_part(counted, list(part))
            part.cache("disclosed", counted)
        for district, records in counted.items():
            disclosed = by_district.setdefault(district, DisclosedRecords())
            for sensitivity, counts in records.counts.items():
                disclosed.counts.setdefault(sensitivity, Counter()).update(counts)
    return by_district


async def _add_part(by_district: dict[DistrictId, DisclosedRecords], part: Sequence[Any]) -> None:
    if len(part) <= MAX_ITEMS_AT_ONCE:
        _add_records(by_district, list(_flatten(part)))
        return
    async for piece in parts_of(len(part)):
        _add_records(by_district, list(_flatten(part[piece])))


def _add_records(by_district: dict[DistrictId, DisclosedRecords], records: Sequence[Record]) -> None:
    if not records:
        return
    for district, group in _group_by_district(records):
        disclosed = by_district.get(district)
        if disclosed is None:
            disclosed = by_district[district] = DisclosedRecords()
        for sensitivity, records_of_class in _group_by_class(group):
            disclosed.counts.setdefault(sensitivity, Counter()).update(map(_student_of, records_of_class))


def _flatten(part: Sequence[Any]) -> Iterable[Record]:
    """The records of one part, which nearly always consists of lists only or of records only."""
    types = set(map(type, part))
    if types == {list}:
        return chain.from_iterable(part)
    if types == {list, type(None)}:
        return chain.from_iterable(filter(None, part))
    lists = (item if isinstance(item, list) else (item,) for item in part)
    return [record for records in lists for record in records if isinstance(record, Record)]


def _group_by_district(records: Sequence[Record]) -> Iterator[tuple[DistrictId, Sequence[Record]]]:
    """The records of each district; nearly always there is one district."""
    districts = set(map(_district_of, records))
    if len(districts) == 1:
        yield districts.pop(), records
        return
    for district in sorted(districts):
        yield district, [record for record in records if _district_of(record) == district]


def _group_by_class(records: Sequence[Record]) -> Iterator[tuple[Sensitivity, Sequence[Record]]]:
    """The records of each class of data; nearly always there is one class."""
    kinds: set[type[Record]] = set(map(type, records))
    classes = {kind.sensitivity for kind in kinds}
    if len(classes) == 1:
        yield classes.pop(), records
        return
    for sensitivity in classes:
        yield sensitivity, [record for record in records if record.sensitivity is sensitivity]


def disclosure_entry(
    keys: DisclosureKeys,
    viewer: Viewer,
    operation: OperationSummary,
    district: DistrictId,
    records: DisclosedRecords | None,
    *,
    policy: str,
    denied: int,
) -> Entry:
    """
    The entry for one response and district.

    `records` is None if the response discloses no records and only refuses some; `policy` is the digest of the
    access rules; `denied` counts the keys that the viewer was refused. The log writes these keys:

    * `tenant` (district), `actor` (see `_actor`), `basis` (section of 34 CFR part 99),
      `purpose` (as the request stated it)
    * `op`, `opName`, `fields`: see `OperationSummary`
    * `students` (pseudonyms), `counts` (by class of data, the number of records about each student, in the same
      order), `count` (all records), `categories` (classes of data, without the open one)
    * `decision` (`allow` or `deny`), `denied`, `breakGlass` (id of the break-glass access that was used), `policy`
    * `assistant`, only if one asked in the viewer's name: its client id
    """
    records = records or DisclosedRecords()
    restricted = {*records.classes, *records.counts} - {Sensitivity.OPEN}
    names = {
        keys.pseudonym(district, student): student for counts in records.counts.values() for student in counts
    }
    students = sorted(names)
    body: dict[str, Any] = {
        "tenant": district,
        "actor": _actor(keys, viewer, district),
        "basis": _basis(viewer),
        "purpose": viewer.purpose,
        "op": operation.document,
        "opName": operation.name,
        "students": students,
        "counts": {
            sensitivity.name: [counts[names[student]] for student in students]
            for sensitivity, counts in sorted(records.counts.items(), key=lambda item: item[0].name)
        },
        "count": records.count,
        "fields": operation.fields,
        "categories": sorted(sensitivity.name for sensitivity in restricted),
        "decision": "allow" if records.count or not denied else "deny",
        "denied": denied,
        "breakGlass": viewer.emergency.name if viewer.emergency is not None else None,
        "policy": policy,
    }
    if viewer.assistant is not None:
        body["assistant"] = viewer.assistant
    return Entry(_encode(body)[1:-1], bool(restricted), district, records.count)


def break_glass_entry(
    keys: DisclosureKeys,
    viewer: Viewer,
    district: str,
    students: Iterable[str],
    *,
    classes: Iterable[Sensitivity],
    details: Mapping[str, Any],
) -> Entry:
    """
    The entry for a break-glass access to students' data for their health or safety; no record is disclosed yet.

    `details` says why and until when; the log writes it as `opening`.
    """
    body: dict[str, Any] = {
        "tenant": district,
        "actor": _actor(keys, viewer, district),
        "basis": HEALTH_OR_SAFETY,
        "opening": dict(details),
        "students": keys.pseudonyms(district, students),
        "count": 0,
        "categories": sorted(sensitivity.name for sensitivity in classes),
    }
    return Entry(_encode(body)[1:-1], True, DistrictId(district), 0)


def _basis(viewer: Viewer) -> str:
    """The legal basis of what a viewer sees: a request with a ticket of break-glass sees nothing else."""
    return HEALTH_OR_SAFETY if viewer.emergency is not None else BASIS_BY_ROLE.get(viewer.role, SCHOOL_OFFICIAL)


def _actor(keys: DisclosureKeys, viewer: Viewer, district: str) -> dict[str, str | None]:
    """
    Who the viewer is: `sub`, a keyed hash that a search compares; `id`, sealed; role; and the issuer of the token.

    `id` is a JSON object: `subject`, and `staff`, `student` or `contact`, the viewer's number in the district.
    """
    numbers = {"staff": viewer.staff_id, "student": viewer.student_id, "contact": viewer.contact_id}
    known = {name: number for name, number in numbers.items() if number is not None}
    return {
        "sub": actor_pseudonym(keys, viewer, district),
        "id": keys.seal(district, _encode({"subject": viewer.subject, **known}).decode()),
        "role": viewer.role.name,
        "idp": viewer.issuer,
    }


def actor_pseudonym(keys: DisclosureKeys, viewer: Viewer, district: str) -> str:
    """The keyed hash that the log writes for a viewer: issuers may use the same subject for different people."""
    return keys.pseudonym(district, f"{viewer.issuer or ''}|{viewer.subject}")


def source_ages(traffic: Mapping[str, SourceTraffic]) -> SourceAges:
    """How old the data of each source was that an operation read."""
    return {name: (b"stale" if source.stale else b"fresh", source.age) for name, source in traffic.items()}


_encode = msgspec.json.Encoder().encode
