"""What the report of a district says, in sections with tables: the terminal and the page show the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from student_graph.gateway.cli.parser import count
from student_graph.gateway.cli.report.shown import MIN_PAGES, ShownDisclosures, number, number_or_hidden, percent
from student_graph.gateway.server.commands.month import (
    DistrictMonth,
    Period,
    SourceMonth,
    age_of_share,
    share_within,
)
from student_graph.gateway.telemetry.histogram import AGE_SECONDS
from student_graph.gateway.telemetry.levels.objectives import Objective

MAX_PERIODS = 20
"""Periods of a kind that are listed; further ones are counted. The JSON has all of them."""
OBJECTIVES = {
    Objective.IN_TIME: "Pages within {seconds:g} seconds",
    Objective.ANSWERED: "Pages answered, whole or with a reason for what is missing",
    Objective.COMPLETE: "Pages from which nothing was missing",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report."""

    title: str
    sentences: Sequence[str] = ()
    headings: Sequence[str] = ()
    """Headings of the table's columns; none if there is no table."""
    rows: Sequence[Sequence[str]] = ()


def sections_of(report: DistrictMonth, disclosures: ShownDisclosures | None) -> list[Section]:
    """The sections of a district's report."""
    return [
        Section("Availability", list(_availability(report))),
        _pages(report),
        _ages(report),
        _failures(report),
        _disclosures(disclosures),
    ]


def title_of(report: DistrictMonth, name: str) -> str:
    """The title of a district's report."""
    return f"Service levels of {name}: {report.month.begins:%B %Y}"


def state_of(report: DistrictMonth) -> str:
    """The sentence that says which time the report is about."""
    zone = report.month.zone
    if report.counted_from is None:
        return f"Nothing was counted in this month. Times are those of {zone.key}."
    begins, ends = report.counted_from.astimezone(zone), report.counted_until.astimezone(zone)
    return f"Counted from {_instant(begins)} to {_instant(ends)}. Times are those of {zone.key}."


def _availability(report: DistrictMonth) -> Iterator[str]:
    if not report.minutes:
        yield "Not measured."
        return
    ready, minutes = report.minutes_ready, report.minutes
    yield f"Requests were accepted in {number(ready)} of {number(minutes)} minutes: {percent(ready / minutes)}."
    if report.not_ready:
        yield f"Not accepted: {_list_of(report.not_ready, report)}."


def _pages(report: DistrictMonth) -> Section:
    pages = report.pages.pages
    if pages < MIN_PAGES:
        return Section("Pages", [f"{number_or_hidden(pages).capitalize()} pages: too few for shares of them."])
    rows = []
    for objective, text in OBJECTIVES.items():
        judged, missed = report.judged(objective)
        target = report.objectives.targets.get(objective)
        share = 1 - missed / judged
        used = "-" if target is None else percent(missed / judged / (1 - target), digits=0)
        result = "-" if target is None else "kept" if share >= target else "missed"
        objective_text = "-" if target is None else percent(target)
        rows.append((text.format(seconds=report.objectives.seconds), percent(share), objective_text, result, used))
    half, most = report.seconds_of_share(0.5), report.seconds_of_share(0.95)
    sentences = [f"{number(pages)} pages. {_speed(half, 'Half of them')} {_speed(most, '95 % of them')}"]
    if report.pages.failed:
        sentences.append(f"{number(report.pages.failed)} of them could not be answered.")
    return Section("Pages", sentences, ("What", "Share", "Objective", "Result", "Error budget used"), rows)


def _speed(seconds: float | None, pages: str) -> str:
    return f"{pages} took more than 10 s." if seconds is None else f"{pages} came within {seconds:g} s."


def _ages(report: DistrictMonth) -> Section:
    rows = []
    for source in report.sources:
        counts = source.counts
        if counts.shown < MIN_PAGES:
            continue
        minute, day = (share_within(counts.ages, AGE_SECONDS, bound) for bound in (60.0, 86_400.0))
        rows.append((
            source.name,
            "-" if minute is None else percent(minute),
            _age(age_of_share(0.95, counts)),
            "-" if day is None else percent(1 - day),
            percent(counts.stale / counts.shown),
        ))  # fmt: skip
    sentence = (
        "How old values were that came from the cache; all others came from the source at that moment. "
        "A stale value is marked as such."
    )
    headings = ("Source", "Up to a minute", "95 % are at most", "Over a day", "Stale")
    return Section("Ages of the values that were shown", [sentence if rows else "None came from the cache."],
                   headings if rows else (), rows)  # fmt: skip


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "over a day"
    if seconds < 60:
        return f"{seconds:g} s"
    return f"{seconds / 60:g} min" if seconds < 3_600 else f"{seconds / 3_600:g} h"


def _failures(report: DistrictMonth) -> Section:
    title = "Failures of the sources"
    rows = [_failure_row(source, report) for source in report.sources]
    if not rows:
        return Section(title, ["No source was asked."])
    sentence = "A source failed in an hour in which it failed at least one of ten lookups."
    return Section(title, [sentence], ("Source", "Lookups", "Failed", "Hours in which it failed"), rows)


def _failure_row(source: SourceMonth, report: DistrictMonth) -> tuple[str, ...]:
    lookups = source.counts.lookups
    failed = f"{number(source.failed)} ({percent(source.failed / lookups)})" if lookups else "-"
    return source.name, number(lookups), failed, _list_of(source.failing, report) or "none"


def _disclosures(shown: ShownDisclosures | None) -> Section:
    title = "Disclosures of students' records"
    if shown is None:
        return Section(title, ["There is no record of disclosures in the folder that the settings name."])
    sentences = [
        "Counted in the record that 34 CFR 99.32 requires.",
        "Numbers below ten are not shown, and no number from which one of these could be computed.",
        f"{shown.answers_text.capitalize()} answers held {shown.records_text} records.",
        f"Break-glass access was opened {shown.openings_text} times.",
    ]
    if not shown.rows:
        return Section(title, sentences)
    return Section(title, sentences, ("Role", "Answers", *shown.classes, "All records"), shown.rows)


def _list_of(periods: Sequence[Period], report: DistrictMonth) -> str:
    """Some periods with their codes, in the district's time."""
    texts = [_period_text(period, report) for period in periods[:MAX_PERIODS]]
    if len(periods) > MAX_PERIODS:
        texts.append(f"and {count(len(periods) - MAX_PERIODS, 'further time')}")
    return "; ".join(texts)


def _period_text(period: Period, report: DistrictMonth) -> str:
    begins, ends = period.begins.astimezone(report.month.zone), period.ends.astimezone(report.month.zone)
    end = f"{ends:%H:%M}" if begins.date() == ends.date() else _instant(ends)
    codes = f" ({', '.join(period.codes)})" if period.codes else ""
    return f"{_instant(begins)} to {end}{codes}"


def _instant(instant: datetime) -> str:
    return f"{instant:%B} {instant.day}, {instant:%H:%M}"
