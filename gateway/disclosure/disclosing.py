"""Recording what answers disclose: what an operation asks for is found out once, what it told each time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    visit,
)

from student_graph.gateway.disclosure.entries import Ages, Asked, Entry, Told, entry, told_of
from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.documents.store import Document
from student_graph.resolvers.context import Operation, Viewer
from student_graph.resolvers.fields.record import InstanceOf


class Disclosing:
    """Records what the answers of one schema disclose."""

    MOST = 1_024
    """Operations of which is remembered what they ask for."""

    def __init__(self, schema: GraphQLSchema, log: DisclosureLog, policy: str) -> None:
        """Write to a log; `policy` is the digest of what decides who may see what."""
        self.log = log
        self._schema = schema
        self._policy = policy
        self._known: OrderedDict[int, tuple[OperationDefinitionNode, Asked]] = OrderedDict()

    def entries(
        self, viewer: Viewer, document: Document, asked: OperationDefinitionNode, operation: Operation
    ) -> list[Entry]:
        """What an operation discloses, by district; what was noted is taken."""
        told, denied, read = told_of(operation.disclosed), dict(operation.denied), dict(operation.read)
        for noted in (operation.disclosed, operation.denied, operation.read):
            noted.clear()
        for name, classes in read.items():
            told.setdefault(name, Told()).classes |= classes
        if not told and not denied:
            return []
        what, policy, keys = self._asked(document, asked), self._policy, self.log.secrets
        return [
            entry(keys, viewer, what, name, told.get(name), policy=policy, denied=denied.get(name, 0))
            for name in sorted({*told, *denied})
        ]

    def write(self, entries: Sequence[Entry], ages: Ages, request_id: str) -> None:
        """
        Record disclosures, before they are made.

        Raises:
            UnwritableError: they cannot be recorded.
        """
        if entries:
            self.log.write(entries, ages, request_id)

    def _asked(self, document: Document, asked: OperationDefinitionNode) -> Asked:
        known = self._known.get(id(asked))
        if known is None or known[0] is not asked:
            name = asked.name.value if asked.name else None
            assert document.node is not None
            made = Asked(f"sha256:{document.digest}", name, fields_of(self._schema, document.node, asked))
            known = self._known[id(asked)] = (asked, made)
            if len(self._known) > self.MOST:
                self._known.popitem(last=False)
        return known[1]


def fields_of(schema: GraphQLSchema, document: DocumentNode, asked: OperationDefinitionNode) -> tuple[str, ...]:
    """Fields of students' records that an operation may ask for, such as `Student.name`."""
    info = TypeInfo(schema)
    collector = _Fields(info)
    for node in document.definitions:
        if node is asked or isinstance(node, FragmentDefinitionNode):
            visit(node, TypeInfoVisitor(info, collector))
    return tuple(sorted(collector.found))


class _Fields(Visitor):
    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info
        self.found: set[str] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Note a field of a record of students."""
        parent = self._info.get_parent_type()
        if isinstance(parent, GraphQLObjectType):
            belongs = parent.is_type_of
            if isinstance(belongs, InstanceOf) and belongs.discloses and not node.name.value.startswith("__"):
                self.found.add(f"{parent.name}.{node.name.value}")
