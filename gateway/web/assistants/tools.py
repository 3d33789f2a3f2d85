"""Tools of assistants, made from trusted documents that show no data of a restricted class."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode

from student_graph.adapters.model import DistrictId
from student_graph.adapters.registry import SettingsError
from student_graph.gateway.documents.document import ParsedDocument
from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.web.assistants.input_schema import input_schema
from student_graph.gateway.web.assistants.output_schema import output_schema
from student_graph.gateway.web.assistants.restricted import restricted_parts
from student_graph.gateway.web.assistants.settings import AssistantSettings, ToolSettings
from student_graph.resolvers.access import Grant
from student_graph.resolvers.context import Viewer, ViewerRole

MAX_NAMED_PARTS = 3
"""Restricted parts of a document that its refusal names."""
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_COMMENT = re.compile(r"#[ \t]?(.*)")


@dataclass(frozen=True, slots=True)
class Tool:
    """A trusted document as a tool."""

    name: str
    """Name of the operation."""
    description: str
    digest: str
    """SHA-256 of the document."""
    input_schema: Mapping[str, Any]
    output_schema: Mapping[str, Any]
    offered: Mapping[DistrictId, frozenset[ViewerRole]]
    """The districts that offer it, each with the roles that get it; empty for all roles."""

    @property
    def title(self) -> str:
        """The name as words, such as `Class roster`."""
        return " ".join(_WORDS.findall(self.name)).capitalize()

    def viewer(self, viewer: Viewer) -> Viewer | None:
        """Return a viewer in the districts that offer the tool to the viewer's role; None if there are none."""
        districts = frozenset(
            district
            for district, roles in self.offered.items()
            if district in viewer.districts and (not roles or viewer.role in roles)
        )
        return replace(viewer, districts=districts) if districts else None


def without_restricted_classes(viewer: Viewer) -> Viewer:
    """Return a viewer without grants of restricted classes of data, whatever a document reads."""
    return replace(viewer, grants=frozenset(_unrestricted(viewer.grants)))


def _unrestricted(grants: Collection[Grant]) -> Iterator[Grant]:
    for grant in grants:
        if classes := frozenset(sensitivity for sensitivity in grant.classes if not sensitivity.restricted):
            yield replace(grant, classes=classes)


def build_tools(
    schema: GraphQLSchema,
    texts: Mapping[str, str],
    documents: DocumentStore,
    settings: AssistantSettings,
    restricted_inputs: Collection[str],
) -> list[Tool]:
    """
    Return the tools of the settings, by name; `texts` are those of the trusted documents by SHA-256.

    Raises:
        SettingsError: a document is not there, is no plain query, says nothing about itself or reads a restricted
            class of data; all such problems.
    """
    builder = _Builder(schema, texts, documents, restricted_inputs)
    tools: dict[str, Tool] = {}
    problems: list[str] = []
    for district, offered in settings.tools.items():
        for tool in offered:
            try:
                built = builder.build(tool)
                offers = {**tools.get(tool.document, built).offered, district: tool.roles}
                tools[tool.document] = replace(tools.get(tool.document, built), offered=offers)
            except ValueError as exc:
                problems.append(f"district {district!r}, assistants: document {tool.document!r}: {exc}")
    if problems:
        raise SettingsError(*problems)
    return [tools[name] for name in sorted(tools)]


class _Builder:
    def __init__(
        self,
        schema: GraphQLSchema,
        texts: Mapping[str, str],
        documents: DocumentStore,
        restricted_inputs: Collection[str],
    ) -> None:
        self._schema, self._texts, self._restricted_inputs = schema, texts, restricted_inputs
        self._documents: dict[str, list[ParsedDocument]] = {}
        """The documents that have an operation, by its name."""
        for digest in texts:
            document = documents.get_trusted(digest)
            for node in document.node.definitions if document.node is not None else ():
                if isinstance(node, OperationDefinitionNode) and node.name is not None:
                    self._documents.setdefault(node.name.value, []).append(document)

    def build(self, tool: ToolSettings) -> Tool:
        """
        Return the tool of a document, which no district offers yet.

        Raises:
            ValueError: the document cannot be one; the message says why.
        """
        document = self._document(tool.document)
        try:
            operation = document.operation(tool.document)
        except GraphQLError as error:
            raise ValueError(error.message) from None
        assert document.node is not None
        if document.defer:
            raise ValueError("uses @defer, but a tool answers at once")
        if parts := restricted_parts(self._schema, document, operation, self._restricted_inputs):
            named = ", ".join(parts[:MAX_NAMED_PARTS])
            raise ValueError(f"reads data of a restricted class, which is never offered to assistants: {named}")
        description = tool.description or _own_description(operation, self._texts[document.digest])
        if not description:
            raise ValueError(
                'has no description: set `description`, or write one before the operation, as """text""" or '
                "as comments at the beginning"
            )
        return Tool(
            tool.document,
            description,
            document.digest,
            input_schema(self._schema, document.node, operation, self._restricted_inputs),
            output_schema(self._schema, document.node, operation),
            {},
        )

    def _document(self, name: str) -> ParsedDocument:
        """
        Return the only trusted document with an operation of that name.

        Raises:
            ValueError: there is none, or there are several.
        """
        documents: Sequence[ParsedDocument] = self._documents.get(name, ())
        if len(documents) != 1:
            count = "no trusted document has" if not documents else "several trusted documents have"
            raise ValueError(f"{count} an operation of that name")
        return documents[0]


def _own_description(operation: OperationDefinitionNode, text: str) -> str:
    """What a document says about an operation: its description, or else the comments at the beginning."""
    if operation.description is not None:
        return operation.description.value
    lines = []
    for line in text.splitlines():
        comment = _COMMENT.fullmatch(line)
        if comment is None:
            break
        lines.append(comment[1].rstrip())
    return "\n".join(lines).strip()
