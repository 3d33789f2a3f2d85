"""Findings about how a source is reached and read: standard, credentials, ids, pages, changes, age of answers."""

from __future__ import annotations

from datetime import timedelta

from student_graph.adapters.interface import Counts
from student_graph.resolvers.types.scorecard.measurements import Changes, SourceFigures
from student_graph.resolvers.types.scorecard.values import Detail, Measured, Missing, missing_answer
from student_graph.resolvers.types.scorecard.wording import count_text, duration_text, percent


def availability(figures: SourceFigures, _: Detail) -> Measured | Missing:
    """Whether the source answered the last call."""
    if figures.reachable is None:
        return Missing(missing_answer(figures))
    text = "the last call was answered" if figures.reachable else missing_answer(figures)
    return Measured(text)


def standard(figures: SourceFigures, _: Detail) -> Measured | Missing:
    """The standard that the server speaks, and whether the server itself states the version."""
    interface = figures.interface
    if interface is None:
        return Missing(f"the adapter '{figures.kind}' does not name its standard")
    kind = "a published standard" if interface.is_published_standard else "the vendor's own interface"
    if interface.version is None and figures.reachable is not True:
        return Missing(f"{missing_answer(figures)}; expected is {interface.standard}, {kind}")
    version = f" {interface.version}" if interface.version is not None else ", version not stated"
    origin = "as the server states" if interface.is_declared else "as configured: the server does not state it"
    if figures.reachable is not True:
        origin += f"; not confirmed, because {missing_answer(figures)}"
    product = f"; {interface.product}" if interface.product is not None else ""
    return Measured(f"{interface.standard}{version}, {kind} ({origin}){product}")


def authentication(figures: SourceFigures, _: Detail) -> Measured | Missing:
    """How requests are authenticated; not measured until the source has accepted it."""
    if figures.reachable is not True:
        reason = f"{missing_answer(figures)}; configured is {figures.authentication.value}"
        return Missing(reason)
    return Measured(figures.authentication.value)


def encryption(figures: SourceFigures, _: Detail) -> Measured | Missing:
    """Whether requests are encrypted."""
    text = "HTTPS" if figures.encrypted else "plain HTTP, which the gateway allows on its own machine only"
    return Measured(text)


def student_ids(figures: SourceFigures, _: Detail) -> Measured | Missing:
    """Whether the source uses the district's student numbers, or how its own are linked with them."""
    if figures.uses_district_ids:
        return Measured("the district's own student numbers: nothing need be linked")
    confirmed = " and ".join(figures.confirmed_by) or "nothing"
    text = f"ids of the source's own, linked by {', then '.join(figures.linked_by)}; confirmed by {confirmed}"
    return Measured(text)


def freshness(figures: SourceFigures, _: Detail) -> Measured | Missing:
    """How old the answers were that were shown, and how old they may be, by topic."""
    times = {topic.topic: topic.fresh for topic in figures.topics if topic.fresh is not None}
    if not times:
        return Missing("the source is used for no lookup")
    shortest, longest = min(low for low, _ in times.values()), max(high for _, high in times.values())
    text = (
        f"read from the source when it is asked for, and then fresh for {_range_text(shortest, longest)}"
        f"{_age_text(figures.counts)}; how old the source's own data are is not known"
    )
    return Measured(text, [f"{topic}: fresh for {_range_text(*pair)}" for topic, pair in times.items()])


def _age_text(counts: Counts) -> str:
    """How old the answers from the cache were; empty if there were none."""
    if not counts.served:
        return ""
    age = duration_text(timedelta(seconds=max(round(counts.oldest_served.total_seconds()), 1)))
    share = percent(counts.stale, counts.served)
    return f"; the oldest answer that was served was {age} old, and {share} of those from the cache were stale"


def _range_text(shortest: timedelta, longest: timedelta) -> str:
    if shortest == longest:
        return duration_text(shortest)
    return f"{duration_text(shortest)} to {duration_text(longest)}"


_CHANGES_TEXT = {
    Changes.SENT: "sent: long lists are brought up to date by what changed",
    Changes.REFUSED: "refused: long lists are read in full each time",
    Changes.NOT_THERE: "the server publishes no version of its data, so that it cannot be asked for changes",
}


def changes(figures: SourceFigures, _: Detail) -> Measured | Missing:
    """Whether the source sends only what changed."""
    if figures.changes is Changes.NOT_USED:
        reason = f"the adapter '{figures.kind}' does not ask for changes; lists are read in full"
        return Missing(reason)
    if figures.changes is Changes.UNTRIED:
        reason = "the source was not asked for changes yet" if figures.reachable else missing_answer(figures)
        return Missing(reason)
    return Measured(_CHANGES_TEXT[figures.changes])


def paging(figures: SourceFigures, _: Detail) -> Measured | Missing:
    """How long lists are read in pages."""
    interface = figures.interface
    if interface is None or interface.paging is None:
        return Missing(f"the adapter '{figures.kind}' does not say how it reads pages")
    rows = "" if interface.page_rows is None else f", at most {count_text(interface.page_rows, 'row')} in a page"
    return Measured(f"{interface.paging}{rows}")
