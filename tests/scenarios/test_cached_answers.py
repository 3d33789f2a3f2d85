"""Cached answers stay as the vendors sent them: no query changes them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from student_graph.adapters.sandbox.demo_student import demo_student
from student_graph.adapters.sandbox.district import make_district
from student_graph.gateway.execution import EncodingExecutor
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.schema import make_schema
from tests.gateway.servers import ROOT
from tests.long_runs import size
from tests.scenarios.helpers.sandbox_district import VIEWER, sandbox_district

FACTS = make_district(size(30, 60))
EXAMPLES = [path.read_text() for path in sorted((ROOT / "examples" / "queries").glob("*.graphql"))][:: size(3, 1)]


@pytest.mark.long_run
@pytest.mark.row("D10")
async def test_no_query_changes_a_cached_answer() -> None:
    """
    After each example document was executed twice, every cached record is as it was when it was cached.

    A sample executes every third document.
    """
    schema = make_schema(EncodingExecutor)
    async with sandbox_district(FACTS) as sandboxes:
        pipeline = FetchPipeline([sandboxes.district], HmacSigner(b"k" * 32))
        cached: dict[int, tuple[Any, Any]] = {}
        for text in EXAMPLES * 2:
            variables = {"studentUniqueId": demo_student(FACTS)} if "$studentUniqueId" in text else {}
            await schema.execute(text, variable_values=variables, context_value=pipeline.start_operation(VIEWER))
            for entry in pipeline.cache.store.entries():
                cached.setdefault(id(entry), (entry, copy.deepcopy(entry.answer)))
        await pipeline.cache.close()
    assert len(cached) > size(20, 40)
    assert [entry.key for entry, original in cached.values() if entry.answer != original] == []
