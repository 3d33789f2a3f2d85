"""The context of a request: the viewer, the sources, and the services of the gateway that resolvers use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Protocol, TypeAlias

import strawberry
from strawberry.types import Info as StrawberryInfo

from student_graph.adapters.errors import ForbiddenError
from student_graph.adapters.interface import Counts
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.model import ContactId, DistrictId, Sensitivity, StaffId, StudentId, value
from student_graph.adapters.sources import District, Source, Sources
from student_graph.resolvers.access import (
    OPEN_CLASSES,
    AssignedStudents,
    Emergency,
    FinishedTables,
    Grant,
    Reach,
    Rights,
)
from student_graph.resolvers.metrics.facts import MetricSettings
from student_graph.resolvers.metrics.measure_cache import MeasureCache
from student_graph.resolvers.metrics.recorded import RecordedDaysProvider, no_recorded_days
from student_graph.resolvers.operation import Operation


@strawberry.enum
class ViewerRole(Enum):
    """Role of a viewer in the district."""

    SUPERINTENDENT = "superintendent"
    PRINCIPAL = "principal"
    TEACHER = "teacher"
    COUNSELOR = "counselor"
    PARENT = "parent"
    STUDENT = "student"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person or service that sends a request."""

    subject: str
    """Stable identifier of the person or service; never shown to others."""
    role: ViewerRole
    districts: frozenset[DistrictId]
    """Districts in which the viewer may see data."""
    grants: frozenset[Grant] = frozenset()
    """Grants for classes of data other than the open one."""
    staff_id: StaffId | None = None
    """The viewer's number as a member of staff; None for others."""
    email: str | None = None
    """E-mail address that the viewer signed in with, if it identifies a member of staff; None for others."""
    student_id: StudentId | None = None
    """The viewer's number as a student; None for others."""
    contact_id: ContactId | None = None
    """The viewer's number as a parent, guardian or other contact; None for others."""
    assigned: frozenset[AssignedStudents] = frozenset()
    """Students that the district assigned to the viewer in addition to those in the SIS."""
    purpose: str | None = None
    """Purpose that the request states; None if it states none."""
    emergency: Emergency | None = None
    """Break-glass access that the request uses; None if it uses none."""
    issuer: str | None = None
    """Issuer of the viewer's token; None for service accounts, whose tokens are in the settings."""
    operator: bool = False
    """Whether the viewer operates the gateway and may see the health and identity counts of sources."""
    counts_only: bool = False
    """Whether the viewer sees no student, and only counts of whole districts without small cells."""
    assistant: str | None = None
    """Client id of the assistant that asks in the viewer's name; None if the viewer asks without one."""
    _hash: int = field(default=0, init=False, repr=False, compare=False)

    @property
    def person(self) -> tuple[str | None, str]:
        """Who the viewer is, whatever the request: issuer and subject, because two issuers may use one subject."""
        return self.issuer, self.subject

    def rights_in(self, district: District) -> Rights:
        """Return the classes of data that the viewer may see in a district today, with the viewer's purpose."""
        today = district.today()
        grants = [grant for grant in self.grants if grant.applies(district.id, today, self.purpose)]
        emergency = self.emergency.classes if self.emergency is not None else frozenset[Sensitivity]()
        for_all = OPEN_CLASSES.union(emergency, *(grant.classes for grant in grants if not grant.is_limited))
        limited = frozenset[Sensitivity]().union(*(grant.classes for grant in grants if grant.is_limited))
        return Rights(for_all, limited - for_all)

    def not_granted(self, district: District, sensitivity: Sensitivity) -> ForbiddenError:
        """Return the error for a class of data; it names the purpose for which the viewer has the grant."""
        today = district.today()
        purposes = sorted(
            grant.purpose
            for grant in self.grants
            if grant.purpose is not None
            and sensitivity in grant.classes
            and grant.applies(district.id, today, grant.purpose)
        )
        purpose = purposes[0] if purposes else None
        return ForbiddenError("not granted", sensitivity=sensitivity.name, purpose=purpose)

    def __hash__(self) -> int:
        """Return the hash, which is computed once: every cached response is looked up by its viewer."""
        if not self._hash:
            values = tuple(getattr(self, attribute.name) for attribute in fields(self) if attribute.compare)
            object.__setattr__(self, "_hash", hash(values))
        return self._hash


class Signer(Protocol):
    """Signs or seals text that a client sends back, such as a cursor: only this gateway can make or change it."""

    def sign(self, *parts: str) -> str:
        """Return the parts and their signature as one text. It is not encrypted: anyone can decode it."""

    def verify(self, text: str) -> tuple[str, ...]:
        """
        Return the parts of a signed text.

        Raises:
            BadKeyError: this gateway did not make the text.
        """

    def seal(self, *parts: str) -> str:
        """Return the parts as one text that only this gateway can read: a value of a child may be among them."""

    def unseal(self, text: str) -> tuple[str, ...]:
        """
        Return the parts of a sealed text.

        Raises:
            BadKeyError: this gateway did not make the text.
        """


@value
class UnmappedCode:
    """A code of a source that the graph has no value for; `districts.codes` in the settings says what it means."""

    kind: str
    """What the code is about, such as `attendance` or `grade_level`."""
    code: str | None = None
    """The code, shortened if it is long; null if the source's records do not keep it."""
    count: int
    """How often it was read since the gateway started; always 1 for codes of data that needs a grant."""


@dataclass(frozen=True, slots=True)
class Health:
    """What the gateway knows about a source."""

    reachable: bool | None
    """Whether the last call was answered; None before the first call."""
    last_error_code: str | None
    """Error code of the last call; None if it succeeded."""
    calls: int
    """Vendor calls since start."""
    failures: int
    """Failed asks since start."""
    matched: int
    """Students with a certain link to the source."""
    unmatched: int
    """Students without a link."""
    conflicted: int
    """Students, or rows of the vendor, with two candidates or a contradicting attribute."""
    unmapped: int
    """Coded values that no enum value covers."""
    unmapped_codes: tuple[UnmappedCode, ...] = ()
    """The codes of these values, the most frequent first."""
    unexpected_responses: int = 0
    """Connections that were dropped because they received what no request asked for."""
    concurrency: int | None = None
    """Requests that may run at once now, as learned from the vendor; None if nothing limits them."""
    counts: Counts = field(default_factory=Counts)
    """What the source answered, for its scorecard."""


class ReachProvider(Protocol):
    """Looks up which students of a district the viewer may see."""

    def __call__(self, district: DistrictId, /) -> Awaitable[Reach]:
        """
        Return the viewer's reach in a district.

        Raises:
            AdapterError: the district's systems could not answer.
        """


class HealthProvider(Protocol):
    """Looks up what the gateway knows about a source."""

    def __call__(self, source: Source, /) -> Health:
        """Return the health of a source."""


class CountingContexts(Protocol):
    """Makes contexts in which an operation reads the records of many students part by part, to count them."""

    def __call__(self, *, everybody: bool, forget: bool) -> Context:
        """
        Return a context of the same operation for a part of the students. What is read in it is released with it.

        `everybody`: it reads all students of the viewer's districts in classes of data that the viewer has without
        limits, only for counts whose small cells are hidden. `forget`: no response is cached.
        """


class ReadPrices(Protocol):
    """What reads cost lately, in vendor calls."""

    def point_calls(self, source: Source, lookup: Lookup, guess: float) -> float:
        """Return the calls for one key of a lookup, as in the last reads; at first the guess."""

    def mean_calls(self, source: Source, lookup: Lookup, guess: float) -> float:
        """Return the calls for one key of a coarse lookup, as in the last reads; at first the guess."""

    def is_learned(self, source: Source, lookup: Lookup) -> bool:
        """Return whether a read of the lookup was seen."""


class DeclaredPrices:
    """Prices as the adapters declare them: nothing was read yet."""

    def point_calls(self, _source: Source, _lookup: Lookup, guess: float) -> float:
        """Return the guess."""
        return guess

    mean_calls = point_calls

    def is_learned(self, _source: Source, _lookup: Lookup) -> bool:
        """Return False."""
        return False


ListLength: TypeAlias = Callable[[Source, Lookup], float]
"""Returns how many records a source has for one key of a lookup."""


def declared_list_length(_: Source, lookup: Lookup) -> float:
    """Return the number of records that a lookup declares for one key."""
    return lookup.records_per_key


@dataclass(frozen=True, slots=True)
class ReadEstimates:
    """What reads are expected to cost and to return, as learned from earlier ones."""

    prices: ReadPrices = field(default_factory=DeclaredPrices)
    list_length: ListLength = declared_list_length


@dataclass(slots=True)
class Context:
    """The context of one request."""

    viewer: Viewer
    sources: Sources
    operation: Operation
    signer: Signer
    health: HealthProvider
    reach: ReachProvider
    metric_settings: Mapping[DistrictId, MetricSettings] = field(default_factory=dict)
    """What each district says about its data for metrics; a district that is missing has the defaults."""
    measure_cache: MeasureCache = field(default_factory=MeasureCache)
    """Measures that earlier operations of the process computed."""
    recorded_days: RecordedDaysProvider = no_recorded_days
    counting: CountingContexts | None = None
    """Makes contexts for counting; None if the operation counts no students outside the viewer's reach."""
    estimates: ReadEstimates = field(default_factory=ReadEstimates)
    tables: FinishedTables | None = None
    """Finished tables of earlier operations; None if nothing is kept."""


Info = StrawberryInfo[Context, None]
