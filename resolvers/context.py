"""What resolvers may use of the request: who asks, where answers come from, and what went wrong on the way."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from enum import Enum
from typing import Any, NamedTuple, Protocol

import strawberry
from graphql import GraphQLObjectType, GraphQLResolveInfo, get_named_type
from strawberry.types import Info as StrawberryInfo

from student_graph.adapters.answers import Ref
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import ContactId, DistrictId, Record, Sensitivity, StaffId, StudentId
from student_graph.adapters.sources import Source, Sources
from student_graph.resolvers.access import Assigned, Emergency, Grant, Reach


@strawberry.enum
class ViewerRole(Enum):
    """What a viewer is to the district."""

    SUPERINTENDENT = "superintendent"
    PRINCIPAL = "principal"
    TEACHER = "teacher"
    COUNSELOR = "counselor"
    PARENT = "parent"
    STUDENT = "student"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks."""

    subject: str
    """Stable name of the person or service; never shown to others."""
    role: ViewerRole
    districts: frozenset[DistrictId]
    """Districts of which the viewer may see something."""
    grants: frozenset[Grant] = frozenset()
    """Classes of data that the viewer may see beside the open one."""
    staff_id: StaffId | None = None
    """The viewer's number as a member of staff; None for others."""
    email: str | None = None
    """The address that the viewer signed in with, where a member of staff is known by it; None for others."""
    student_id: StudentId | None = None
    """The viewer's number as a student; None for others."""
    contact_id: ContactId | None = None
    """The viewer's number as a parent, guardian or other contact; None for others."""
    assigned: frozenset[Assigned] = frozenset()
    """Students whom the district gave to the viewer beside those whom the SIS tells."""
    purpose: str | None = None
    """What the request says that it is for; None when it does not say."""
    emergency: Emergency | None = None
    """What the request uses that was opened for a child's health or safety; None as a rule."""
    issuer: str | None = None
    """Who vouches for the viewer; None for service accounts, whose tokens are in the settings."""
    operator: bool = False
    """Whether the viewer runs the gateway: sees the sources' health and identity counts."""
    _hash: int = field(default=0, init=False, repr=False, compare=False)

    def __hash__(self) -> int:
        """Made once: every kept answer is looked up by its viewer."""
        if not self._hash:
            parts = tuple(getattr(self, each.name) for each in fields(self) if each.compare)
            object.__setattr__(self, "_hash", hash(parts))
        return self._hash


class Degraded(NamedTuple):
    """A part of an answer that is missing although the rest came."""

    path: tuple[str | int, ...]
    source: str
    code: str
    retryable: bool


@dataclass(slots=True)
class Traffic:
    """What one operation asked of one source."""

    calls: int = 0
    """Requests to the vendor that were made for this operation; those made for another and shared count there."""
    asks: int = 0
    """Lookups carried out."""
    hits: int = 0
    """Keys answered from what was kept."""
    stale: int = 0
    """Those among them whose answer was no longer fresh."""
    failures: int = 0
    """Keys that failed."""
    age: float = 0.0
    """Seconds since the oldest answer was fetched."""
    milliseconds: float = 0.0
    """Sum of what was waited for, side by side."""


def request_name() -> str:
    """A name for a request, which no other has."""
    return f"{random.getrandbits(128):032x}"


@dataclass(slots=True)
class Operation:
    """What an operation wants beside its data, and what it has to tell."""

    max_age: timedelta | None = None
    """How old an answer should be at most; an older one is served when its source fails. None for any."""
    traffic: dict[str, Traffic] = field(default_factory=dict)
    """By district and source, such as `cedar-hollow/sis`."""

    degraded: dict[Degraded, None] = field(default_factory=dict)
    stale: dict[int, Record] = field(default_factory=dict)
    """Records that came in a stale answer, by identity: a record may be shared with an answer that is not."""
    reached: dict[tuple[DistrictId, str], list[tuple[frozenset[str], Ref]]] = field(default_factory=dict)
    """By district and kind of key: keys, and the school or section that they were reached through."""

    disclosed: list[Sequence[Any]] = field(default_factory=list)
    """Records of students in the answer, in parts: lists of them, single ones, and nulls."""
    planned: bool = False
    """Whether the executor notes them; graphql-core lets each object be asked for its type instead."""
    denied: dict[DistrictId, int] = field(default_factory=dict)
    """Keys that the viewer was refused, by district."""
    read: dict[DistrictId, set[Sensitivity]] = field(default_factory=dict)
    """Classes that were read beside the open one, by district: an empty list tells something too."""
    request_id: str = field(default_factory=request_name)
    """What the request is called in errors and in the record of disclosures."""
    _seen: set[tuple[int, ...]] = field(default_factory=set)

    def disclose(self, record: Record, info: GraphQLResolveInfo[Any]) -> None:
        """Note a record that graphql-core completes; of an interface it is asked twice."""
        if isinstance(get_named_type(info.return_type), GraphQLObjectType):
            self.disclosed.append((record,))
        elif (place := (id(record), id(info))) in self._seen:
            self._seen.remove(place)
        else:
            self._seen.add(place)
            self.disclosed.append((record,))

    def note_stale(self, records: Sequence[Record]) -> None:
        """Note that these records came in a stale answer."""
        self.stale.update(zip(map(id, records), records, strict=True))

    def is_stale(self, record: Record) -> bool:
        """Whether the record came in a stale answer."""
        return id(record) in self.stale

    def reach(self, district: DistrictId, kind: str, keys: Iterable[str], through: Ref) -> None:
        """Note that keys were reached through a school or section: it changes what they cost, never an answer."""
        self.reached.setdefault((district, kind), []).append((frozenset(keys), through))

    def near(self, district: DistrictId, kind: str, keys: Collection[str]) -> frozenset[Ref]:
        """The schools and sections that some of the keys were reached through."""
        told = self.reached.get((district, kind), ())
        return frozenset(through for those, through in told if not those.isdisjoint(keys))

    def degrade(self, path: Sequence[str | int], error: AdapterError) -> None:
        """Note that one of several sources failed under a field that the others answered."""
        self.degraded[Degraded(tuple(path), error.source or "", error.code, error.retryable)] = None


class Signer(Protocol):
    """Signs text that a client sends back, such as a cursor: only this gateway can make it, and nobody can change it."""

    def sign(self, *parts: str) -> str:
        """Return the parts and their signature as one text. It is not encrypted: anyone can decode it."""

    def verify(self, text: str) -> tuple[str, ...]:
        """
        Return the parts of a signed text.

        Raises:
            BadKeyError: this gateway did not make the text.
        """


@dataclass(frozen=True, slots=True)
class Health:
    """What the gateway knows of a source."""

    reachable: bool | None
    """Whether the last call was answered; None before the first."""
    last_error_code: str | None
    """Code of the last failure, when the last call failed."""
    calls: int
    """Vendor calls since start."""
    failures: int
    """Failed asks since start."""
    matched: int
    """Students linked for certain."""
    unmatched: int
    """Students without a link."""
    conflicted: int
    """Students, or rows of the vendor, with two candidates or a disagreement."""
    unmapped: int
    """Coded values seen that no enum name stands for."""


class ReachOf(Protocol):
    """Finds the students of a district whom the viewer may see."""

    def __call__(self, district: DistrictId, /) -> Awaitable[Reach]:
        """
        The viewer's students.

        Raises:
            AdapterError: the district's systems could not say.
        """


class HealthOf(Protocol):
    """Looks up what the gateway knows of a source."""

    def __call__(self, source: Source, /) -> Health:
        """What the gateway knows."""


@dataclass(slots=True)
class Context:
    """One request."""

    viewer: Viewer
    sources: Sources
    operation: Operation
    signer: Signer
    health: HealthOf
    reach: ReachOf


Info = StrawberryInfo[Context, None]
