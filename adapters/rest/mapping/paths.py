"""
Paths in JMESPath, compiled to plain functions.

Names, positions and literals become functions that read dictionaries; all other expressions are evaluated by the
library. An expression is read from a file of the operator, never from a response. It can only call the functions
of JMESPath, has no loops, and its length and depth are limited. https://jmespath.org/specification.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import jmespath
from jmespath.exceptions import JMESPathError

Getter: TypeAlias = Callable[[Any], Any]
"""Returns the value at a path of a document; None if nothing is there."""

MAX_PATH_CHARACTERS = 500
"""Maximum length of an expression. A longer one is a program, and Python is clearer for that."""
MAX_PATH_DEPTH = 20
"""Maximum number of expressions inside each other."""


class PathError(ValueError):
    """An expression is not JMESPath, or is too long or too deep."""


class UnreadableValueError(ValueError):
    """A value of a row cannot be what the record needs. The message holds no value."""


def compile_path(text: str) -> Getter:
    """
    Return a function that evaluates an expression.

    Raises:
        PathError: the text is not an expression, or is too long or too deep.
    """
    tree = parse(text)
    steps = _steps(tree)
    if steps is not None:
        return _steps_getter(steps)
    expression = jmespath.compile(text)

    def evaluate(document: Any) -> Any:
        try:
            return expression.search(document)
        except (JMESPathError, ValueError, TypeError, ArithmeticError) as exc:
            raise UnreadableValueError(f"the expression cannot be evaluated ({type(exc).__name__})") from None

    return evaluate


def parse(text: str) -> dict[str, Any]:
    """
    Return the tree of an expression.

    Raises:
        PathError: the text is not an expression, or is too long or too deep.
    """
    if len(text) > MAX_PATH_CHARACTERS:
        raise PathError(f"an expression has at most {MAX_PATH_CHARACTERS} characters; write this one in Python")
    try:
        tree: Any = jmespath.compile(text).parsed
    except RecursionError:
        raise PathError(f"an expression has at most {MAX_PATH_DEPTH} levels; write this one in Python") from None
    except (JMESPathError, ValueError) as exc:
        reason = str(exc).splitlines()[0] if str(exc) else type(exc).__name__
        raise PathError(f"not a JMESPath expression: {reason}") from None
    if depth_of(tree) > MAX_PATH_DEPTH:
        raise PathError(f"an expression has at most {MAX_PATH_DEPTH} levels; write this one in Python")
    checked: dict[str, Any] = tree
    return checked


def plain_names(text: str) -> tuple[str, ...] | None:
    """The names of a plain path, such as `name.family`; None for any other expression."""
    steps = _steps(parse(text))
    return tuple(map(str, steps)) if steps and all(isinstance(step, str) for step in steps) else None


def depth_of(tree: dict[str, Any]) -> int:
    """How many levels the tree of an expression has."""
    depth, level = 0, [tree]
    while level:
        depth += 1
        level = [child for node in level for child in node["children"] if isinstance(child, dict)]
    return depth


def first_names(text: str) -> list[str]:
    """The names by which an expression begins in a row: `numbers` of `numbers.local`."""
    return list(dict.fromkeys(_first_names(parse(text))))


def _first_names(tree: dict[str, Any]) -> Iterator[str]:
    match tree["type"]:
        case "field":
            yield tree["value"]
        case (
            "subexpression" | "index_expression" | "projection" | "value_projection" | "filter_projection" | "pipe"
        ):
            yield from _first_names(tree["children"][0])
        case "literal" | "current" | "identity" | "expref":
            return
        case _:
            for child in tree["children"]:
                if isinstance(child, dict):
                    yield from _first_names(child)


def _steps(tree: dict[str, Any]) -> list[str | int] | None:
    """The names and positions of a plain path; None for any other expression."""
    match tree["type"]:
        case "field" | "index":
            return [tree["value"]]
        case "current" | "identity":
            return []
        case "subexpression" | "index_expression":
            parts = [_steps(child) for child in tree["children"]]
            return None if None in parts else [step for part in parts if part is not None for step in part]
        case _:
            return None


def _steps_getter(steps: list[str | int]) -> Getter:
    if not steps:
        return lambda document: document
    if len(steps) == 1 and isinstance(name := steps[0], str):
        return lambda document: document.get(name) if type(document) is dict else None
    if len(steps) == 2 and all(isinstance(step, str) for step in steps):
        return _nested_getter(str(steps[0]), str(steps[1]))

    def value_at(document: Any) -> Any:
        for step in steps:
            if type(step) is str:
                document = document.get(step) if type(document) is dict else None
            elif isinstance(step, int) and type(document) is list and -len(document) <= step < len(document):
                document = document[step]
            else:
                return None
        return document

    return value_at


def _nested_getter(outer: str, inner: str) -> Getter:
    def value_at(document: Any) -> Any:
        part = document.get(outer) if type(document) is dict else None
        return part.get(inner) if type(part) is dict else None

    return value_at
