"""Documents and variables are held to bounds before anything else is done with them, in linear time."""

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
from student_graph.gateway.documents.limits import Bounds, Guard, _counts
from student_graph.gateway.documents.store import Documents, core_of
from student_graph.resolvers.schema import make_schema
from tests.gateway.config.test_settings_file import WHOLE
from tests.gateway.graph import TOKEN, VIEW
from tests.gateway.servers import answering

ROOT = Path(__file__).parents[3]
CODE = "QUERY_TOO_COMPLEX"


def naive(document: DocumentNode) -> dict[str, int] | None:
    """The same counts by spreading every fragment out; None when a fragment spreads itself."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}

    def walk(selections: SelectionSetNode | None, within: frozenset[str]) -> tuple[int, int, int, int]:
        depth = count = aliases = roots = 0
        for node in selections.selections if selections else ():
            if isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name in within:
                    raise RecursionError
                own = fragments[name].selection_set if name in fragments else None
                part = walk(own, within | {name})
            else:
                part = walk(node.selection_set, within)  # type: ignore[attr-defined]
                if isinstance(node, FieldNode):
                    part = part[0] + 1, part[1] + 1, part[2] + (node.alias is not None), 1
            depth = max(depth, part[0])
            count, aliases, roots = count + part[1], aliases + part[2], roots + part[3]
        return depth, count, aliases, roots

    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    try:
        found = [walk(operation.selection_set, frozenset()) for operation in operations]
    except RecursionError:
        return None
    names = ("depth", "fields", "aliases", "root_fields")
    return dict(zip(names, map(max, zip(*found, strict=True)), strict=True))


def made_up(chance: random.Random) -> str:
    """A document of fragments that spread one another at random, now and then in a circle."""
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
                parts.append(f"{alias}a{chance.randint(0, 3)}{below}")
        return " ".join(parts)

    fragments = [f"fragment {name} on Query {{ {selections(0)} }}" for name in names]
    operations = [f"query Q{n} {{ {selections(0)} }}" for n in range(chance.randint(1, 3))]
    return " ".join(chance.sample(fragments + operations, len(fragments) + len(operations)))


def test_what_is_counted_is_what_spreading_out_would_count() -> None:
    """Three thousand documents, some of which spread themselves: those are endless, all others agree."""
    chance = random.Random(16)  # noqa: S311 - a test's numbers
    endless = 0
    for _ in range(3000):
        document = parse(made_up(chance))
        expected, found = naive(document), _counts(document)
        if expected is None:
            endless += 1
            assert found["fields"] >= 10**9
        else:
            assert {name: found[name] for name in expected} == expected
    assert 100 < endless < 2500


def doubling(fragments: int) -> str:
    """Fragments each of which spreads the next one twice: small, and endless when spread out."""
    texts = [f"fragment F{n} on Query {{ a ...F{n + 1} b {{ ...F{n + 1} }} }}" for n in range(fragments)]
    return f"{{ ...F0 }} {' '.join(texts)} fragment F{fragments} on Query {{ a }}"


def test_fragments_that_spread_one_another_cost_no_more_than_their_size() -> None:
    """Four hundred of them, measured a hundred times: spread out, the first forty would take forever."""
    document = parse(doubling(400))
    for _ in range(100):
        assert _counts(document)["fields"] == 10**9


TOO_LARGE: Mapping[str, tuple[str, str, int]] = {
    "G05": ("{ " + "a { " * 12 + "a" + " }" * 13, "nested too deeply: 13", 12),
    "G03": ("{ " + " ".join(f"x{n}: a" for n in range(31)) + " }", "too many things at once: 31", 20),
    "G03-below": ("{ a { " + " ".join(f"x{n}: a" for n in range(31)) + " } }", "too many aliases: 31", 30),
    "G06": ("{ ...A } fragment A on Q { a { ...B } } fragment B on Q { a { ...A } }", "than can be counted", 12),
    "G07": (doubling(40), "", 12),
    "G10": ("{ a { " + "b " * 1000 + "} }", "too many fields", 1000),
    "G12": ("{ a " + "@x " * 51 + "}", "too many directives: 51", 50),
    "G13-operations": (" ".join(f"query Q{n} {{ a }}" for n in range(11)), "too many operations: 11", 10),
    "G13-fragments": ("{ a } " + " ".join(f"fragment F{n} on Q {{ a }}" for n in range(51)), "fragments: 51", 50),
    "G19-introspection": (
        "{ a { " + " ".join(f"x{n}: __typename" for n in range(200)) + " } }", "too many aliases: 200", 30,
    ),
    "G19-types-in-types": ("{ __schema { types { " + "ofType { " * 60 + "name" + " }" * 63, "too deeply", 12),
}  # fmt: skip


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_document_beyond_a_bound_is_refused_by_name(name: str) -> None:
    """Before it is validated, with the bound that it breaks."""
    text, says, limit = TOO_LARGE[name]
    [error] = Documents(core_of(make_schema())).by_text(text).errors
    assert says in error.message
    assert error.extensions == {"code": CODE, "limit": limit}


def test_what_the_product_itself_asks_is_within_bounds() -> None:
    """Its examples, and what GraphiQL asks of the schema."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "examples" / "queries").glob("*.graphql")]
    for text in [*texts, get_introspection_query(descriptions=True, input_value_deprecation=True)]:
        assert Guard().problem(text, parse(text)) is None


def nested(levels: int) -> Any:
    """A list in a list in a list."""
    return [nested(levels - 1)] if levels else 1


@pytest.mark.parametrize(
    ("variables", "limit"),
    [({"a": nested(21)}, 20), ({"a": nested(900)}, 20), ({"a": {"b": [1] * 501}}, 500), ({"a": nested(20)}, None)],
)
def test_variables_beyond_a_bound_are_refused(variables: dict[str, Any], limit: int | None) -> None:
    """By depth and by the length of a list (G18)."""
    found = Guard().variables(variables)
    assert (found and found.extensions) == ({"code": CODE, "limit": limit} if limit else None)


def test_a_client_is_told_the_bound() -> None:
    """In `extensions`, with a message that says what was counted."""
    with answering(VIEW) as client:
        body = {"query": "{ " + " ".join(f"x{n}: role" for n in range(21)) + " }"}
        told = client.post("/", json=body, headers=TOKEN).json()["errors"][0]
        many = client.post("/", json={"query": "{ role }", "variables": {"a": [1] * 501}}, headers=TOKEN).json()[
            "errors"
        ][0]
    assert told["message"] == "The operation asks for too many things at once: 21, and 20 are allowed."
    assert (told["extensions"]["code"], told["extensions"]["limit"]) == (CODE, 20)
    assert many["message"] == "A variable holds too long a list: 501, and 500 are allowed."


def test_in_a_time_of_transition_it_only_warns(caplog: pytest.LogCaptureFixture) -> None:
    """The log gets the hash of the document and what is beyond which bound; nothing of the document itself."""
    text = "{ secret: student { name } x: a }"
    guard = Guard(Bounds(aliases=1, warn_only=True))
    assert guard.problem(text, parse(text)) is None
    assert "aliases 2 is beyond 1" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ("depth = 13", "limits.depth: is wider than it comes; say limits.loosened = true to mean it"),
        ("warn_only = true", "limits.warn_only: is wider than it comes; say limits.loosened = true to mean it"),
        ("depth = 5\naliases = 0", None),
        ("depth = 13\nloosened = true", None),
    ],
)
@pytest.mark.row("M04")
def test_bounds_may_be_tightened_and_are_loosened_on_purpose_only(
    tmp_path: Path, section: str, says: str | None
) -> None:
    """A setting that lets more through has to be meant."""
    path = tmp_path / "gateway.toml"
    path.write_text(f"{WHOLE}\n[limits]\n{section}\n", encoding="utf-8")
    if says is None:
        settings_file.load(path)
    else:
        with pytest.raises(ValueError, match=says):
            settings_file.load(path)
