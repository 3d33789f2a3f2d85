"""How long the cache remembers that a source does not know a key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.gateway.cache.lifetimes import lifetimes_of
from tests.gateway.cache.small_cache import CacheHarness


@pytest.mark.parametrize(
    ("method", "seconds"),
    [
        (Adapter.students_by_id, 30),
        (Adapter.lms_courses_by_section, 300),
        (Adapter.special_education_by_student, 30),
    ],
)
async def test_an_unknown_key_is_remembered_as_long_as_its_lookup_says(method: Any, seconds: float) -> None:
    """Half a minute if it says nothing: the student may be enrolled by then. It is never served stale."""
    ask = Ask(lookup_of(method), ("s1",))

    lifetimes = lifetimes_of(CacheHarness().source, ask, None).of_unknown_key

    assert lifetimes.fresh_seconds == lifetimes.revalidate_seconds == lifetimes.expiry_seconds == seconds


async def test_no_unknown_key_is_remembered_for_longer_than_an_answer_is_fresh() -> None:
    """A district that sets a short time for answers wants to see new records as soon."""
    source = CacheHarness().source
    courses = lookup_of(Adapter.lms_courses_by_section)
    object.__setattr__(
        source,
        "freshness_by_lookup",
        {courses.name: source.freshness(courses)._replace(fresh=timedelta(seconds=5))},
    )

    assert lifetimes_of(source, Ask(courses, ("algebra",)), None).of_unknown_key.fresh_seconds == 5
