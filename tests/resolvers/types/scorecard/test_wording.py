"""How numbers of a scorecard are written."""

from __future__ import annotations

from datetime import timedelta

from student_graph.resolvers.types.scorecard.wording import band, duration_text, percent
from tests.subcases import subcases


@subcases(
    ("numerator", "denominator", "text"),
    [
        (0, 7, "0 %"),
        (1, 7, "14 %"),
        (7, 7, "100 %"),
        (1, 100_000, "1 %"),
        (99_999, 100_000, "99 %"),
        (1, 8, "13 %"),
    ],
)
def test_only_none_is_0_percent_and_only_all_is_100_percent(numerator: int, denominator: int, text: str) -> None:
    """Rounding never turns some into none, or nearly all into all."""
    assert percent(numerator, denominator) == text


@subcases(
    ("numerator", "denominator", "text"),
    [
        (9, 9, None),
        (10, 10, "90 to 100 %"),
        (9, 10, "90 to 100 %"),
        (0, 10, "0 to 10 %"),
        (1, 10, "10 to 20 %"),
        (899, 1000, "80 to 90 %"),
    ],
)
def test_a_step_begins_at_its_lower_end(numerator: int, denominator: int, text: str | None) -> None:
    """The highest step holds 100 percent, too."""
    assert band(numerator, denominator) == text


@subcases(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (60, "1 minute"),
        (3599, "59 minutes"),
        (86400, "1 day"),
        (90000, "1 day"),
    ],
)
def test_a_duration_is_in_its_largest_unit(seconds: int, text: str) -> None:
    """It is rounded down."""
    assert duration_text(timedelta(seconds=seconds)) == text
