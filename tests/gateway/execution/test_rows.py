"""Rows are encoded one by one, and counted."""

from __future__ import annotations

import msgspec
import pytest

from student_graph.gateway.execution.rows import RowEncoder, build_rows, encode_around_rows
from student_graph.gateway.execution.size import AnswerSize
from student_graph.resolvers.operation import AnswerLimits


@pytest.mark.parametrize("nested", [False, True])
async def test_encoded_rows_are_the_json_of_the_rows(nested: bool) -> None:
    """Also inside rows that hold them. Each byte is counted once, without those that were counted before."""
    size = AnswerSize(AnswerLimits())
    leaves = RowEncoder(size.part(), 0, holds_rows=False)
    encoded = await build_rows(lambda part: [{"n": n} for n in range(100)[part]], 100, leaves)
    if nested:
        outer = RowEncoder(size.part(), 50, holds_rows=True)
        encoded = await build_rows(lambda part: [{"row": row} for row in encoded[part]], 100, outer)
    text = b"".join(encode_around_rows([*encoded, None]))

    expected = [{"row": {"n": n}} if nested else {"n": n} for n in range(100)]
    assert msgspec.json.decode(text) == [*expected, None]
    overhead = 110 + 200 * nested  # commas of the list, and placeholders for the inner rows
    assert abs(size.bytes - (len(text) - 50 * nested)) < overhead
