"""The comparison of graphql-core's tests with the list of known differences."""

from __future__ import annotations

import tomllib

import pytest

from tests.upstream import __main__ as upstream

LISTED = tomllib.loads(upstream.DIFFERENCES.read_text(encoding="utf-8"))
OUTCOMES = {"a": "passed", "b": "failed", "c": "failed", "d": "skipped"}
REPORT = {
    "outcomes": OUTCOMES,
    "planned": 3,
    "by graphql-core": {},
}


def test_a_new_difference_and_a_listed_one_that_ended_are_reported() -> None:
    """A failed test must be listed; a listed one must fail, so it must exist."""
    comparison = upstream.compare(OUTCOMES, {"a": "order", "b": "order", "missing": "info"})
    assert (comparison.new, comparison.resolved, comparison.by_reason) == (["c"], ["a", "missing"], {"order": 1})


def test_the_summary_counts_tests_by_reason_and_names_what_changed() -> None:
    """One line for each reason, and one for each test that is not as listed."""
    known = {"a": "order", "b": "order"}
    lines = upstream.summary("breadth", REPORT, upstream.compare(OUTCOMES, known), {"order": {"why": "no order"}})
    assert lines[0] == "breadth: 4 tests, 1 passed, 2 differ, 1 skipped"
    assert "  1 differ: no order" in lines
    assert [line.rpartition(" ")[2] for line in lines[-2:]] == ["c", "a"]


def test_every_listed_difference_has_one_reason_of_one_line() -> None:
    """No test is listed twice for an executor, and each reason names executors that there are."""
    for reason in LISTED["reasons"].values():
        assert reason["why"].strip()
        assert "\n" not in reason["why"]
        assert set(reason["executors"]) <= set(upstream.EXECUTORS)
    for executor in upstream.EXECUTORS:
        tests = [
            test
            for reason in LISTED["reasons"].values()
            if executor in reason["executors"]
            for test in reason["tests"]
        ]
        assert len(tests) == len(upstream.known_differences(executor, LISTED))


@pytest.mark.parametrize(("skips_fail", "status"), [("", 0), ("1", 1)])
def test_without_a_network_the_command_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], skips_fail: str, status: int
) -> None:
    """It is skipped with the reason; where skips fail, as in CI, it fails."""
    monkeypatch.setenv(upstream.SKIPS_FAIL, skips_fail)
    monkeypatch.setattr(upstream, "sources", _no_sources)
    assert upstream.main(("breadth",)) == status
    assert capsys.readouterr().out.startswith(
        "skipped: the tests of graphql-core cannot be downloaded: no network"
    )


def _no_sources(_: str) -> None:
    raise upstream.NoSourcesError("no network")
