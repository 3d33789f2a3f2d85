"""
GraphQL documents: parsed and validated once, then known by their text.

A document is a client's; whether it can be read, and whether the schema has what it asks for, depends on nobody
who sends it. Trusted documents come from a manifest and are known by the hash of their text.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import strawberry
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    parse,
    validate,
)

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.documents.defer import defers, problem
from student_graph.gateway.documents.limits import Guard

# A suggestion tells names that the client does not know, and costs a comparison with each of them.
vars(import_module("graphql.pyutils.did_you_mean"))["MAX_LENGTH"] = 0
# Fields that overlap are compared pair by pair: stock lets a small document hold the event loop for half a second.
vars(import_module("graphql.validation.rules.overlapping_fields_can_be_merged"))["MAX_COMPLEXITY_BUDGET"] = 20_000

MAX_LENGTH = 20_000
"""Characters of a document."""
MAX_TOKENS = 2_000
"""Words and signs of a document, comments left out."""
MAX_COMMENTS = 200
"""Comments of a document."""


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A document that was read, and what is wrong with it."""

    node: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()
    deferring: bool = False
    """Whether a part of the answer is to come later."""
    digest: str = ""
    """SHA-256 of its text, in hexadecimal."""

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """
        The query to run.

        Raises:
            GraphQLError: it is unclear which, or it is none of ours.
        """
        assert self.node is not None
        found = get_operation_ast(self.node, name)
        if found is None and name is not None:
            raise GraphQLError("The document has no operation of the name given in operationName.")
        if found is None:
            raise GraphQLError("The document must hold one operation, or operationName must say which to run.")
        if found.operation is not OperationType.QUERY:
            raise GraphQLError("The student graph can be read only: queries, no mutations or subscriptions.")
        return found


def core_of(schema: strawberry.Schema) -> GraphQLSchema:
    """graphql-core's own schema behind one of Strawberry's."""
    found: GraphQLSchema = schema._schema  # noqa: SLF001 - set by Strawberry
    return found


class Documents:
    """Documents of one schema: the trusted ones for good, others until they are longest unused."""

    def __init__(
        self,
        schema: GraphQLSchema,
        trusted: Mapping[str, str] | None = None,
        *,
        only: bool = False,
        guard: Guard | None = None,
        size: int = 512,
    ) -> None:
        """Know `trusted` documents by their hash, with `only` no others; `size` of the others are remembered."""
        self.guard = guard or Guard()
        self._schema = schema
        self._trusted = {key: self._made(text) for key, text in (trusted or {}).items()}
        self._only = only
        self._size = size
        self._known: OrderedDict[str, Document] = OrderedDict()

    def by_text(self, text: str) -> Document:
        """
        A document by what it says.

        Raises:
            GraphQLError: only trusted documents are answered, and it is none.
        """
        if self._only:
            return self.by_hash(hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest())
        known = self._known.get(text)
        if known is not None:
            self._known.move_to_end(text)
            return known
        made = self._known[text] = self._made(text)
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return made

    def by_hash(self, key: str) -> Document:
        """
        A trusted document by the SHA-256 of its text, in hexadecimal, with or without `sha256:` before it.

        Raises:
            GraphQLError: no trusted document has that hash.
        """
        found = self._trusted.get(key.removeprefix("sha256:").lower())
        if found is None:
            message = "There is no trusted document of that hash; register it with the gateway's operator."
            raise GraphQLError(message, extensions={"code": "UNKNOWN_DOCUMENT"})
        return found

    def problems(self) -> list[str]:
        """What is wrong with trusted documents, by their hash."""
        return [f"{key}: {each.errors[0].message}" for key, each in self._trusted.items() if each.errors]

    def _made(self, text: str) -> Document:
        try:
            node = parse(
                text, max_source_length=MAX_LENGTH, max_lexical_tokens=MAX_TOKENS, max_comments=MAX_COMMENTS
            )
        except GraphQLError as error:
            return Document(None, (error,))
        if (large := self.guard.problem(text, node)) is not None:
            return Document(None, (large,))
        errors = validate(self._schema, node)
        deferring = not errors and defers(node)
        if deferring and (wrong := problem(self._schema, node)):
            errors = [wrong]
        digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
        return Document(node, tuple(errors), deferring, digest)


def manifest(path: Path) -> dict[str, str]:
    """
    Trusted documents in a file, by the SHA-256 of their text.

    The file is JSON: an object from hash to text, or the manifest of Apollo's tools (`operations` with `body`).

    Raises:
        SettingsError: the file cannot be read, is another thing, or holds a hash that is not that of its text.
    """
    try:
        content: Any = msgspec.json.decode(path.read_bytes())
    except OSError as exc:
        raise SettingsError(f"{path}: {exc.strerror or 'cannot be read'}") from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise SettingsError(f"{path}: not JSON") from None
    texts: Any = content
    if isinstance(content, dict) and isinstance(content.get("operations"), list):
        texts = {str(each.get("id")): each.get("body") for each in content["operations"] if isinstance(each, dict)}
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise SettingsError(f"{path}: must be an object from SHA-256 to document, or a manifest with operations")
    for key, text in texts.items():
        if hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest() != key.removeprefix("sha256:").lower():
            raise SettingsError(f"{path}: the document under {key[:80]!r} has another SHA-256")
    return {key.removeprefix("sha256:").lower(): text for key, text in texts.items()}
