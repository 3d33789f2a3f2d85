"""
What an operation becomes before it runs: a tree of plans, made once per document.

A plan knows the schema and the document, the values of the variables in `@skip` and `@include`, and nothing
of who asks: it is shared by all viewers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.execution.collect_fields import FieldDetails
from strawberry.types.field import StrawberryField

from student_graph.resolvers.fields.batched import Batch

Builder = Callable[..., list[dict[str, Any]]]
"""Generated: objects, what derived fields are bound to, and a column for each field that needs one; rows out."""


@dataclass(frozen=True, slots=True)
class Build:
    """For what generated code is made."""

    completed: tuple[bool, ...]
    """For each column whether its values are as the response holds them already."""
    constant: frozenset[Any] = frozenset()
    """What derived fields are made by that are the same for every parent."""
    structs: bool = False
    """Whether rows are structs instead of dicts."""


class Kind(Enum):
    """How a field's values are had."""

    TYPENAME = "the type's name"
    ATTRIBUTE = "an attribute of the record"
    DERIVED = "computed from the record"
    BATCH = "one call for all parents"
    RESOLVER = "a call for each parent"
    STOCK = "introspection, by graphql-core"


@dataclass(slots=True, eq=False)
class FieldPlan:
    """One response key of one object type, at one place of the operation."""

    key: str
    kind: Kind
    details: list[FieldDetails]
    nodes: list[FieldNode]
    definition: GraphQLField
    parent: GraphQLObjectType
    named: Any
    """The field's type without lists and non-null."""
    strawberry: StrawberryField | None = None
    attribute: str = ""
    """Dotted attributes of the parent; empty for the parent itself."""
    derive: Callable[[Any], Callable[[Any], Any]] | None = None
    """Makes the function of a derived field, from the context."""
    batch: Batch | None = None
    arguments: Mapping[str, Any] | None = None
    """Arguments that depend on no variable; None when they must be coerced anew each time."""
    converted: dict[str, Any] | None = None
    """The same as a batched function takes them, once they were converted."""
    children: dict[str, ObjectPlan] = field(default_factory=dict)
    """By name of the object type."""
    inline: bool = False
    """Whether generated code can complete the field's values."""
    discloses: bool = False
    """Whether its values are records of students: what an answer holds of them is noted."""

    @property
    def type(self) -> GraphQLOutputType:
        """The field's type."""
        return self.definition.type

    @property
    def name(self) -> str:
        """The field's name in the schema."""
        return self.nodes[0].name.value

    @property
    def pure(self) -> bool:
        """Whether the field needs no column: generated code reads it off the parent."""
        own = self.kind in (Kind.TYPENAME, Kind.ATTRIBUTE, Kind.DERIVED)
        return self.inline and own and not self.discloses


@dataclass(slots=True, eq=False)
class ObjectPlan:
    """All fields of one object type at one place of the operation."""

    type: GraphQLObjectType
    fields: list[FieldPlan]
    checked_by_class: bool = False
    """Whether it takes one look at an object's class to know that it is of the type."""
    builders: dict[Build, Builder] = field(default_factory=dict)
    """Generated code."""
    columns: list[FieldPlan] = field(init=False)
    """Fields that need a column."""
    derived: tuple[Callable[[Any], Callable[[Any], Any]], ...] = field(init=False)
    """What derived fields are made by, those of nested objects included that generated code builds."""

    def __post_init__(self) -> None:
        self.columns = [each for each in self.fields if not each.pure]
        found: dict[Callable[[Any], Callable[[Any], Any]], None] = {}
        for each in self.fields:
            if each.kind is Kind.DERIVED and each.derive is not None:
                found[each.derive] = None
            if each.inline:
                for child in each.children.values():
                    found.update(dict.fromkeys(child.derived))
        self.derived = tuple(found)

    @property
    def pure(self) -> bool:
        """Whether generated code builds the object from the record alone."""
        return not self.columns and self.checked_by_class


class UnplannableError(Exception):
    """The operation asks for something that stock execution does; the message names it."""


@dataclass(slots=True)
class Counters:
    """What the executor has done since start; a silent fall-back would eat the gain."""

    planned: int = 0
    """Operations carried out by plan."""
    compiled: int = 0
    """Plans made."""
    deopt: int = 0
    """Scopes in which a value was odd and that went the careful way."""
    stock: dict[str, int] = field(default_factory=dict)
    """Operations handed to graphql-core, by reason."""

    def to_stock(self, reason: str) -> None:
        """Count an operation that goes to graphql-core."""
        self.stock[reason] = self.stock.get(reason, 0) + 1


@dataclass(slots=True, eq=False)
class _Entry:
    """The plans of one operation."""

    operation: OperationDefinitionNode
    """Held, so that no other operation can get its identity."""
    schema: GraphQLSchema
    conditions: tuple[str, ...]
    """Names of the variables that decide what is selected."""
    plans: dict[tuple[Any, ...], ObjectPlan] = field(default_factory=dict)


class PlanCache:
    """Plans by operation, those longest unused out first."""

    def __init__(self, size: int = 512) -> None:
        self._size = size
        self._entries: OrderedDict[tuple[int, int], _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def plan(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
        conditions: Callable[[], tuple[str, ...]],
        make: Callable[[], ObjectPlan],
    ) -> ObjectPlan:
        """The plan of an operation under the values of its conditions, made when it is not at hand."""
        key = (id(schema), id(operation))
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry(operation, schema, conditions())
            if len(self._entries) > self._size:
                self._entries.popitem(last=False)
        else:
            self._entries.move_to_end(key)
        shape = tuple(variables.get(name) for name in entry.conditions)
        plan = entry.plans.get(shape)
        if plan is None:
            plan = entry.plans[shape] = make()
        return plan
