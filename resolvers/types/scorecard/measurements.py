"""What the gateway counted about one source, and how that is combined with what its adapter knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from student_graph.adapters.contract import Adapter
from student_graph.adapters.interface import (
    AuthenticationScheme,
    Counts,
    Interface,
    LookupResult,
    authentication_scheme,
)
from student_graph.adapters.lookup import Lookup, lookups_of
from student_graph.adapters.sources import Source

_PRECEDENCE = (
    LookupResult.FAILED,
    LookupResult.RECORDS,
    LookupResult.ANSWERED,
    LookupResult.EMPTY,
    LookupResult.NOT_THERE,
)
"""Which of the results of several lookups for one kind of record stands for all of them."""


class Changes(Enum):
    """Whether a source sends only what changed since an earlier read."""

    SENT = "sent"
    REFUSED = "refused"
    NOT_THERE = "not there"
    """The server publishes no version of its data, so that it cannot be asked for changes."""
    UNTRIED = "not asked yet"
    NOT_USED = "not used"
    """The adapter does not ask for changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicCoverage:
    """What a source is used for in one topic of the contract, such as academics."""

    topic: str
    lookups: int
    """Lookups of the contract."""
    used_by_key: Mapping[str, int]
    """Lookups that the source offers and the district uses, by the kind of their keys, such as `student`."""
    results: Mapping[str, LookupResult | None]
    """What these lookups answered, by the name of their records; None if they were not asked for."""
    fresh: tuple[timedelta, timedelta] | None
    """Shortest and longest time for which the cache serves answers of the used lookups; None without any."""

    @property
    def used(self) -> int:
        """Lookups that the source offers and the district uses."""
        return sum(self.used_by_key.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFigures:
    """All that is known about a source, as the rows of a scorecard need it. None of it is about one student."""

    name: str
    kind: str
    reachable: bool | None
    """Whether the source answered the last call; None before the first one."""
    error_code: str | None
    """Error code of the last call; None if it succeeded."""
    counts: Counts
    interface: Interface | None
    authentication: AuthenticationScheme
    encrypted: bool
    """Whether requests are sent over HTTPS."""
    uses_district_ids: bool
    """Whether the source uses the district's own ids, so that nothing need be linked."""
    linked_by: tuple[str, ...]
    """Rules that link its students with the district's, in the order in which they are tried."""
    confirmed_by: tuple[str, ...]
    """Attributes that must agree before a link counts."""
    topics: tuple[TopicCoverage, ...]
    changes: Changes


def source_figures(
    source: Source, counts: Counts, *, reachable: bool | None, error_code: str | None
) -> SourceFigures:
    """The figures of a source, from what was counted and what its adapter knows; the source is not asked."""
    adapter, interface, rules = source.adapter, source.adapter.interface, source.identity
    return SourceFigures(
        name=source.name,
        kind=source.kind,
        reachable=reachable,
        error_code=error_code,
        counts=counts,
        interface=interface,
        authentication=authentication_scheme(adapter.auth()),
        encrypted=adapter.settings.base_url.scheme == "https",
        uses_district_ids=rules is None,
        linked_by=tuple(f"{rule.field} = {rule.system}" for rule in rules.students) if rules is not None else (),
        confirmed_by=tuple(rules.confirm) if rules is not None else (),
        topics=topics_of([source], counts.results),
        changes=_changes_of(adapter, interface),
    )


def topics_of(sources: Sequence[Source], results: Mapping[str, LookupResult]) -> tuple[TopicCoverage, ...]:
    """The topics of the contract, with the lookups for which at least one of the sources is used."""
    lookups_by_topic: dict[str, list[Lookup]] = {}
    for lookup in lookups_of(Adapter):
        lookups_by_topic.setdefault(_topic_of(lookup), []).append(lookup)
    return tuple(
        _coverage(topic, lookups, sources, results) for topic, lookups in sorted(lookups_by_topic.items())
    )


def _topic_of(lookup: Lookup) -> str:
    """The topic of a lookup: the module of the contract that declares it, without underscores."""
    return lookup.method.__module__.rpartition(".")[2].replace("_", " ")


def _coverage(
    topic: str, lookups: Sequence[Lookup], sources: Sequence[Source], results: Mapping[str, LookupResult]
) -> TopicCoverage:
    used = [lookup for lookup in lookups if any(source.offers(lookup) for source in sources)]
    results_by_record: dict[str, list[LookupResult]] = {lookup.record_type.__name__: [] for lookup in used}
    for lookup in used:
        if lookup.name in results:
            results_by_record[lookup.record_type.__name__].append(results[lookup.name])
    times = [source.freshness(lookup).fresh for lookup in used for source in sources if source.offers(lookup)]
    return TopicCoverage(
        topic=topic,
        lookups=len(lookups),
        used_by_key=Counter(lookup.key_kind for lookup in used),
        results={
            name: min(results_of_record, key=_PRECEDENCE.index, default=None)
            for name, results_of_record in results_by_record.items()
        },
        fresh=(min(times), max(times)) if times else None,
    )


def _changes_of(adapter: Adapter, interface: Interface | None) -> Changes:
    """Whether a source sends changes, as far as it was asked."""
    if type(adapter).reads_changes is Adapter.reads_changes:
        return Changes.NOT_USED
    if interface is not None and interface.states_changes is False:
        return Changes.NOT_THERE
    return {True: Changes.SENT, False: Changes.REFUSED, None: Changes.UNTRIED}[adapter.reads_changes]
