"""Leaves of JSON documents: where they are, and copies of a document with another value at one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]

TOO_LARGE = "a number that is too large"
"""Stands for a number that no float can hold."""
NOTHING = object()
"""Stands for no value: the property or row is removed."""


def value_at(node: Any, path: Path) -> Any:
    """The value at a path of a document."""
    for part in path:
        node = node[part]
    return node


def paths_of_leaves(node: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of all leaves of a document, and of all objects in its rows."""
    children: Any = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    if not isinstance(node, list) and path:
        yield path
    for name, child in children:
        yield from paths_of_leaves(child, (*path, name))


def another_id(value: Any) -> Any:
    """A value of the same form with other digits; without digits, a longer text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return value
    text = str(value)
    other = "".join(str((int(c) + 7) % 10) if c.isascii() and c.isdigit() else c for c in text)
    if isinstance(value, int):
        return int(other)
    return other if other != text else f"{text}x"


def changed(document: Any, path: Path, value: Any) -> Any:
    """A copy of a document with another value at a path, or with nothing there."""
    first, *rest = path
    copy = document.copy()
    if rest:
        copy[first] = changed(document[first], tuple(rest), value)
    elif value is NOTHING:
        del copy[first]
    else:
        copy[first] = value
    return copy


def encoded(body: Any) -> bytes:
    """A JSON document, in which an odd value may be a number that is too large for a float."""
    return json.dumps(body).replace(json.dumps(TOO_LARGE), "1e400").encode()
