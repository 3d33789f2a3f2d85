"""Figures of made-up sources."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from student_graph.adapters.interface import AuthenticationScheme, Counts, Interface, LinkCounts, LookupResult
from student_graph.resolvers.types.scorecard.findings import findings_of
from student_graph.resolvers.types.scorecard.measurements import Changes, SourceFigures, TopicCoverage
from student_graph.resolvers.types.scorecard.values import Detail, ScorecardFinding, ScorecardMeasure

BEGAN = datetime(2026, 11, 1, 8, tzinfo=UTC)
UNTIL = datetime(2026, 11, 1, 9, tzinfo=UTC)
ROSTER = Interface(
    standard="OneRoster",
    version="1.2",
    is_published_standard=True,
    is_declared=False,
    paging="limit and offset",
    page_rows=500,
    states_changes=False,
)
LEARNING = TopicCoverage(
    topic="learning",
    lookups=8,
    used_by_key={"section": 3, "student": 2},
    results={"AssignmentWork": LookupResult.RECORDS, "LmsCourse": LookupResult.EMPTY, "Page": None},
    fresh=(timedelta(minutes=5), timedelta(hours=1)),
)


def counts(**changes: Any) -> Counts:
    """What was counted at a source that answered 40 lookups."""
    usual: dict[str, Any] = {
        "since": BEGAN,
        "calls": 60,
        "links": LinkCounts(matched=95, unmatched=4, conflicted=1),
        "asks": 40,
        "records": 300,
    }
    return Counts(**(usual | changes))


def figures(**changes: Any) -> SourceFigures:
    """The figures of a source on OneRoster with ids of its own."""
    usual: dict[str, Any] = {
        "name": "lms",
        "kind": "oneroster",
        "reachable": True,
        "error_code": None,
        "counts": counts(),
        "interface": ROSTER,
        "authentication": AuthenticationScheme.OAUTH2_CLIENT_CREDENTIALS,
        "encrypted": True,
        "uses_district_ids": False,
        "linked_by": ("identifier = studentUniqueId",),
        "confirmed_by": ("birth_date",),
        "topics": (LEARNING,),
        "changes": Changes.NOT_THERE,
    }
    return SourceFigures(**(usual | changes))


def finding(
    measure: ScorecardMeasure, detail: Detail = Detail.COUNTS, source: SourceFigures | None = None, **changes: Any
) -> ScorecardFinding:
    """One finding about a source, made from the usual figures with changes."""
    return findings_of(source or figures(**changes), detail)[measure]
