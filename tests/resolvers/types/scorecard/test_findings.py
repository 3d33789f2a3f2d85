"""What a scorecard says about a source, measure by measure."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_graph.adapters.interface import AuthenticationScheme, Counts, Interface, LinkCounts, LookupResult
from student_graph.resolvers.types.scorecard.findings import MAX_DETAILS, findings_of
from student_graph.resolvers.types.scorecard.measurements import Changes
from student_graph.resolvers.types.scorecard.values import Detail, ScorecardMeasure
from student_graph.resolvers.types.scorecard.wording import MIN_GROUP
from tests.resolvers.types.scorecard.figures import LEARNING, ROSTER, counts, figures, finding
from tests.subcases import subcases

M = ScorecardMeasure
DOWN: dict[str, Any] = {"reachable": False, "error_code": "SOURCE_UNAVAILABLE", "counts": Counts()}


@subcases(
    ("measure", "changes", "text"),
    [
        (M.AVAILABILITY, {}, "the last call was answered"),
        (M.AVAILABILITY, DOWN, "the source did not answer (SOURCE_UNAVAILABLE)"),
        (
            M.STANDARD,
            {},
            "OneRoster 1.2, a published standard (as configured: the server does not state it)",
        ),
        (
            M.STANDARD,
            {"interface": dataclasses.replace(ROSTER, is_declared=True, product="Sunny SIS 4")},
            "OneRoster 1.2, a published standard (as the server states); Sunny SIS 4",
        ),
        (
            M.STANDARD,
            DOWN,
            (
                "OneRoster 1.2, a published standard (as configured: the server does not state it; not confirmed, "
                "because the source did not answer (SOURCE_UNAVAILABLE))"
            ),
        ),
        (M.AUTHENTICATION, {}, "OAuth 2.0 client credentials: tokens that expire and are renewed"),
        (
            M.AUTHENTICATION,
            {"authentication": AuthenticationScheme.OAUTH1_SIGNATURE},
            "OAuth 1.0a: each request is signed with a shared secret",
        ),
        (M.ENCRYPTION, {}, "HTTPS"),
        (M.ENCRYPTION, {"encrypted": False}, "plain HTTP, which the gateway allows on its own machine only"),
        (
            M.STUDENT_IDS,
            {},
            "ids of the source's own, linked by identifier = studentUniqueId; confirmed by birth_date",
        ),
        (
            M.STUDENT_IDS,
            {"linked_by": ("a = State", "b = Email"), "confirmed_by": ()},
            "ids of the source's own, linked by a = State, then b = Email; confirmed by nothing",
        ),
        (M.IDENTITY_MATCH, {}, "95 of 100 students linked (95 %); 4 without a link, 1 in conflict"),
        (
            M.COVERAGE,
            {},
            "used for 5 of the graph's 8 lookups: 3 by section, 2 by student",
        ),
        (M.READABLE_ROWS, {}, "300 records read; 0 rows left out as unreadable"),
        (M.MAPPED_CODES, {}, "every coded value that was read has a meaning in the graph"),
        (M.ERRORS, {}, "0 of 40 lookups failed (0 %)"),
        (M.THROTTLING, {}, "never in 60 requests"),
        (
            M.THROTTLING,
            {"counts": counts(throttled=2)},
            "asked for fewer requests 2 times in 60 requests",
        ),
        (
            M.FRESHNESS,
            {},
            (
                "read from the source when it is asked for, and then fresh for 5 minutes to 1 hour; how old the "
                "source's own data are is not known"
            ),
        ),
        (
            M.FRESHNESS,
            {"counts": counts(served=1000, stale=3, oldest_served=timedelta(minutes=7, seconds=30))},
            (
                "read from the source when it is asked for, and then fresh for 5 minutes to 1 hour; the oldest "
                "answer that was served was 7 minutes old, and 1 % of those from the cache were stale; how old "
                "the source's own data are is not known"
            ),
        ),
        (M.CHANGES, {"changes": Changes.SENT}, "sent: long lists are brought up to date by what changed"),
        (M.CHANGES, {"changes": Changes.REFUSED}, "refused: long lists are read in full each time"),
        (M.PAGING, {}, "limit and offset, at most 500 rows in a page"),
    ],
)
def test_a_finding_says_what_was_measured(measure: M, changes: dict[str, Any], text: str) -> None:
    """Each measure is a sentence for operators."""
    result = finding(measure, **changes)

    assert (result.text, result.measured, result.source) == (text, True, "lms")


@subcases(
    ("measure", "changes", "reason"),
    [
        (M.STANDARD, {"interface": None}, "the adapter 'oneroster' does not name its standard"),
        (
            M.STANDARD,
            DOWN | {"interface": dataclasses.replace(ROSTER, version=None)},
            "the source did not answer (SOURCE_UNAVAILABLE); expected is OneRoster, a published standard",
        ),
        (
            M.AUTHENTICATION,
            DOWN | {"authentication": AuthenticationScheme.API_KEY},
            "the source did not answer (SOURCE_UNAVAILABLE); configured is a fixed key in a header",
        ),
        (M.AVAILABILITY, {"reachable": None, "counts": Counts()}, "the source was not asked yet"),
        (M.IDENTITY_MATCH, {"counts": counts(links=LinkCounts())}, "no student was compared yet"),
        (M.READABLE_ROWS, {"counts": counts(records=0)}, "no row was read yet"),
        (M.MAPPED_CODES, {"counts": counts(records=0)}, "no record was read yet"),
        (M.ERRORS, DOWN, "the source did not answer (SOURCE_UNAVAILABLE)"),
        (M.THROTTLING, DOWN, "the source did not answer (SOURCE_UNAVAILABLE)"),
        (M.FRESHNESS, {"topics": ()}, "the source is used for no lookup"),
        (
            M.CHANGES,
            {"changes": Changes.NOT_USED},
            "the adapter 'oneroster' does not ask for changes; lists are read in full",
        ),
        (M.CHANGES, {"changes": Changes.UNTRIED}, "the source was not asked for changes yet"),
        (M.PAGING, {"interface": None}, "the adapter 'oneroster' does not say how it reads pages"),
    ],
)
def test_a_finding_says_why_nothing_was_measured(measure: M, changes: dict[str, Any], reason: str) -> None:
    """What was not measured is never shown as zero, or as good."""
    result = finding(measure, **changes)

    assert (result.text, result.measured) == (f"not measured: {reason}", False)
    assert (result.numerator, result.denominator, result.details) == (None, None, [])


def test_failed_lookups_are_named_by_their_code() -> None:
    """The share counts each lookup once, the details name each code."""
    failed = counts(failed_asks=3, failures_by_code={"SOURCE_SCHEMA": 1, "RATE_LIMITED": 2})
    result = finding(M.ERRORS, counts=failed)

    assert (result.text, result.numerator, result.denominator) == ("3 of 40 lookups failed (8 %)", 3, 40)
    assert result.details == ["RATE_LIMITED: 2", "SOURCE_SCHEMA: 1"]


def test_rows_without_a_required_property_are_named_without_values() -> None:
    """A reason that could hold a value of the vendor is not shown; those reasons are one."""
    rows = {
        "unexpected shape (missing at users.familyName)": 5,
        "unexpected shape (missing at users.Ada Hill, 605123)": 2,
        "Ada's row is odd": 1,
    }
    result = finding(M.READABLE_ROWS, counts=counts(unreadable_rows=rows))

    assert result.text == "300 records read; 8 rows left out as unreadable"
    assert result.details == ["unexpected shape (missing at users.familyName): 5", "another reason: 3"]
    assert (result.numerator, result.denominator) == (300, 308)


def test_codes_without_a_meaning_are_counted_most_frequent_first() -> None:
    """Operators see each code with its number."""
    codes = {"grade level Kinder": 2, "attendance TRU": 9}
    result = finding(M.MAPPED_CODES, counts=counts(unmapped_codes=codes))

    assert result.text == "11 coded values without a meaning in the graph"
    assert result.details == ["attendance TRU: 9", "grade level Kinder: 2"]


def test_the_records_of_a_topic_are_named_by_what_the_source_answered() -> None:
    """Read, empty and not asked for are three different results."""
    assert finding(M.COVERAGE).details == [
        "learning: read: AssignmentWork; empty: LmsCourse; not asked for: Page",
    ]
    refused = dataclasses.replace(LEARNING, results={"LmsCourse": LookupResult.FAILED})
    assert finding(M.COVERAGE, topics=(refused,)).details == ["learning: failed: LmsCourse"]


def test_a_source_with_the_districts_ids_needs_no_links() -> None:
    """It is measured, and there is nothing to count."""
    result = finding(M.IDENTITY_MATCH, uses_district_ids=True)

    assert (result.measured, result.numerator) == (True, None)
    assert finding(M.STUDENT_IDS, uses_district_ids=True).text.startswith("the district's own student numbers")


def test_a_finding_has_a_bounded_number_of_details() -> None:
    """A vendor with a thousand odd codes makes no endless page."""
    codes = {f"attendance {number}": 1 for number in range(1000)}

    assert len(finding(M.MAPPED_CODES, counts=counts(unmapped_codes=codes)).details) == MAX_DETAILS


@pytest.mark.parametrize(("changes", "names_it"), [({}, False), ({"standard": "Sunny API"}, True)])
def test_a_vendors_own_interface_is_not_called_a_standard(changes: dict[str, Any], names_it: bool) -> None:
    """Only what a standards body publishes is a published standard."""
    own: Interface = dataclasses.replace(ROSTER, is_published_standard=not changes, **changes)

    assert ("the vendor's own interface" in finding(M.STANDARD, interface=own).text) is names_it


def numbers_in(texts: list[str]) -> set[int]:
    """The numbers in some texts."""
    return {int(number) for text in texts for number in re.findall(r"\d+", text)}


@given(
    links=st.builds(
        LinkCounts, matched=st.integers(0, 400), unmatched=st.integers(0, 40), conflicted=st.integers(0, 40)
    ),
    records=st.integers(0, 5000),
    unreadable=st.integers(0, 200),
    unmapped=st.integers(0, 200),
)
def test_readers_who_get_no_counts_see_steps_of_ten_percent_only(
    links: LinkCounts, records: int, unreadable: int, unmapped: int
) -> None:
    """Two sources whose shares are in one step look the same, and fewer than ten are never a share."""
    counted = counts(
        links=links,
        records=records,
        unreadable_rows={"unexpected shape (missing at name)": unreadable} if unreadable else {},
        unmapped_codes={"attendance TRU": unmapped} if unmapped else {},
    )
    findings = findings_of(figures(counts=counted), Detail.SHARES)
    match = findings[M.IDENTITY_MATCH]
    of_children = [match, findings[M.READABLE_ROWS], findings[M.MAPPED_CODES]]

    assert all((result.numerator, result.denominator) == (None, None) for result in of_children)
    texts = [text for result in of_children for text in (result.text, *result.details)]
    assert numbers_in(texts) <= set(range(0, 101, 10))
    assert "TRU" not in str(texts)
    assert match.measured is (links.total >= MIN_GROUP)
    if match.measured:
        low, high = sorted(numbers_in([match.text]))
        assert low * links.total <= 100 * links.matched <= high * links.total


def test_readers_who_get_no_counts_do_not_learn_whether_there_are_records() -> None:
    """With and without a discipline record among the sampled students, the line is the same."""
    lines = [
        finding(
            M.COVERAGE, Detail.SHARES, topics=(dataclasses.replace(LEARNING, results={"Incident": result}),)
        ).details
        for result in (LookupResult.RECORDS, LookupResult.EMPTY)
    ]

    assert lines[0] == lines[1] == ["learning: answered: Incident"]
