"""
Makes rows and columns of an answer.

The rule, as `docs/clients.md` states it for users:

- A column for each field without a selection of its own, in the order of the document, named by its path:
  `name.firstName`. What all names begin with is left out, and so are `edges` and `node` of connections. Columns
  that would then have one name keep their whole paths. The columns depend on the document only.
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
    leaves = frozenset(paths)
    rows = [] if not data else _rows(data, (), leaves)
    return Table(headings_of(paths), [[row.get(path) for path in paths] for row in rows])


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
                if node.selection_set is None:
                    yield own
                else:
                    yield from _leaves(node.selection_set, fragments, own)
            case InlineFragmentNode():
                yield from _leaves(node.selection_set, fragments, path)
            case FragmentSpreadNode():
                yield from _leaves(fragments[node.name.value].selection_set, fragments, path)


def _rows(value: Any, path: FieldPath, leaves: frozenset[FieldPath]) -> list[Row]:
    """The rows of a value; one without lists is one row."""
    if path in leaves:
        return [{path: value}]
    if isinstance(value, list):
        return [row for item in value for row in _rows(item, path, leaves)]
    around: Row = {}
    lists: list[list[Row]] = []
    for name, member in (value or {}).items():
        rows = _rows(member, (*path, name), leaves)
        if _has_items(member, (*path, name), leaves):
            lists.append(rows)
        else:
            around.update(*rows)
    return [{**around, **row} for rows in lists for row in rows] or [around]


def _has_items(value: Any, path: FieldPath, leaves: frozenset[FieldPath]) -> bool:
    """Whether a list of objects with at least one item is in a value."""
    if path in leaves or value is None:
        return False
    if isinstance(value, list):
        return bool(value)
    return any(_has_items(member, (*path, name), leaves) for name, member in value.items())
