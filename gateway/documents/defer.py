"""Which documents ask for a part of their answer later, and what they may not defer."""

from __future__ import annotations

from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    is_list_type,
    is_non_null_type,
    visit,
)

MAX_DEFERRED_PARTS = 20
"""Parts of one document that may come later."""


def defers(node: DocumentNode) -> bool:
    """Whether a document asks for a part of its answer later."""
    finder = _Finder()
    visit(node, finder)
    return finder.found


def problem(core: GraphQLSchema, node: DocumentNode) -> GraphQLError | None:
    """What a document defers that it may not: below a list, where each item would come apart, or too much."""
    info = TypeInfo(core)
    checker = _Checker(info)
    visit(node, TypeInfoVisitor(info, checker))
    return checker.problem


class _Finder(Visitor):
    """Looks for directives of incremental delivery."""

    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        self.found |= node.name.value in ("defer", "stream")


class _Checker(Visitor):
    """Counts what is deferred, and knows whether a list is above it."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self.problem: GraphQLError | None = None
        self._info = info
        self._lists: list[bool] = [False]
        self._count = 0

    def enter_selection_set(self, _node: SelectionSetNode, *_: Any) -> None:
        type_ = self._info.get_type()
        bare = type_.of_type if is_non_null_type(type_) else type_
        self._lists.append(self._lists[-1] or is_list_type(bare))

    def leave_selection_set(self, _node: SelectionSetNode, *_: Any) -> None:
        self._lists.pop()

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        if node.name.value == "stream":
            self.problem = GraphQLError("@stream is not offered: ask for pages.", node)
        elif node.name.value == "defer":
            self._count += 1
            if self._lists[-1]:
                self.problem = GraphQLError("@defer above the list: below it each item would come apart.", node)
            elif self._count > MAX_DEFERRED_PARTS:
                self.problem = GraphQLError(
                    f"At most {MAX_DEFERRED_PARTS} parts of a document may be deferred.", node
                )
