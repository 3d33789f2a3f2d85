"""What is kept is what the vendors said: no query changes it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.showcase import showcase
from student_graph.gateway.execution import StructExecutor
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.schema import make_schema
from tests.gateway.servers import ROOT
from tests.scenarios.helpers.whole_district import VIEWER, road

FACTS = make_district(60)
EXAMPLES = [path.read_text() for path in sorted((ROOT / "examples" / "queries").glob("*.graphql"))]


@pytest.mark.row("D10")
async def test_no_query_changes_what_is_kept() -> None:
    """Every example of the product twice: each record that is kept afterwards is as it was when it came."""
    schema = make_schema(StructExecutor)
    async with road(FACTS) as made:
        operations = FetchPipeline([made.district], HmacSigner(b"k" * 32))
        kept: dict[int, tuple[Any, Any]] = {}
        for text in EXAMPLES * 2:
            variables = {"studentUniqueId": showcase(FACTS)} if "$studentUniqueId" in text else {}
            await schema.execute(text, variable_values=variables, context_value=operations.start_operation(VIEWER))
            for entry in operations.cache.store.entries():
                kept.setdefault(id(entry), (entry, copy.deepcopy(entry.answer)))
        await operations.cache.close()
    assert len(kept) > 50
    assert [entry.key for entry, before in kept.values() if entry.answer != before] == []
