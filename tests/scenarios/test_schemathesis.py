"""Documents that Schemathesis generates from the schema, sent to the running demo: none reveals a bug."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from student_graph.gateway.web.request import NUL_MESSAGE
from student_graph.resolvers.schema import export
from tests.gateway.servers import RunningDemo, running_demo
from tests.long_runs import size

DOCUMENTS_PER_FIELD = size(2, 20)
"""Documents for each field of `Query`."""
CLIENT_ERRORS = {"BAD_INPUT", "BAD_ID", "QUERY_TOO_COMPLEX", "GRAPHQL_VALIDATION_FAILED"}
"""Codes of errors in a document or its arguments; generated documents ignore `@oneOf`, which validation checks."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo of a small district."""
    with running_demo(tmp_path_factory.mktemp("demo"), "--students", "30") as demo:
        yield demo


@pytest.mark.long_run
def test_no_generated_document_reveals_a_bug(
    demo: RunningDemo, record_property: Callable[[str, object], None]
) -> None:
    """Every response is GraphQL JSON, none has status 500, and every error is one of the client."""
    import schemathesis  # noqa: PLC0415 - slow to import, and few processes need it

    schema = schemathesis.graphql.from_file(export())
    schema.location = demo.ready["graphql"]
    counts: Counter[str] = Counter()
    for result in schema.get_all_operations():
        _send_documents(result.ok(), demo, counts)
    record_property("counts", f"schemathesis: {dict(sorted(counts.items()))}, 0 findings")
    assert counts["documents"] >= 10 * DOCUMENTS_PER_FIELD


def _send_documents(operation: Any, demo: RunningDemo, counts: Counter[str]) -> None:
    """Send generated documents for a field of `Query`, and check the responses."""
    token = demo.ready["tokens"]["superintendent"]

    @seed(20261125)
    @given(case=operation.as_strategy())
    @settings(
        max_examples=DOCUMENTS_PER_FIELD,
        deadline=None,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Any) -> None:
        response = case.call(base_url=demo.ready["graphql"], headers={"Authorization": f"Bearer {token}"})
        content = response.json()
        errors = content.get("errors", ())
        codes = {error["extensions"].get("code") for error in errors}
        has_nul = [error["message"] for error in errors] == [NUL_MESSAGE]
        assert response.status_code == (400 if has_nul else 200)
        allowed = {"BAD_REQUEST"} if has_nul else CLIENT_ERRORS
        assert codes <= allowed, (codes - allowed, case.body)
        assert content.get("data") is not None or errors
        counts["documents"] += 1
        counts["with data"] += content.get("data") is not None

    send()
