"""Descriptions of the graph, read from the docstrings of what it is made of."""

from __future__ import annotations

import ast
import inspect
import sys
from enum import EnumMeta
from functools import cache
from typing import TypeVar

import strawberry
from strawberry.types.base import get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition

T = TypeVar("T")

UNMAPPED = "A code of the vendor that no other name here stands for."


def attribute_docstrings(cls: type) -> dict[str, str]:
    """The string under each attribute of `cls` and of the classes it inherits from."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        found.update(own_docstrings(base))
    return found


def own_docstrings(cls: type) -> dict[str, str]:
    """The string under each attribute in the body of `cls` itself."""
    return _module_docstrings(cls.__module__).get(cls.__qualname__, {})


@cache
def _module_docstrings(module: str) -> dict[str, dict[str, str]]:
    """Attribute docstrings of a module's classes; a module without source has none."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, TypeError):
        return {}
    return {node.name: _docstrings_of(node) for node in tree.body if isinstance(node, ast.ClassDef)}


def _docstrings_of(node: ast.ClassDef) -> dict[str, str]:
    found: dict[str, str] = {}
    for statement, following in zip(node.body, node.body[1:], strict=False):
        match statement, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = inspect.cleandoc(text)
    return found


def described(cls: type[T]) -> type[T]:
    """A Strawberry type, described by its own docstring and those of its attributes."""
    definition = get_object_definition(cls, strict=True)
    documented = attribute_docstrings(cls)
    definition.description = definition.description or inspect.getdoc(cls)
    for field in definition.fields:
        field.description = field.description or documented.get(field.python_name)
    return cls


def described_enum(cls: EnumMeta) -> EnumMeta:
    """A Strawberry enum; a value is described by its docstring, else by the text that it stands for."""
    if not hasattr(cls, "__strawberry_definition__"):
        strawberry.enum(cls)
    definition: StrawberryEnumDefinition = cls.__strawberry_definition__  # type: ignore[attr-defined]
    documented = attribute_docstrings(cls)
    definition.description = inspect.getdoc(cls)
    for value in definition.values:
        told = UNMAPPED if value.name == "UNMAPPED" else str(value.value)
        value.description = documented.get(value.name, told)
    return cls
