"""The schema as the text of a subgraph: `schema.graphql` with the directives of Apollo Federation 2."""

from __future__ import annotations

from dataclasses import replace

from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    DocumentNode,
    ObjectTypeDefinitionNode,
    parse,
    print_ast,
)

from student_graph.resolvers.types.federation.keys import ENTITY_KEYS

FEDERATION = "https://specs.apollo.dev/federation/v2.0"
"""The oldest version that has the directives used here: every gateway of Federation 2 knows it."""
HEAD = f'extend schema @link(url: "{FEDERATION}", import: ["@key", "@shareable"])'
SHAREABLE = frozenset({"PageInfo"})
"""Types that other subgraphs may have too, with the same values: every graph with connections has this one."""


def subgraph_sdl(schema: str) -> str:
    """Return the text of a subgraph for the text of the schema."""
    document = parse(schema, no_location=True)
    [extension] = parse(HEAD, no_location=True).definitions
    definitions = map(_with_directives, document.definitions)
    return print_ast(DocumentNode(definitions=(extension, *definitions))) + "\n"


def _with_directives(definition: DefinitionNode) -> DefinitionNode:
    if not isinstance(definition, ObjectTypeDefinitionNode):
        return definition
    added = _directives(definition.name.value)
    return replace(definition, directives=(*added, *(definition.directives or ()))) if added else definition


def _directives(type_name: str) -> tuple[ConstDirectiveNode, ...]:
    """The directives of federation that a type gets."""
    keys = "".join(f' @key(fields: "{key.fields}")' for key in ENTITY_KEYS.get(type_name, ()))
    shareable = " @shareable" if type_name in SHAREABLE else ""
    if not keys and not shareable:
        return ()
    [declaration] = parse(f"type {type_name}{keys}{shareable}", no_location=True).definitions
    assert isinstance(declaration, ObjectTypeDefinitionNode)
    return tuple(declaration.directives or ())
