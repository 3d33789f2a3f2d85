"""What is counted of a page, which objectives it keeps, and how counts are added."""

from __future__ import annotations

import pytest

from student_graph.gateway.telemetry.levels.counts import HourCounts, PageCounts, SourceCounts, growth, total
from student_graph.gateway.telemetry.levels.objectives import Objective

ONE_SECOND = 1.0


def judged(*pages: tuple[str, set[str], float]) -> dict[str, tuple[int, int]]:
    """How many of some pages each objective counts, and how many missed it."""
    counts = PageCounts()
    for outcome, codes, seconds in pages:
        counts.add(outcome, codes, seconds)
    return {objective.value: counts.judged(objective, ONE_SECOND) for objective in Objective}


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (("complete", set(), 0.2), ((1, 0), (1, 0), (1, 0))),
        (("cached", set(), 1.0), ((1, 0), (1, 0), (1, 0))),
        (("complete", set(), 1.01), ((1, 1), (1, 0), (1, 0))),
        (("partial", {"SOURCE_UNAVAILABLE"}, 0.2), ((1, 0), (1, 0), (1, 1))),
        (("partial", {"AN_ADAPTERS_OWN"}, 0.2), ((1, 0), (1, 0), (1, 1))),
        (("partial", {"FORBIDDEN", "NO_IDENTITY_LINK"}, 0.2), ((1, 0), (1, 0), (1, 0))),
        (("partial", {"FORBIDDEN", "DEADLINE"}, 0.2), ((1, 0), (1, 0), (1, 1))),
        (("failed", {"INTERNAL"}, 0.2), ((1, 1), (1, 1), (1, 1))),
        (("shed", {"OVERLOADED"}, 0.0), ((1, 1), (1, 1), (1, 1))),
        (("shed", {"RATE_LIMITED"}, 0.0), ((0, 0), (0, 0), (0, 0))),
        (("refused", {"BAD_INPUT"}, 0.0), ((0, 0), (0, 0), (0, 0))),
        (("gone", set(), 0.5), ((0, 0), (0, 0), (0, 0))),
        (("gone", set(), 8.0), ((1, 1), (0, 0), (0, 0))),
    ],
)
def test_a_page_keeps_or_misses_an_objective(
    page: tuple[str, set[str], float], expected: tuple[tuple[int, int], ...]
) -> None:
    """In time, answered, whole. Clients' mistakes count for none; who left late did not get the page in time."""
    assert judged(page) == dict(zip(("in_time", "answered", "complete"), expected, strict=True))


def test_counts_of_two_processes_are_added_and_shared_minutes_count_once() -> None:
    """Also where only one of them has a source or a code."""
    counts = HourCounts(0b0011, sources={"sis": SourceCounts(5, {"DEADLINE": 2}, 7, 1)})
    other = HourCounts(0b0110, sources={"sis": SourceCounts(1, {"RATE_LIMITED": 1}), "lms": SourceCounts(3)})
    other.pages.add("complete", (), 0.01)

    both = total(counts, other)

    assert both.minutes == 0b0111
    assert both.pages == other.pages
    assert both.sources["sis"].lookups == 6
    assert both.sources["sis"].failures == {"DEADLINE": 2, "RATE_LIMITED": 1}
    assert both.sources["lms"] == SourceCounts(3)
    assert counts.sources.keys() == {"sis"}


def test_counts_that_began_again_are_not_subtracted() -> None:
    """A source that was configured again has smaller counts than before."""
    assert growth(SourceCounts(9, {"DEADLINE": 3}), SourceCounts(4, {"DEADLINE": 1})) == SourceCounts(
        5, {"DEADLINE": 2}
    )
    assert growth(SourceCounts(2), SourceCounts(4)) == SourceCounts(2)
    assert growth(SourceCounts(2), None) == SourceCounts(2)
