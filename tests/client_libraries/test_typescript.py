"""Typed documents for TypeScript, from the schema and the example documents, against a running gateway."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from graphql import parse, validate

from student_graph.adapters.sandbox.demo_student import demo_student
from student_graph.gateway.cli.schema.type_policies import WRITERS
from student_graph.gateway.demo.districts import DemoDistrict
from student_graph.gateway.documents.manifest import read_manifest
from student_graph.resolvers.schema import core_schema, export, make_schema
from tests.client_libraries.cache_clients import url_of
from tests.client_libraries.node_project import PACKAGES, PROJECT, node_executable, run_node
from tests.gateway.documents.examples.questions import FOLDER
from tests.scenarios.helpers.demo_gateway import DemoGateway

CODEGEN = PACKAGES / "@graphql-codegen" / "cli" / "esm" / "bin.js"
COMPILER = PACKAGES / "typescript" / "bin" / "tsc"


def build_project(folder: Path) -> None:
    """Generate documents and cache policies for the program of this folder, and compile it with all checks."""
    node_executable()
    shutil.copytree(PROJECT / "typescript", folder, dirs_exist_ok=True)
    shutil.copytree(FOLDER, folder / "queries")
    (folder / "schema.graphql").write_text(export())
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(PACKAGES, target_is_directory=True)
    for cache, write in WRITERS.items():
        (folder / "src" / f"{cache}-policies.ts").write_text(write(core_schema(make_schema())))
    run_node(CODEGEN, "--config", "codegen.mjs", "--silent", folder=folder)
    run_node(COMPILER, "--project", ".", folder=folder)


def test_a_typed_client_reads_students(gateway: DemoGateway, district: DemoDistrict, tmp_path: Path) -> None:
    """
    Documents, variables, results and cache policies have types that TypeScript checks, and work.

    The build also writes the trusted documents, in a file that the gateway takes as `documents.manifest`.
    """
    build_project(tmp_path)
    number, token = demo_student(district.facts), gateway.tokens["superintendent"]
    output = json.loads(run_node(tmp_path / "built" / "main.js", url_of(gateway), token, number).stdout)
    query = "query ($n: String) { student(studentUniqueId: $n) { name { firstName } } }"
    documents = read_manifest(tmp_path / "src" / "graph" / "persisted-documents.json")

    assert output["firstName"] == gateway.post(query, n=number)["data"]["student"]["name"]["firstName"]
    assert output["levels"]
    assert set(output["levels"]) <= {"NINTH", "TENTH"}
    assert len(documents) == len(list(FOLDER.glob("*.graphql")))
    assert [
        error for text in documents.values() for error in validate(core_schema(make_schema()), parse(text))
    ] == []
