"""Sizes of the values that a client sends, as variables or as literals in a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from graphql import ArgumentNode, DocumentNode, ListValueNode, Node, ObjectValueNode, VariableNode

from student_graph.gateway.concurrency.pauses import pause

MAX_MEASURED_DEPTH = 1_000
"""Levels of a value that are measured; a deeper one is over any limit."""
KEY_ARGUMENTS = ("ids", "representations")
"""Arguments that hold the keys of what a field lists, each of them for one item."""


class ValueSize(NamedTuple):
    """Size of the largest of some values."""

    depth: int = 0
    """Levels of lists and objects."""
    longest_list: int = 0
    most_members: int = 0
    """Members of one object."""


def size_of_variables(values: Iterable[Any]) -> ValueSize:
    """Return the size of values of JSON."""
    level = [value for value in values if isinstance(value, dict | list)]
    depth = longest_list = most_members = 0
    while level and depth <= MAX_MEASURED_DEPTH:
        depth += 1
        longest_list = max(longest_list, *(len(value) for value in level if isinstance(value, list)), 0)
        most_members = max(most_members, *(len(value) for value in level if isinstance(value, dict)), 0)
        children = (child for value in level for child in (value.values() if isinstance(value, dict) else value))
        level = [child for child in children if isinstance(child, dict | list)]
    return ValueSize(depth, longest_list, most_members)


def size_of_literals(document: DocumentNode) -> ValueSize:
    """Return the size of the lists and objects in a document: arguments and defaults of variables."""
    depth = longest_list = most_members = 0
    nodes: list[tuple[Node, int]] = [(document, 0)]
    while nodes:
        node, levels = nodes.pop()
        pause()
        if isinstance(node, ListValueNode):
            levels += 1
            longest_list = max(longest_list, len(node.values))
        elif isinstance(node, ObjectValueNode):
            levels += 1
            most_members = max(most_members, len(node.fields))
        depth = max(depth, levels)
        nodes.extend((child, levels) for child in _children(node))
    return ValueSize(depth, longest_list, most_members)


def has_variable(argument: ArgumentNode) -> bool:
    """Return whether the value of an argument is or contains a variable."""
    values: list[Any] = [argument.value]
    while values:
        value = values.pop()
        if isinstance(value, VariableNode):
            return True
        values += getattr(value, "values", ())
        values += (field.value for field in getattr(value, "fields", ()))
    return False


def key_count(arguments: Mapping[str, Any], default: float) -> float:
    """Return how many keys the arguments hold; `default` if they hold no list of keys."""
    lists = (arguments.get(name) for name in KEY_ARGUMENTS)
    return next((float(len(keys)) for keys in lists if isinstance(keys, list)), default)


def _children(node: Node) -> Iterator[Node]:
    for value in vars(node).values():
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from value
