"""Validation with pauses finds what graphql-core finds, and lets other tasks run between two nodes."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from graphql import DocumentNode, GraphQLError, GraphQLSyntaxError, Visitor, parse, validate, visit

from student_graph.gateway.concurrency import pauses
from student_graph.gateway.documents.validation import find_errors
from tests.gateway.execution.differential import CORE
from tests.gateway.execution.documents import Writer
from tests.long_runs import size

MAX_ERRORS = 3
TOKEN = re.compile(r'"[^"]*"|\.\.\.|[\w$@]+|\S')
UNUSUAL = [
    "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "query A { __typename } query A { __typename } { __typename }",
    "query ($a: Int, $a: Int) { __typename @skip(if: $b) @skip(if: 1) }",
    "{ unknown } " + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(300)),
    "type Query { a: Int }",
    "subscription { a b }",
    "fragment A on Unknown { a }",
]


class _NodeCounter(Visitor):
    """Counts the nodes that a visitor enters."""

    nodes = 0

    def enter(self, *_: Any) -> None:
        self.nodes += 1


def errors_of(document: DocumentNode, *, hide_suggestions: bool = False) -> list[GraphQLError]:
    """The errors of a document."""
    return find_errors(CORE, document, max_errors=MAX_ERRORS, hide_suggestions=hide_suggestions)


def broken(text: str, chance: random.Random) -> str:
    """A document with some of its tokens in the wrong place, twice or missing."""
    tokens = TOKEN.findall(text)
    for _ in range(chance.randrange(4)):
        position, other = chance.randrange(len(tokens)), chance.randrange(len(tokens))
        action = chance.randrange(4)
        if action == 0:
            tokens[position] = tokens[other]
        elif action == 1:
            tokens[position], tokens[other] = tokens[other], tokens[position]
        elif action == 2:
            tokens.insert(position, tokens[position])
        else:
            tokens[position] += "x"
    return " ".join(tokens)


def described(errors: list[GraphQLError]) -> list[dict[str, Any]]:
    """What a client gets of errors."""
    return [dict(error.formatted) for error in errors]


@pytest.mark.long_run
@pytest.mark.parametrize("hide_suggestions", [False, True])
def test_random_documents_have_the_errors_of_graphql_core(hide_suggestions: bool) -> None:
    """
    The same messages at the same locations in the same order, for valid documents and broken ones.

    Of the rules that random documents break, a long run has most dozens of times, and the rarest a few times.
    """
    chance = random.Random(7)  # noqa: S311 - not for security
    valid = invalid = 0
    while valid + invalid < size(30, 1_000):
        try:
            document = parse(broken(Writer(CORE, chance).document()[0], chance))
        except GraphQLSyntaxError:
            continue
        expected = validate(CORE, document, max_errors=MAX_ERRORS, hide_suggestions=hide_suggestions)
        errors = errors_of(document, hide_suggestions=hide_suggestions)
        assert described(errors) == described(expected)
        valid, invalid = valid + (not errors), invalid + bool(errors)
    assert min(valid, invalid) > (valid + invalid) / 5


@pytest.mark.parametrize("text", UNUSUAL)
def test_unusual_documents_have_the_errors_of_graphql_core(text: str) -> None:
    """Cycles, equal names, definitions that cannot be executed, and fragments that are nested too deeply."""
    document = parse(text)
    expected = validate(CORE, document, max_errors=MAX_ERRORS)
    assert expected
    assert described(errors_of(document)) == described(expected)


def test_validation_pauses_at_every_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """So a large document holds the event loop no longer than the check of one of its nodes."""
    monkeypatch.setattr(pauses, "STEP_SECONDS", 0.0)
    document = parse("{ " + " ".join("__typename" for _ in range(100)) + " }")
    counter = _NodeCounter()
    visit(document, counter)
    steps = len(list(pauses.in_steps(lambda: errors_of(document))))
    assert steps >= 2 * counter.nodes - 2 > 400
