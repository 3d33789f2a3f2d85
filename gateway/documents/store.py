"""
Parses and validates GraphQL documents once, and keeps them by their text.

Whether a document is valid depends on the schema alone, not on the viewer who sends it, so all viewers share one
store. Trusted documents come from a manifest and are named by the SHA-256 of their text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from cachetools import LRUCache
from graphql import GraphQLError, GraphQLSchema, parse, validate

from student_graph.gateway.documents.coordinates import Coordinates
from student_graph.gateway.documents.cost import CostCache, ListLength, declared_list_length
from student_graph.gateway.documents.defer import DeferConditions, defer_conditions, defer_error
from student_graph.gateway.documents.document import ParsedDocument
from student_graph.gateway.documents.limits import LimitChecker

MAX_DOCUMENT_CHARACTERS = 20_000
MAX_DOCUMENT_TOKENS = 2_000
"""Names, values and punctuation marks in a document, without comments."""
MAX_DOCUMENT_COMMENTS = 200
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
        max_cached: int = 512,
    ) -> None:
        """
        Parse the `trusted` documents, texts by SHA-256, and keep at most `max_cached` others.

        With `trusted_only`, every other document is refused. `limits` is what documents are checked against, and
        `list_length` says how long lists are, for the estimates of their operations.
        """
        self.limits = limits or LimitChecker()
        self.costs = CostCache(schema, list_length)
        self._schema = schema
        self._trusted = {digest: self._parse(text) for digest, text in (trusted or {}).items()}
        self._trusted_only = trusted_only
        self._cache: LRUCache[str, ParsedDocument] = LRUCache(max_cached)

    def get_by_text(self, text: str) -> ParsedDocument:
        """
        The parsed document with this text.

        Raises:
            GraphQLError: only trusted documents are accepted, and this is not one.
        """
        if self._trusted_only:
            return self.get_trusted(_sha256(text))
        document = self._cache.get(text)
        if document is None:
            document = self._cache[text] = self._parse(text)
        return document

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

    def _parse(self, text: str) -> ParsedDocument:
        digest = _sha256(text)
        try:
            node = parse(
                text,
                max_source_length=MAX_DOCUMENT_CHARACTERS,
                max_lexical_tokens=MAX_DOCUMENT_TOKENS,
                max_comments=MAX_DOCUMENT_COMMENTS,
            )
        except GraphQLError as error:
            return ParsedDocument(digest, None, (_with_code(error, code="GRAPHQL_PARSE_FAILED"),))
        if (over_limit := self.limits.document_error(digest, node)) is not None:
            return ParsedDocument(digest, None, (over_limit,))
        hide_suggestions = not self.limits.introspection
        errors = validate(self._schema, node, max_errors=MAX_VALIDATION_ERRORS, hide_suggestions=hide_suggestions)
        defer = DeferConditions() if errors else defer_conditions(node)
        if defer and (misplaced := defer_error(self._schema, node)):
            errors = [misplaced]
        coordinates = Coordinates(self._schema, node)
        coded = tuple(
            _with_code(error, code="GRAPHQL_VALIDATION_FAILED", coordinate=coordinates.of(error))
            for error in errors
        )
        return ParsedDocument(digest, node, coded, defer, coordinates)


def _with_code(error: GraphQLError, *, code: str, coordinate: str | None = None) -> GraphQLError:
    """The error with a code and a schema coordinate in its extensions; the codes are those of Apollo's servers."""
    error.extensions = {**(error.extensions or {}), "code": code, "coordinate": coordinate}
    return error


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
