"""Relay's own compiler takes the schema: its fragments with pagination, and the queries that it makes of them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from graphql import GraphQLSchema

from student_graph.gateway.documents.store import DocumentStore
from student_graph.resolvers.schema import core_schema, export, make_schema
from tests.client_libraries.node_project import PACKAGES, PROJECT, run_node

RELAY = PROJECT / "relay"
COMPILER = PACKAGES / "relay-compiler" / "cli.js"
SCHEMA: GraphQLSchema = core_schema(make_schema(defer=True))


def compile_project(folder: Path, schema: str) -> tuple[str, dict[str, str]]:
    """Compile the project against a schema: what the compiler prints, and the text of each query that it makes."""
    shutil.copytree(RELAY / "src", folder / "src")
    shutil.copy(RELAY / "relay.config.json", folder)
    (folder / "schema.graphql").write_text(schema)
    (folder / "artifacts").mkdir()
    process = run_node(COMPILER, "relay.config.json", folder=folder, check=False)
    texts = {
        file.name.partition(".")[0]: json.loads(text[1])
        for file in (folder / "artifacts").iterdir()
        if (text := re.search(r'"text": (".*")', file.read_text()))
    }
    return process.stdout + process.stderr, texts


def test_the_queries_of_relays_compiler_are_valid(tmp_path: Path) -> None:
    """
    Lists of the root, the viewer and of nodes are read page by page: Relay writes the query of each page.

    A list of a node is found again by `node`. A fragment may be deferred.
    """
    output, texts = compile_project(tmp_path, export(defer=True))
    documents = DocumentStore(SCHEMA)

    assert "error" not in output.lower()
    assert set(texts) == {
        "studentsPageQuery",
        "studentsSchoolQuery",
        "studentsViewerPageQuery",
        "studentsAttendancePageQuery",
        "studentsSchoolPageQuery",
        "studentsDistrictPageQuery",
    }
    assert "node(id: $id)" in texts["studentsAttendancePageQuery"]
    assert "node(id: $id)" in texts["studentsSchoolPageQuery"]
    assert "@defer(label:" in texts["studentsSchoolQuery"]
    assert {name: documents.get_by_text(text).errors for name, text in texts.items()} == dict.fromkeys(texts, ())


def test_relays_compiler_refuses_a_schema_without_a_field_of_page_info(tmp_path: Path) -> None:
    """So the test above would fail if the schema lost a field that Relay's specification asks for."""
    output, texts = compile_project(tmp_path, export(defer=True).replace("  startCursor: String\n", ""))

    assert "pageInfo { startCursor }" in output
    assert texts == {}
