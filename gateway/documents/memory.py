"""The memory of remembered documents: syntax trees without tokens, and refusals without a syntax tree."""

from __future__ import annotations

from collections.abc import Hashable
from operator import attrgetter
from sys import getsizeof
from typing import Generic, Protocol, TypeVar

from cachetools import LRUCache
from graphql import DocumentNode, GraphQLError, Node, Token
from graphql.language.parser import Parser, nested_too_deeply_error

from student_graph.gateway.concurrency.pauses import pause

NODE_BYTES = 600
"""Memory of a node of a syntax tree with its location and its schema coordinate: an estimate, rather too high."""
DOCUMENT_BYTES = 6_000
"""Memory of a document beside its text and its nodes, by the same estimate."""
ERROR_BYTES = 2_500
"""Memory of an error of a refused document, by the same estimate."""
MAX_REMEMBERED_MESSAGE_CHARACTERS = 300
MAX_REMEMBERED_LOCATIONS = 5
"""Locations of an error; one about fields that differ has a location for each of them."""

NEW_SHARE = 1 / 8
"""Share of a memory for things that were requested once."""
MAX_SEEN_KEYS = 4_000
"""Keys of things that were requested once, in half a mebibyte: one that is requested again stays from then on."""


class Sized(Protocol):
    """Something that says how much memory it takes."""

    @property
    def size(self) -> int:
        """In bytes."""


T = TypeVar("T", bound=Sized)


class Memory(Generic[T]):
    """
    Remembers things by key within a bound in bytes. The least recently used one goes first.

    Things that were requested once have a small share of their own: thousands of documents that are never sent
    again, with everything that others remember of them, take little and replace nothing.
    """

    def __init__(self, max_bytes: int) -> None:
        """Remember at most `max_bytes`."""
        new_bytes = int(max_bytes * NEW_SHARE)
        self._new: LRUCache[Hashable, T] = LRUCache(new_bytes, getsizeof=attrgetter("size"))
        self._known: LRUCache[Hashable, T] = LRUCache(max_bytes - new_bytes, getsizeof=attrgetter("size"))
        self._seen: LRUCache[Hashable, None] = LRUCache(MAX_SEEN_KEYS)

    @property
    def used_bytes(self) -> int:
        """Memory of what is remembered, by estimate."""
        return int(self._new.currsize + self._known.currsize)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._known or key in self._new

    def get(self, key: Hashable) -> T | None:
        """Return the thing of a key; None if it is not remembered."""
        thing: T | None = self._known.get(key)
        if thing is None and (thing := self._new.get(key)) is not None:
            if key in self._seen:
                del self._new[key]
                self.add(key, thing)
            self._seen[key] = None
        return thing

    def add(self, key: Hashable, thing: T) -> None:
        """Remember a thing, which is requested next; one that is larger than the memory is forgotten at once."""
        things = self._known if key in self._seen or thing.size > self._new.maxsize else self._new
        if thing.size <= things.maxsize:
            things[key] = thing


def drop_tokens(document: DocumentNode) -> int:
    """
    Remove the tokens from a syntax tree, and return its number of nodes.

    Only the lexer needs them, and they take as much memory as the nodes. Locations keep their positions.
    """
    first = document.loc.start_token if document.loc is not None else None
    nodes: list[Node] = [document]
    count = 0
    while nodes:
        node = nodes.pop()
        count += 1
        if node.loc is not None and first is not None:
            node.loc.start_token = node.loc.end_token = first
        for value in vars(node).values():
            if isinstance(value, Node):
                nodes.append(value)
            elif isinstance(value, tuple):
                nodes.extend(value)
    unlink_tokens(document)
    return count


def unlink_tokens(document: DocumentNode) -> None:
    """
    Take the tokens of a syntax tree apart, so that each is freed with the last node that refers to it.

    Neighbors refer to each other. The garbage collector would find thousands of them at once, and hold the event
    loop meanwhile.
    """
    _unlink(document.loc.start_token if document.loc is not None else None)


def _unlink(token: Token | None) -> None:
    """Take a token and those behind it apart."""
    while token is not None:
        following, token.prev, token.next = token.next, None, None
        token = following


class _PausingParser(Parser):
    """graphql-core's parser, which lets others run between two tokens."""

    def advance_lexer(self) -> None:
        """Go to the next token."""
        pause()
        super().advance_lexer()


def parse_without_garbage(text: str, **limits: int) -> DocumentNode:
    """
    Parse a document as `graphql.parse` does, with pauses.

    Of one that cannot be parsed, no tokens are left to be collected.

    Raises:
        GraphQLSyntaxError: the text is no document, or over one of the `limits`.
    """
    parser = _PausingParser(text, **limits)  # type: ignore[arg-type] # the limits among its arguments
    document = None
    try:
        document = parser.parse_document()
    except RecursionError:
        pass
    finally:
        if document is None:
            token = parser._lexer.token  # noqa: SLF001 - the only way to the tokens of a failed attempt
            while token.prev is not None:
                token = token.prev
            _unlink(token)
    if document is None:
        raise nested_too_deeply_error(parser)
    return document


def document_bytes(text: str, nodes: int) -> int:
    """Return the memory in bytes of a valid document with this text and number of nodes, by estimate."""
    # Names and values are copies of parts of the text: in the worst case, of all of it.
    return DOCUMENT_BYTES + 2 * getsizeof(text) + nodes * NODE_BYTES


def remembered_error(error: GraphQLError) -> GraphQLError:
    """Return an error that takes little memory: cut short, and without the syntax tree."""
    short = GraphQLError(error.message[:MAX_REMEMBERED_MESSAGE_CHARACTERS], extensions=error.extensions)
    short.locations = error.locations[:MAX_REMEMBERED_LOCATIONS] if error.locations else None
    return short
