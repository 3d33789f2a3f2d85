"""
Makes rows and columns of an answer.

The rule, as `docs/clients.md` states it for users:

- A column for each field without a selection of its own, in the order of the document, named by its path:
  `name.firstName`. What all names begin with is left out, and so are `edges` and `node` of connections. Columns
  that would then have one name keep their whole paths. `pageInfo` has no columns. The columns depend on the
  document only.
- A row for each item of a list. What is around a list is repeated on each of its rows. Lists side by side come one
  after the other, each with the columns of the other ones empty. An empty list makes no rows, but what is around
  it is there.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import DocumentNode, FieldNode, FragmentDefinitionNode, FragmentSpreadNode, OperationDefinitionNode
from graphql.language import InlineFragmentNode, SelectionSetNode

FieldPath: TypeAlias = "tuple[str, ...]"
"""Where a field is in an answer: response names from the root, without positions in lists."""
Row: TypeAlias = "dict[FieldPath, Any]"
CONNECTION_FIELDS = frozenset({"edges", "node"})
PAGE_INFO = "pageInfo"
SEPARATOR = "; "
"""Between the items of a list of plain values, which is one cell."""


@dataclass(frozen=True, slots=True)
class Table:
    """An answer as rows and columns."""

    headings: Sequence[str]
    rows: Sequence[Sequence[Any]]
    """Values of JSON in the order of the headings; None where there is none."""


def table_of(document: DocumentNode, operation_name: str | None, data: Mapping[str, Any]) -> Table:
    """The data of an answer as a table."""
    operation = _operation(document, operation_name)
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    paths = list(dict.fromkeys(_leaves(operation.selection_set, fragments, ())))
    columns = _Columns(frozenset(paths), frozenset(path[:end] for path in paths for end in range(len(path) + 1)))
    rows = [] if not data else columns.rows(data, ())
    return Table(headings_of(paths), [[row.get(path) for path in paths] for row in rows])


def next_page_of(data: Any) -> str | None:
    """
    The cursor at which the next page of an answer begins; None if it has no next page.

    Raises:
        ValueError: the answer has several lists with further pages, or one without its cursor.
    """
    pages = [page for page in _page_infos(data) if page.get("hasNextPage")]
    if not pages:
        return None
    if len(pages) > 1 or not isinstance(pages[0].get("endCursor"), str):
        raise ValueError("several lists have further pages, or the document does not ask for endCursor")
    return str(pages[0]["endCursor"])


def _page_infos(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _page_infos(item)
    elif isinstance(value, dict):
        for name, member in value.items():
            if name == PAGE_INFO and isinstance(member, dict):
                yield member
            else:
                yield from _page_infos(member)


def headings_of(paths: Sequence[FieldPath]) -> list[str]:
    """The names of columns: as short as is unambiguous."""
    short = [tuple(part for part in path[:-1] if part not in CONNECTION_FIELDS) + path[-1:] for path in paths]
    common = 0
    while all(len(path) > common + 1 for path in short) and len({path[common] for path in short}) == 1:
        common += 1
    names = [".".join(path[common:]) for path in short]
    count = Counter(names)
    return [".".join(path) if count[name] > 1 else name for path, name in zip(paths, names, strict=True)]


def text_of(value: Any) -> str:
    """A value as the text of a cell; empty if there is none."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return SEPARATOR.join(map(text_of, value))
        case dict():
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation that the gateway executed."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    return next(node for node in operations if name is None or (node.name and node.name.value == name))


def _leaves(
    selection: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], path: FieldPath
) -> Iterator[FieldPath]:
    """The paths of all fields without a selection of their own."""
    for node in selection.selections:
        match node:
            case FieldNode():
                own = (*path, (node.alias or node.name).value)
                if node.name.value == PAGE_INFO:
                    continue
                if node.selection_set is None:
                    yield own
                else:
                    yield from _leaves(node.selection_set, fragments, own)
            case InlineFragmentNode():
                yield from _leaves(node.selection_set, fragments, path)
            case FragmentSpreadNode():
                yield from _leaves(fragments[node.name.value].selection_set, fragments, path)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Makes rows of values."""

    leaves: frozenset[FieldPath]
    """The paths of the columns."""
    prefixes: frozenset[FieldPath]
    """The paths of everything that has columns."""

    def rows(self, value: Any, path: FieldPath) -> list[Row]:
        """The rows of a value; one without lists is one row."""
        if path in self.leaves:
            return [{path: value}]
        if isinstance(value, list):
            return [row for item in value for row in self.rows(item, path)]
        around: Row = {}
        lists: list[list[Row]] = []
        for own, member in self._members(value, path):
            if self._has_items(member, own):
                lists.append(self.rows(member, own))
            else:
                around.update(*self.rows(member, own))
        return [{**around, **row} for rows in lists for row in rows] or [around]

    def _members(self, value: Any, path: FieldPath) -> Iterator[tuple[FieldPath, Any]]:
        for name, member in (value or {}).items():
            if (*path, name) in self.prefixes:
                yield (*path, name), member

    def _has_items(self, value: Any, path: FieldPath) -> bool:
        """Whether a list of objects with at least one item is in a value."""
        if path in self.leaves or value is None:
            return False
        if isinstance(value, list):
            return bool(value)
        return any(self._has_items(member, own) for own, member in self._members(value, path))
