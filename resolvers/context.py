"""The context of a request: the viewer, the sources, and the services of the gateway that resolvers use."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Protocol

import strawberry
from strawberry.types import Info as StrawberryInfo

from student_graph.adapters.model import ContactId, DistrictId, StaffId, StudentId
from student_graph.adapters.sources import Source, Sources
from student_graph.resolvers.access import AssignedStudents, Emergency, Grant, Reach
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
    _hash: int = field(default=0, init=False, repr=False, compare=False)

    @property
    def person(self) -> tuple[str | None, str]:
        """Who the viewer is, whatever the request: issuer and subject, because two issuers may use one subject."""
        return self.issuer, self.subject

    def __hash__(self) -> int:
        """Return the hash, which is computed once: every cached response is looked up by its viewer."""
        if not self._hash:
            values = tuple(getattr(self, attribute.name) for attribute in fields(self) if attribute.compare)
            object.__setattr__(self, "_hash", hash(values))
        return self._hash


class Signer(Protocol):
    """Signs text that a client sends back, such as a cursor, so that only this gateway can make or change it."""

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
    unexpected_responses: int = 0
    """Connections that were dropped because they received what no request asked for."""
    concurrency: int | None = None
    """Requests that may run at once now, as learned from the vendor; None if nothing limits them."""


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


@dataclass(slots=True)
class Context:
    """The context of one request."""

    viewer: Viewer
    sources: Sources
    operation: Operation
    signer: Signer
    health: HealthProvider
    reach: ReachProvider


Info = StrawberryInfo[Context, None]
