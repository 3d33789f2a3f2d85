"""What is remembered of documents is bounded in bytes, and is counted at no less than it takes."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from graphql import GraphQLError, GraphQLSchema, Token, build_schema, parse, print_ast

from student_graph.gateway.documents import memory
from student_graph.gateway.documents.cost_cache import CostCache
from student_graph.gateway.documents.memory import (
    MAX_REMEMBERED_MESSAGE_CHARACTERS,
    drop_tokens,
    parse_without_garbage,
)
from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.execution import StockExecutor
from student_graph.resolvers.schema import core_schema, make_schema

PRODUCT = core_schema(make_schema(StockExecutor))
SMALL = build_schema("type Query { a(text: String, ids: [ID]): Int }")
STUDENT = "id name { firstName lastName } courseGrades { courseName numeric } enrollments { entryDate }"


def large(number: int) -> str:
    """A document with many fields, other ones for each number."""
    students = (f'k{number}_{n}: student(studentUniqueId: "{n}") {{ {STUDENT} }}' for n in range(3))
    return f"{{ {' '.join(students)} }}"


def wrong(number: int) -> str:
    """A document with many mistakes, each with a text as long as the document."""
    values = " ".join(f"unknown{number}_{n}: 1" for n in range(9))
    return f"{{ student(by: {{ {values} }}) {{ id }} }}"


def literals(number: int) -> str:
    """A document of values."""
    return f"{{ a(ids: [{', '.join(str(number * 1000 + n) for n in range(80))}]) }}"


def long_names(number: int) -> str:
    """A document that is nearly nothing but a name and a text."""
    name, text = f"{'N' * 8_000}{number}", f"{number}{'x' * 8_000}"
    return f'query {name} {{ a(text: "{text}") }}'


def tokens(token: Token | None) -> Iterator[Token]:
    """A token and those after it."""
    while token is not None:
        yield token
        token = token.next


@pytest.mark.parametrize(
    "text",
    [
        f"{{ {'viewer { role } ' * 300} }}",
        f'{{ student(studentUniqueId: "1") {{ unknown {STUDENT * 20} }} }}',
        f"{{ {'viewer { role } ' * 21} {'a' * 10} }}",
    ],
    ids=["merging", "unknown", "limit"],
)
def test_a_refused_document_is_freed_at_once(text: str) -> None:
    """It leaves hardly anything to the garbage collector, which would hold the event loop for long later."""
    store = DocumentStore(PRODUCT)
    store.get_by_text(text)
    nodes = text.count("{") * 5
    while gc.collect():
        pass  # documents of other tests leave the types of their rows
    gc.disable()
    try:
        assert store.get_by_text(f"{text} # again").errors
        assert gc.collect() < min(200, nodes)
    finally:
        gc.enable()


def test_a_syntax_tree_without_tokens_is_the_same_with_the_same_positions() -> None:
    """Errors of fields are still located in the document."""
    text = f"# a comment\n{large(1)} fragment F on Student @skip(if: true) {{ id }}"
    document, untouched = parse(text), parse(text)
    assert document.loc is not None
    first = document.loc.start_token

    count = drop_tokens(document)

    assert document == untouched
    assert print_ast(document) == print_ast(untouched)
    assert len(list(tokens(first))) == 1
    node, other = (tree.definitions[0].selection_set.selections[2] for tree in (document, untouched))  # type: ignore[attr-defined]
    assert node.loc.start_token is first
    assert GraphQLError("", node).locations == GraphQLError("", other).locations
    assert count > 90


@pytest.mark.parametrize(
    ("schema", "write"), [(PRODUCT, large), (PRODUCT, wrong), (SMALL, literals), (SMALL, long_names)]
)
def test_documents_take_no_more_memory_than_is_counted(schema: GraphQLSchema, write: Callable[[int], str]) -> None:
    """Measured, with the coordinates that errors of fields ask for."""
    measured, counted = memory_of_documents(schema, write)
    for _ in range(2):
        if measured > counted:  # servers of other tests run in threads of this process, and may have allocated it
            measured, counted = memory_of_documents(schema, write)
    assert measured <= counted <= 4 * measured


def test_remembered_documents_are_bounded_in_bytes() -> None:
    """Of more documents than fit, the latest are there; one that alone is too large is answered and not kept."""
    size = DocumentStore(PRODUCT).get_by_text(large(0)).size
    store = DocumentStore(PRODUCT, max_bytes=4 * size)
    for number in range(10, 16):
        assert not store.get_by_text(large(number)).errors
        assert store.used_bytes <= store.max_bytes
    assert store.get_by_text(large(15)) is store.get_by_text(large(15))

    small = DocumentStore(PRODUCT, max_bytes=size // 2)
    assert not small.get_by_text(large(1)).errors
    assert small.used_bytes == 0


@pytest.mark.parametrize(
    "text", [f"{{ {'x' * 9_000} }}", f"{{ a(text: {'x' * 9_000}) }}", f'{{ a("{"x" * 9_000}") }}']
)
def test_of_a_refused_document_only_short_errors_are_remembered(text: str) -> None:
    """Not its syntax tree and not its text, which an error may quote."""
    store = DocumentStore(SMALL)
    document = store.get_by_text(text)
    [error] = document.errors

    assert document.node is None
    assert len(error.message) <= MAX_REMEMBERED_MESSAGE_CHARACTERS
    assert error.locations
    assert (error.nodes, error.source, error.extensions is None) == (None, None, False)
    assert store.used_bytes == memory.DOCUMENT_BYTES + memory.ERROR_BYTES


def test_estimates_are_kept_by_digest_within_their_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that the operation does not declare, and names as long as a document, do not add to them."""
    monkeypatch.setattr("student_graph.gateway.documents.cost_cache.MAX_CACHED_BYTES", 10_000)
    costs, store = CostCache(PRODUCT), DocumentStore(PRODUCT)
    document = store.get_by_text(
        f"query {'Q' * 9_000} ($n: Int!) {{ students(filter: {{}}, first: $n) {{ edges {{ cursor }} }} }}"
    )
    operation = document.operation(None)
    for number in range(50):
        costs.cost(document, operation, {"n": 5, f"{'x' * 5_000}{number}": number}, [])
    first_bytes = costs.used_bytes
    for number in range(50):
        costs.cost(document, operation, {"n": number}, [])

    assert 0 < first_bytes <= 2_000
    assert first_bytes < costs.used_bytes <= costs.max_bytes == 10_000


def test_a_text_that_is_no_document_leaves_no_tokens_to_be_collected() -> None:
    """The error is that of `graphql.parse`; tokens refer to each other, and would wait for the collector."""
    texts = ["{ a", "{ student " + "{ a " * 900, "}", "", '{ a(b: "c) }', "# only a comment"]
    expected = [_syntax_error(parse, text) for text in texts]
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        messages = [_syntax_error(parse_without_garbage, text) for text in texts]
        gc.collect()
        left = [item for item in gc.garbage if isinstance(item, Token) and (item.prev or item.next)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert messages == expected
    assert left == []


def _syntax_error(parse_text: Callable[[str], object], text: str) -> str:
    with pytest.raises(GraphQLError) as error:
        parse_text(text)
    return str(error.value)


def memory_of_documents(schema: GraphQLSchema, write: Callable[[int], str]) -> tuple[int, int]:
    """Bytes that five documents take, as measured and as counted."""
    store = DocumentStore(schema)
    tracemalloc.start()
    sizes = []
    for number in range(16):
        document = store.get_by_text(write(number))
        if document.node is not None and document.coordinates is not None:
            document.coordinates.of(GraphQLError("", document.node.definitions[0]))
        del document
        if number in {10, 15}:  # not before: the first documents fill caches of the visitors
            gc.collect()
            sizes.append((tracemalloc.get_traced_memory()[0], store.used_bytes))
    tracemalloc.stop()
    before, after = sizes
    return after[0] - before[0], after[1] - before[1]
