"""Estimates of recent operations, so that an operation that is sent again is not estimated again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from operator import attrgetter
from typing import Any

from cachetools import TTLCache
from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode

from student_graph.adapters.sources import District
from student_graph.gateway.documents.cost import CostEstimator
from student_graph.gateway.documents.document import ParsedDocument
from student_graph.gateway.documents.prices import EVERYBODY, OperationCost, ViewerReach
from student_graph.resolvers.context import ListLength, declared_list_length

MAX_CACHED_BYTES = 2 * 1024 * 1024
"""Memory of all estimates, by a rough sum."""
FRESH_SECONDS = 60.0
"""Time after which an operation is estimated again, because lists grow."""
_NOT_SENT = "not sent"
"""Stands for the value of a variable that has its default."""


class CostCache:
    """The estimates of one schema's operations, bounded by their memory."""

    def __init__(self, schema: GraphQLSchema, list_length: ListLength = declared_list_length) -> None:
        self._schema = schema
        self._list_length = list_length
        self.max_bytes = MAX_CACHED_BYTES
        self._costs: TTLCache[bytes, OperationCost] = TTLCache(
            self.max_bytes, FRESH_SECONDS, getsizeof=attrgetter("size")
        )
        """By digest of what an estimate depends on."""

    @property
    def used_bytes(self) -> int:
        """Memory of the estimates, by a rough sum."""
        return int(self._costs.currsize)

    def cost(
        self,
        document: ParsedDocument,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any] | None,
        districts: Sequence[District],
        reach: ViewerReach = EVERYBODY,
    ) -> OperationCost:
        """Return the estimate for an operation over some districts, for viewers with a reach."""
        key = _cost_key(document, operation, variables or {}, districts, reach)
        if (cost := self._costs.get(key)) is not None:
            return cost
        if (cost := self._estimator(document, variables, districts, reach).cost(operation)) is None:
            return OperationCost(0, 0)  # not kept: other variables with this key may be valid
        self._costs[key] = cost
        return cost

    def records_by_path(
        self,
        document: ParsedDocument,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any] | None,
        districts: Sequence[District],
        reach: ViewerReach = EVERYBODY,
    ) -> dict[str, float]:
        """Return the estimated records of each field that has some, by its path: response keys joined by dots."""
        estimator = self._estimator(document, variables, districts, reach)
        estimator.cost(operation)
        records: dict[str, float] = {}
        for price in estimator.prices:
            if price.records:
                records[price.path] = records.get(price.path, 0.0) + price.records
        return records

    def _estimator(
        self,
        document: ParsedDocument,
        variables: Mapping[str, Any] | None,
        districts: Sequence[District],
        reach: ViewerReach,
    ) -> CostEstimator:
        assert document.node is not None
        definitions = document.node.definitions
        fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
        return CostEstimator(self._schema, fragments, variables or {}, districts, self._list_length, reach)


def _cost_key(
    document: ParsedDocument,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    districts: Sequence[District],
    reach: ViewerReach,
) -> bytes:
    """Return a digest of what an estimate depends on: 20 bytes, however much a client sends."""
    name = operation.name.value if operation.name is not None else None
    declared = [node.variable.name.value for node in operation.variable_definitions or ()]
    sizes = [_size(variables[variable]) if variable in variables else _NOT_SENT for variable in declared]
    basis = (document.digest, name, sizes, [district.id for district in districts], reach)
    return blake2b(repr(basis).encode(errors="surrogatepass"), digest_size=20).digest()


def _size(value: Any) -> int | float | str:
    """What of a variable affects the estimate: a number, the length of a list, an object, or that it is null."""
    if isinstance(value, int | float):
        return value
    if isinstance(value, dict):  # conditions of a list decide what is read
        return repr(value)
    return len(value) if isinstance(value, list) else type(value).__name__
