"""Many cases in one test: none is left out, and a failure names its case."""

from __future__ import annotations

import pytest

from tests.subcases import subcases


def test_a_failure_names_its_case_and_ends_no_other() -> None:
    """Also after a failure, and if a case expects an exception that does not come."""
    tried = []

    @subcases(("number", "text"), [(1, "one"), (2, "two"), (3, "three")], ids=["first", "second", "third"])
    def test(number: int, text: str) -> None:
        tried.append(text)
        if number == 2:
            with pytest.raises(ValueError, match="two"):
                int("2")
        assert number != 1

    with pytest.raises(BaseExceptionGroup, match="2 of 3 cases fail") as caught:
        test()

    assert tried == ["one", "two", "three"]
    assert [error.__notes__ for error in caught.value.exceptions] == [["case 0: first"], ["case 1: second"]]


def test_a_case_is_named_by_its_values_if_it_has_no_name() -> None:
    """By a function of each value, or as Python writes it."""

    @subcases("text", ["a\n"])
    def plain(text: str) -> None:
        assert not text

    @subcases("first, second", [("a", "b")], ids=str.upper)
    def named(first: str, second: str) -> None:
        assert first == second

    for test, note in ((plain, "case 0: 'a\\n'"), (named, "case 0: A, B")):
        with pytest.raises(BaseExceptionGroup) as caught:
            test()
        assert caught.value.exceptions[0].__notes__ == [note]


def test_a_test_without_cases_fails() -> None:
    """Its list may have become empty by a mistake."""

    @subcases("text", [])
    def test(text: str) -> None:
        raise AssertionError(text)

    with pytest.raises(AssertionError, match="there are no cases"):
        test()
