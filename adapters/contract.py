"""
The adapter contract: a lookup takes keys and returns a mapping from key to answer.

An adapter overrides the lookups of `Adapter` that its vendor can answer, and supports exactly those. It uses
`self.http` like any httpx client; authentication, limits and tracing are built into that client. It returns
records and may let httpx and pydantic errors pass: the gateway turns them into an `AdapterError`.

An adapter keeps no records of the vendor and no data of a viewer between calls. It may remember what the server
itself is: discovered addresses, access tokens, and the options that the server supports. It sets no timeout,
retries no request, and never catches an error to return less: absent, failed and empty are three different
answers.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar, get_type_hints

import httpx
from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field

from student_graph.adapters.identity import IdentityRules
from student_graph.adapters.interface import Interface, SourceFile
from student_graph.adapters.lookup import Batch, Lookup, Page, StudentFilter, Window, lookup, lookup_of, lookups_of
from student_graph.adapters.lookups import AllLookups
from student_graph.adapters.model import Record

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

_FIRST_MONTH_OF_SCHOOL_YEAR = 7
CONTRACT_VERSION = 1
"""Version of this contract, raised when adapters must change. The gateway refuses adapters of other versions."""


class AdapterSettings(BaseModel):
    """The settings of every adapter. A vendor adds its own in a subclass, with secrets as `SecretStr`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )

    base_url: AnyHttpUrl
    """Root address of the vendor's API, without a trailing slash."""
    timeout: float = Field(default=10.0, gt=0, le=60)
    """Seconds for which an operation waits for one batch with all its pages; the work itself may take longer."""
    concurrency: int = Field(default=32, ge=1, le=64)
    """
    Maximum number of concurrent calls with these credentials.

    The gateway learns how many the vendor handles well, and stays below.
    """
    requests_per_minute: int | None = Field(default=None, ge=1)
    """Calls that the vendor allows in a minute with these credentials; None if it sets no such limit."""
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Private networks in which the vendor's server may be, such as `10.0.0.0/8`. A public address needs none."""
    rest: float = Field(default=30.0, gt=0, le=300)
    """Seconds for which the gateway first stops calling a vendor that keeps failing."""


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
    student of two schools is read at both. `coarse_keys_from` and `coarse_key_of`, or `coarse_key_in`, name the
    coarse keys of a key; without them the district is the only coarse key.
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
    coarse_keys_of: Callable[[Any], Iterable[Any]] | None = None
    """
    Returns all coarse keys of a key if `coarse_keys_from` has one record for each key: `account.course_ids`.

    None of them means that the key has no records. A key without the record is one that the source does not know.
    """
    coarse_key_in: Callable[[Any], Any] | None = None
    """
    Returns the coarse key that a key itself contains, such as the school in a section's id: no read names it.
    """
    coarse_arguments: Callable[[Sequence[Any]], Mapping[str, Hashable]] | None = None
    """Returns arguments of the coarse lookup that follow from the keys, such as the sections' school year."""
    names_all_keys: bool = False
    """
    Whether a key that `coarse_keys_from` does not know is unknown to the source; always true with
    `coarse_keys_of`. Such a key is not requested at all: a section without a course in the LMS has no work there.
    """
    sort_key: Callable[[R], Any] | None = None
    """Sorts the records of a key as the lookup's docstring promises; None keeps the order of the coarse answer."""
    selects: Callable[[R, Mapping[str, Hashable]], bool] | None = None
    """Returns whether a coarse record belongs to the answer for the lookup's arguments; None if all do."""
    is_complete: Callable[[Any], bool] | None = None
    """
    Returns whether the coarse answers hold all records of a key, by the source's settings; None if they always do.
    Some vendors' lists lack rows that a point read has, unless the district fills a certain field.
    """
    has_enrolled_schools: bool = False
    """
    Whether the coarse answers have all records of a key at the schools where the student is enrolled.

    This is for lists of a school, with enrollments in `coarse_keys_from`. If `is_complete` returns false, they may
    lack records at other schools, and answer only asks that do not need those: `Ask.at_enrolled_schools`.
    """
    accepts: Callable[[Any], bool] | None = None
    """
    Returns whether `key_of` can return a key; None if it always can. The gateway reads other keys one by one.

    A source with ids of its own has keys of several kinds, but a record of its lists has only one of them.
    """

    @property
    def usual_coarse_keys(self) -> float:
        """About how many coarse keys a class of students has: one district or school, but many sections."""
        if self.coarse_keys_from is None or lookup_of(self.coarse_lookup).key_kind == "school":
            return 1.0
        return lookup_of(self.coarse_keys_from).records_per_key

    def named_coarse_keys(self, answer: Any) -> frozenset[Any] | None:
        """
        The coarse keys that an answer of `coarse_keys_from` names; None if the path cannot answer the key.

        `answer` is a list, a record, an error, or None if the source does not know the key. An empty list names no
        coarse key, but the key may have records elsewhere.
        """
        if self.coarse_keys_of is not None:
            return frozenset(self.coarse_keys_of(answer)) if isinstance(answer, Record) else None
        if self.coarse_key_of is None or not isinstance(answer, list) or not answer:
            return None
        return frozenset(map(self.coarse_key_of, answer))


def school_year_from_july() -> int:
    """The school year of today, by the calendar year in which it ends, if school years begin in July."""
    today = datetime.now(UTC)
    return today.year + (today.month >= _FIRST_MONTH_OF_SCHOOL_YEAR)


class Adapter(AllLookups):
    """A configured vendor API. A subclass annotates `settings` with its own type."""

    settings: AdapterSettings
    contract: ClassVar[int] = CONTRACT_VERSION
    uses_http: ClassVar[bool] = True
    """Whether the vendor is asked over HTTP, by `http`. False for an adapter that reads files."""
    paths: ClassVar[Mapping[LookupMethod, tuple[AccessPath[Any], ...]]] = {}
    """Access paths, by the lookup that they answer. The gateway takes the cheapest, or point reads."""
    recorded_properties: ClassVar[frozenset[str]] = frozenset()
    """The vendor's properties whose values recordings keep: they are about no person. `*` stands for any text."""
    recorded_words: ClassVar[frozenset[str]] = frozenset()
    """Words of the vendor's API that recordings keep, besides words of the payload models and of the code."""
    recorded_constants: ClassVar[frozenset[str]] = frozenset()
    """Constants of the vendor's API, such as the name of a role, that recordings keep at every position."""
    recorded_settings: ClassVar[frozenset[str]] = frozenset()
    """Settings whose values recordings keep wherever they are, such as the ids of categories of grades."""
    identity: ClassVar[IdentityRules | None] = None
    """Default rules that link the vendor's ids to the district's; None if the vendor uses the district's ids."""

    def __init__(self, name: str, settings: AdapterSettings, http: httpx.AsyncClient) -> None:
        self.name = name
        self.settings = settings
        self.http = http
        self.current_school_year: Callable[[], int] = school_year_from_july
        """Returns the district's school year of today, by the year in which it ends; the gateway sets it."""
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        """Returns the present time in UTC; in the demo that of its data."""

    @property
    def estimates(self) -> AdapterSettings:
        """The settings for estimating costs of access paths, updated with the lengths of lists that were read."""
        return self.settings

    @classmethod
    def for_source(cls, settings: Mapping[str, Any], folder: Path) -> type[Adapter]:  # noqa: ARG003 - for subclasses
        """
        Return the class for a source with these settings, as they are in the settings file in `folder`.

        By default this class. The adapter of declared vendors returns the class of the vendor that it names.

        Raises:
            SettingsError: the settings name no such class, or what they name is wrong.
        """
        return cls

    @classmethod
    def files_of_source(cls, settings: Mapping[str, Any], folder: Path) -> Sequence[Path]:  # noqa: ARG003 - for subclasses
        """Return the files, named from `folder`, that define a source besides the settings file: none here."""
        return ()

    @classmethod
    def settings_type(cls) -> type[AdapterSettings]:
        """The settings model of this adapter."""
        hint: type[AdapterSettings] = get_type_hints(cls)["settings"]
        return hint

    @classmethod
    def supports(cls, method: LookupMethod) -> bool:
        """Whether this adapter overrides `method`, a lookup of `Adapter`."""
        return getattr(cls, method.__name__) is not getattr(Adapter, method.__name__)

    @classmethod
    def capabilities(cls) -> list[Lookup]:
        """The lookups that this adapter supports, sorted by name."""
        return [declared for declared in lookups_of(Adapter) if cls.supports(declared.method)]

    def auth(self) -> httpx.Auth | None:
        """Return the authentication of requests to the vendor; None if it needs none."""
        return None

    @staticmethod
    def loose_key(key: Any) -> Any:
        """
        Return the common form of all spellings of a key that the vendor's database may take for one key.

        By default the key itself: the vendor compares keys exactly. If two spellings have one form, the gateway
        does not decide whether they are the same key: it reads each alone, so that the vendor compares.
        """
        return key

    async def version(self) -> str | None:
        """
        Return the version of the vendor's data, or None if the vendor publishes none.

        The version changes whenever any answer may have changed. Reading it takes one small request; if it is
        unchanged, the gateway confirms cached answers instead of fetching them. It may raise what a lookup may
        raise.
        """
        return None

    @property
    def reads_changes(self) -> bool | None:
        """
        Return whether the vendor can send only what changed since a version.

        None if it was not asked yet, or if the adapter always reads lists in full.
        """
        return None

    async def try_changes(self) -> bool | None:
        """
        Ask once for what changed lately, in a few small requests, and return what `reads_changes` then is.

        False also if the vendor publishes no version of its data. It may raise what a lookup may raise.
        """
        return self.reads_changes

    @property
    def source_files(self) -> Sequence[SourceFile]:
        """Return the files that the source has read, or could not read; empty for a source that reads no files."""
        return ()

    @property
    def interface(self) -> Interface | None:
        """Return what the adapter knows of the server's interface, without a request; None if it says nothing."""
        return None

    async def check(self) -> str:
        """
        Send one request to test the address and the credentials, and return a short name of the server.

        Raises:
            AdapterError: the credentials or the address are wrong. httpx errors may also be raised.
        """
        raise NotImplementedError
