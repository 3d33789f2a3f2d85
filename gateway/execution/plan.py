"""
The plan of an operation: a tree of field and object plans, made once per document.

A plan depends on the schema, the document and the values of the variables in `@skip` and `@include`. It does not
depend on the viewer, because all viewers share it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias
from weakref import ref

from cachetools import LRUCache
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
from student_graph.resolvers.fields.record import is_record_type, is_restricted_type

MAX_CACHED_BYTES = 16 * 1024 * 1024
"""Memory of all cached plans of one executor class, by estimate."""
MAX_OPERATION_SHARE = 1 / 4
"""Largest share of that memory for the plans of one operation."""
MAX_PLANS_PER_OPERATION = 16
"""Cached plans of one operation, each for other values of the variables in `@skip` and `@include`."""
OBJECT_PLAN_BYTES = 4_000
"""Estimated memory of an object plan with its generated code, without its fields; rather too high than too low."""
FIELD_PLAN_BYTES = 1_000
"""Estimated memory of a field plan with its part of the generated code, without its response key."""
BYTES_PER_KEY_CHARACTER = 8
"""How many copies of a response key are in generated code, in the type of its rows and in their structs."""

FunctionFactory: TypeAlias = Callable[[Any], Callable[[Any], Any]]
"""Makes the function of a derived field from the context of an operation."""

RowBuilder: TypeAlias = Callable[..., list[dict[str, Any]]]
"""Generated code: takes objects, functions of derived fields and columns, and returns a row for each object."""


MIN_STRUCT_ROWS = 100
"""With at least this many rows, a struct type is created even if the plan may never be executed again."""


class BuilderOptions(NamedTuple):
    """What generated code depends on, besides its plan."""

    completed: tuple[bool, ...]
    """For each column, whether its values are already as the response has them."""
    constant: frozenset[FunctionFactory] = frozenset()
    """Factories of derived fields that have the same value for every parent."""
    has_structs: bool = False
    """Whether rows are structs instead of dicts."""


@dataclass(slots=True)
class PlanSize:
    """Memory of the plans of an operation, which grows when objects of an interface are seen the first time."""

    bytes: int = 0

    def add_object(self, keys: Iterable[str]) -> None:
        """Count an object plan with fields of these response keys."""
        self.bytes += OBJECT_PLAN_BYTES
        self.bytes += sum(FIELD_PLAN_BYTES + BYTES_PER_KEY_CHARACTER * len(key) for key in keys)


class FieldKind(Enum):
    """How the executor resolves a field."""

    TYPENAME = "the type's name"
    ATTRIBUTE = "an attribute of the record"
    DERIVED = "computed from the record"
    BATCH = "one call for all parents"
    RESOLVER = "a call for each parent"
    STOCK = "introspection, by graphql-core"


@dataclass(slots=True, eq=False)
class FieldPlan:
    """The plan of one response key of an object type, at one position of the operation."""

    key: str
    kind: FieldKind
    details: list[FieldDetails]
    nodes: list[FieldNode]
    definition: GraphQLField
    parent_type: GraphQLObjectType
    named_type: Any
    """The field's type without lists and non-null."""
    size: PlanSize
    """Memory of the operation's plans, this one included."""
    strawberry_field: StrawberryField | None = None
    attribute: str = ""
    """Dotted path of attributes of the parent; empty for the parent itself."""
    factory: FunctionFactory | None = None
    """Factory of a derived field."""
    batch: Batch | None = None
    is_own: bool = False
    """Whether a function of the gateway resolves it. Such functions need no current task until they wait."""
    arguments: Mapping[str, Any] | None = None
    """Arguments that depend on no variable; None if they must be coerced for each request."""
    converted_arguments: dict[str, Any] | None = None
    """The same arguments, converted for the batched function; None until they are first needed."""
    children: dict[str, ObjectPlan] = field(default_factory=dict)
    """Plans of the selected objects, by name of the object type."""
    inline: bool = False
    """Whether generated code can complete the field's values."""
    composite: bool = False
    """Whether the values are objects or lists of objects."""
    has_records: bool = False
    """Whether the values are records, or lists of records."""
    introspection: bytes | None = None
    """The value of `__schema` or `__type` as JSON, once it has been encoded, if no variable can change it."""
    has_student_records: bool = False
    """Whether the values are records of students. The records in a response are noted for the disclosure log."""

    @property
    def type(self) -> GraphQLOutputType:
        """The field's type."""
        return self.definition.type

    @property
    def name(self) -> str:
        """The field's name in the schema."""
        return self.nodes[0].name.value

    @property
    def is_read_from_parent(self) -> bool:
        """Whether the field needs no column, because generated code reads its value from the parent."""
        own = self.kind in (FieldKind.TYPENAME, FieldKind.ATTRIBUTE, FieldKind.DERIVED)
        return self.inline and own and not self.has_student_records


@dataclass(slots=True, eq=False)
class ObjectPlan:
    """The plan of all fields of one object type, at one position of the operation."""

    type: GraphQLObjectType
    fields: list[FieldPlan]
    checked_by_class: bool = False
    """Whether the class of an object is enough to decide if the object belongs to the type."""
    size: PlanSize = field(default_factory=PlanSize)
    """Memory of the operation's plans, this one included."""
    builders: dict[BuilderOptions, RowBuilder] = field(default_factory=dict)
    """Generated code."""
    columns: list[FieldPlan] = field(init=False)
    """Fields that need a column."""
    factories: tuple[FunctionFactory, ...] = field(init=False)
    """Factories of derived fields, including those of nested objects that generated code builds."""
    number: int = field(default_factory=count().__next__, init=False)
    """A number that is unique among all plans that the process ever makes."""
    has_records: bool = field(init=False)
    """Whether the objects are records."""
    has_cacheable_rows: bool = field(init=False)
    """Whether rows may be cached for later operations: they are of records, none of a restricted class of data."""
    is_restricted: bool = field(init=False)
    """Whether the objects, or nested ones that generated code builds, are of a restricted class of data."""
    cached_rows_used: int = field(default=0, init=False)
    """Rows that were not built because they were cached."""
    rows_built: int = field(default=0, init=False)
    """Rows that were built although rows are cached."""
    min_row_bytes: int = field(init=False)
    """Length of a row as JSON if each of its values had a single character."""

    def __post_init__(self) -> None:
        self.has_records = is_record_type(self.type)
        nested = (child for field_plan in self.fields for child in field_plan.children.values())
        self.is_restricted = is_restricted_type(self.type) or any(child.is_restricted for child in nested)
        self.has_cacheable_rows = self.has_records and not self.is_restricted
        self.min_row_bytes = 1 + sum(len(field_plan.key) + 5 for field_plan in self.fields)
        self.columns = [field_plan for field_plan in self.fields if not field_plan.is_read_from_parent]
        factories: dict[FunctionFactory, None] = {}
        for field_plan in self.fields:
            if field_plan.kind is FieldKind.DERIVED and field_plan.factory is not None:
                factories[field_plan.factory] = None
            if field_plan.inline:
                for child in field_plan.children.values():
                    factories.update(dict.fromkeys(child.factories))
        self.factories = tuple(factories)

    def deserves_structs(self, rows: int) -> bool:
        """
        Return whether this many rows should be structs: faster and smaller than dicts, but of a type of their own.

        An unused type is freed only by a full garbage collection, so documents that are executed once would fill
        the memory with types. If a plan is executed for the first time and has few rows, they are therefore dicts.
        """
        return rows >= MIN_STRUCT_ROWS or bool(self.builders)

    @property
    def is_built_from_record(self) -> bool:
        """Whether generated code builds the row from the record alone."""
        return not self.columns and self.checked_by_class


class UnplannableError(Exception):
    """The operation needs something that only graphql-core executes; the message names it."""


@dataclass(slots=True)
class Counters:
    """Counts since start. They show whether operations run by plan: a fallback to graphql-core is slow."""

    planned: int = 0
    """Operations executed by plan."""
    compiled: int = 0
    """Plans made."""
    deopt: int = 0
    """Levels that took the slow path because a value was wrong."""
    stock: dict[str, int] = field(default_factory=dict)
    """Operations executed by graphql-core, by reason."""

    def count_stock(self, reason: str) -> None:
        """Count an operation that graphql-core executes."""
        self.stock[reason] = self.stock.get(reason, 0) + 1


@dataclass(slots=True, eq=False)
class _CachedOperation:
    """The plans of one operation."""

    operation: ref[OperationDefinitionNode]
    """When nothing else refers to the operation, its plans are dropped: they cannot be requested again."""
    schema: GraphQLSchema
    conditions: tuple[str, ...]
    """Names of the variables that decide what is selected."""
    plans: dict[tuple[Any, ...], ObjectPlan] = field(default_factory=dict)
    """By values of these variables, the least recently used first."""
    counted: int = 0
    """Bytes of the plans when they were last counted."""

    @property
    def size(self) -> int:
        """Bytes of the plans as they are now."""
        return OBJECT_PLAN_BYTES + sum(plan.size.bytes for plan in self.plans.values())


class PlanCache:
    """Plans by operation, bounded by their memory. Those of the least recently used operation are evicted."""

    def __init__(self, max_bytes: int = MAX_CACHED_BYTES) -> None:
        self.max_bytes = max_bytes
        self._operations: LRUCache[tuple[int, int], _CachedOperation] = LRUCache(
            max_bytes, getsizeof=attrgetter("counted")
        )

    def __len__(self) -> int:
        return len(self._operations)

    @property
    def used_bytes(self) -> int:
        """Memory of the plans, by estimate."""
        return int(self._operations.currsize)

    def plan(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
        find_conditions: Callable[[], tuple[str, ...]],
        make_plan: Callable[[], ObjectPlan],
    ) -> ObjectPlan:
        """Return the plan of an operation for the values of its conditions, and make it if it is not cached."""
        key = (id(schema), id(operation))
        cached = self._operations.get(key)
        if cached is None:
            operations = self._operations
            cached = _CachedOperation(
                ref(operation, lambda _: operations.pop(key, None)), schema, find_conditions()
            )
        values = tuple(variables.get(name) for name in cached.conditions)
        plan = cached.plans.pop(values, None) or make_plan()
        cached.plans[values] = plan
        if cached.size != cached.counted:  # a new plan, or objects of an interface were seen the first time
            self._count(key, cached)
        return plan

    def _count(self, key: tuple[int, int], cached: _CachedOperation) -> None:
        """Count an operation's plans, and evict plans over the limits: first its own, then those of others."""
        plans, max_bytes = cached.plans, self.max_bytes * MAX_OPERATION_SHARE
        while plans and (len(plans) > MAX_PLANS_PER_OPERATION or cached.size > max_bytes):
            del plans[next(iter(plans))]
        self._operations.pop(key, None)
        cached.counted = cached.size
        if plans:
            self._operations[key] = cached
