"""What one operation disclosed of one district: made of the records that stand in its answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from sys import getsizeof
from typing import Any, TypeAlias

import msgspec

from student_graph.adapters.model import DistrictId, Record, Sensitivity
from student_graph.gateway.disclosure.secrets import Secrets
from student_graph.resolvers.context import Traffic, Viewer, ViewerRole

SCHOOL_OFFICIAL, PARENT, ELIGIBLE, EMERGENCY = "99.31(a)(1)", "99.10", "99.5", "99.36"
BASES = {ViewerRole.PARENT: PARENT, ViewerRole.STUDENT: ELIGIBLE}
"""What the law calls the reason, in 34 CFR part 99; school officials for all others."""


Ages: TypeAlias = Mapping[str, tuple[bytes, float]]
"""By district and source, such as `hill/sis`: `fresh` or `stale`, and seconds since what was shown was fetched."""
SOURCE = b'{"name":%b,"fresh":"%%b","age_s":%%.0f}'


@dataclass(slots=True)
class Told:
    """Records of students of one district in an answer."""

    students: set[str] = field(default_factory=set)
    count: int = 0
    """How many records, each as often as it stands there."""
    classes: set[Sensitivity] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Entry:
    """One line of the log, but for what is new each time that the same is disclosed."""

    body: bytes
    """The part of the line that stays the same, as JSON without its braces."""
    sensitive: bool
    """Whether a class was disclosed that is not open: then it must be written before the answer leaves."""
    district: DistrictId
    count: int
    file: str | None = None
    """Name of the file in which it stands in full; None where it stands in none yet."""
    again: bytes = b""
    """What takes the place of `body` in that file from then on: it names the full line."""
    sources: bytes | None = None
    """The district's sources as JSON with a place for how old each is; None before they are known."""
    names: tuple[str, ...] = ()
    """Those sources, in that order."""

    def __sizeof__(self) -> int:
        """Bytes that it takes; what names the full line is short."""
        return object.__sizeof__(self) + getsizeof(self.body)

    def told(self, ages: Ages) -> bytes:
        """How old what was shown was, by source of the district, as JSON; the sources are the same each time."""
        if self.sources is None:
            prefix = f"{self.district}/"
            self.names = tuple(name for name in ages if name.startswith(prefix))
            own = (_encode(name.removeprefix(prefix)).replace(b"%", b"%%") for name in self.names)
            self.sources = b"[%b]" % b",".join(SOURCE % name for name in own)
        return self.sources % tuple(chain.from_iterable([ages[name] for name in self.names]))


def told_of(parts: Iterable[Sequence[Any]]) -> dict[DistrictId, Told]:
    """What parts of an answer tell, by district; they hold lists of records, single ones, and nulls."""
    records = list(chain.from_iterable(map(_flat, parts)))
    found: dict[DistrictId, Told] = {}
    for district, those in _by_district(records):
        told = found.setdefault(district, Told())
        told.students.update(map(STUDENT, those))
        told.count += len(those)
        told.classes.update(kind.sensitivity for kind in _kinds(those))
    return found


def _flat(part: Sequence[Any]) -> Iterable[Record]:
    """The records of one part: nearly always all of it is lists, or all of it is records."""
    kinds = set(map(type, part))
    if kinds == {list}:
        return chain.from_iterable(part)
    if kinds == {list, type(None)}:
        return chain.from_iterable(filter(None, part))
    return [each for item in part for each in (item if isinstance(item, list) else (item,)) if _is_record(each)]


def _is_record(each: Any) -> bool:
    return isinstance(each, Record)


def _by_district(records: Sequence[Record]) -> Iterator[tuple[DistrictId, Sequence[Record]]]:
    """The records of each district; nearly always there is one."""
    names = set(map(DISTRICT, records))
    if len(names) == 1:
        yield names.pop(), records
        return
    for name in sorted(names):
        yield name, [record for record in records if DISTRICT(record) == name]


def _kinds(records: Sequence[Record]) -> set[type[Record]]:
    return set(map(type, records))


DISTRICT, STUDENT = attrgetter("fetched.district"), attrgetter("student_id")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, as the log names it."""

    op: str
    """SHA-256 of the document."""
    name: str | None
    """Name of the operation."""
    fields: tuple[str, ...]
    """Fields of students' records that it asks for, such as `Student.name`."""


def entry(
    secrets: Secrets,
    viewer: Viewer,
    asked: Asked,
    district: DistrictId,
    told: Told | None,
    *,
    policy: str,
    denied: int,
) -> Entry:
    """The line of what was disclosed of a district, or refused."""
    open_, told = Sensitivity.OPEN, told or Told()
    body: dict[str, Any] = {
        "tenant": district,
        "actor": {
            "sub": secrets.pseudonym(district, f"{viewer.issuer or ''}|{viewer.subject}"),
            "role": viewer.role.name,
            "idp": viewer.issuer,
        },
        "basis": BASES.get(viewer.role, SCHOOL_OFFICIAL),
        "purpose": viewer.purpose,
        "op": asked.op,
        "opName": asked.name,
        "students": sorted(secrets.pseudonym(district, student) for student in told.students),
        "count": told.count,
        "fields": asked.fields,
        "categories": sorted(each.name for each in told.classes - {open_}),
        "decision": "allow" if told.count or not denied else "deny",
        "denied": denied,
        "breakGlass": viewer.emergency.name if viewer.emergency is not None else None,
        "policy": policy,
    }
    return Entry(_encode(body)[1:-1], bool(told.classes - {open_}), district, told.count)


def opened(
    secrets: Secrets,
    viewer: Viewer,
    district: str,
    students: Iterable[str],
    *,
    classes: Iterable[Sensitivity],
    told: Mapping[str, Any],
) -> Entry:
    """The line of what was opened for a child's health or safety, and why; nothing has been disclosed yet."""
    body: dict[str, Any] = {
        "tenant": district,
        "actor": {
            "sub": secrets.pseudonym(district, f"{viewer.issuer or ''}|{viewer.subject}"),
            "role": viewer.role.name,
            "idp": viewer.issuer,
        },
        "basis": EMERGENCY,
        "opening": dict(told),
        "students": sorted(secrets.pseudonym(district, student) for student in students),
        "count": 0,
        "categories": sorted(each.name for each in classes),
    }
    return Entry(_encode(body)[1:-1], True, DistrictId(district), 0)


def ages_of(traffic: Mapping[str, Traffic]) -> Ages:
    """How old what was shown was, by what an operation asked of whom."""
    return {name: (b"stale" if seen.stale else b"fresh", seen.age) for name, seen in traffic.items()}


_encode = msgspec.json.Encoder().encode
