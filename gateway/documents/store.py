"""
Parses and validates GraphQL documents once, and remembers them by the SHA-256 of their text.

Whether a document is valid depends on the schema alone, not on the viewer who sends it, so all viewers share one
store. Trusted documents come from a manifest and are named by the SHA-256 of their text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode

from student_graph.gateway.concurrency.pauses import in_steps
from student_graph.gateway.documents.coordinates import Coordinates
from student_graph.gateway.documents.cost_cache import CostCache
from student_graph.gateway.documents.defer import DeferConditions, defer_conditions, defer_error
from student_graph.gateway.documents.document import ParsedDocument
from student_graph.gateway.documents.limits import LimitChecker
from student_graph.gateway.documents.memory import (
    DOCUMENT_BYTES,
    ERROR_BYTES,
    Memory,
    document_bytes,
    drop_tokens,
    parse_without_garbage,
    remembered_error,
    unlink_tokens,
)
from student_graph.gateway.documents.validation import find_errors
from student_graph.resolvers.context import ListLength, declared_list_length

MAX_DOCUMENT_CHARACTERS = 20_000
MAX_DOCUMENT_TOKENS = 2_000
"""Names, values and punctuation marks in a document, without comments."""
MAX_DOCUMENT_COMMENTS = 200
MAX_CACHED_BYTES = 16 * 1024 * 1024
"""Memory of all remembered documents that are not trusted, by estimate."""
MAX_VALIDATION_ERRORS = 5
"""Errors after which validation stops: a document with hundreds of mistakes must not take the time of others."""


class DocumentStore:
    """Parsed documents of one schema: trusted ones for good, others until they are the least recently used."""

    def __init__(
        self,
        schema: GraphQLSchema,
        trusted: Mapping[str, str] | None = None,
        *,
        trusted_only: bool = False,
        limits: LimitChecker | None = None,
        list_length: ListLength = declared_list_length,
        max_bytes: int | None = None,
        earlier: DocumentStore | None = None,
    ) -> None:
        """
        Parse the `trusted` documents, texts by SHA-256, and keep others within `max_bytes` of memory.

        None stands for `MAX_CACHED_BYTES`.
        With `trusted_only`, every other document is refused. `limits` is what documents are checked against, and
        `list_length` says how long lists are, for the estimates of their operations. `earlier` is the store of the
        settings so far: what it has checked against the same schema and limits is not checked again.
        """
        self.limits = limits or LimitChecker()
        self.costs = CostCache(schema, list_length)
        self._schema = schema
        self._trusted_only = trusted_only
        self.max_bytes = MAX_CACHED_BYTES if max_bytes is None else max_bytes
        known: Mapping[str, ParsedDocument] = {}
        self._memory: Memory[ParsedDocument] = Memory(self.max_bytes)
        """By SHA-256 of the text."""
        if earlier is not None and earlier.max_bytes == self.max_bytes:
            known, self._memory = earlier.checked_by(schema, self.limits) or (known, self._memory)
        self._trusted = {
            digest: known.get(digest) or self._parse(digest, text) for digest, text in (trusted or {}).items()
        }

    @property
    def used_bytes(self) -> int:
        """Memory of the documents that are not trusted, by estimate."""
        return self._memory.used_bytes

    def checked_by(
        self, schema: GraphQLSchema, limits: LimitChecker
    ) -> tuple[Mapping[str, ParsedDocument], Memory[ParsedDocument]] | None:
        """
        The trusted documents by SHA-256, and the memory of others, which another store may go on with.

        None if their schema or limits are not these, because then a document may be refused that is accepted here.
        """
        is_same = self._schema is schema and self.limits.is_same(limits)
        return (self._trusted, self._memory) if is_same else None

    def get_by_text(self, text: str) -> ParsedDocument:
        """
        The parsed document with this text.

        Raises:
            GraphQLError: only trusted documents are accepted, and this is not one.
        """
        digest = _sha256(text)
        if self._trusted_only:
            return self.get_trusted(digest)
        document = self._memory.get(digest)
        if document is None:
            document = self._parse(digest, text)
            self._memory.add(digest, document)
            self._memory.get(digest)
        return document

    def has(self, text: str) -> bool:
        """Whether the document with this text need not be parsed: it is remembered, or only trusted ones are."""
        return self._trusted_only or _sha256(text) in self._memory

    def parse_in_steps(self, text: str) -> Iterator[None]:
        """Parse and validate a document that is not remembered yet. Other tasks may run between the steps."""
        if not self.has(text):
            digest = _sha256(text)
            self._memory.add(digest, (yield from in_steps(lambda: self._parse(digest, text))))

    def get_trusted(self, digest: str) -> ParsedDocument:
        """
        The trusted document whose text has this SHA-256, in hexadecimal, with or without `sha256:` before it.

        Raises:
            GraphQLError: no trusted document has that hash.
        """
        document = self._trusted.get(digest.removeprefix("sha256:").lower())
        if document is None:
            message = "No trusted document has this hash; ask the gateway's operator to register it."
            raise GraphQLError(message, extensions={"code": "UNKNOWN_DOCUMENT"})
        return document

    def is_trusted(self, document: ParsedDocument) -> bool:
        """Whether a document is one of the trusted ones."""
        return document.digest in self._trusted

    def get_persisted(self, digest: str) -> ParsedDocument:
        """
        The trusted document with this SHA-256, for a client of automatic persisted queries.

        Raises:
            GraphQLError: there is none. If the text would be accepted, such a client sends it after this error:
                the document is not found or, without trusted documents, none is ever stored.
        """
        try:
            return self.get_trusted(digest)
        except GraphQLError:
            if self._trusted_only:
                raise
        if self._trusted:
            raise GraphQLError("PersistedQueryNotFound", extensions={"code": "PERSISTED_QUERY_NOT_FOUND"})
        raise GraphQLError("PersistedQueryNotSupported", extensions={"code": "PERSISTED_QUERY_NOT_SUPPORTED"})

    def trusted_errors(self) -> list[str]:
        """The first error of each invalid trusted document, after its hash."""
        return [
            f"{digest}: {document.errors[0].message}"
            for digest, document in self._trusted.items()
            if document.errors
        ]

    def _parse(self, digest: str, text: str) -> ParsedDocument:
        """Parse and validate a document, with pauses."""
        try:
            node = parse_without_garbage(
                text,
                max_source_length=MAX_DOCUMENT_CHARACTERS,
                max_lexical_tokens=MAX_DOCUMENT_TOKENS,
                max_comments=MAX_DOCUMENT_COMMENTS,
            )
        except GraphQLError as error:
            return _refused(digest, [_with_code(error, code="GRAPHQL_PARSE_FAILED")])
        try:
            return self._check(digest, text, node)
        finally:
            unlink_tokens(node)

    def _check(self, digest: str, text: str, node: DocumentNode) -> ParsedDocument:
        if (over_limit := self.limits.document_error(digest, node)) is not None:
            return _refused(digest, [over_limit])
        hide_suggestions = not self.limits.introspection
        errors = find_errors(
            self._schema, node, max_errors=MAX_VALIDATION_ERRORS, hide_suggestions=hide_suggestions
        )
        defer = DeferConditions() if errors else defer_conditions(node)
        if defer and (misplaced := defer_error(self._schema, node)):
            errors = [misplaced]
        coordinates = Coordinates(self._schema, node)
        if errors:
            code = "GRAPHQL_VALIDATION_FAILED"
            coded = [_with_code(error, code=code, coordinate=coordinates.of(error)) for error in errors]
            return _refused(digest, _operation_errors(digest, node) or coded)
        size = document_bytes(text, drop_tokens(node))
        return ParsedDocument(digest, node, (), defer, coordinates, size)


def _operation_errors(digest: str, node: DocumentNode) -> list[GraphQLError]:
    """Why a document with at most one operation has nothing to execute, which says more than other mistakes."""
    if sum(isinstance(definition, OperationDefinitionNode) for definition in node.definitions) > 1:
        return []
    try:
        ParsedDocument(digest, node).operation(None)
    except GraphQLError as error:
        return [error]
    return []


def _refused(digest: str, errors: Iterable[GraphQLError]) -> ParsedDocument:
    """A document that is refused: nothing is remembered of it but the errors."""
    remembered = tuple(map(remembered_error, errors))
    return ParsedDocument(digest, None, remembered, size=DOCUMENT_BYTES + ERROR_BYTES * len(remembered))


def _with_code(error: GraphQLError, *, code: str, coordinate: str | None = None) -> GraphQLError:
    """The error with a code and a schema coordinate in its extensions; the codes are those of Apollo's servers."""
    error.extensions = {**(error.extensions or {}), "code": code, "coordinate": coordinate}
    return error


@lru_cache(1)
def _sha256(text: str) -> str:
    """The digest of a text; a request asks for that of its document several times."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
