"""A filter means the predicate that it was built from, whatever its value contains."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.oneroster.client.filters import (
    MAX_PREDICATES,
    AnyOf,
    Field,
    Operator,
    Predicate,
    literal,
    one_of,
)
from tests.subcases import subcases

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


def parse_predicates(text: str) -> list[tuple[str, str, str]]:
    """The predicates of a filter, parsed by the grammar of the standard."""
    predicates_in_text: list[tuple[str, str, str]] = []
    position = 0
    while match := PREDICATE.match(text, position):
        predicates_in_text.append((match[1], match[2], match[3]))
        if match.end() == len(text):
            return predicates_in_text
        assert text.startswith(" OR ", match.end())
        position = match.end() + len(" OR ")
    raise AssertionError("not a filter")


@pytest.mark.row("C02")
@given(predicates)
def test_a_filter_parses_back_to_its_predicate(predicate: Predicate) -> None:
    """Field, operator and value are the same, whatever the value contains."""
    assert [(predicate.field, predicate.operator, predicate.value)] == parse_predicates(str(predicate))


@given(predicates, predicates)
def test_two_predicates_parse_back_to_two(left: Predicate, right: Predicate) -> None:
    """No value can change the other predicate."""
    expected = [(p.field, p.operator, p.value) for p in (left, right)]

    assert expected == parse_predicates(str(AnyOf((left, right))))


@pytest.mark.row("C02")
@subcases("value", ["O'Neil", "'", "", "x' OR status='active", "a\0b", "a\nb", "9" * 300])
def test_a_value_that_servers_read_differently_is_never_sent(value: str) -> None:
    """Some servers accept a quote unescaped and others doubled: on one of them the answer would be wrong."""
    with pytest.raises(BadKeyError):
        literal(value)
    with pytest.raises(BadKeyError):
        Predicate("identifier", "=", value)


@pytest.mark.row("C02")
@pytest.mark.parametrize(("field", "operator"), [("password", "="), ("identifier", " OR "), ("a='1' OR b", "=")])
def test_only_listed_fields_and_operators_are_allowed(field: Field, operator: Operator) -> None:
    """Another name is a programming error and not a key that the vendor does not know."""
    with pytest.raises(ValueError, match="filters may not use"):
        Predicate(field, operator, "x")


def test_a_filter_has_no_more_values_than_a_server_accepts() -> None:
    """The standard joins two predicates, and the Ed-Fi service twenty."""
    assert str(one_of("identifier", ["1", "2"])) == "identifier='1' OR identifier='2'"
    assert str(one_of("identifier", ["1"] * MAX_PREDICATES)).count(" OR ") == MAX_PREDICATES - 1
    for values in ([], ["1"] * (MAX_PREDICATES + 1)):
        with pytest.raises(ValueError, match="1 to 20"):
            one_of("identifier", values)
