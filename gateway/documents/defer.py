"""Checks where a document may use `@defer`; `@stream` is not supported."""

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

MAX_DEFERRED_FRAGMENTS = 20
"""Fragments with `@defer` in one document."""


def uses_incremental_delivery(node: DocumentNode) -> bool:
    """Whether a document uses `@defer` or `@stream`."""
    finder = _DirectiveFinder()
    visit(node, finder)
    return finder.present


def defer_error(schema: GraphQLSchema, node: DocumentNode) -> GraphQLError | None:
    """
    Why a document's `@defer` or `@stream` is refused; None if it is not.

    `@defer` inside a list is refused because each item would come in a part of its own.
    """
    info = TypeInfo(schema)
    checker = _DeferChecker(info)
    visit(node, TypeInfoVisitor(info, checker))
    return checker.error


class _DirectiveFinder(Visitor):
    """Looks for directives of incremental delivery."""

    def __init__(self) -> None:
        super().__init__()
        self.present = False

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        self.present |= node.name.value in ("defer", "stream")


class _DeferChecker(Visitor):
    """Counts deferred fragments and tracks whether the current selection set is inside a list."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self.error: GraphQLError | None = None
        self._info = info
        self._in_list: list[bool] = [False]
        self._count = 0

    def enter_selection_set(self, _node: SelectionSetNode, *_: Any) -> None:
        type_ = self._info.get_type()
        nullable_type = type_.of_type if is_non_null_type(type_) else type_
        self._in_list.append(self._in_list[-1] or is_list_type(nullable_type))

    def leave_selection_set(self, _node: SelectionSetNode, *_: Any) -> None:
        self._in_list.pop()

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        if node.name.value == "stream":
            self.error = GraphQLError("@stream is not supported; read long lists page by page.", node)
        elif node.name.value == "defer":
            self._count += 1
            if self._in_list[-1]:
                self.error = GraphQLError("@defer is not supported inside a list; use it above the list.", node)
            elif self._count > MAX_DEFERRED_FRAGMENTS:
                self.error = GraphQLError(
                    f"@defer may be used at most {MAX_DEFERRED_FRAGMENTS} times in a document.", node
                )
