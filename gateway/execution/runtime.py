"""
Functions that generated code calls: checks, coercion and cached texts. All plans share the functions of a type.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import Any

from graphql import GraphQLObjectType, Undefined

MAX_CACHED_TEXTS = 4096
"""Texts of dates and enum members that are cached for one type."""
MAX_SHARED_TYPES = 1024
"""Types of all schemas of a process whose functions are kept for the next plan."""


class WrongValueError(Exception):
    """A value that generated code does not complete."""


@lru_cache(MAX_SHARED_TYPES)
def class_check(type_: GraphQLObjectType) -> Callable[[Any], type]:
    """
    Return a function that checks if an object is of the type.

    Generated code calls it only when an object has another class than the one before.
    """
    is_type_of = type_.is_type_of

    def check(value: Any) -> type:
        if isinstance(value, Exception) or (is_type_of is not None and not is_type_of(value, None)):  # type: ignore[arg-type]
            raise WrongValueError
        return type(value)

    return check


@lru_cache(MAX_SHARED_TYPES)
def coercion(type_: Any) -> Callable[[Any], Any]:
    """Return the schema's own coercion of a leaf type."""
    coerce_output_value = type_.coerce_output_value

    def coerce(value: Any) -> Any:
        if value is None or isinstance(value, Exception):
            raise WrongValueError
        coerced = coerce_output_value(value)
        if coerced is None or coerced is Undefined:
            raise WrongValueError
        return coerced

    return coerce


class TextCache(dict[Any, Any]):
    """
    Texts of coerced values: of dates and instants in UTC by value, of enum members by identity.

    Other values are not cached, because equal values may have different texts, such as equal instants in two time
    zones.
    """

    def __init__(self, coerce: Callable[[Any], Any]) -> None:
        super().__init__()
        self._coerce = coerce

    def __missing__(self, value: Any) -> Any:
        return self._add(value, self._coerce(value))

    def member(self, value: Any) -> Any:
        """Return the text of an enum member. Members are never freed, so their identities stay unique."""
        text = self._coerce(value)
        return self._add(id(value), text) if isinstance(value, Enum) else text

    def _add(self, key: Any, text: Any) -> Any:
        if len(self) >= MAX_CACHED_TEXTS:
            self.clear()
        self[key] = text
        return text


@lru_cache(MAX_SHARED_TYPES)
def text_cache(type_: Any) -> TextCache:
    """Return the cached texts of a leaf type."""
    return TextCache(coercion(type_))
