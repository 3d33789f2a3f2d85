"""The rows of the two models of interoperability."""

from __future__ import annotations

import re

import pytest

from student_graph.adapters.interface import Counts
from student_graph.resolvers.types.scorecard.measurements import topics_of
from student_graph.resolvers.types.scorecard.models import Scorecard, district_scorecard, source_scorecard
from student_graph.resolvers.types.scorecard.values import Detail, ScorecardMeasure
from tests.resolvers.types.scorecard.figures import BEGAN, LEARNING, UNTIL, counts, figures

PROJECT_UNICORN_TITLES = [
    "Data quality",
    "Data granularity",
    *(f"{way}: {part}" for way in ("Export", "Import") for part in ("process", "security", "frequency", "format")),
]
"""The rows of https://ed.link/community/project-unicorn/."""
COSN_TITLES = [
    "Leadership & Vision",
    "IT Governance",
    "Data Governance",
    "Information & System Integration",
    "Infrastructure",
    "Teaching & Learning / Administrative Efficiencies",
]
"""The domains of the K-12 Interoperability Maturity Model, the sixth from the matrix of Double Line."""


def scorecards() -> list[Scorecard]:
    """The scorecard of a source, and that of its district."""
    return [
        source_scorecard(figures(), Detail.COUNTS, UNTIL),
        district_scorecard([figures()], [LEARNING], Detail.COUNTS, UNTIL),
    ]


def test_the_rows_are_the_rows_of_the_models() -> None:
    """No row is left out because nothing of it is measured, and none is added."""
    assert [[row.title for row in scorecard.rows] for scorecard in scorecards()] == [
        PROJECT_UNICORN_TITLES,
        COSN_TITLES,
    ]


@pytest.mark.parametrize("detail", Detail)
def test_a_row_has_findings_or_says_why_it_is_not_measured(detail: Detail) -> None:
    """Each row has one of the two."""
    rows = [
        *source_scorecard(figures(), detail, UNTIL).rows,
        *district_scorecard([figures()], [LEARNING], detail, UNTIL).rows,
    ]

    assert all(bool(row.findings) is (row.not_measured is None) for row in rows)
    reasons = [row.not_measured for row in rows if row.not_measured is not None]
    assert len(reasons) == 4 + 3
    assert all(reason.startswith("not measured by the gateway: ") for reason in reasons)


def test_every_measure_is_in_one_row_of_a_source() -> None:
    """Nothing that is measured is hidden, and nothing is repeated."""
    rows = source_scorecard(figures(), Detail.COUNTS, UNTIL).rows
    measures = [finding.measure for row in rows for finding in row.findings]

    assert sorted(measures, key=str) == sorted(ScorecardMeasure, key=str)


def test_no_level_is_claimed() -> None:
    """Neither a number of a level nor a name of one is in any text."""
    for scorecard in scorecards():
        texts = [scorecard.model]
        for row in scorecard.rows:
            texts += [row.title, row.not_measured or "", *(finding.text for finding in row.findings)]
        assert not re.search(r"\blevels?\b|\bL[1-4]\b|matur(?!ity Model)", " ".join(texts))
        assert scorecard.statement.startswith("No level is claimed")


def test_a_district_has_the_findings_of_its_sources_and_of_all_together() -> None:
    """A finding names its source; the coverage of all sources together names none."""
    second = figures(name="sis", uses_district_ids=True)
    rows = {
        row.title: row for row in district_scorecard([figures(), second], [LEARNING], Detail.COUNTS, UNTIL).rows
    }

    governance = [(f.measure.name, f.source) for f in rows["Data Governance"].findings[:2]]
    assert governance == [("STUDENT_IDS", "lms"), ("STUDENT_IDS", "sis")]
    coverage = next(f for f in rows["Information & System Integration"].findings if f.source is None)
    assert (coverage.text, coverage.numerator, coverage.denominator) == (
        "the sources together are used for 5 of the graph's 8 lookups",
        5,
        8,
    )


def test_a_scorecard_says_when_and_over_what_it_was_measured() -> None:
    """It is from the first count of any source until now, over the requests to all of them."""
    sources = [figures(), figures(name="sis", counts=Counts()), figures(name="b", counts=counts(calls=5))]
    scorecard = district_scorecard(sources, [LEARNING], Detail.COUNTS, UNTIL)

    assert (scorecard.measured_from, scorecard.measured_until, scorecard.calls) == (BEGAN, UNTIL, 65)
    assert district_scorecard([], [], Detail.COUNTS, UNTIL).measured_from is None


def test_the_topics_are_the_topics_of_the_contract() -> None:
    """Without a source, no lookup of any topic is used."""
    topics = topics_of([], {})

    assert {"academics", "learning", "people", "school life", "schools", "services"} <= {t.topic for t in topics}
    assert all(topic.lookups > 0 and topic.used == 0 and topic.fresh is None for topic in topics)
