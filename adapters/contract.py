"""
The adapter contract: keys in, mapping out.

An adapter overrides the lookups of `Adapter` that its vendor can answer; it supports exactly those. It uses
`self.http` as any httpx client (authentication, limits and tracing are inside it), returns records, and
raises freely: httpx and pydantic errors become `AdapterError` at the boundary.

It keeps no state between calls, sets no timeout, retries nothing and catches no error to return less:
absent, failed and empty are three different answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar, get_type_hints

import httpx
from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field

from student_graph.adapters.identity import IdentityRules
from student_graph.adapters.lookup import Batch, Lookup, Page, StudentFilter, Window, lookup, lookups_of
from student_graph.adapters.lookups import AllLookups

R = TypeVar("R")
LookupMethod: TypeAlias = Callable[..., Any]

__all__ = [
    "AccessPath",
    "Adapter",
    "AdapterSettings",
    "Batch",
    "CallCost",
    "Page",
    "StudentFilter",
    "Window",
    "lookup",
]

CONTRACT_VERSION = 1
"""Raised when adapters must change; an adapter built for another version is refused at start."""


class AdapterSettings(BaseModel):
    """Settings every adapter has; a vendor adds its own in a subclass, secrets as `SecretStr`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )

    base_url: AnyHttpUrl
    """Root of the vendor's API, without a trailing slash."""
    timeout: float = Field(default=10.0, gt=0, le=60)
    """Seconds that one batch may take, its pages included."""
    concurrency: int = Field(default=8, ge=1, le=64)
    """Calls that may be under way at once with these credentials."""
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Private networks in which the vendor may stand, such as `10.0.0.0/8`; public addresses need none."""
    rest: float = Field(default=30.0, gt=0, le=300)
    """Seconds for which a vendor that fails is left alone at first."""


@dataclass(frozen=True, slots=True)
class CallCost:
    """Estimated vendor calls of a lookup and of its access path; the gateway takes the cheaper one."""

    per_key: float
    """Calls for one key of the lookup itself."""
    per_coarse_key: float
    """Calls for one key of the coarse lookup."""


@dataclass(frozen=True, slots=True)
class AccessPath(Generic[R]):
    """
    A coarser lookup that answers many keys of a lookup in one call.

    For example, one read of a school's attendance answers for all its students. The gateway reads the coarse
    lookup, sorts the records by key, and uses them for a key only if it has read all coarse keys of that key: a
    student of two schools is read at both. `coarse_keys_from` and `coarse_key_of` name the coarse keys of a key;
    without them the district is the only coarse key.
    """

    coarse_lookup: LookupMethod
    """The coarse lookup, such as `Adapter.attendance_events_by_school`."""
    key_of: Callable[[R], Any]
    """Returns the key that a record of the coarse answer belongs to, such as `event.student_id`."""
    cost: Callable[[Any], CallCost]
    """Estimates vendor calls from the source's settings."""
    coarse_keys_from: LookupMethod | None = None
    """List lookup by the same keys whose records name the coarse keys; None if the district is the coarse key."""
    coarse_key_of: Callable[[Any], Any] | None = None
    """Returns the coarse key that a record of `coarse_keys_from` names, such as `enrollment.school_id`."""
    sort_key: Callable[[R], Any] | None = None
    """Sorts the records of a key as the lookup's docstring promises; None keeps the order of the coarse answer."""


class Adapter(AllLookups):
    """One configured vendor API. Subclasses annotate `settings` with their own type."""

    settings: AdapterSettings
    contract: ClassVar[int] = CONTRACT_VERSION
    paths: ClassVar[Mapping[LookupMethod, AccessPath[Any]]] = {}
    """Coarser ways to answer a lookup of this adapter."""
    identity: ClassVar[IdentityRules | None] = None
    """How the district's ids become the vendor's by default; None when the vendor speaks the district's ids."""

    def __init__(self, name: str, settings: AdapterSettings, http: httpx.AsyncClient) -> None:
        self.name = name
        self.settings = settings
        self.http = http

    @classmethod
    def settings_type(cls) -> type[AdapterSettings]:
        """The settings model that this adapter is configured with."""
        hint: type[AdapterSettings] = get_type_hints(cls)["settings"]
        return hint

    @classmethod
    def supports(cls, method: LookupMethod) -> bool:
        """Whether this adapter answers `method`, a lookup of `Adapter`."""
        return getattr(cls, method.__name__) is not getattr(Adapter, method.__name__)

    @classmethod
    def capabilities(cls) -> list[Lookup]:
        """The lookups that this adapter answers, by name."""
        return [found for found in lookups_of(Adapter) if cls.supports(found.method)]

    def auth(self) -> httpx.Auth | None:
        """How requests to the vendor are authenticated."""
        return None

    async def version(self) -> str | None:
        """
        A mark that is another whenever anything that the vendor answers may be another; None when there is none.

        It costs one small request: with it, answers that are no longer fresh are confirmed instead of fetched.
        Raises freely, as a lookup does.
        """
        return None

    async def check(self) -> str:
        """
        Ask the vendor once whether the credentials work, and say in a few words what answered.

        Raises:
            AdapterError: the credentials or the address are wrong; httpx errors likewise.
        """
        raise NotImplementedError
