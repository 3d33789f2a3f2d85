"""What resolvers may use of the request: who asks, where answers come from, and what went wrong on the way."""

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
    assigned: frozenset[AssignedStudents] = frozenset()
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


class ReachProvider(Protocol):
    """Finds the students of a district whom the viewer may see."""

    def __call__(self, district: DistrictId, /) -> Awaitable[Reach]:
        """
        The viewer's students.

        Raises:
            AdapterError: the district's systems could not say.
        """


class HealthProvider(Protocol):
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
    health: HealthProvider
    reach: ReachProvider


Info = StrawberryInfo[Context, None]
