"""Documents that a tool makes from the schema, by the thousand, against the running demo: no finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings

from student_graph.gateway.web.request import NUL_MESSAGE
from student_graph.resolvers.schema import export
from tests.gateway.servers import RunningDemo, running_demo

EXAMPLES = 40
"""Documents for each field of the root."""
MISTAKES = {None, "BAD_INPUT", "BAD_ID", "QUERY_TOO_COMPLEX"}
"""Codes of what is wrong with a document or its arguments; none for what the schema's validation says."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo of a small district."""
    with running_demo(tmp_path_factory.mktemp("demo"), "--students", "30") as made:
        yield made


def test_no_document_of_the_schema_finds_a_fault(
    running: RunningDemo, record_property: Callable[[str, object], None]
) -> None:
    """Every answer is JSON of GraphQL, none is a 500, and every error is a mistake of the document or NUL."""
    schema = schemathesis.graphql.from_file(export())
    schema.location = running.ready["graphql"]
    counts: Counter[str] = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()
        _ask(operation, running, counts)
    record_property("counts", f"schemathesis: {dict(sorted(counts.items()))}, 0 findings")
    assert counts["documents"] >= 10 * EXAMPLES


def _ask(operation: Any, running: RunningDemo, counts: Counter[str]) -> None:
    token = running.ready["tokens"]["superintendent"]

    @seed(20261125)
    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        answer = case.call(base_url=running.ready["graphql"], headers={"Authorization": f"Bearer {token}"})
        told = answer.json()
        codes = {error["extensions"].get("code") for error in told.get("errors", ())}
        refused = [error["message"] for error in told.get("errors", ())] == [NUL_MESSAGE]
        assert answer.status_code == (400 if refused else 200)
        assert codes <= MISTAKES, (codes - MISTAKES, case.body)
        assert told.get("data") is not None or told["errors"]
        counts["documents"] += 1
        counts["answered"] += told.get("data") is not None

    ask()
