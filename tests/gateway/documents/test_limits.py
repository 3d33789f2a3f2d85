"""Limits on the size of documents and variables, checked in linear time before anything else."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_introspection_query,
    parse,
)

from student_graph.gateway.config import settings_file
from student_graph.gateway.documents.limits import DocumentLimits, LimitChecker, _document_counts
from student_graph.gateway.documents.store import DocumentStore
from student_graph.resolvers.schema import core_schema, make_schema
from tests.gateway.config.test_settings_file import SETTINGS
from tests.gateway.graph import TOKEN, VIEW
from tests.gateway.servers import client_for
from tests.long_runs import size
from tests.subcases import subcases

ROOT = Path(__file__).parents[3]
CODE = "QUERY_TOO_COMPLEX"
RANDOM_DOCUMENTS = size(150, 3_000)


def naive_counts(document: DocumentNode) -> dict[str, int] | None:
    """The same counts by expanding every fragment; None if a fragment spreads itself."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}

    def walk(selections: SelectionSetNode | None, open_fragments: frozenset[str]) -> tuple[int, ...]:
        depth = count = aliases = roots = types = 0
        for node in selections.selections if selections else ():
            if isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name in open_fragments:
                    raise RecursionError
                fragment = fragments[name].selection_set if name in fragments else None
                part = walk(fragment, open_fragments | {name})
            else:
                part = walk(node.selection_set, open_fragments)  # type: ignore[attr-defined]
                if isinstance(node, FieldNode):
                    is_type = node.name.value == "__type"
                    part = part[0] + 1, part[1] + 1, part[2] + (node.alias is not None), 1, part[4] + is_type
            depth = max(depth, part[0])
            count, aliases, roots, types = (
                total + number for total, number in zip((count, aliases, roots, types), part[1:], strict=True)
            )
        return depth, count, aliases, roots, types

    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    try:
        sizes = [walk(operation.selection_set, frozenset()) for operation in operations]
    except RecursionError:
        return None
    names = ("depth", "fields", "aliases", "root_fields", "type_fields")
    return dict(zip(names, map(max, zip(*sizes, strict=True)), strict=True))


def random_document(chance: random.Random) -> str:
    """A document of fragments that spread one another at random, sometimes in a cycle."""
    names = [f"F{n}" for n in range(chance.randint(0, 6))]

    def selections(level: int) -> str:
        parts = []
        for _ in range(chance.randint(1, 4)):
            kind = chance.random()
            if kind < 0.35 and names:
                parts.append(f"...{chance.choice(names)}")
            elif kind < 0.5 and level < 4:
                parts.append(f"... on Query {{ {selections(level + 1)} }}")
            else:
                alias = "x: " if chance.random() < 0.3 else ""
                below = f" {{ {selections(level + 1)} }}" if level < 4 and chance.random() < 0.5 else ""
                parts.append(f"{alias}a{chance.randint(0, 3)}{below}" if chance.random() < 0.9 else "__type")
        return " ".join(parts)

    fragments = [f"fragment {name} on Query {{ {selections(0)} }}" for name in names]
    operations = [f"query Q{n} {{ {selections(0)} }}" for n in range(chance.randint(1, 3))]
    return " ".join(chance.sample(fragments + operations, len(fragments) + len(operations)))


@pytest.mark.long_run
def test_counts_are_the_same_with_fragments_expanded() -> None:
    """Documents with a cycle of fragments are uncountable; the counts of all other random documents agree."""
    chance = random.Random(16)  # noqa: S311 - a test's numbers
    cyclic = 0
    for _ in range(RANDOM_DOCUMENTS):
        document = parse(random_document(chance))
        expected, counts = naive_counts(document), _document_counts(document)
        if expected is None:
            cyclic += 1
            assert counts["fields"] >= 10**9
        else:
            assert {name: counts[name] for name in expected} == expected
    assert RANDOM_DOCUMENTS / 30 < cyclic < RANDOM_DOCUMENTS * 5 / 6


def doubling(fragments: int) -> str:
    """Fragments each of which spreads the next one twice: a small document with exponentially many fields."""
    texts = [f"fragment F{n} on Query {{ a ...F{n + 1} b {{ ...F{n + 1} }} }}" for n in range(fragments)]
    return f"{{ ...F0 }} {' '.join(texts)} fragment F{fragments} on Query {{ a }}"


def test_fragments_that_double_are_measured_in_linear_time() -> None:
    """400 fragments are measured at once; expanding the first 40 alone would never end."""
    document = parse(doubling(400))
    for _ in range(10):
        assert _document_counts(document)["fields"] == 10**9


TOO_LARGE: Mapping[str, tuple[str, str, int]] = {
    "G05": ("{ " + "a { " * 12 + "a" + " }" * 13, "nested too deeply: 13", 12),
    "G03": ("{ " + " ".join(f"x{n}: a" for n in range(31)) + " }", "too many fields at its root: 31", 20),
    "G03-below": ("{ a { " + " ".join(f"x{n}: a" for n in range(31)) + " } }", "too many aliases: 31", 30),
    "G06": ("{ ...A } fragment A on Q { a { ...B } } fragment B on Q { a { ...A } }", "includes itself", 12),
    "G07": (doubling(40), "", 12),
    "G10": ("{ a { " + "b " * 1000 + "} }", "too many fields", 1000),
    "G12": ("{ a " + "@x " * 51 + "}", "too many directives: 51", 50),
    "G13-operations": (" ".join(f"query Q{n} {{ a }}" for n in range(11)), "too many operations: 11", 10),
    "G13-fragments": ("{ a } " + " ".join(f"fragment F{n} on Q {{ a }}" for n in range(51)), "fragments: 51", 50),
    "G19-introspection": (
        "{ a { " + " ".join(f"x{n}: __typename" for n in range(200)) + " } }", "too many aliases: 200", 30,
    ),
    "G19-schema": ("{ __schema { types { name } } ...A } fragment A on Query { x: __schema { types { name } } }",
                   "asks for the schema too often", 1),
    "G19-types": ("{ " + " ".join(f'x{n}: __type(name: "Student") {{ name }}' for n in range(6)) + " }",
                  "too many types of the schema", 5),
    "G18-list": (f"{{ nodes(ids: [{'1 ' * 501}]) {{ id }} }}", "too long a list: 501", 500),
    "G18-members": ("{ student(by: {" + " ".join(f"x{n}: 1" for n in range(101)) + "}) { id } }",
                    "too large an object: 101", 100),
    "G18-depth": ("{ nodes(ids: " + "[" * 11 + "{a: " * 10 + "1" + "}" * 10 + "]" * 11 + ") { id } }",
                  "nested too deeply: 21", 20),
    "G18-default": (f"query ($ids: [ID!] = [{'1 ' * 501}]) {{ nodes(ids: $ids) {{ id }} }}", "list: 501", 500),
    "G18-directive": ("{ a @x(y: {" + " ".join(f"x{n}: 1" for n in range(101)) + "}) }", "object: 101", 100),
    "G19-types-in-types": ("{ __schema { types { " + "ofType { " * 60 + "name" + " }" * 63, "too deeply", 12),
}  # fmt: skip


@subcases("name", TOO_LARGE)
def test_a_document_over_a_limit_is_refused_with_that_limit(name: str) -> None:
    """It is refused before validation; the error names the limit."""
    text, message, limit = TOO_LARGE[name]
    [error] = DocumentStore(core_schema(make_schema())).get_by_text(text).errors
    assert message in error.message
    assert error.extensions == {"code": CODE, "limit": limit}


def test_our_own_documents_are_within_the_limits() -> None:
    """The example queries and GraphiQL's introspection query are accepted."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "examples" / "queries").glob("*.graphql")]
    for text in [*texts, get_introspection_query(descriptions=True, input_value_deprecation=True)]:
        assert LimitChecker().document_error("", parse(text)) is None


def nested(levels: int) -> Any:
    """A list in a list in a list."""
    return [nested(levels - 1)] if levels else 1


@subcases(
    ("variables", "limit"),
    [
        ({"a": nested(21)}, 20),
        ({"a": nested(900)}, 20),
        ({"a": {"b": [1] * 501}}, 500),
        ({"a": {"b": [dict.fromkeys(map(str, range(101)))]}}, 100),
        ({"a": nested(20), "b": {"c": [1] * 500}, "d": dict.fromkeys(map(str, range(100)))}, None),
    ],
)
def test_variables_over_a_limit_are_refused(variables: dict[str, Any], limit: int | None) -> None:
    """The depth of a variable, the length of its lists and the size of its objects are limited (G18)."""
    error = LimitChecker().variables_error(variables)
    assert (error and error.extensions) == ({"code": CODE, "limit": limit} if limit else None)


def test_a_client_learns_the_limit() -> None:
    """The error has the limit in `extensions`, and a message that says what was counted."""
    too_many_fields = {"query": "{ " + " ".join(f"x{n}: role" for n in range(21)) + " }"}
    too_long_list = {"query": "{ role }", "variables": {"a": [1] * 501}}
    with client_for(VIEW) as client:
        [fields_error] = client.post("/", json=too_many_fields, headers=TOKEN).json()["errors"]
        [variables_error] = client.post("/", json=too_long_list, headers=TOKEN).json()["errors"]
    assert fields_error["message"] == "The operation has too many fields at its root: 21, the limit is 20."
    assert (fields_error["extensions"]["code"], fields_error["extensions"]["limit"]) == (CODE, 20)
    assert variables_error["message"] == "A value holds too long a list: 501, the limit is 500."


def test_warn_only_logs_instead_of_refusing(caplog: pytest.LogCaptureFixture) -> None:
    """The log line has the document's hash and the limit it exceeds, and no text of the document."""
    text = "{ secret: student { name } x: a }"
    checker = LimitChecker(DocumentLimits(aliases=1, warn_only=True))
    assert checker.document_error("abc", parse(text)) is None
    assert "document sha256:abc: aliases 2 is over the limit of 1" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("depth = 13", "limits.depth: is higher than its default; set limits.loosened = true"),
        ("warn_only = true", "limits.warn_only: is higher than its default; set limits.loosened = true"),
        ("depth = 5\naliases = 0", None),
        ("depth = 13\nloosened = true", None),
    ],
)
@pytest.mark.row("M04")
def test_limits_are_raised_only_on_purpose(tmp_path: Path, section: str, message: str | None) -> None:
    """A lower limit is accepted as it is; a higher one, or `warn_only`, needs `loosened = true` beside it."""
    path = tmp_path / "gateway.toml"
    path.write_text(f"{SETTINGS}\n[limits]\n{section}\n", encoding="utf-8")
    if message is None:
        settings_file.load(path)
    else:
        with pytest.raises(ValueError, match=message):
            settings_file.load(path)
