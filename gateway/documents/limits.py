"""
What a document may cost, decided between reading and validating it: linear in its size, whatever its shape.

Each fragment is measured once and its measure added wherever it is spread, so that fragments which spread one
another cost no more than their own size; sums stop growing when they are far beyond any limit. Strawberry's own
limiters walk a fragment again at every spread, which takes exponential time, and are never used.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from student_graph.gateway.documents.cost import Cost

log = logging.getLogger("student_graph.guard")

CODE = "QUERY_TOO_COMPLEX"
BULK = {"cost": 20, "calls": 10}
"""How many times as much services may ask for, which no person waits for."""
_ENDLESS = 10**9
"""Where sums stop growing."""
_INTROSPECTION = frozenset({"__schema", "__type"})
_INTROSPECTION_LEVELS = 10
"""Levels below an introspection field that do not count: tools ask nine times for the type within a type."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a document and its variables may be."""

    depth: int = 12
    """Levels of fields."""
    fields: int = 1_000
    """Fields, those of a fragment counted wherever it is spread."""
    aliases: int = 30
    """Fields with an alias, counted likewise."""
    root_fields: int = 20
    """Fields at the root of one operation."""
    fragments: int = 50
    """Named fragments."""
    operations: int = 10
    """Operations in one document."""
    directives: int = 50
    """Directives in the whole document."""
    variable_depth: int = 20
    """Levels of lists and objects in a variable."""
    variable_list: int = 500
    """Items of one list in a variable."""
    cost: int = 5_000
    """Records that an answer may hold, as far as it can be told before; twenty times as many for services."""
    calls: int = 50
    """Calls to vendors that an operation may cost, likewise; ten times as many for services."""
    warn_only: bool = False
    """Whether what is beyond a bound is only logged, for a time of transition."""


class Measure(NamedTuple):
    """How large a set of selections is, with the fragments that it spreads."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    roots: int = 0
    """Fields at its own level."""


class Guard:
    """Holds documents and variables to bounds."""

    def __init__(self, bounds: Bounds | None = None, *, introspection: bool = True) -> None:
        """Hold documents to bounds; without `introspection` none may ask what the schema has."""
        self._bounds = bounds or Bounds()
        self._introspection = introspection

    def problem(self, text: str, document: DocumentNode) -> GraphQLError | None:
        """Why a document is refused, naming the bound that it breaks; None when it is within all of them."""
        if not self._introspection and any(map(_introspects, document.definitions)):
            message = "Introspection is switched off here; the schema is published as schema.graphql."
            return GraphQLError(message, extensions={"code": "FORBIDDEN"})
        return self._judged(
            f"document sha256:{sha256(text.encode(errors='replace')).hexdigest()}", _counts(document)
        )

    def variables(self, values: Mapping[str, Any] | None) -> GraphQLError | None:
        """Why variables are refused; None when they are within bounds."""
        if not values:
            return None
        depth, longest = _extent(values.values())
        return self._judged("variables", {"variable_depth": depth, "variable_list": longest})

    def cost(self, cost: Cost, *, bulk: bool) -> GraphQLError | None:
        """Why an operation is refused for what it may cost; `bulk` is the measure of services."""
        counts, times = {"cost": cost.records, "calls": cost.calls}, BULK if bulk else {}
        return self._judged("operation", counts, times)

    def _judged(
        self, what: str, counts: Mapping[str, int], times: Mapping[str, int] | None = None
    ) -> GraphQLError | None:
        for name, count in counts.items():
            limit: int = getattr(self._bounds, name) * (times or {}).get(name, 1)
            if count <= limit:
                continue
            if self._bounds.warn_only:
                log.warning("%s: %s %d is beyond %d", what, name, count, limit)
                continue
            message = f"{MESSAGES[name]}: {_told(count)}, and {limit} are allowed."
            return GraphQLError(message, extensions={"code": CODE, "limit": limit})
        return None


MESSAGES = {
    "operations": "The document has too many operations",
    "fragments": "The document has too many fragments",
    "directives": "The document has too many directives",
    "depth": "The document is nested too deeply",
    "root_fields": "The operation asks for too many things at once",
    "aliases": "The document has too many aliases",
    "fields": "The document has too many fields, those of fragments counted wherever they are spread",
    "variable_depth": "A variable is nested too deeply",
    "variable_list": "A variable holds too long a list",
    "cost": "The answer may hold too many records; ask for fewer at once",
    "calls": "The operation may cost too many calls to the district's systems; ask for less at once",
}
"""What is said of each bound."""
assert MESSAGES.keys() == {field.name for field in fields(Bounds)} - {"warn_only"}


def _told(count: int) -> str:
    return "more than can be counted" if count >= _ENDLESS else str(count)


def _counts(document: DocumentNode) -> dict[str, int]:
    """What a document has of everything that is bounded."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    counts = {
        "operations": len(operations),
        "fragments": sum(isinstance(d, FragmentDefinitionNode) for d in document.definitions),
        "directives": sum(map(_directives, document.definitions)),
    }
    known = _fragment_measures(fragments)
    measures = [_measure(operation.selection_set, known) for operation in operations] or [Measure()]
    return counts | {
        "depth": max(measure.depth for measure in measures),
        "root_fields": max(measure.roots for measure in measures),
        "aliases": max(measure.aliases for measure in measures),
        "fields": max(measure.fields for measure in measures),
    }


def _fragment_measures(fragments: Mapping[str, FragmentDefinitionNode]) -> dict[str, Measure]:
    """
    The measure of each fragment, those first that others spread.

    A fragment that spreads itself, by whatever way, is endless where it does.
    """
    spreads = {name: list(dict.fromkeys(_spread(node.selection_set))) for name, node in fragments.items()}
    known: dict[str, Measure] = {}
    for start in fragments:
        path = [(start, iter(spreads[start]))] if start not in known else []
        on_path = {start}
        while path:
            name, left = path[-1]
            following = next((each for each in left if each in fragments and each not in known), None)
            if following is None:
                path.pop()
                on_path.discard(name)
                known.setdefault(name, _measure(fragments[name].selection_set, known))
            elif following in on_path:
                known[following] = Measure(_ENDLESS, _ENDLESS, _ENDLESS, _ENDLESS)
            else:
                path.append((following, iter(spreads[following])))
                on_path.add(following)
    return known


def _measure(selections: SelectionSetNode | None, known: Mapping[str, Measure]) -> Measure:
    """The measure of a set of selections; a fragment that is not there counts nothing, validation says so."""
    depth = count = aliases = roots = 0
    for node in selections.selections if selections is not None else ():
        if isinstance(node, FieldNode):
            below = _measure(node.selection_set, known)
            levels = below.depth
            if node.name.value in _INTROSPECTION:
                levels = max(levels - _INTROSPECTION_LEVELS, 0)
            part = Measure(levels + 1, below.fields + 1, below.aliases + (node.alias is not None), 1)
        elif isinstance(node, InlineFragmentNode):
            part = _measure(node.selection_set, known)
        else:
            assert isinstance(node, FragmentSpreadNode)
            part = known.get(node.name.value, Measure())
        depth = max(depth, part.depth)
        count, aliases, roots = count + part.fields, aliases + part.aliases, roots + part.roots
    return Measure(*(min(each, _ENDLESS) for each in (depth, count, aliases, roots)))


def _spread(selections: SelectionSetNode | None) -> Iterator[str]:
    """Names of the fragments that a set of selections spreads, at any level of its own."""
    for node in selections.selections if selections is not None else ():
        if isinstance(node, FragmentSpreadNode):
            yield node.name.value
        elif isinstance(node, FieldNode | InlineFragmentNode):
            yield from _spread(node.selection_set)


def _directives(node: Any) -> int:
    """Directives of a definition, and of everything in it."""
    own = len(getattr(node, "directives", None) or ())
    selections = getattr(node, "selection_set", None)
    variables = getattr(node, "variable_definitions", None) or ()
    return own + sum(map(_directives, (*variables, *(selections.selections if selections is not None else ()))))


def _introspects(node: Any) -> bool:
    """Whether a definition, or something in it, asks what the schema has."""
    if isinstance(node, FieldNode) and node.name.value in _INTROSPECTION:
        return True
    selections = getattr(node, "selection_set", None)
    return any(map(_introspects, selections.selections)) if selections is not None else False


def _extent(values: Iterable[Any]) -> tuple[int, int]:
    """How many levels values have, and how long the longest list in them is; no deeper than matters."""
    level = [value for value in values if isinstance(value, dict | list)]
    depth = longest = 0
    while level and depth <= 1_000:
        depth += 1
        longest = max(longest, *(len(value) if isinstance(value, list) else 0 for value in level))
        below = (part for value in level for part in (value.values() if isinstance(value, dict) else value))
        level = [part for part in below if isinstance(part, dict | list)]
    return depth, longest
