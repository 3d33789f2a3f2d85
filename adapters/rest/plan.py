"""A checked and compiled declaration: what the adapter needs to answer lookups, as plain functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from student_graph.adapters.lookup import Lookup
from student_graph.adapters.rest.client.first_values import FirstPlan
from student_graph.adapters.rest.client.lists import RowSource
from student_graph.adapters.rest.client.templates import KEY, Template
from student_graph.adapters.rest.declaration.models import Auth, Declaration, PagingStyle
from student_graph.adapters.rest.declaration.parts import Changes
from student_graph.adapters.rest.mapping.paths import Getter
from student_graph.adapters.rest.mapping.record_mapping import RecordMapping

YEAR_START = "school_year_start"
"""
Placeholder of the calendar year in which the requested school year begins: some vendors name school years by it.
"""


FIRST_DAY, LAST_DAY = "school_year_first_day", "school_year_last_day"
"""Placeholders of July 1 and June 30 of the requested school year, for vendors that ask for a range of days."""


@dataclass(frozen=True, slots=True)
class LookupPlan:
    """How one lookup is answered."""

    lookup: Lookup
    requests: Mapping[str, Template]
    """The request, by the field of the identity rules that a key names; by the empty text for all keys."""
    source: RowSource
    where: Getter | None
    mapping: RecordMapping
    style: PagingStyle
    keys_per_call: int
    separator: str
    changes: Changes | None
    removed: Getter | None
    is_linked: bool
    """Whether its keys name a field of the vendor, because identity rules made them."""
    split: Lookup | None = None
    """The lookup of the district whose answer is split by key."""
    elements: tuple[Getter, ...] = ()
    """A list in each row, a list in each of its elements, and so on: a row counts once for each element."""
    first: tuple[FirstPlan, ...] = ()
    """What is read before the request, in this order."""
    id_lists: tuple[FirstPlan, ...] = ()
    """Lists of all ids of the vendor, by which the mapping translates ids back to keys."""
    repeats: Mapping[str, Getter] = field(default_factory=dict)
    """Where rows repeat the values of placeholders of their request."""

    @property
    def is_sent_for_several(self) -> bool:
        """Whether its request is sent for each of several values that are read first."""
        return any(first.several for first in self.first)

    @property
    def depends_on_first(self) -> bool:
        """Whether something has to be read first for each key."""
        return any(first.depends_on_key for first in self.first)

    @property
    def names_key_in_path(self) -> bool:
        """Whether the key, or what is read for it first, is in the path: then 404 says that it is unknown."""
        return self._has_key(frozenset[str]().union(*(request.path.names for request in self.requests.values())))

    @property
    def names_key(self) -> bool:
        """Whether the key, or what is read for it first, is in the request."""
        return self._has_key(frozenset[str]().union(*(request.names for request in self.requests.values())))

    @property
    def names_only_what_was_read(self) -> bool:
        """
        Whether all values in the path were read first: the vendor itself has named the object, and must know it.
        """
        read = {first.name for first in self.first}
        return all(request.path.names and request.path.names <= read for request in self.requests.values())

    def _has_key(self, names: Collection[str]) -> bool:
        own = {KEY, *(first.name for first in self.first if first.depends_on_key)}
        return any(name.partition(".")[0] in own for name in names)


@dataclass(slots=True)
class Plan:
    """All that a declaration says."""

    declaration: Declaration
    auth: Sequence[Auth]
    check: Template
    check_version: Getter | None
    data_version: tuple[Template, Getter] | None
    lookups: dict[str, LookupPlan] = field(default_factory=dict)
    settings_names: tuple[str, ...] = ()
    """Names of the settings that requests may use as `{settings.NAME}`."""

    def placeholders(self, settings: Any) -> dict[str, Any]:
        """The values of the placeholders that are settings."""
        return {f"settings.{name}": getattr(settings, name) for name in self.settings_names}
