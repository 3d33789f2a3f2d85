"""Documents: read once, trusted by their hash, bounded."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLError, build_schema

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.documents.store import Documents, manifest

SCHEMA = build_schema("type Query { a: Int b: Int }")


def sha(text: str) -> str:
    """The hash that a document is trusted by."""
    return hashlib.sha256(text.encode()).hexdigest()


TRUSTED = {sha("{ a }"): "{ a }"}


def test_a_document_is_read_once() -> None:
    """The same text is the same document, so that a plan made for it is found again."""
    documents = Documents(SCHEMA)
    assert documents.by_text("{ a }") is documents.by_text("{ a }")
    assert documents.by_text("{ a }") is not documents.by_text("{ a b }")


def test_documents_are_bounded_but_for_the_trusted() -> None:
    """Those longest unused are forgotten; a trusted one never."""
    documents = Documents(SCHEMA, TRUSTED, size=2)
    trusted, first = documents.by_hash(sha("{ a }")), documents.by_text("{ b }")
    for n in range(3):
        documents.by_text(f"{{ k{n}: a }}")
    assert documents.by_text("{ b }") is not first
    assert documents.by_hash(f"sha256:{sha('{ a }').upper()}") is trusted


def test_with_only_trusted_documents_no_other_is_answered() -> None:
    """By its text as well as by its hash."""
    documents = Documents(SCHEMA, TRUSTED, only=True)
    assert documents.by_text("{ a }") is documents.by_hash(sha("{ a }"))
    for ask in (documents.by_text, documents.by_hash):
        with pytest.raises(GraphQLError, match="no trusted document") as refused:
            ask("{ b }")
        assert refused.value.extensions == {"code": "UNKNOWN_DOCUMENT"}


def test_what_is_wrong_with_trusted_documents_is_known_before_the_start() -> None:
    """A document that the schema does not know would fail whenever it is asked for."""
    wrong = {sha("{ c }"): "{ c }"}
    assert Documents(SCHEMA, TRUSTED).problems() == []
    assert "Cannot query field" in Documents(SCHEMA, wrong).problems()[0]


@pytest.mark.parametrize("content", [
    TRUSTED,
    {f"sha256:{key}": text for key, text in TRUSTED.items()},
    {"format": "apollo-persisted-query-manifest", "operations": [{"id": sha("{ a }"), "body": "{ a }"}]},
])  # fmt: skip
def test_manifests_of_common_tools_are_read(tmp_path: Path, content: Any) -> None:
    """A plain object, or what Apollo's tools write."""
    file = tmp_path / "trusted.json"
    file.write_text(json.dumps(content))
    assert manifest(file) == TRUSTED


@pytest.mark.parametrize(("content", "problem"), [
    (b"{", "not JSON"),
    (b"\xff", "not JSON"),
    (b"[]", "must be an object"),
    (b'{"a": 7}', "must be an object"),
    (b'{"abc": "{ a }"}', "the document under 'abc' has another SHA-256"),
])  # fmt: skip
def test_a_manifest_that_is_none_says_what_to_change(tmp_path: Path, content: bytes, problem: str) -> None:
    """In one line with the file's name; a document that was changed after its hash was made is refused."""
    file = tmp_path / "trusted.json"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=problem) as refused:
        manifest(file)
    assert str(refused.value).startswith(str(file))
    with pytest.raises(SettingsError, match="No such file"):
        manifest(tmp_path / "none.json")
