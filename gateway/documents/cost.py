"""
Estimates the cost of an operation before it runs: records in its response, and calls to vendors.

A list is assumed to be as long as such lists are: as the source's last answers were, else as the lookup or the
field declares. `first` and `ids` are upper bounds of a list, with the values that the field will get. Each lookup
is called once in an operation and costs what its access paths declare; reads of single keys wait in a queue within
the operation's time limit and count as one call.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_argument_values,
    get_named_type,
    get_variable_values,
    is_abstract_type,
    is_composite_type,
    is_list_type,
)

from student_graph.adapters.lookup import Lookup
from student_graph.adapters.model import Record
from student_graph.adapters.sources import District
from student_graph.gateway.documents.prices import (
    EVERYBODY,
    CallPrice,
    FieldPrice,
    OperationCost,
    PagePrice,
    ViewerReach,
    source_calls,
)
from student_graph.gateway.documents.values import has_variable, key_count
from student_graph.resolvers.context import ListLength, declared_list_length
from student_graph.resolvers.fields.batched import BATCH_METADATA
from student_graph.resolvers.fields.field import (
    LIST_LENGTH_METADATA,
    LIST_READS_METADATA,
    OWN_LIST_METADATA,
    ListReads,
    used_lookups,
)
from student_graph.resolvers.fields.record import InstanceCheck

ASSUMED_LIST_LENGTH = 10.0
"""Items of a list that no lookup fills, such as the codes of an incident."""
MAX_ESTIMATE = 10**9
MAX_ESTIMATED_FIELDS = 10_000
"""Fields that are visited, each once for each spread; an operation with more has the highest estimate."""
NAMED_FIELDS = 3
"""How many of the costliest fields are named to the client."""
STUDENTS_PER_SCHOOL = 500
"""Students of a list for each school whose calendar is read."""


class LookupReads(NamedTuple):
    """The reads of a lookup in an operation."""

    keys: float
    path: str
    """Path of the field with the most keys."""
    lists_students: bool
    """Whether the field judges all students of a list."""


@dataclass(slots=True)
class CostEstimator:
    """Estimates one operation of a schema over the sources of some districts."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    districts: Sequence[District]
    list_length: ListLength = declared_list_length
    reach: ViewerReach = EVERYBODY
    prices: list[FieldPrice] = field(default_factory=list)
    """The price of each field that has records or pages, after `cost`."""
    _variable_values: Any = None
    _open_fragments: set[str] = field(default_factory=set)
    """Fragments that are being estimated, to stop at one that spreads itself."""
    reads: dict[Lookup, LookupReads] = field(default_factory=dict)
    """Largest number of keys of each lookup in the operation, and the field that has it."""
    _visited: int = 0
    _unbatched: list[CallPrice] = field(default_factory=list)
    """Calls of fields that are resolved for each parent separately."""

    def cost(self, operation: OperationDefinitionNode) -> OperationCost | None:
        """Return the estimate for an operation; None if its variables cannot be coerced: it will be refused."""
        values = get_variable_values(
            self.schema, operation.variable_definitions or (), dict(self.variables), max_errors=1
        )
        if isinstance(values, list):
            return None
        self._variable_values = values
        self._add_selections(self.schema.query_type, operation.selection_set, "", 1.0, ASSUMED_LIST_LENGTH)
        if self._visited > MAX_ESTIMATED_FIELDS:
            return OperationCost(MAX_ESTIMATE, MAX_ESTIMATE)
        records = sum(price.records for price in self.prices)
        calling = self._calling()
        calls = sum(price.calls for price in calling if not price.lists_students)
        list_calls = sum(price.calls for price in calling if price.lists_students)
        costliest = sorted((price for price in self.prices if price.records), key=lambda price: -price.records)
        return OperationCost(
            _rounded(records),
            _rounded(calls),
            tuple(costliest[:NAMED_FIELDS]),
            self._pages(),
            (*_costliest(calling, of_lists=False), *_costliest(calling, of_lists=True)),
            _rounded(list_calls),
        )

    def _calling(self) -> list[CallPrice]:
        """The calls of each field that has some, the costliest first."""
        by_field: dict[tuple[str, bool], float] = {}
        for lookup, reads in self.reads.items():
            name = (reads.path, reads.lists_students)
            by_field[name] = by_field.get(name, 0.0) + self._lookup_calls(lookup, reads.keys)
        prices = [CallPrice(path, calls, of_list) for (path, of_list), calls in by_field.items()]
        return sorted([*prices, *self._unbatched], key=lambda price: -price.calls)

    def _add_keys(self, lookup: Lookup, keys: float, path: str, *, lists_students: bool = False) -> None:
        """Count the keys of a lookup: it is called once, for all fields that use it."""
        known = self.reads.get(lookup)
        if known is None or keys > known.keys:
            self.reads[lookup] = LookupReads(keys, path, lists_students)

    def _add_list(self, reads: ListReads, parents: float, path: str) -> None:
        """Count what a list of students reads to judge all of them."""
        length = 1.0 if reads.lists is None else self._longest(reads.lists)
        students = min(parents * reads.students * length, self.reach.student_count(self._longest))
        for lookup in reads.lookups:
            keys = students if lookup.key_kind == "student" else math.ceil(students / STUDENTS_PER_SCHOOL)
            self._add_keys(lookup, keys, path, lists_students=True)

    def _pages(self) -> tuple[PagePrice, ...]:
        pages = [
            PagePrice(page.path, page.first, records, f"{page.coordinate}(first:)")
            for page in self.prices
            if page.first is not None and (records := self._records_below(page.path))
        ]
        return tuple(sorted(pages, key=lambda page: -page.records)[:NAMED_FIELDS])

    def _records_below(self, path: str) -> float:
        """Records of the field at a path and of all fields below it."""
        below = f"{path}."
        return sum(price.records for price in self.prices if price.path == path or price.path.startswith(below))

    def _add_selections(
        self, type_: Any, selections: SelectionSetNode | None, path: str, parents: float, edges: float
    ) -> None:
        """Add the cost of selections on a type with `parents` objects; a list `edges` has `edges` items."""
        for node in selections.selections if selections is not None else ():
            if self._visited > MAX_ESTIMATED_FIELDS:
                return
            if isinstance(node, FieldNode):
                self._visited += 1
                self._add_field(type_, node, path, parents, edges)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition.name.value if node.type_condition else None
                self._add_selections(self._type(condition, type_), node.selection_set, path, parents, edges)
            else:
                assert isinstance(node, FragmentSpreadNode)
                self._add_fragment(node.name.value, type_, path, parents, edges)

    def _add_fragment(self, name: str, type_: Any, path: str, parents: float, edges: float) -> None:
        node = self.fragments.get(name)
        if node is None or name in self._open_fragments:  # validation has refused the document
            return
        self._visited += 1
        self._open_fragments.add(name)
        condition = self._type(node.type_condition.name.value, type_)
        self._add_selections(condition, node.selection_set, path, parents, edges)
        self._open_fragments.discard(name)

    def _type(self, name: str | None, default: Any) -> Any:
        return self.schema.type_map.get(name, default) if name else default

    def _add_field(self, type_: Any, node: FieldNode, parent_path: str, parents: float, edges: float) -> None:
        definition = getattr(type_, "fields", {}).get(node.name.value)
        if definition is None:
            return
        metadata = getattr((definition.extensions or {}).get("strawberry-definition"), "metadata", {})
        response_key = node.alias.value if node.alias else node.name.value
        path = f"{parent_path}.{response_key}" if parent_path else response_key
        lookups = used_lookups(metadata, lambda: self._constant_arguments(definition, node))
        arguments = self._arguments(definition, node)
        keys = parents * key_count(arguments, default=1.0)
        for lookup in lookups:
            self._add_keys(lookup, keys, path)
        if lookups and BATCH_METADATA not in metadata:
            self._unbatched.append(CallPrice(path, parents, lists_students=False, parent_type=type_.name))
        named_type = get_named_type(definition.type)
        if not is_composite_type(named_type):
            return
        if (reads_of := metadata.get(LIST_READS_METADATA)) is not None:
            self._add_list(reads_of(arguments), parents, path)
        expected = self._expected_length(metadata, lookups)
        first = None
        if isinstance(value := arguments.get("first"), int):
            # The field itself refuses a negative or huge number; it must not make the rest cheap here.
            first = math.ceil(min(value, expected)) if value > 0 else math.ceil(ASSUMED_LIST_LENGTH)
        length = 1.0
        if _is_list(definition.type):
            length = edges if node.name.value == "edges" else self._length(node, arguments, expected)
        records = parents * length if _is_record_type(named_type) else 0.0
        if records or first is not None:
            self.prices.append(FieldPrice(path, records, first, f"{type_.name}.{node.name.value}"))
        page = ASSUMED_LIST_LENGTH if first is None else float(first)
        self._add_selections(named_type, node.selection_set, path, parents * length, page)

    def _constant_arguments(self, definition: Any, node: FieldNode) -> Mapping[str, Any] | None:
        """The arguments; None if they contain variables, because estimates do not depend on their texts."""
        return None if any(map(has_variable, node.arguments or ())) else self._arguments(definition, node)

    def _arguments(self, definition: Any, node: FieldNode) -> Mapping[str, Any]:
        """The arguments as the field will get them; none if the executor will refuse them."""
        try:
            return get_argument_values(definition, node, self._variable_values)
        except GraphQLError:
            return {}

    def _length(self, node: FieldNode, arguments: Mapping[str, Any], expected: float) -> float:
        """The number of items of a list field for one parent."""
        if node.name.value == "districts":
            return float(len(self.districts))
        return key_count(arguments, default=expected)

    def _expected_length(self, metadata: Mapping[str, Any], lookups: Sequence[Lookup]) -> float:
        """
        The number of items for one parent: as declared by the field, or of the first of its lookups.

        A list that the vendor sends in pages is as long as the client asks for.
        """
        if (declared := metadata.get(LIST_LENGTH_METADATA)) is not None:
            return float(declared)
        if self.reach.has_own_schools and (own_list := metadata.get(OWN_LIST_METADATA)) is not None:
            return self._longest(own_list)
        if not lookups:
            return ASSUMED_LIST_LENGTH
        return math.inf if lookups[0].paged else self._longest(lookups[0])

    def _longest(self, lookup: Lookup) -> float:
        """The number of records of one key of a lookup, in the district where they are the most."""
        lengths = (
            sum(self.list_length(source, lookup) for source in district.sources_for(lookup))
            for district in self.districts
        )
        return max(lengths, default=0.0) or lookup.records_per_key

    def _lookup_calls(self, lookup: Lookup, keys: float) -> float:
        """Calls of a lookup for this number of keys, in the district where they are the most."""
        return max(
            (
                sum(source_calls(source, lookup, keys) for source in district.sources_for(lookup))
                for district in self.districts
            ),
            default=0.0,
        )


def _costliest(calling: Sequence[CallPrice], *, of_lists: bool) -> list[CallPrice]:
    return [price for price in calling if price.lists_students == of_lists][:NAMED_FIELDS]


def _is_list(type_: Any) -> bool:
    return is_list_type(type_.of_type if isinstance(type_, GraphQLNonNull) else type_)


def _is_record_type(type_: Any) -> bool:
    """Whether objects of a type count as records. Those of an interface do, because they may be records."""
    belongs = getattr(type_, "is_type_of", None)
    return is_abstract_type(type_) or (
        isinstance(belongs, InstanceCheck)
        and issubclass(belongs.python_type, Record)
        and belongs.python_type is not Record
    )


def _rounded(number: float) -> int:
    return int(min(math.ceil(number), MAX_ESTIMATE))
