"""Entries of operations that are executed again: the same as new ones, and made once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, parse

from student_graph.adapters.answers import SharedValues
from student_graph.adapters.model import Fetched, GradeSource, Sensitivity
from student_graph.gateway.disclosure import DisclosureLog, DisclosureRecorder, Entry
from student_graph.gateway.disclosure.recorder import MAX_KNOWN_BYTES
from student_graph.gateway.documents.document import ParsedDocument
from student_graph.resolvers.context import Viewer
from student_graph.resolvers.operation import Disclosures
from student_graph.resolvers.schema import core_schema, make_schema
from tests.gateway.disclosure.logs import HILL, KEYS, POLICY, TEACHER, decode_lines
from tests.gateway.execution.product import grade

TEXT = """
query Grades { viewer { students(first: 1) { edges { node { courseGrades { numeric } } } } } }
query Role { viewer { role } }
"""
DOCUMENT = ParsedDocument("00", parse(TEXT))
SOURCES = ("hill/sis",)


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The schema of the product."""
    return core_schema(make_schema())


def answers(*numbers: str) -> SharedValues:
    """Cached answers: the grades of some students."""
    grades = [grade(number, GradeSource.SIS) for number in numbers]
    for record in grades:
        record.fetched = Fetched(HILL, "sis", datetime.now(UTC))
    return SharedValues(grades)


async def entries(
    recorder: DisclosureRecorder,
    disclosures: Disclosures,
    *,
    viewer: Viewer = TEACHER,
    document: ParsedDocument = DOCUMENT,
    name: str = "Grades",
    sources: tuple[str, ...] = SOURCES,
) -> list[Entry]:
    """The entries of an operation that discloses something, which is forgotten as after a response."""
    return await recorder.entries(viewer, document, document.operation(name), disclosures, sources)


async def test_an_operation_that_is_carried_out_again_has_the_same_entries_and_a_short_line(
    tmp_path: Path, schema: GraphQLSchema
) -> None:
    """As with a cached response, the second line refers to the first one."""
    log = DisclosureLog(tmp_path, KEYS)
    recorder, shown = DisclosureRecorder(schema, log, POLICY), answers("1", "2")
    for _ in range(2):
        lines = await entries(recorder, Disclosures([shown]))
        recorder.write(lines, {"hill/sis": (b"fresh", 1.0)}, "r" * 32)
    first, second = decode_lines(log.current_file.path)[1:3]
    await log.close()
    assert first["students"] == sorted(KEYS.pseudonym(HILL, number) for number in ("1", "2"))
    assert (second["same"], second["count"]) == (first["id"], 2)


CHANGES: dict[str, Callable[[SharedValues], tuple[Disclosures, dict[str, Any]]]] = {
    "another purpose": lambda shown: (Disclosures([shown]), {"viewer": replace(TEACHER, purpose="audit")}),
    "another document": lambda shown: (Disclosures([shown]), {"document": ParsedDocument("11", parse(TEXT))}),
    "another operation of the document": lambda shown: (Disclosures([shown]), {"name": "Role"}),
    "another source": lambda shown: (Disclosures([shown]), {"sources": (*SOURCES, "hill/lms")}),
    "a refusal": lambda shown: (Disclosures([shown], {HILL: 1}), {}),
    "a class of data that was read": lambda shown: (
        Disclosures([shown], classes_read={HILL: {Sensitivity.MEAL}}),
        {},
    ),
    "other answers": lambda _: (Disclosures([answers("1", "3")]), {}),
    "the answers twice": lambda shown: (Disclosures([shown, shown]), {}),
    "answers that are not shared": lambda shown: (Disclosures([shown, list(answers("3"))]), {}),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_an_operation_that_differs_has_its_own_entries(
    tmp_path: Path, schema: GraphQLSchema, change: str
) -> None:
    """They are those of a recorder that knows no earlier operation."""
    log = DisclosureLog(tmp_path, KEYS)
    recorder, shown = DisclosureRecorder(schema, log, POLICY), answers("1", "2")
    [before] = await entries(recorder, Disclosures([shown]))
    disclosures, options = CHANGES[change](shown)
    again = Disclosures(*map(copy, (disclosures.records, disclosures.denied, disclosures.classes_read)))
    [entry] = await entries(recorder, disclosures, **options)
    [expected] = await entries(DisclosureRecorder(schema, log, POLICY), again, **options)
    await log.close()
    assert entry is not before
    assert (entry.body, entry.sensitive, entry.count) == (expected.body, expected.sensitive, expected.count)


async def test_known_entries_keep_no_answers_and_are_bounded(tmp_path: Path, schema: GraphQLSchema) -> None:
    """Answers are freed when the cache drops them, however many operations disclosed them."""
    log = DisclosureLog(tmp_path, KEYS)
    recorder, shown = DisclosureRecorder(schema, log, POLICY), answers("1", "2")
    references = sys.getrefcount(shown)
    [first] = await entries(recorder, Disclosures([shown]))
    assert sys.getrefcount(shown) == references
    for _ in range(MAX_KNOWN_BYTES // 1024):
        await entries(recorder, Disclosures([answers("1")]))
    [last] = await entries(recorder, Disclosures([shown]))
    await log.close()
    assert last is not first
    assert last.body == first.body
