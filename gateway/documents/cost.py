"""
What an operation may cost, told before it is carried out: records in its answer, and calls to vendors.

A list is as long as `first` says, or as the ids that are named, or else ten. A lookup is asked once an operation,
and costs what its access paths declare; reads of single keys wait for their turn within the operation's time and
count as one call. Each fragment is priced once for each order of magnitude of its parents: linear in the size.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
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
from student_graph.resolvers.fields.batched import BATCH
from student_graph.resolvers.fields.field import ASKS
from student_graph.resolvers.fields.record import InstanceOf

ASSUMED = 10
"""Items of a list of which nobody says how long it is."""


class Price(NamedTuple):
    """What a set of selections costs, for each of the parents that have it."""

    records: float = 0.0
    """Records in the answer."""
    questions: float = 0.0
    """Questions that each parent asks alone."""


class Cost(NamedTuple):
    """What an operation costs at most, as far as it can be told."""

    records: int
    calls: int
    operation: OperationDefinitionNode
    """Held, so that no other operation can get its identity."""


@dataclass(slots=True)
class Pricing:
    """Prices one operation of a schema over the sources of some districts."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    districts: Sequence[District]
    _known: dict[tuple[str, float, float], Price] = field(default_factory=dict)
    _on_path: set[str] = field(default_factory=set)
    _asked: dict[Lookup, float] = field(default_factory=dict)
    """Lookups, and of how many keys at most."""

    def cost(self, operation: OperationDefinitionNode) -> Cost:
        """The cost of an operation."""
        defaults = {
            each.variable.name.value: self._value(each.default_value)
            for each in operation.variable_definitions or ()
            if each.default_value is not None
        }
        self.variables = defaults | dict(self.variables)
        price = self._selections(self.schema.query_type, operation.selection_set, 1.0, ASSUMED)
        calls = price.questions + sum(self._calls(lookup, keys) for lookup, keys in self._asked.items())
        return Cost(_whole(price.records), _whole(calls), operation)

    def _selections(self, type_: Any, selections: SelectionSetNode | None, parents: float, first: float) -> Price:
        """The price of selections on a type, which so many `parents` have; the next edges are `first`."""
        records = questions = 0.0
        for node in selections.selections if selections is not None else ():
            if isinstance(node, FieldNode):
                price = self._field(type_, node, parents, first)
            elif isinstance(node, InlineFragmentNode):
                named = node.type_condition.name.value if node.type_condition else None
                price = self._selections(self._type(named, type_), node.selection_set, parents, first)
            else:
                assert isinstance(node, FragmentSpreadNode)
                price = self._fragment(node.name.value, type_, parents, first)
            records, questions = records + price.records, questions + price.questions
        return Price(records, questions)

    def _fragment(self, name: str, type_: Any, parents: float, first: float) -> Price:
        key = (name, parents, first)
        if key in self._known:
            return self._known[key]
        node = self.fragments.get(name)
        if node is None or name in self._on_path:  # validation says so
            return Price()
        self._on_path.add(name)
        within = self._type(node.type_condition.name.value, type_)
        price = self._known[key] = self._selections(within, node.selection_set, parents, first)
        self._on_path.discard(name)
        return price

    def _type(self, name: str | None, otherwise: Any) -> Any:
        return self.schema.type_map.get(name, otherwise) if name else otherwise

    def _field(self, type_: Any, node: FieldNode, parents: float, first: float) -> Price:
        definition = getattr(type_, "fields", {}).get(node.name.value)
        if definition is None:
            return Price()
        metadata = getattr((definition.extensions or {}).get("strawberry-definition"), "metadata", {})
        lookups: Sequence[Lookup] = metadata.get(ASKS, ())
        for lookup in lookups:
            self._asked[lookup] = max(parents, self._asked.get(lookup, 0.0))
        alone = float(bool(lookups) and BATCH not in metadata)
        named = get_named_type(definition.type)
        if not is_composite_type(named):
            return Price(0.0, alone)
        length = self._length(definition, node, first) if _is_list(definition.type) else 1.0
        edges = self._first(definition, node)
        below = self._selections(named, node.selection_set, _magnitude(parents * length), edges)
        return Price(length * (below.records + _is_record(named)), alone + length * below.questions)

    def _first(self, definition: Any, node: FieldNode) -> float:
        """How many edges a connection has; what a field without that argument hands on is the assumption."""
        argument = definition.args.get("first")
        if argument is None:
            return float(ASSUMED)
        given = next((each.value for each in node.arguments or () if each.name.value == "first"), None)
        value = self._value(given) if given is not None else argument.default_value
        # A negative or huge number is refused by the field itself; it must not make the rest cheap.
        return float(value) if isinstance(value, int) and value > 0 else float(ASSUMED)

    def _length(self, definition: Any, node: FieldNode, first: float) -> float:
        """How long a list is."""
        if node.name.value == "edges":
            return first
        if node.name.value == "districts":
            return float(len(self.districts))
        for each in node.arguments or ():
            if each.name.value == "ids":
                value = self._value(each.value)
                return float(len(value)) if isinstance(value, list) else float(ASSUMED)
        return float(ASSUMED)

    def _value(self, node: Any) -> Any:
        """An argument's value, as far as sizes go."""
        if isinstance(node, VariableNode):
            return self.variables.get(node.name.value)
        if isinstance(node, IntValueNode):
            return int(node.value[:12])
        if isinstance(node, ListValueNode):
            return list(node.values)
        return node if isinstance(node, ObjectValueNode) else None

    def _calls(self, lookup: Lookup, keys: float) -> float:
        """Calls that a lookup of so many keys costs at the sources of the dearest district."""
        return max(
            (sum(_at(source, lookup, keys) for source in each.sources_for(lookup)) for each in self.districts),
            default=0.0,
        )


def _at(source: Source, lookup: Lookup, keys: float) -> float:
    """The coarse way, where it is the cheaper one; reads of single keys wait for their turn."""
    split = source.adapter.paths.get(lookup.method)
    calls = split.cost(source.adapter.settings) if split is not None else None
    return calls.per_coarse_key if calls is not None and calls.per_coarse_key < keys * calls.per_key else 1.0


def _magnitude(number: float) -> float:
    """A power of two that is no smaller, up to a thousand: beyond that every way is the coarse one."""
    return float(2 ** min(math.ceil(math.log2(max(number, 1.0))), 10))


def _is_list(type_: Any) -> bool:
    return is_list_type(type_.of_type if isinstance(type_, GraphQLNonNull) else type_)


def _is_record(named: Any) -> bool:
    """Whether objects of a type are records, which alone are counted; those of an interface may be."""
    belongs = getattr(named, "is_type_of", None)
    return is_abstract_type(named) or (
        isinstance(belongs, InstanceOf) and issubclass(belongs.origin, Record) and belongs.origin is not Record
    )


def _whole(number: float) -> int:
    return int(min(math.ceil(number), 10**9))


class Prices:
    """What operations cost, remembered while they are asked again."""

    MOST = 2_048

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._known: OrderedDict[Hashable, Cost] = OrderedDict()

    def cost(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any] | None,
        districts: Sequence[District],
    ) -> Cost:
        """What an operation costs over districts; only numbers and lengths among the variables matter."""
        sizes = tuple((name, _size(value)) for name, value in sorted((variables or {}).items()))
        key = (id(operation), sizes, *(district.id for district in districts))
        known = self._known.get(key)
        if known is None or known.operation is not operation:
            fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
            known = Pricing(self._schema, fragments, variables or {}, districts).cost(operation)
            self._known[key] = known
            if len(self._known) > self.MOST:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return known


def _size(value: Any) -> Hashable:
    return value if isinstance(value, int) else len(value) if isinstance(value, list) else None
