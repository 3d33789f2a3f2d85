"""The reference of the graph: pages in Markdown, from the published schema and an example for each root field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from graphql import (
    ConstDirectiveNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_required_argument,
    is_specified_scalar_type,
    print_ast,
)

PAGES: dict[str, tuple[type | tuple[type, ...], str, str]] = {
    "objects": (GraphQLObjectType, "Objects", "What the graph returns."),
    "inputs": (GraphQLInputObjectType, "Inputs", "What an argument may hold."),
    "enums": (GraphQLEnumType, "Enums", "Names that a value is one of."),
    "others": (
        (GraphQLInterfaceType, GraphQLUnionType, GraphQLScalarType),
        "Interfaces, unions and scalars",
        "What several objects share, and the forms of single values.",
    ),
}
"""Kinds of types on each page, its title and its first sentence."""
EXAMPLE_VARIABLES = "variables.json"
"""File beside the examples: the variables of each one, with the names of the demo's values in place of ids."""


def write(root: Path, examples: Path, folder: Path) -> None:
    """
    Write the pages into a folder, and nothing if they are there already.

    `root` is the repository; `examples` has one document for each field of `Query`.
    """
    schema = build_schema((root / "schema.graphql").read_text())
    folder.mkdir(exist_ok=True)
    documents = sorted((root / "examples" / "queries").glob("*.graphql"))
    pages = {"queries": _queries(schema, examples), "examples": _documents(documents)}
    for name, (kinds, title, text) in PAGES.items():
        types = [kind for _, kind in sorted(schema.type_map.items()) if _is_listed(kind, kinds)]
        pages[name] = f"# {title}\n\n{text}\n\n" + "".join(_type(kind, schema) for kind in types)
    for page in folder.glob("*.md"):
        if page.stem not in pages:
            page.unlink()
    for name, text in pages.items():
        page = folder / f"{name}.md"
        if not page.exists() or page.read_text() != text:  # an unchanged page is not read again
            new = page.with_suffix(".new")
            new.write_text(text)
            new.replace(page)


def _is_listed(kind: GraphQLNamedType, kinds: type | tuple[type, ...]) -> bool:
    own = not kind.name.startswith("__") and not is_specified_scalar_type(kind)
    return own and isinstance(kind, kinds) and kind.name != "Query"


def _query(schema: GraphQLSchema) -> GraphQLObjectType:
    assert schema.query_type
    return schema.query_type


def _queries(schema: GraphQLSchema, examples: Path) -> str:
    variables = json.loads((examples / EXAMPLE_VARIABLES).read_text())
    text = """# Root fields

A query begins with one of these fields. A test executes each example on the demo. Names in capitals, such as
`STUDENT_ID`, stand for ids of your district: `{ students(filter: {}) { edges { node { id } } } }` returns some.

"""
    for name, field in _query(schema).fields.items():
        document = (examples / f"{name}.graphql").read_text().strip()
        values = variables.get(name)
        text += f"## {name}\n\n{_plain(field.description)}\n\n"
        text += f"Returns {_link(field.type)}.\n\n{_arguments(field.args)}"
        text += f"```graphql\n{document}\n```\n\n"
        if values:
            text += f"Variables:\n\n```json\n{json.dumps(values)}\n```\n\n"
    return text


def _documents(documents: Iterable[Path]) -> str:
    """The example documents of GraphiQL; the first comment of each is its title."""
    text = """# Example documents

GraphiQL offers these documents, and a test executes each on the demo:
[what the demo answers](../metrics.md#the-example-documents-on-the-demo).

"""
    for document in documents:
        title, _, query = document.read_text().partition("\n")
        text += f"## {title.removeprefix('# ')}\n\n`examples/queries/{document.name}`\n\n"
        text += f"```graphql\n{query.strip()}\n```\n\n"
    return text


def _type(kind: GraphQLNamedType, schema: GraphQLSchema) -> str:
    text = f"## {kind.name}\n\n{_plain(kind.description)}\n\n"
    own_class = _class_of_data(kind.ast_node.directives if kind.ast_node else ())
    if own_class:
        text += f"Class of data: `{own_class}`.\n\n"
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        if kind.interfaces:
            text += f"Is {', '.join(_link(interface) for interface in kind.interfaces)}.\n\n"
        text += _fields(kind.fields, own_class)
    elif isinstance(kind, GraphQLInputObjectType):
        text += _directives(kind.ast_node.directives if kind.ast_node else ())
        text += _inputs(kind.fields)
    elif isinstance(kind, GraphQLEnumType):
        rows = ((f"`{name}`", _cell(value.description)) for name, value in kind.values.items())
        text += _table(("value", "meaning"), rows)
    elif isinstance(kind, GraphQLUnionType):
        text += f"One of {', '.join(_link(member) for member in kind.types)}.\n\n"
    elif isinstance(kind, GraphQLScalarType) and kind.specified_by_url:
        text += f"Specified by <{kind.specified_by_url}>.\n\n"
    if isinstance(kind, GraphQLInterfaceType):
        members = schema.get_possible_types(kind)
        text += f"Objects of this kind: {', '.join(_link(member) for member in members)}.\n\n"
    return text


def _fields(fields: Mapping[str, GraphQLField], own_class: str | None) -> str:
    rows = []
    for name, field in fields.items():
        sensitivity = _class_of_data(field.ast_node.directives if field.ast_node else ()) or own_class
        arguments = "".join(f"<br>{_argument(name, argument)}" for name, argument in field.args.items())
        description = _cell(field.description) + arguments + _deprecation(field.deprecation_reason)
        rows.append((f"`{name}`", _link(field.type), f"`{sensitivity}`" if sensitivity else "", description))
    return _table(("field", "type", "class of data", "meaning"), rows)


def _inputs(fields: Mapping[str, GraphQLInputField]) -> str:
    rows = (
        (f"`{name}`", _link(field.type) + _default(field), _cell(field.description))
        for name, field in fields.items()
    )
    return _table(("field", "type", "meaning"), rows)


def _arguments(arguments: Mapping[str, GraphQLArgument]) -> str:
    rows = (
        (f"`{name}`", _link(argument.type) + _default(argument), _cell(argument.description))
        for name, argument in arguments.items()
    )
    return _table(("argument", "type", "meaning"), rows) if arguments else ""


def _argument(name: str, argument: GraphQLArgument) -> str:
    required = ", required" if is_required_argument(argument) else ""
    return f"`{name}` ({_link(argument.type)}{required}{_default(argument)}): {_cell(argument.description)}"


def _default(value: GraphQLArgument | GraphQLInputField) -> str:
    node = value.ast_node.default_value if value.ast_node else None
    text = print_ast(node) if node else "null"
    return "" if text == "null" else f", default `{text}`"


def _deprecation(reason: str | None) -> str:
    return f"<br>**Deprecated.** {_cell(reason)}" if reason else ""


def _class_of_data(directives: Iterable[ConstDirectiveNode] | None) -> str | None:
    """The tag of `@sensitive`, or None without it."""
    for directive in directives or ():
        if directive.name.value == "sensitive":
            [tag] = directive.arguments or ()
            return print_ast(tag.value)
    return None


def _directives(directives: Iterable[ConstDirectiveNode] | None) -> str:
    one_of = any(directive.name.value == "oneOf" for directive in directives or ())
    return "Exactly one of these fields is given.\n\n" if one_of else ""


def _link(kind: GraphQLType) -> str:
    """The type as GraphQL writes it, as a link to its description."""
    named = get_named_type(kind)
    page = next((page for page, (kinds, *_) in PAGES.items() if _is_listed(named, kinds)), None)
    if page is None:
        return f"`{kind}`"
    return f"[`{kind}`]({page}.md#{named.name.lower()})"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


def _plain(description: str | None) -> str:
    return (description or "").strip()


def _cell(description: str | None) -> str:
    """A description in one line of a table."""
    return re.sub(r"\s+", " ", _plain(description)).replace("|", "\\|")
