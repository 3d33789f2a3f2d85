"""`student-graph schema --federation`: the published schema with keys."""

from __future__ import annotations

from typing import Any

from graphql import REMOVE, DirectiveNode, SchemaExtensionNode, Visitor, parse, print_ast, visit

from student_graph.resolvers.fields.ids import NODE_TYPES
from tests.gateway.servers import ROOT, run_here


class WithoutFederation(Visitor):
    """Takes out what makes a schema a subgraph, and notes which types have keys."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[str, list[str]] = {}

    def enter_schema_extension(self, _: SchemaExtensionNode, *__: Any) -> Any:
        return REMOVE

    def enter_directive(self, node: DirectiveNode, _: Any, __: Any, ___: Any, ancestors: list[Any]) -> Any:
        if node.name.value == "key":
            owner = next(part for part in reversed(ancestors) if hasattr(part, "name"))
            self.keys.setdefault(owner.name.value, []).append(print_ast(node.arguments[0].value).strip('"'))
        return REMOVE if node.name.value in ("key", "shareable") else None


def test_the_subgraph_is_the_published_schema_with_keys() -> None:
    """Nothing else is added or missing, and each type whose objects have ids has the key `id`."""
    printed = run_here("schema", "--federation").stdout
    without = WithoutFederation()
    rest = visit(parse(printed), without)

    assert print_ast(rest) == print_ast(parse((ROOT / "schema.graphql").read_text("utf-8")))
    assert without.keys.keys() == NODE_TYPES.keys()
    assert {keys[0] for keys in without.keys.values()} == {"id"}
    assert without.keys["Student"] == ["id", "studentUniqueId district { shortName }"]


def test_it_goes_with_no_other_output() -> None:
    """A subgraph is published, and not compared or deferred."""
    refused = run_here("schema", "--federation", "--defer")

    assert refused.returncode == 2
    assert "not allowed with" in refused.stderr
