"""Reads parameters as PHP does: names with brackets become lists and structures."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TypeAlias

from student_graph.adapters.moodle.sandbox.responses import MoodleError

Parameters: TypeAlias = dict[str, Any]

_NAME = re.compile(r"(?P<first>[^\[\]]+)(?P<rest>(?:\[[^\[\]]*\])*)")
_MAX_FIELDS = 1000
"""Fields that PHP reads of a form by default (`max_input_vars`); it ignores all further ones."""


def parse(fields: Iterable[tuple[str, str]]) -> Parameters:
    """The parameters of a request, such as `{"options": {"0": {"name": "onlyactive"}}}`."""
    parameters: Parameters = {}
    for name, value in list(fields)[:_MAX_FIELDS]:
        match = _NAME.fullmatch(name)
        if match is None:
            continue
        path = [match["first"], *re.findall(r"\[([^\[\]]*)\]", match["rest"])]
        node = parameters
        for part in path[:-1]:
            child = node.setdefault(part, {})
            if not isinstance(child, dict):
                break
            node = child
        else:
            node[path[-1]] = value
    return parameters


def values(parameters: Parameters, name: str) -> list[str]:
    """
    The values of a list.

    Raises:
        MoodleError: It is no list of values.
    """
    fields = parameters.get(name, {})
    if not isinstance(fields, dict) or not all(isinstance(value, str) for value in fields.values()):
        raise MoodleError("invalid_parameter_exception", "invalidparameter", "Invalid parameter value detected")
    return list(fields.values())


def integers(parameters: Parameters, name: str) -> list[int]:
    """
    The whole numbers of a list.

    Raises:
        MoodleError: It is no list of whole numbers.
    """
    return [_integer(text) for text in values(parameters, name)]


def integer(parameters: Parameters, name: str, default: int | None = None) -> int:
    """
    A whole number.

    Raises:
        MoodleError: It is none, or missing without a default.
    """
    text = parameters.get(name)
    return default if text is None and default is not None else _integer(text)


def options(parameters: Parameters) -> dict[str, str]:
    """The options of a function, by name."""
    rows = parameters.get("options", {}).values()
    return {row["name"]: row.get("value", "") for row in rows if isinstance(row, dict) and "name" in row}


def _integer(text: object) -> int:
    if not isinstance(text, str) or not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise MoodleError("invalid_parameter_exception", "invalidparameter", "Invalid parameter value detected")
    return int(text)
