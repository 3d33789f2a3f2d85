"""The service levels of a district in one month: from the files with its counts and the record of disclosures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from student_graph.gateway.disclosure.search import DisclosureCounts, count_disclosures
from student_graph.gateway.telemetry.histogram import AGE_SECONDS, REQUEST_SECONDS
from student_graph.gateway.telemetry.levels.counts import HourCounts, PageCounts, SourceCounts, total
from student_graph.gateway.telemetry.levels.objectives import Objective, Objectives
from student_graph.gateway.telemetry.levels.store import first_day, read_days

PAGE_SECONDS = 2.5
"""Time for a page in districts without objectives."""
FAILING_SHARE = 0.1
"""A source fails in an hour in which at least this share of its lookups fails."""
HOUR_PERIOD, MINUTE_PERIOD = timedelta(hours=1), timedelta(minutes=1)
NOT_WRITTEN_YET = timedelta(minutes=2)
"""How long the last counts may still be in memory only: a report does not judge that time."""


@dataclass(frozen=True, slots=True)
class MonthOf:
    """A calendar month in the time zone of a district."""

    name: str
    """Name of the month, such as `2026-11`."""
    zone: ZoneInfo

    @property
    def begins(self) -> datetime:
        """The first instant of the month."""
        year, month = map(int, self.name.split("-"))
        return datetime(year, month, 1, tzinfo=self.zone)

    @property
    def ends(self) -> datetime:
        """The first instant of the next month."""
        year, month = map(int, self.name.split("-"))
        return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=self.zone)


@dataclass(frozen=True, slots=True)
class Period:
    """A time in which something failed."""

    begins: datetime
    ends: datetime
    failed: int = 0
    """Lookups that failed."""
    lookups: int = 0
    """Lookups in all."""
    codes: tuple[str, ...] = ()
    """Error codes, the most frequent one first."""


@dataclass(frozen=True, slots=True)
class SourceMonth:
    """What one source did in the month."""

    name: str
    counts: SourceCounts
    failing: Sequence[Period]
    """Hours in which many of its lookups failed; hours that follow each other are one period."""

    @property
    def failed(self) -> int:
        """Lookups that failed."""
        return min(sum(self.counts.failures.values()), self.counts.lookups)


@dataclass(frozen=True, slots=True)
class DistrictMonth:
    """What was counted of a district in a month."""

    month: MonthOf
    counted_from: datetime | None
    """When counting began in the month; None if nothing was counted."""
    counted_until: datetime
    """The end of the month, or now."""
    not_ready: Sequence[Period]
    """When no process accepted requests."""
    pages: PageCounts
    objectives: Objectives
    sources: Sequence[SourceMonth]
    disclosures: DisclosureCounts | None
    """None if there is no record of disclosures."""
    unreadable: Sequence[Path] = field(default=())
    """Files with counts that could not be read, and are left out."""

    @property
    def minutes(self) -> int:
        """Minutes in which the gateway counted whether requests are accepted."""
        return 0 if self.counted_from is None else (self.counted_until - self.counted_from) // MINUTE_PERIOD

    @property
    def minutes_ready(self) -> int:
        """Minutes in which a process accepted requests."""
        return self.minutes - sum((period.ends - period.begins) // MINUTE_PERIOD for period in self.not_ready)

    @property
    def has_counts(self) -> bool:
        """Whether anything is known of the month."""
        has_answers = bool(self.disclosures and self.disclosures.answers)
        return self.counted_from is not None or self.pages.pages > 0 or has_answers

    def judged(self, objective: Objective) -> tuple[int, int]:
        """The pages that an objective counts, and how many of them missed it."""
        return self.pages.judged(objective, self.objectives.seconds)

    def seconds_of_share(self, share: float) -> float | None:
        """The smallest bound within which this share of the answered pages came; None if they took longer."""
        return _bound_of_share(share, self.pages.answered, REQUEST_SECONDS)


def district_month(
    district: str,
    month: MonthOf,
    objectives: Objectives | None,
    *,
    directories: Sequence[Path],
    records: Sequence[Path],
    now: datetime,
) -> DistrictMonth:
    """
    What was counted of a district in a month.

    `directories` are the folders with counts and `records` those with records of disclosures, of this host and
    copies of others; `now` ends a month that is not over.
    """
    written_until = (now - NOT_WRITTEN_YET).replace(second=0, microsecond=0)
    begins, month_ends = month.begins.astimezone(UTC), month.ends.astimezone(UTC)
    ends = min(month_ends, written_until)
    stored = read_days(directories, district, begins.date(), min(month_ends, now).date())
    hours = {hour: counts for hour, counts in sorted(stored.hours.items()) if begins <= hour < month_ends}
    counted_from, not_ready = _readiness(
        stored.hours, begins, ends, has_earlier=_began_before(directories, district, begins)
    )
    pages, sources = PageCounts(), dict[str, SourceCounts]()
    for counts in hours.values():
        pages = total(pages, counts.pages)
        for name, of_source in counts.sources.items():
            sources[name] = total(sources.get(name, SourceCounts()), of_source)
    existing = [folder for folder in records if folder.is_dir()]
    return DistrictMonth(
        month,
        counted_from,
        ends,
        not_ready,
        pages,
        objectives or Objectives(PAGE_SECONDS, {}),
        [SourceMonth(name, counts, list(_failing(name, hours))) for name, counts in sorted(sources.items())],
        count_disclosures(existing, district, begins, min(month_ends, now)) if existing else None,
        stored.unreadable,
    )


def share_within(counts: Sequence[int], bounds: Sequence[float], bound: float) -> float | None:
    """The share of values that are at most a bound; None without values."""
    return sum(counts[: bounds.index(bound) + 1]) / sum(counts) if sum(counts) else None


def age_of_share(share: float, counts: SourceCounts) -> float | None:
    """The smallest bound of ages within which this share of the shown values was; None if they were older."""
    return _bound_of_share(share, counts.ages, AGE_SECONDS)


def _bound_of_share(share: float, counts: Sequence[int], bounds: Sequence[float]) -> float | None:
    reached = 0
    for bound, count in zip(bounds, counts, strict=False):
        reached += count
        if reached and reached >= share * sum(counts):
            return bound
    return None


def _began_before(directories: Iterable[Path], district: str, begins: datetime) -> bool:
    """Whether the gateway counted before the month: then it was down where nothing is counted at its beginning."""
    first = first_day(directories, district)
    return first is not None and first < begins.date()


def _readiness(
    hours: Mapping[datetime, HourCounts], begins: datetime, ends: datetime, *, has_earlier: bool
) -> tuple[datetime | None, list[Period]]:
    """
    From when on it is known whether requests were accepted, and when they were not.

    Where a month begins or ends within an hour of UTC, it has some minutes of the hour.
    """
    ready = {
        minute
        for hour, counts in hours.items()
        for bit in range(60)
        if counts.minutes >> bit & 1 and begins <= (minute := hour + bit * MINUTE_PERIOD) < ends
    }
    if not ready:
        return None, []
    counted_from = begins if has_earlier else min(ready)
    periods: list[Period] = []
    minute = counted_from
    while minute + MINUTE_PERIOD <= ends:
        if minute not in ready:
            is_next = bool(periods) and periods[-1].ends == minute
            start = periods.pop().begins if is_next else minute
            periods.append(Period(start, minute + MINUTE_PERIOD))
        minute += MINUTE_PERIOD
    return counted_from, periods


def _failing(name: str, hours: Mapping[datetime, HourCounts]) -> Iterator[Period]:
    """The periods in which a source failed."""
    period: Period | None = None
    for hour, counts in hours.items():
        of_source = counts.sources.get(name, SourceCounts())
        failed = min(sum(of_source.failures.values()), of_source.lookups)
        if not failed or failed < FAILING_SHARE * of_source.lookups:
            continue
        codes = tuple(code for code, _ in Counter(of_source.failures).most_common())
        if period is not None and period.ends == hour:
            codes = tuple(dict.fromkeys((*period.codes, *codes)))
            lookups = period.lookups + of_source.lookups
            period = Period(period.begins, hour + HOUR_PERIOD, period.failed + failed, lookups, codes)
            continue
        if period is not None:
            yield period
        period = Period(hour, hour + HOUR_PERIOD, failed, of_source.lookups, codes)
    if period is not None:
        yield period
