"""The words of an adapter: the names in its payload models and the texts in its code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from pydantic import AliasChoices, AliasPath, BaseModel

from student_graph.adapters.contract import Adapter
from student_graph.adapters.recording.fictions import Fictions
from student_graph.adapters.recording.scrubbing import Scrubber

_WORD = re.compile(r"[A-Za-z_@$][\w@$-]*")
_LEFT_OUT = ("sandbox", "tests", "__pycache__")
"""Folders and files of an adapter's package whose texts may be those of made-up people."""


def scrubber_for(adapter: Adapter, fictions: Fictions) -> Scrubber:
    """What scrubs the recording of a source, by what its adapter says of itself."""
    kind = type(adapter)
    values = (getattr(adapter.settings, name) for name in kind.recorded_settings)
    constants = kind.recorded_constants.union(*values)
    return Scrubber(fictions, words_of(kind), kind.recorded_properties, constants)


def words_of(adapter: type[Adapter]) -> frozenset[str]:
    """The words that an adapter uses: whatever is not among them is unknown to it."""
    package = _package_of(adapter)
    names = {
        name for model in _models(BaseModel) if model.__module__.startswith(package) for name in _names(model)
    }
    return frozenset(names | set(_texts(package)) | adapter.recorded_words)


def _package_of(adapter: type[Adapter]) -> str:
    """The package of an adapter: the folder with the module, or the package, `adapter`."""
    return re.split(r"\.adapter(\.|$)", adapter.__module__)[0]


def _models(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        yield model
        yield from _models(model)


def _names(model: type[BaseModel]) -> Iterator[str]:
    """The names of a model's properties in JSON."""
    for name, declared in model.model_fields.items():
        yield name
        for alias in (declared.alias, declared.validation_alias):
            yield from _names_of_alias(alias)


def _names_of_alias(alias: object) -> Iterator[str]:
    match alias:
        case str():
            yield alias
        case AliasPath():
            yield from (str(part) for part in alias.path)
        case AliasChoices():
            for choice in alias.choices:
                yield from _names_of_alias(choice)


def _texts(package: str) -> Iterator[str]:
    """The words in the texts of a package's code, without its documentation and its sandbox."""
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for file in Path(folder).rglob("*.py"):
            if not any(part.removesuffix(".py") in _LEFT_OUT for part in file.relative_to(folder).parts):
                yield from _words_of_code(file.read_text(encoding="utf-8"))


def _words_of_code(code: str) -> Iterator[str]:
    tree = ast.parse(code)
    documentation = {id(statement.value) for statement in ast.walk(tree) if isinstance(statement, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield from _WORD.findall(node.value)
