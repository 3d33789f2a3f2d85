"""Which of a district's documents notice that the schema changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    validate,
    visit,
)

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.schema.changes import Change, Severity
from student_graph.gateway.cli.schema.text_files import read_text
from student_graph.gateway.documents.manifest import read_manifest


@dataclass(frozen=True)
class ClientDocument:
    """A document that clients send."""

    name: str
    """Names of its operations, and the file or hash that it is known by."""
    node: DocumentNode


def read_documents(paths: Iterable[Path]) -> list[ClientDocument]:
    """
    Return the documents in manifests of trusted documents and in folders of `.graphql` files.

    Raises:
        SettingsError: a path cannot be read, or a document cannot be parsed.
    """
    documents = []
    for path in paths:
        if path.is_dir():
            files = sorted(path.rglob("*.graphql"))
            if not files:
                raise SettingsError(f"--documents {path}: holds no .graphql file")
            documents += [_parse(str(file), read_text("--documents", file)) for file in files]
        else:
            documents += [_parse(f"sha256:{digest[:12]}", text) for digest, text in read_manifest(path).items()]
    return documents


def invalid_documents(schema: GraphQLSchema, documents: Iterable[ClientDocument]) -> Mapping[str, str]:
    """Return the first error of each document that is not valid in a schema, by name."""
    errors = {document.name: validate(schema, document.node, max_errors=1) for document in documents}
    return {name: matches[0].message for name, matches in errors.items() if matches}


def documents_that_notice(
    changes: Iterable[Change], old: GraphQLSchema, documents: Iterable[ClientDocument]
) -> dict[Change, list[str]]:
    """Return for each change the names of the documents that use what changed; none for a safe change."""
    used = {document.name: used_coordinates(old, document.node) for document in documents}
    return {
        change: [
            name
            for name, coordinates in used.items()
            if change.severity is not Severity.SAFE and change.coordinate in coordinates
        ]
        for change in changes
    }


def used_coordinates(schema: GraphQLSchema, node: DocumentNode) -> set[str]:
    """
    Return what a document uses of a schema: types, fields and arguments by their coordinates.

    All fields of an input type count as used, because their values may come in variables.
    """
    info = TypeInfo(schema)
    finder = _UseFinder(info)
    visit(node, TypeInfoVisitor(info, finder))
    return finder.used


def _parse(name: str, text: str) -> ClientDocument:
    try:
        node = parse(text)
    except GraphQLError as exc:
        raise SettingsError(f"--documents: {name}: {exc.message}") from None
    operations = [d.name.value for d in node.definitions if isinstance(d, OperationDefinitionNode) and d.name]
    return ClientDocument(", ".join([*operations, name]), node)


class _UseFinder(Visitor):
    """Collects the coordinates of what a document uses."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self.used: set[str] = set()
        self._info = info

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Note a field, its type and its arguments."""
        parent, field = self._info.get_parent_type(), self._info.get_field_def()
        if parent is None or field is None:
            return
        coordinate = f"{parent.name}.{node.name.value}"
        self.used |= {parent.name, coordinate, get_named_type(field.type).name}
        for argument in node.arguments or ():
            self.used.add(f"{coordinate}({argument.name.value}:)")
            if argument.name.value in field.args:
                self._note_input(get_named_type(field.args[argument.name.value].type))

    def _note_input(self, type_: Any) -> None:
        """Note the type of an argument and those of its fields."""
        if type_.name in self.used or not isinstance(type_, GraphQLInputObjectType | GraphQLEnumType):
            return
        self.used.add(type_.name)
        if isinstance(type_, GraphQLInputObjectType):
            for name, field in type_.fields.items():
                self.used.add(f"{type_.name}.{name}")
                self._note_input(get_named_type(field.type))
