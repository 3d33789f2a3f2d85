"""`student-graph schema --check`: what changed since another schema, and which documents notice it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from graphql import build_schema, parse

from student_graph.gateway.cli.schema.changes import schema_changes
from student_graph.gateway.cli.schema.documents import ClientDocument, documents_that_notice
from student_graph.resolvers.schema import export
from tests.gateway.cli.schema.pairs import BASE, DOCUMENT, PAIRS, Pair
from tests.gateway.servers import ROOT, error_line, run_here
from tests.subcases import subcases

EXAMPLES = ROOT / "examples" / "queries"
REMOVED = "type Query {\n"
"""What the file of the schema before gets a field after, which is gone now."""


@pytest.fixture
def older(tmp_path: Path) -> Callable[[str], Path]:
    """Writes the schema of the code with another field of the root type, which was removed since then."""

    def write(field: str) -> Path:
        path = tmp_path / "schema.graphql"
        path.write_text(export().replace(REMOVED, f"{REMOVED}  {field}\n", 1))
        return path

    return write


@subcases("pair", PAIRS, ids=lambda pair: pair.description)
def test_a_change_is_described_with_what_it_means(pair: Pair) -> None:
    """Each change has a severity, and is noticed by the document that uses what changed."""
    old = build_schema(BASE)
    changes = schema_changes(old, build_schema(pair.new))
    noticed = documents_that_notice(changes, old, [ClientDocument("Q", parse(DOCUMENT))])

    assert [(change.severity.value, change.description) for change in changes] == [
        (pair.severity, pair.description)
    ]
    assert list(noticed.values()) == [["Q"] if pair.users else []]


def test_the_same_schema_has_no_changes() -> None:
    """The exit status is 0."""
    result = run_here("schema", "--check", str(ROOT / "schema.graphql"), "--documents", str(EXAMPLES))

    assert result.returncode == 0
    assert result.stdout.splitlines() == [
        f"0 breaking, 0 dangerous, 0 safe changes; 0 of {len(list(EXAMPLES.iterdir()))} documents are not valid"
    ]


def test_a_removed_field_breaks_clients(older: Callable[[str], Path]) -> None:
    """The exit status is 1, and a document that uses the field is named and is not valid anymore."""
    schema = older("gone: Int")
    document = "query Gone { gone }"
    manifest = schema.with_name("trusted.json")
    manifest.write_text(json.dumps({sha256(document.encode()).hexdigest(): document}))
    result = run_here("schema", "--check", str(schema), "--documents", str(manifest))
    name = f"Gone, sha256:{sha256(document.encode()).hexdigest()[:12]}"

    assert result.returncode == 1
    assert result.stdout.splitlines() == [
        "SEVERITY  CHANGE",
        "breaking  Field Query.gone was removed.",
        f"{name} uses Query.gone: breaking",
        f"{name} is not valid: Cannot query field 'gone' on type 'Query'. Did you mean 'node'?",
        "1 breaking, 0 dangerous, 0 safe changes; 1 of 1 documents are not valid",
    ]


def test_a_change_that_no_trusted_document_uses_breaks_nothing(older: Callable[[str], Path]) -> None:
    """With `--documents-only`, all other queries are refused anyway. The change is printed all the same."""
    schema = str(older("gone: Int"))
    all_clients = run_here("schema", "--check", schema, "--documents", str(EXAMPLES))
    trusted_only = run_here("schema", "--check", schema, "--documents", str(EXAMPLES), "--documents-only")

    assert (all_clients.returncode, trusted_only.returncode) == (1, 0)
    assert all_clients.stdout == trusted_only.stdout


def test_the_changes_are_printed_as_json(older: Callable[[str], Path]) -> None:
    """For scripts."""
    result = run_here("schema", "--check", str(older("gone: Int")), "--json")

    assert json.loads(result.stdout) == {
        "changes": [
            {
                "severity": "breaking",
                "description": "Field Query.gone was removed.",
                "coordinate": "Query.gone",
                "documents": [],
            }
        ],
        "invalidDocuments": {},
    }


def test_a_revision_of_git_is_compared(
    older: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From any folder of the repository, also if the file is another one there by now."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("needs git, which is not installed")
    schema = older("gone: Int")
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "one"], ["tag", "first"]):
        subprocess.run([git, *arguments], cwd=tmp_path, check=True, timeout=60)  # noqa: S603 - fixed arguments
    schema.write_text(export())
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path / "folder")

    assert "Query.gone was removed" in run_here("schema", "--check", "first").stdout
    assert run_here("schema", "--check", "../schema.graphql").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--check", "no-revision"], "no such file, and no revision with schema.graphql"),
        (["--check", str(EXAMPLES / "01-one-student.graphql")], "not a schema"),
        (["--check", str(ROOT / "schema.graphql"), "--documents", "nowhere.json"], "nowhere.json"),
        (
            ["--check", str(ROOT / "schema.graphql"), "--documents", str(ROOT / "docs" / "images")],
            "holds no .graphql file",
        ),
        (["--check", str(ROOT / "schema.graphql"), "--documents-only"], "--documents-only: only with --documents"),
        (["--json"], "--json: only with --check"),
        (["--check", "HEAD", "--type-policies", "apollo"], "not allowed with argument"),
    ],
)
def test_a_schema_that_cannot_be_compared_is_reported_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    """The exit status is 2, which differs from that of a breaking change."""
    assert problem in error_line(capsys, "schema", *arguments)


def test_a_document_that_is_no_text_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line, as every other file that cannot be read."""
    (tmp_path / "roster.graphql").write_bytes(b"\xff\xfe")
    error = error_line(capsys, "schema", "--check", str(ROOT / "schema.graphql"), "--documents", str(tmp_path))

    assert error == f"student-graph: --documents {tmp_path}/roster.graphql: not text in UTF-8"
