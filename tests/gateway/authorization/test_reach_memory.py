"""Cached reaches are bounded in bytes, and those that nobody uses do not stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from student_graph.adapters.model import SchoolId, Sensitivity
from student_graph.gateway.authorization import reach_cache
from student_graph.gateway.authorization.reach_cache import MAX_AGE
from student_graph.resolvers.access import Grant
from tests.gateway.authorization.reach_harness import TEACHER, ReachHarness
from tests.resolvers.two_districts import CEDAR


async def test_purposes_that_no_grant_names_share_one_reach() -> None:
    """A client may state any purpose where the settings list none; a grant's purpose has a reach of its own."""
    grant = Grant(frozenset({Sensitivity.DISCIPLINE}), schools=frozenset({SchoolId("101")}), purpose="safety")
    viewer, harness = replace(TEACHER, grants=frozenset({grant})), ReachHarness()
    first = await harness.reach_cache.get(viewer, CEDAR)
    for number in range(50):
        assert await harness.reach_cache.get(replace(viewer, purpose=f"purpose {number}"), CEDAR) is first

    safety = await harness.reach_cache.get(replace(viewer, purpose="safety"), CEDAR)

    assert first.reach.limited_classes == {}
    assert safety.reach.limited_classes.keys() == {Sensitivity.DISCIPLINE}
    assert harness.reach_cache.used_bytes == first.size + safety.size


async def test_an_assistant_shares_the_reach_of_its_person() -> None:
    """No source is asked again who the person's students are."""
    harness = ReachHarness()
    own = await harness.reach_cache.get(TEACHER, CEDAR)
    assistant = replace(TEACHER, assistant="a-helper", purpose="assistant")

    assert await harness.reach_cache.get(assistant, CEDAR) is own


async def test_reaches_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest viewers' reaches are there."""
    monkeypatch.setattr(reach_cache, "MAX_CACHED_BYTES", 20_000)
    harness, viewers = ReachHarness(), [replace(TEACHER, subject=f"teacher {number}") for number in range(20)]
    reaches = [await harness.reach_cache.get(viewer, CEDAR) for viewer in viewers]

    assert 10_000 < harness.reach_cache.used_bytes <= harness.reach_cache.max_bytes == 20_000
    assert await harness.reach_cache.get(viewers[-1], CEDAR) is reaches[-1]
    assert await harness.reach_cache.get(viewers[0], CEDAR) is not reaches[0]


async def test_outdated_reaches_are_dropped_when_others_are_cached() -> None:
    """They would keep answers in memory that the cache evicted, for viewers who never come again."""
    harness = ReachHarness()
    for number in range(8):
        await harness.reach_cache.get(replace(TEACHER, subject=f"morning {number}"), CEDAR)
    full = harness.reach_cache.used_bytes

    harness.clock.now += (MAX_AGE + timedelta(seconds=1)).total_seconds()
    for number in range(4):
        await harness.reach_cache.get(replace(TEACHER, subject=f"noon {number}"), CEDAR)

    assert harness.reach_cache.used_bytes == full // 2


async def test_cached_reaches_are_bounded_in_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowd of viewers with small reaches fills the memory no further; the newest reach is cached."""
    monkeypatch.setattr(reach_cache, "MAX_CACHED_REACHES", 3)
    harness = ReachHarness()
    viewers = [replace(TEACHER, subject=f"teacher {number}") for number in range(5)]
    reaches = [await harness.reach_cache.get(viewer, CEDAR) for viewer in viewers]

    assert harness.reach_cache.used_bytes == 3 * reaches[0].size
    assert await harness.reach_cache.get(viewers[-1], CEDAR) is reaches[-1]
