"""Findings about what was counted: links, lookups, rows, codes, failures and pauses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from student_graph.adapters.interface import LookupResult
from student_graph.resolvers.types.scorecard.measurements import SourceFigures, TopicCoverage
from student_graph.resolvers.types.scorecard.values import Detail, Measured, Missing, missing_answer
from student_graph.resolvers.types.scorecard.wording import band, count_text, percent

_REASON = re.compile(r"[A-Za-z ]{1,40}(\(\w{1,40} at [A-Za-z_.]{1,80}\))?")
"""Reasons that are shown as they are: words of ours and names of properties, without values."""

_ANSWERED = dict.fromkeys((LookupResult.RECORDS, LookupResult.EMPTY), "answered")
"""Words for readers who must not know whether there are records."""


def identity_match(figures: SourceFigures, detail: Detail) -> Measured | Missing:
    """How many of the compared students have a certain link; without counts for other readers than operators."""
    links = figures.counts.links
    if figures.uses_district_ids:
        return Measured("not needed: the source uses the district's own student numbers")
    if links.total == 0:
        reason = "no student was compared yet" if figures.reachable else missing_answer(figures)
        return Missing(reason)
    if detail is Detail.COUNTS:
        share = percent(links.matched, links.total)
        text = (
            f"{links.matched} of {count_text(links.total, 'student')} linked ({share}); "
            f"{links.unmatched} without a link, {links.conflicted} in conflict"
        )
        return Measured(text, counted=(links.matched, links.total))
    share_band = band(links.matched, links.total)
    if share_band is None:
        return Missing("fewer than ten students were compared")
    return Measured(f"{share_band} of the compared students are linked")


def coverage(figures: SourceFigures, detail: Detail) -> Measured | Missing:
    """For which lookups the source is used, by the kind of their keys, and for which records of each topic."""
    used, lookups = sum(topic.used for topic in figures.topics), sum(topic.lookups for topic in figures.topics)
    by_key = sum((Counter(topic.used_by_key) for topic in figures.topics), Counter[str]())
    kinds = ", ".join(f"{number} by {key.replace('_', ' ')}" for key, number in sorted(by_key.items()))
    text = f"used for {used} of the graph's {count_text(lookups, 'lookup')}{f': {kinds}' if kinds else ''}"
    details = [_topic_line(topic, detail) for topic in figures.topics if topic.used]
    return Measured(text, details, counted=(used, lookups))


def _topic_line(topic: TopicCoverage, detail: Detail) -> str:
    """A topic's records by result. Whether there are any is for operators: it may be about one child."""
    words = {LookupResult.RECORDS: "read"} if detail is Detail.COUNTS else _ANSWERED
    names: dict[str, list[str]] = {}
    for record, result in sorted(topic.results.items()):
        word = "not asked for" if result is None else words.get(result, result.value)
        names.setdefault(word, []).append(record)
    parts = "; ".join(f"{word}: {', '.join(records)}" for word, records in names.items())
    return f"{topic.topic}: {parts}"


def readable_rows(figures: SourceFigures, detail: Detail) -> Measured | Missing:
    """How many rows could be read, and what was wrong with the others."""
    records, unreadable = figures.counts.records, sum(figures.counts.unreadable_rows.values())
    total = records + unreadable
    if total == 0:
        reason = "no row was read yet" if figures.reachable else missing_answer(figures)
        return Missing(reason)
    reasons = _reasons(figures.counts.unreadable_rows)
    if detail is Detail.COUNTS:
        text = f"{count_text(records, 'record')} read; {count_text(unreadable, 'row')} left out as unreadable"
        details = [f"{reason}: {number}" for reason, number in reasons.items()]
        return Measured(text, details, counted=(records, total))
    share_band = band(records, total)
    if share_band is None:
        return Missing("fewer than ten rows were read")
    text = f"{share_band} of the rows could be read"
    return Measured(text, [f"left out: {reason}" for reason in reasons])


def _reasons(rows: Mapping[str, int]) -> dict[str, int]:
    """The number of unreadable rows by a reason that holds no value, most frequent first."""
    reasons: dict[str, int] = {}
    for reason, number in sorted(rows.items(), key=lambda item: (-item[1], item[0])):
        shown = reason if _REASON.fullmatch(reason) else "another reason"
        reasons[shown] = reasons.get(shown, 0) + number
    return reasons


def mapped_codes(figures: SourceFigures, detail: Detail) -> Measured | Missing:
    """Whether coded values have a meaning in the graph; the codes are for operators."""
    if figures.counts.records == 0:
        reason = "no record was read yet" if figures.reachable else missing_answer(figures)
        return Missing(reason)
    codes = figures.counts.unmapped_codes
    if not codes:
        return Measured("every coded value that was read has a meaning in the graph")
    if detail is Detail.SHARES:
        return Measured("some coded values that were read have no meaning in the graph")
    text = f"{count_text(sum(codes.values()), 'coded value')} without a meaning in the graph"
    by_number = sorted(codes.items(), key=lambda item: (-item[1], item[0]))
    return Measured(text, [f"{code}: {number}" for code, number in by_number])


def errors(figures: SourceFigures, _: Detail) -> Measured | Missing:
    """How many lookups failed, by error code."""
    counts = figures.counts
    if counts.asks == 0:
        return Missing(missing_answer(figures))
    codes = [f"{code}: {number}" for code, number in sorted(counts.failures_by_code.items())]
    share = percent(counts.failed_asks, counts.asks)
    text = f"{counts.failed_asks} of {count_text(counts.asks, 'lookup')} failed ({share})"
    return Measured(text, codes, counted=(counts.failed_asks, counts.asks))


def throttling(figures: SourceFigures, _: Detail) -> Measured | Missing:
    """How often the vendor asked for fewer requests."""
    if figures.counts.calls == 0:
        return Missing(missing_answer(figures))
    times = figures.counts.throttled
    text = (
        f"asked for fewer requests {count_text(times, 'time')} in {count_text(figures.counts.calls, 'request')}"
        if times
        else f"never in {count_text(figures.counts.calls, 'request')}"
    )
    return Measured(text, counted=(times, figures.counts.calls))
