"""
Limits on the size of documents and variables, checked between parsing and validation.

The check takes time linear in the size of the document, whatever its shape: each fragment is measured once, its
size is added wherever it is spread, and sums stop growing far above any limit. Strawberry's own limiters are not
used because they walk a fragment again at every spread, which takes exponential time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
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

from student_graph.gateway.concurrency.pauses import pause
from student_graph.gateway.documents.prices import OperationCost
from student_graph.gateway.documents.values import ValueSize, size_of_literals, size_of_variables
from student_graph.resolvers.operation import AnswerLimits

log = logging.getLogger("student_graph.documents")

TOO_COMPLEX = "QUERY_TOO_COMPLEX"
"""Error code of a document, variable or operation that is over a limit."""
SERVICE_FACTORS = {"cost": 5, "calls": 10, "list_calls": 10, "answer_records": 10, "answer_mib": 4}
"""How many times the limit applies to services: no person waits for their responses."""
MAX_COUNT = 10**9
"""Sums stop growing here."""
_SCHEMA_FIELDS = frozenset({"__schema", "_service"})
"""Fields that hold the whole schema; `_service` holds it as the text of a subgraph."""
_INTROSPECTION_FIELDS = _SCHEMA_FIELDS | {"__type"}
_FREE_INTROSPECTION_LEVELS = 10
"""Levels below an introspection field that do not count: tools ask nine times for the type within a type."""


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """Maximum sizes of a document, its variables and its response."""

    depth: int = 12
    """Levels of fields."""
    fields: int = 1_000
    """Fields; a fragment's fields count at every spread."""
    aliases: int = 30
    """Fields with an alias; a fragment's aliases count at every spread."""
    root_fields: int = 20
    """Fields at the root of one operation."""
    fragments: int = 50
    """Named fragments."""
    operations: int = 10
    """Operations in one document."""
    directives: int = 50
    """Directives in the whole document."""
    schema_fields: int = 1
    """Fields `__schema` or `_service` in one operation: each answer holds the whole schema."""
    type_fields: int = 5
    """Fields `__type` in one operation."""
    variable_depth: int = 20
    """Levels of lists and objects in a variable or in a literal."""
    variable_list: int = 500
    """Items of one list in a variable or in a literal."""
    variable_members: int = 100
    """Members of one object in a variable or in a literal."""
    cost: int = 40_000
    """Estimated records in a response; five times as many for services."""
    calls: int = 200
    """Estimated calls of an operation to vendors, without `list_calls`; ten times as many for services."""
    list_calls: int = 1_000
    """Estimated calls for conditions and orders of lists of students; ten times as many for services."""
    answer_records: int = AnswerLimits().records
    """Records that a response holds; ten times as many for services."""
    answer_mib: int = AnswerLimits().mebibytes
    """MiB that the data of a response takes; four times as many for services."""
    warn_only: bool = False
    """Whether a document over a limit is logged instead of refused, for a transition period."""


class DocumentSize(NamedTuple):
    """Size of a selection set, including the fragments that it spreads."""

    depth: int = 0
    root_fields: int = 0
    """Fields at its first level."""
    aliases: int = 0
    fields: int = 0
    schema_fields: int = 0
    type_fields: int = 0


UNCOUNTABLE = DocumentSize(*[MAX_COUNT] * len(DocumentSize._fields))
"""Size of a fragment that spreads itself."""


class LimitChecker:
    """Checks documents, variables and estimated costs against limits."""

    def __init__(self, limits: DocumentLimits | None = None, *, introspection: bool = True) -> None:
        """Check against `limits`; without `introspection`, refuse documents that query the schema."""
        self._limits = limits or DocumentLimits()
        self.introspection = introspection
        """Whether documents may query the schema."""

    def is_same(self, other: LimitChecker) -> bool:
        """Whether another checker accepts and refuses the same documents."""
        return (self._limits, self.introspection) == (other._limits, other.introspection)

    def document_error(self, digest: str, document: DocumentNode) -> GraphQLError | None:
        """
        Why a document is refused, with the limit that it exceeds; None if it is within all limits.

        `digest` is the SHA-256 of its text, which the log names it by.
        """
        if not self.introspection and any(map(_uses_introspection, document.definitions)):
            message = (
                "Introspection is disabled here; the schema is published as schema.graphql, "
                "and `student-graph schema` prints it, with --federation as a subgraph."
            )
            return GraphQLError(message, extensions={"code": "FORBIDDEN"})
        return self._first_excess(f"document sha256:{digest}", _document_counts(document))

    def variables_error(self, values: Mapping[str, Any] | None) -> GraphQLError | None:
        """Why variables are refused; None if they are within the limits."""
        if not values or not any(isinstance(value, (dict, list)) for value in values.values()):
            return None
        return self._first_excess("variables", _value_counts(size_of_variables(values.values())))

    def cost_error(self, cost: OperationCost, *, service: bool) -> GraphQLError | None:
        """Why an operation is refused for its estimated cost; a `service` has higher limits than a person."""
        counts = {"cost": cost.records, "calls": cost.calls, "list_calls": cost.list_calls}
        factors = SERVICE_FACTORS if service else {}
        error = self._first_excess("operation", counts, factors)
        if error is None:
            return None
        if cost.records <= (limit := self._limits.cost * factors.get("cost", 1)):
            advice = cost.call_advice(of_lists=cost.calls <= self._limits.calls * factors.get("calls", 1))
            return GraphQLError(f"{error.message} {advice}", extensions=error.extensions)
        costliest = cost.costliest[0].coordinate if cost.costliest else None
        extensions = {**(error.extensions or {}), "coordinate": costliest}
        return GraphQLError(f"{error.message} {cost.record_advice(limit)}", extensions=extensions)

    def answer_limits(self, *, service: bool) -> AnswerLimits:
        """How large a response may be, for a person or a `service`; `warn_only` does not change it."""
        factors = SERVICE_FACTORS if service else {}
        return AnswerLimits(
            self._limits.answer_records * factors.get("answer_records", 1),
            self._limits.answer_mib * factors.get("answer_mib", 1),
        )

    def _first_excess(
        self, subject: str, counts: Mapping[str, int], factors: Mapping[str, int] | None = None
    ) -> GraphQLError | None:
        """The error for the first count over its limit; None if none is."""
        for name, count in counts.items():
            limit: int = getattr(self._limits, name) * (factors or {}).get(name, 1)
            if count <= limit:
                continue
            if self._limits.warn_only:
                log.warning("%s: %s %d is over the limit of %d", subject, name, count, limit)
                continue
            message = f"{MESSAGES[name]}: {count}, the limit is {limit}."
            if count >= MAX_COUNT:
                message = "A fragment includes itself, or fragments double too often: remove spreads."
            return GraphQLError(message, extensions={"code": TOO_COMPLEX, "limit": limit})
        return None


MESSAGES = {
    "operations": "The document has too many operations",
    "fragments": "The document has too many fragments",
    "directives": "The document has too many directives",
    "depth": "The document is nested too deeply",
    "root_fields": "The operation has too many fields at its root",
    "aliases": "The document has too many aliases",
    "fields": "The document has too many fields (a fragment's fields count at every spread)",
    "schema_fields": "The operation asks for the schema too often; ask for it in one __schema or _service",
    "type_fields": "The operation asks for too many types of the schema; ask for all of them in one __schema",
    "variable_depth": "A value is nested too deeply",
    "variable_list": "A value holds too long a list",
    "variable_members": "A value holds too large an object",
    "cost": "The response may hold too many records; request fewer at once",
    "calls": "The operation may need too many calls to the district's systems; request less at once",
    "list_calls": "The conditions of lists may need too many calls to the district's systems; name fewer",
}
"""Beginning of the error message for each limit."""
_NOT_COUNTED_BEFORE = {"warn_only", "answer_records", "answer_mib"}
assert MESSAGES.keys() == {field.name for field in fields(DocumentLimits)} - _NOT_COUNTED_BEFORE


def _document_counts(document: DocumentNode) -> dict[str, int]:
    """The document's count for each limit."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    counts = {
        "operations": len(operations),
        "fragments": sum(isinstance(d, FragmentDefinitionNode) for d in document.definitions),
        "directives": sum(map(_directive_count, document.definitions)),
    }
    fragment_sizes = _fragment_sizes(fragments)
    sizes = [_size(operation.selection_set, fragment_sizes) for operation in operations] or [DocumentSize()]
    largest = {name: max(getattr(size, name) for size in sizes) for name in DocumentSize._fields}
    return counts | largest | _value_counts(size_of_literals(document))


def _value_counts(size: ValueSize) -> dict[str, int]:
    return {
        "variable_depth": size.depth,
        "variable_list": size.longest_list,
        "variable_members": size.most_members,
    }


def _fragment_sizes(fragments: Mapping[str, FragmentDefinitionNode]) -> dict[str, DocumentSize]:
    """
    The size of each fragment. A fragment that spreads itself, directly or through others, is uncountable.

    Fragments are visited depth first without recursion, so that a long chain cannot overflow the stack.
    """
    spreads = {name: list(dict.fromkeys(_spread_names(node.selection_set))) for name, node in fragments.items()}
    sizes: dict[str, DocumentSize] = {}
    for start in fragments:
        path = [(start, iter(spreads[start]))] if start not in sizes else []
        on_path = {start}
        while path:
            name, remaining = path[-1]
            child = next((spread for spread in remaining if spread in fragments and spread not in sizes), None)
            if child is None:
                path.pop()
                on_path.discard(name)
                sizes.setdefault(name, _size(fragments[name].selection_set, sizes))
            elif child in on_path:
                sizes[child] = UNCOUNTABLE
            else:
                path.append((child, iter(spreads[child])))
                on_path.add(child)
    return sizes


def _size(selections: SelectionSetNode | None, fragment_sizes: Mapping[str, DocumentSize]) -> DocumentSize:
    """The size of a selection set. An unknown fragment counts as empty, because validation refuses it."""
    depth, sums = 0, [0] * (len(DocumentSize._fields) - 1)
    for node in selections.selections if selections is not None else ():
        pause()
        if isinstance(node, FieldNode):
            child = _size(node.selection_set, fragment_sizes)
            levels, name = child.depth, node.name.value
            if name in _INTROSPECTION_FIELDS:
                levels = max(levels - _FREE_INTROSPECTION_LEVELS, 0)
            part = DocumentSize(
                levels + 1,
                1,
                child.aliases + (node.alias is not None),
                child.fields + 1,
                child.schema_fields + (name in _SCHEMA_FIELDS),
                child.type_fields + (name == "__type"),
            )
        elif isinstance(node, InlineFragmentNode):
            part = _size(node.selection_set, fragment_sizes)
        else:
            assert isinstance(node, FragmentSpreadNode)
            part = fragment_sizes.get(node.name.value, DocumentSize())
        depth = max(depth, part.depth)
        sums = [min(total + number, MAX_COUNT) for total, number in zip(sums, part[1:], strict=True)]
    return DocumentSize(min(depth, MAX_COUNT), *sums)


def _spread_names(selections: SelectionSetNode | None) -> Iterator[str]:
    """Names of the fragments that a selection set spreads, at any level."""
    for node in selections.selections if selections is not None else ():
        if isinstance(node, FragmentSpreadNode):
            yield node.name.value
        elif isinstance(node, FieldNode | InlineFragmentNode):
            yield from _spread_names(node.selection_set)


def _directive_count(node: Any) -> int:
    """Directives of a node and of everything inside it."""
    own = len(getattr(node, "directives", None) or ())
    selections = getattr(node, "selection_set", None)
    variables = getattr(node, "variable_definitions", None) or ()
    children = (*variables, *(selections.selections if selections is not None else ()))
    return own + sum(map(_directive_count, children))


def _uses_introspection(node: Any) -> bool:
    """Whether a node, or something inside it, queries the schema."""
    if isinstance(node, FieldNode) and node.name.value in _INTROSPECTION_FIELDS:
        return True
    selections = getattr(node, "selection_set", None)
    return any(map(_uses_introspection, selections.selections)) if selections is not None else False
