"""Parsed documents: cached by text, trusted by hash, bounded in number; and the manifest of trusted documents."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLError, build_schema

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.concurrency import pauses
from student_graph.gateway.documents import store
from student_graph.gateway.documents.limits import DocumentLimits, LimitChecker
from student_graph.gateway.documents.manifest import read_manifest
from student_graph.gateway.documents.store import DocumentStore

SCHEMA = build_schema("type Query { a: Int b: Int } type Mutation { c: Int }")


def sha(text: str) -> str:
    """SHA-256 of a document's text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


TRUSTED = {sha("{ a }"): "{ a }"}


def test_a_document_is_parsed_once() -> None:
    """The same text gives the same object, so that an execution plan made for it is used again."""
    documents = DocumentStore(SCHEMA)
    assert documents.get_by_text("{ a }") is documents.get_by_text("{ a }")
    assert documents.get_by_text("{ a }") is not documents.get_by_text("{ a b }")


def test_the_store_is_bounded_except_for_trusted_documents() -> None:
    """The least recently used document is evicted; a trusted one never is."""
    documents = DocumentStore(SCHEMA, TRUSTED, max_bytes=3 * DocumentStore(SCHEMA).get_by_text("{ k: a }").size)
    trusted, first = documents.get_trusted(sha("{ a }")), documents.get_by_text("{ b }")
    for n in range(4):
        documents.get_by_text(f"{{ k{n}: a }}")
    assert documents.get_by_text("{ b }") is not first
    assert documents.get_trusted(f"sha256:{sha('{ a }').upper()}") is trusted


def test_trusted_only_refuses_every_other_document() -> None:
    """A document that is not trusted is refused both by its text and by its hash."""
    documents = DocumentStore(SCHEMA, TRUSTED, trusted_only=True)
    assert documents.get_by_text("{ a }") is documents.get_trusted(sha("{ a }"))
    for get in (documents.get_by_text, documents.get_trusted):
        with pytest.raises(GraphQLError, match="No trusted document") as refused:
            get("{ b }")
        assert refused.value.extensions == {"code": "UNKNOWN_DOCUMENT"}


def test_errors_of_trusted_documents_are_known_before_the_start() -> None:
    """A trusted document that does not fit the schema would fail at every request."""
    invalid = {sha("{ c }"): "{ c }"}
    assert DocumentStore(SCHEMA, TRUSTED).trusted_errors() == []
    assert "Cannot query field" in DocumentStore(SCHEMA, invalid).trusted_errors()[0]


def parsed(monkeypatch: pytest.MonkeyPatch, *arguments: Any, **options: Any) -> tuple[DocumentStore, list[str]]:
    """A store, and the texts that it parsed when it was made."""
    texts: list[str] = []
    parse = store.parse_without_garbage

    def counting(text: str, **limits: int) -> Any:
        texts.append(text)
        return parse(text, **limits)

    with monkeypatch.context() as patch:
        patch.setattr(store, "parse_without_garbage", counting)
        return DocumentStore(*arguments, **options), texts


def test_a_reload_parses_new_documents_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has not changed stays the same object, with its plans. A document that is gone is unknown."""
    earlier = DocumentStore(SCHEMA, TRUSTED | {sha("{ a b }"): "{ a b }"})
    sent = earlier.get_by_text("{ k: a }")
    later, texts = parsed(monkeypatch, SCHEMA, TRUSTED | {sha("{ b }"): "{ b }"}, earlier=earlier)
    assert texts == ["{ b }"]
    assert later.get_trusted(sha("{ a }")) is earlier.get_trusted(sha("{ a }"))
    assert later.get_by_text("{ k: a }") is sent
    with pytest.raises(GraphQLError):
        later.get_trusted(sha("{ a b }"))


@pytest.mark.parametrize(("schema", "limits", "error"), [
    (build_schema("type Query { b: Int }"), LimitChecker(), "Cannot query field"),
    (SCHEMA, LimitChecker(DocumentLimits(aliases=0)), "alias"),
    (SCHEMA, LimitChecker(introspection=False), "__typename|schema|introspection"),
])  # fmt: skip
def test_a_reload_with_another_schema_or_other_limits_checks_all_documents_again(
    monkeypatch: pytest.MonkeyPatch, schema: Any, limits: LimitChecker, error: str
) -> None:
    """A document that was right before may be none of these any more."""
    texts = ["{ a }", "{ b k: b }", "{ b __schema { description } }"]
    trusted = {sha(text): text for text in texts}
    earlier = DocumentStore(SCHEMA, trusted)
    earlier.get_by_text("{ k: a }")
    later, checked = parsed(monkeypatch, schema, trusted, limits=limits, earlier=earlier)
    assert earlier.trusted_errors() == []
    assert checked == texts
    assert re.search(error, later.trusted_errors()[0], re.IGNORECASE)
    assert not later.has("{ k: a }")


@pytest.mark.parametrize(("text", "name", "field"), [
    ("{ a }", None, "a"),
    ("query A { a }", None, "a"),
    ("query A { a } query B { b }", "B", "b"),
])  # fmt: skip
def test_an_operation_is_selected_by_name(text: str, name: str | None, field: str) -> None:
    """A document's only operation needs no name."""
    operation = DocumentStore(SCHEMA).get_by_text(text).operation(name)
    assert operation.selection_set.selections[0].name.value == field  # type: ignore[attr-defined]


@pytest.mark.parametrize(("text", "name", "message"), [
    ("{ a }", "A", "no operation with the name"),
    ("query A { a } query B { b }", None, "exactly one operation"),
    ("query A { a } query B { b }", "C", "no operation with the name"),
    ("fragment F on Query { a }", None, "exactly one operation"),
    ("mutation { c }", None, "read-only"),
])  # fmt: skip
def test_a_missing_operation_is_an_error(text: str, name: str | None, message: str) -> None:
    """So is an operation that is not a query."""
    with pytest.raises(GraphQLError, match=message):
        DocumentStore(SCHEMA).get_by_text(text).operation(name)


@pytest.mark.parametrize("content", [
    TRUSTED,
    {f"sha256:{key}": text for key, text in TRUSTED.items()},
    {"format": "apollo-persisted-query-manifest", "operations": [{"id": sha("{ a }"), "body": "{ a }"}]},
])  # fmt: skip
def test_manifests_of_common_tools_are_read(tmp_path: Path, content: Any) -> None:
    """A manifest is a plain object from hash to text, or a file that Apollo's tools write."""
    file = tmp_path / "trusted.json"
    file.write_text(json.dumps(content))
    assert read_manifest(file) == TRUSTED


@pytest.mark.parametrize(("content", "problem"), [
    (b"{", "not JSON"),
    (b"\xff", "not JSON"),
    (b"[]", "must be an object"),
    (b'{"a": 7}', "must be an object"),
    (b'{"abc": "{ a }"}', "the SHA-256 'abc' does not match its document"),
])  # fmt: skip
def test_an_invalid_manifest_says_what_to_change(tmp_path: Path, content: bytes, problem: str) -> None:
    """The message is one line that begins with the file's name; a document changed after hashing is refused."""
    file = tmp_path / "trusted.json"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=problem) as refused:
        read_manifest(file)
    assert str(refused.value).startswith(str(file))
    with pytest.raises(SettingsError, match="No such file"):
        read_manifest(tmp_path / "none.json")


@pytest.mark.parametrize("text", ["{ a }", "{ unknown }", "{ a", "{ " + "a " * 1_001 + "}"])
def test_a_document_is_parsed_in_steps(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last step it is there by its text; of one that is there already no step is left."""
    monkeypatch.setattr(pauses, "STEP_SECONDS", 0.0)
    documents, at_once = DocumentStore(SCHEMA), DocumentStore(SCHEMA).get_by_text(text)
    steps = len(list(documents.parse_in_steps(text)))
    used = documents.used_bytes
    document = documents.get_by_text(text)

    assert steps >= text.count("a")
    assert used == documents.used_bytes == document.size
    assert [error.message for error in document.errors] == [error.message for error in at_once.errors]
    assert list(documents.parse_in_steps(text)) == []


def test_documents_that_are_sent_once_replace_none_that_are_sent_again() -> None:
    """They have an eighth of the memory; one that is sent again stays, also if it had to go in between."""
    size = DocumentStore(SCHEMA).get_by_text("{ k0: a }").size
    documents = DocumentStore(SCHEMA, max_bytes=16 * size)
    known = [documents.get_by_text(text) for text in ("{ a }", "{ b }") for _ in range(2)]
    late = documents.get_by_text("{ a b }")
    for number in range(100):
        documents.get_by_text(f"{{ k{number}: a }}")

    assert documents.used_bytes <= 4 * size
    assert documents.get_by_text("{ a }") is known[0] is known[1]
    assert documents.get_by_text("{ b }") is known[2]
    assert documents.get_by_text("{ a b }") is not late
    for number in range(100, 200):
        documents.get_by_text(f"{{ k{number}: a }}")
    assert documents.has("{ a b }")
    assert not documents.has("{ k100: a }")
