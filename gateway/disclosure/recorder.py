"""
Records what responses disclose. The fields of an operation are collected once, the records for each response.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from sys import getsizeof, intern
from typing import Any

from cachetools import LRUCache
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

from student_graph.adapters.answers import SharedValues
from student_graph.adapters.model import DistrictId, Sensitivity
from student_graph.gateway.concurrency.time_slices import give_way
from student_graph.gateway.disclosure.entries import (
    DisclosedRecords,
    Entry,
    OperationSummary,
    SourceAges,
    disclosed_records,
    disclosure_entry,
)
from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.documents.document import ParsedDocument
from student_graph.resolvers.context import Viewer
from student_graph.resolvers.fields.record import is_student_record_type
from student_graph.resolvers.operation import Disclosures

MAX_OPERATION_NAME_CHARACTERS = 128
"""Characters of an operation's name that are recorded; a document may hold a name of 64 KiB."""
MAX_KNOWN_BYTES = 2 * 1024 * 1024
"""Memory of the entries of recent operations: enough for about 600 classes."""
MAX_KNOWN_SHARE = 1 / 8
"""Largest share of it that the entries of one operation take."""
KNOWN_OVERHEAD_BYTES = 1024
"""Bytes that are counted for the key of an operation's entries."""


class DisclosureRecorder:
    """Records what the responses of one schema disclose."""

    def __init__(self, schema: GraphQLSchema, log: DisclosureLog, policy: str) -> None:
        """Write to a log; `policy` is the digest of the rules that decide who may see what."""
        self.log = log
        self._schema = schema
        self._policy = policy
        self._known: LRUCache[Hashable, list[Entry]] = LRUCache(MAX_KNOWN_BYTES, _size)
        """The entries of operations that may be executed again with the same cached answers."""

    async def entries(
        self,
        viewer: Viewer,
        document: ParsedDocument,
        node: OperationDefinitionNode,
        disclosures: Disclosures,
        sources: Collection[str],
    ) -> list[Entry]:
        """
        What an operation discloses and refuses, one entry a district; clears `disclosures`.

        `sources` are those that the operation used. If an operation is executed again for the same viewer with the
        same cached answers, it discloses the same records. Its entries are then the same objects, as with a cached
        response.
        """
        # While this waits, deferred parts of the operation may add disclosures. Those are left for the next call.
        shown = Disclosures(list(disclosures.records), dict(disclosures.denied), dict(disclosures.classes_read))
        disclosures.clear()
        key: Hashable = None
        name = node.name.value if node.name is not None else ""
        is_short = len(name) <= MAX_OPERATION_NAME_CHARACTERS
        if is_short and all(isinstance(part, SharedValues) for part in shown.records):
            refused, classes = tuple(shown.denied.items()), _frozen(shown.classes_read)
            tokens = tuple(map(_token, shown.records))
            key = viewer, document.digest, name, tuple(sources), refused, classes, tokens
            if (known := self._known.get(key)) is not None:
                return known
        entries = await self._new_entries(viewer, document, node, shown)
        if key is not None and _size(entries) <= MAX_KNOWN_BYTES * MAX_KNOWN_SHARE:
            self._known[key] = entries
        return entries

    async def _new_entries(
        self, viewer: Viewer, document: ParsedDocument, node: OperationDefinitionNode, disclosures: Disclosures
    ) -> list[Entry]:
        denied = disclosures.denied
        records = await disclosed_records(disclosures.records)
        for district, classes in disclosures.classes_read.items():
            records.setdefault(district, DisclosedRecords()).classes |= classes
        if not records and not denied:
            return []
        summary, policy, keys = self._summary(document, node), self._policy, self.log.keys
        await give_way()
        return [
            disclosure_entry(
                keys,
                viewer,
                summary,
                district,
                records.get(district),
                policy=policy,
                denied=denied.get(district, 0),
            )
            for district in sorted({*records, *denied})
        ]

    def write(self, entries: Sequence[Entry], ages: SourceAges, request_id: str) -> None:
        """
        Record disclosures before they are made.

        Raises:
            UnwritableError: they cannot be recorded.
        """
        if entries:
            self.log.write(entries, ages, request_id)

    def _summary(self, document: ParsedDocument, node: OperationDefinitionNode) -> OperationSummary:
        name = node.name.value[:MAX_OPERATION_NAME_CHARACTERS] if node.name else None
        key = node.name.value if node.name else None
        fields = document.student_fields.get(key)
        if fields is None:
            assert document.node is not None
            fields = document.student_fields[key] = student_fields(self._schema, document.node, node)
        return OperationSummary(f"sha256:{document.digest}", name, fields)


def _size(entries: Sequence[Entry]) -> int:
    return KNOWN_OVERHEAD_BYTES + sum(map(getsizeof, entries))


def _frozen(classes_read: Mapping[DistrictId, set[Sensitivity]]) -> Hashable:
    return tuple([(district, frozenset(classes)) for district, classes in classes_read.items()])


def _token(part: Any) -> object:
    """Return an object that identifies cached answers without keeping them in memory."""
    return part.once("token", lambda _: object())


def student_fields(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> tuple[str, ...]:
    """Fields of students' records that an operation may select, such as `Student.name`, in alphabetical order."""
    info = TypeInfo(schema)
    visitor = _StudentFieldVisitor(info)
    for node in document.definitions:
        if node is operation or isinstance(node, FragmentDefinitionNode):
            visit(node, TypeInfoVisitor(info, visitor))
    return tuple(sorted(visitor.fields))


class _StudentFieldVisitor(Visitor):
    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info
        self.fields: set[str] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Note a field whose parent is a type of students' records."""
        parent = self._info.get_parent_type()
        if (
            isinstance(parent, GraphQLObjectType)
            and is_student_record_type(parent)
            and not node.name.value.startswith("__")
        ):
            self.fields.add(intern(f"{parent.name}.{node.name.value}"))
