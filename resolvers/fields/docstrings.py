"""Descriptions of the graph, read from docstrings in the source code."""

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

UNMAPPED_DESCRIPTION = "A code of the vendor that has no name of its own here."


def attribute_docstrings(cls: type) -> dict[str, str]:
    """Return the docstrings under the attributes of `cls` and of its base classes, by attribute."""
    docstrings: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        docstrings.update(own_docstrings(base))
    return docstrings


def own_docstrings(cls: type) -> dict[str, str]:
    """Return the docstrings under the attributes in the body of `cls` itself, by attribute."""
    return _module_docstrings(cls.__module__).get(cls.__qualname__, {})


@cache
def _module_docstrings(module: str) -> dict[str, dict[str, str]]:
    """Return the attribute docstrings of a module by class and attribute; empty for a module without source."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, TypeError):
        return {}
    return {node.name: _docstrings_of(node) for node in tree.body if isinstance(node, ast.ClassDef)}


def _docstrings_of(node: ast.ClassDef) -> dict[str, str]:
    docstrings: dict[str, str] = {}
    for statement, following in zip(node.body, node.body[1:], strict=False):
        match statement, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                docstrings[name] = inspect.cleandoc(text)
    return docstrings


def described(cls: type[T]) -> type[T]:
    """Describe a Strawberry type by its own docstring and those of its attributes; a class decorator."""
    definition = get_object_definition(cls, strict=True)
    docstrings = attribute_docstrings(cls)
    definition.description = definition.description or inspect.getdoc(cls)
    for field in definition.fields:
        field.description = field.description or docstrings.get(field.python_name)
    return cls


def described_enum(cls: EnumMeta) -> EnumMeta:
    """Make a Strawberry enum. Each value is described by its docstring, or else by its text."""
    if not hasattr(cls, "__strawberry_definition__"):
        strawberry.enum(cls)
    definition: StrawberryEnumDefinition = cls.__strawberry_definition__  # type: ignore[attr-defined]
    docstrings = attribute_docstrings(cls)
    definition.description = inspect.getdoc(cls)
    for value in definition.values:
        default = UNMAPPED_DESCRIPTION if value.name == "UNMAPPED" else str(value.value)
        value.description = docstrings.get(value.name, default)
    return cls
