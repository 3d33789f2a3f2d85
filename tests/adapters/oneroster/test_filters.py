"""Filters say what was meant, and nothing that somebody slipped into an id."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.oneroster.client.filters import Either, Field, Operator, Predicate, literal, one_of

PREDICATE = re.compile(r"([A-Za-z.]+?)(!=|>=|<=|=|>|<|~)'([^']*)'")
texts = st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1, max_size=40).filter(
    lambda text: "'" not in text and text.isprintable()
)
predicates = st.builds(
    Predicate,
    st.sampled_from(get_args(Field)),
    st.sampled_from(get_args(Operator)),
    texts | st.just("a OR b='c"[:6]),
)


def parsed(text: str) -> list[tuple[str, str, str]]:
    """The predicates of a filter, read as the standard's grammar has it."""
    found: list[tuple[str, str, str]] = []
    at = 0
    while match := PREDICATE.match(text, at):
        found.append((match[1], match[2], match[3]))
        if match.end() == len(text):
            return found
        assert text.startswith(" OR ", match.end())
        at = match.end() + len(" OR ")
    raise AssertionError("not a filter")


@pytest.mark.row("C02")
@given(predicates)
def test_a_filter_reads_back_as_what_was_meant(predicate: Predicate) -> None:
    """Field, operator and value, whatever the value holds."""
    assert [(predicate.field, predicate.operator, predicate.value)] == parsed(str(predicate))


@given(predicates, predicates)
def test_two_predicates_read_back_as_two(left: Predicate, right: Predicate) -> None:
    """Neither value can reach over into the other."""
    told = [(each.field, each.operator, each.value) for each in (left, right)]

    assert told == parsed(str(Either(left, right)))


@pytest.mark.row("C02")
@pytest.mark.parametrize("value", ["O'Neil", "'", "", "x' OR status='active", "a\0b", "a\nb", "9" * 300])
def test_what_servers_read_differently_is_never_sent(value: str) -> None:
    """A quote works unescaped on one server and doubled on another: a wrong answer either way."""
    with pytest.raises(BadKeyError):
        literal(value)
    with pytest.raises(BadKeyError):
        Predicate("identifier", "=", value)


@pytest.mark.row("C02")
@pytest.mark.parametrize(("field", "operator"), [("password", "="), ("identifier", " OR "), ("a='1' OR b", "=")])
def test_fields_and_operators_are_allowed_by_list(field: Field, operator: Operator) -> None:
    """A name that is not on the list is a mistake of ours, not a question."""
    with pytest.raises(ValueError, match="not filtered by"):
        Predicate(field, operator, "x")


def test_at_most_two_values_are_asked_for_at_once() -> None:
    """The standard joins two predicates and no more."""
    assert str(one_of("identifier", ["1", "2"])) == "identifier='1' OR identifier='2'"
    with pytest.raises(TypeError):
        one_of("identifier", ["1", "2", "3"])
