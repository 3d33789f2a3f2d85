"""
Estimates the cost of an operation before it runs: records in its response, and calls to vendors.

A list is assumed to have as many items as `first` asks for, as `ids` names, or ten. Each lookup is called once in
an operation and costs what its access paths declare; reads of single keys wait in a queue within the operation's
time limit and count as one call. Each fragment is estimated once for each power of two of its number of parents,
so that the work stays linear in the size of the document.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cachetools import LRUCache
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_list_type,
)

from student_graph.adapters.lookup import Lookup
from student_graph.adapters.model import Record
from student_graph.adapters.sources import District, Source
from student_graph.gateway.documents.document import ParsedDocument
from student_graph.resolvers.fields.batched import BATCH_METADATA
from student_graph.resolvers.fields.field import LOOKUPS_METADATA
from student_graph.resolvers.fields.record import InstanceCheck

ASSUMED_LIST_LENGTH = 10
"""Items of a list whose length no argument sets."""
MAX_PARENTS_EXPONENT = 10
"""Numbers of parents are rounded up to a power of two, at most 2 ** 10: larger ones use coarse paths anyway."""
MAX_ESTIMATE = 10**9
MAX_INT_DIGITS = 12
"""Digits of an integer literal that are read: a longer one is out of range for `first` anyway."""


class OperationCost(NamedTuple):
    """Upper estimates for an operation."""

    records: int
    """Records in its response."""
    calls: int
    """Calls to vendors."""


class _SelectionCost(NamedTuple):
    """Cost of a selection set for one parent object."""

    records: float = 0.0
    """Records in the response."""
    unbatched_calls: float = 0.0
    """Calls of fields that are resolved for each parent separately."""


@dataclass(slots=True)
class CostEstimator:
    """Estimates one operation of a schema over the sources of some districts."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    districts: Sequence[District]
    _fragment_costs: dict[tuple[str, float, float], _SelectionCost] = field(default_factory=dict)
    """By the fragment's name, its number of parents and the length of the next `edges`."""
    _open_fragments: set[str] = field(default_factory=set)
    """Fragments that are being estimated, to stop at one that spreads itself."""
    _keys_by_lookup: dict[Lookup, float] = field(default_factory=dict)
    """Largest number of keys of each lookup in the operation."""

    def cost(self, operation: OperationDefinitionNode) -> OperationCost:
        """The estimate for an operation."""
        defaults = {
            variable.variable.name.value: self._value(variable.default_value)
            for variable in operation.variable_definitions or ()
            if variable.default_value is not None
        }
        self.variables = defaults | dict(self.variables)
        root = self._selections_cost(
            self.schema.query_type, operation.selection_set, parents=1.0, edges=ASSUMED_LIST_LENGTH
        )
        lookup_calls = sum(self._lookup_calls(lookup, keys) for lookup, keys in self._keys_by_lookup.items())
        return OperationCost(_rounded(root.records), _rounded(root.unbatched_calls + lookup_calls))

    def _selections_cost(
        self, type_: Any, selections: SelectionSetNode | None, parents: float, edges: float
    ) -> _SelectionCost:
        """The cost of selections on a type with so many parents, in which a list `edges` has the given length."""
        records = calls = 0.0
        for node in selections.selections if selections is not None else ():
            if isinstance(node, FieldNode):
                cost = self._field_cost(type_, node, parents, edges)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition.name.value if node.type_condition else None
                cost = self._selections_cost(self._type(condition, type_), node.selection_set, parents, edges)
            else:
                assert isinstance(node, FragmentSpreadNode)
                cost = self._fragment_cost(node.name.value, type_, parents, edges)
            records, calls = records + cost.records, calls + cost.unbatched_calls
        return _SelectionCost(records, calls)

    def _fragment_cost(self, name: str, type_: Any, parents: float, edges: float) -> _SelectionCost:
        key = (name, parents, edges)
        if key in self._fragment_costs:
            return self._fragment_costs[key]
        node = self.fragments.get(name)
        if node is None or name in self._open_fragments:  # validation has refused the document
            return _SelectionCost()
        self._open_fragments.add(name)
        condition = self._type(node.type_condition.name.value, type_)
        cost = self._fragment_costs[key] = self._selections_cost(condition, node.selection_set, parents, edges)
        self._open_fragments.discard(name)
        return cost

    def _type(self, name: str | None, default: Any) -> Any:
        return self.schema.type_map.get(name, default) if name else default

    def _field_cost(self, type_: Any, node: FieldNode, parents: float, edges: float) -> _SelectionCost:
        definition = getattr(type_, "fields", {}).get(node.name.value)
        if definition is None:
            return _SelectionCost()
        metadata = getattr((definition.extensions or {}).get("strawberry-definition"), "metadata", {})
        lookups: Sequence[Lookup] = metadata.get(LOOKUPS_METADATA, ())
        for lookup in lookups:
            self._keys_by_lookup[lookup] = max(parents, self._keys_by_lookup.get(lookup, 0.0))
        own_calls = float(bool(lookups) and BATCH_METADATA not in metadata)
        named_type = get_named_type(definition.type)
        if not is_composite_type(named_type):
            return _SelectionCost(0.0, own_calls)
        length = self._list_length(node, edges) if _is_list(definition.type) else 1.0
        child = self._selections_cost(
            named_type, node.selection_set, _power_of_two(parents * length), self._page_size(definition, node)
        )
        return _SelectionCost(
            length * (child.records + _is_record_type(named_type)), own_calls + length * child.unbatched_calls
        )

    def _page_size(self, definition: Any, node: FieldNode) -> float:
        """The value of a connection's `first` argument; the assumed length for a field without that argument."""
        argument = definition.args.get("first")
        if argument is None:
            return float(ASSUMED_LIST_LENGTH)
        literal = next((passed.value for passed in node.arguments or () if passed.name.value == "first"), None)
        value = self._value(literal) if literal is not None else argument.default_value
        # The field itself refuses a negative or huge number; it must not make the rest cheap here.
        return float(value) if isinstance(value, int) and value > 0 else float(ASSUMED_LIST_LENGTH)

    def _list_length(self, node: FieldNode, edges: float) -> float:
        if node.name.value == "edges":
            return edges
        if node.name.value == "districts":
            return float(len(self.districts))
        for argument in node.arguments or ():
            if argument.name.value == "ids":
                ids = self._value(argument.value)
                return float(len(ids)) if isinstance(ids, list) else float(ASSUMED_LIST_LENGTH)
        return float(ASSUMED_LIST_LENGTH)

    def _value(self, node: Any) -> Any:
        """A literal or variable as an integer or a list; something else if it is neither."""
        if isinstance(node, VariableNode):
            return self.variables.get(node.name.value)
        if isinstance(node, IntValueNode):
            return int(node.value[:MAX_INT_DIGITS])
        if isinstance(node, ListValueNode):
            return list(node.values)
        return node if isinstance(node, ObjectValueNode) else None

    def _lookup_calls(self, lookup: Lookup, keys: float) -> float:
        """Calls of a lookup for so many keys, in the district where they are the most."""
        return max(
            (
                sum(_source_calls(source, lookup, keys) for source in district.sources_for(lookup))
                for district in self.districts
            ),
            default=0.0,
        )


def _source_calls(source: Source, lookup: Lookup, keys: float) -> float:
    """Calls of one coarse lookup if that is cheaper; else 1, because reads of single keys wait in a queue."""
    path = next(iter(source.adapter.paths.get(lookup.method, ())), None)
    cost = path.cost(source.adapter.settings) if path is not None else None
    return cost.per_coarse_key if cost is not None and cost.per_coarse_key < keys * cost.per_key else 1.0


def _power_of_two(number: float) -> float:
    """The smallest power of two that is not less than a number, within limits."""
    return float(2 ** min(math.ceil(math.log2(max(number, 1.0))), MAX_PARENTS_EXPONENT))


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


class CostCache:
    """Estimates of recent operations; the least recently used are evicted."""

    MAX_OPERATIONS = 2_048

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._costs: LRUCache[Hashable, OperationCost] = LRUCache(self.MAX_OPERATIONS)

    def cost(
        self,
        document: ParsedDocument,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any] | None,
        districts: Sequence[District],
    ) -> OperationCost:
        """The estimate for an operation over some districts."""
        assert document.node is not None
        name = operation.name.value if operation.name is not None else None
        sizes = tuple((variable, _size(value)) for variable, value in sorted((variables or {}).items()))
        key = (document.digest, name, sizes, *(district.id for district in districts))
        cost = self._costs.get(key)
        if cost is None:
            definitions = document.node.definitions
            fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
            estimator = CostEstimator(self._schema, fragments, variables or {}, districts)
            cost = self._costs[key] = estimator.cost(operation)
        return cost


def _size(value: Any) -> Hashable:
    """What of a variable affects the estimate: an integer, or the length of a list."""
    return value if isinstance(value, int) else len(value) if isinstance(value, list) else None
