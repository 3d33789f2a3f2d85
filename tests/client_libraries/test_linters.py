"""Linters of clients on the schema and the example documents: a rule is on, or its configuration says why not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from student_graph.resolvers.schema import export
from tests.client_libraries.node_project import PACKAGES, PROJECT, node_executable, run_node, run_script
from tests.gateway.cli.schema.pairs import BASE, PAIRS
from tests.gateway.documents.examples.questions import FOLDER
from tests.long_runs import LONG_RUNS

pytestmark = pytest.mark.long_run
__test__ = LONG_RUNS
ESLINT = PACKAGES / "eslint" / "bin" / "eslint.js"
CRITICALITY = {"BREAKING": "breaking", "DANGEROUS": "dangerous", "NON_BREAKING": "safe"}
"""Our words for those of graphql-inspector."""


def eslint_messages(folder: Path, schema: str, documents: dict[str, str]) -> list[tuple[str, str]]:
    """Lint a schema and documents by the rules of this folder: file and rule of each complaint."""
    node_executable()
    (folder / "node_modules").symlink_to(PACKAGES, target_is_directory=True)
    shutil.copy(PROJECT / "lint" / "eslint.config.mjs", folder)
    (folder / "schema.graphql").write_text(schema)
    (folder / "queries").mkdir()
    for name, text in documents.items():
        (folder / "queries" / name).write_text(text)
    output = run_node(ESLINT, "--format", "json", ".", folder=folder, check=False)
    assert output.stdout, output.stderr
    results: list[dict[str, Any]] = json.loads(output.stdout)
    linted = {Path(result["filePath"]).name for result in results}
    assert {"schema.graphql", *documents} <= linted
    return [(Path(r["filePath"]).name, str(message["ruleId"])) for r in results for message in r["messages"]]


def example_documents() -> dict[str, str]:
    """The example documents by the names of their files."""
    return {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.graphql")}


def test_eslint_has_no_complaint(tmp_path: Path) -> None:
    """The recommended rules of graphql-eslint for schemas and operations hold, and those for Relay."""
    assert eslint_messages(tmp_path, export(), example_documents()) == []


def test_eslint_complains_of_what_clients_would_stumble_over(tmp_path: Path) -> None:
    """So the test above would fail with an undescribed field, or a document without the id of an object."""
    schema = export().replace("type Query {", "type Query {\n  old: Int @deprecated\n", 1)
    document = 'query Bad { student(by: { studentUniqueId: "1" }) { name { firstName } } old }'
    rules = {rule.rpartition("/")[2] for _, rule in eslint_messages(tmp_path, schema, {"bad.graphql": document})}

    assert rules == {"require-description", "require-deprecation-reason", "require-selections", "no-deprecated"}


def test_inspector_finds_the_example_documents_valid(tmp_path: Path) -> None:
    """None of them uses what is deprecated; a document with an unknown field would be named."""
    documents = [{"name": name, "text": text} for name, text in example_documents().items()]
    bad = {"name": "bad", "text": "{ nowhere }"}
    output = run_script("inspect.mjs", tmp_path, schema=export(), documents=[*documents, bad], pairs=[])

    assert [document["name"] for document in output["invalid"]] == ["bad"]
    assert output["complaints"] == []


def test_inspector_judges_changes_as_the_command_does(tmp_path: Path) -> None:
    """`student-graph schema --check` and graphql-inspector agree on what each change means for clients."""
    pairs = [pair for pair in PAIRS if pair.known_to_inspector]
    schemas = [{"before": BASE, "after": pair.new} for pair in pairs]
    changes = run_script("inspect.mjs", tmp_path, documents=[], pairs=schemas)["changes"]
    judged = [{CRITICALITY[change["severity"]] for change in of_pair} for of_pair in changes]

    assert dict(zip([pair.description for pair in pairs], judged, strict=True)) == {
        pair.description: {pair.severity} for pair in pairs
    }
