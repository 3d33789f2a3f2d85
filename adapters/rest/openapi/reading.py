"""
Reads an OpenAPI document, 3.0 or 3.1, in JSON or YAML, within limits.

References are followed inside the document only. In OpenAPI 3.1 a schema may refer to itself: a path through a
schema never goes twice through the same reference. Aliases of YAML are counted as the objects that they repeat, so
that a small file cannot become a huge document. Tags, which can name Python objects, are refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from student_graph.adapters.registry import SettingsError

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
"""Maximum size of a document. Those of the largest vendors have about 8 MiB."""
MAX_DOCUMENT_DEPTH = 64
"""Maximum number of objects and lists inside each other."""
MAX_DOCUMENT_VALUES = 1_000_000
"""Maximum number of objects and lists, with aliases written out."""
MAX_REFERENCES = 20
"""Maximum number of references one after the other."""


_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _PlainLoader(_SafeLoader):  # type: ignore[misc] # one of two classes
    """Reads YAML as data. An alias is the same object again; merge keys, which copy, are refused."""

    def flatten_mapping(self, node: Any) -> None:
        """
        Refuse merge keys, which would copy an object into another.

        Raises:
            yaml.YAMLError: the mapping has one.
        """
        if any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value):
            raise yaml.YAMLError("a merge key (<<)")


def read_document(file: Path) -> dict[str, Any]:
    """
    Return an OpenAPI document.

    Raises:
        SettingsError: the file cannot be read, or is no document of OpenAPI 3.0 or 3.1.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_DOCUMENT_BYTES + 1)
    except OSError as exc:
        raise SettingsError(f"{file}: {exc.strerror}") from None
    if len(content) > MAX_DOCUMENT_BYTES:
        raise SettingsError(
            f"{file}: an OpenAPI document has at most {MAX_DOCUMENT_BYTES // 1024 // 1024} MiB here"
        )
    document = _parse(file, content)
    if not isinstance(document, dict):
        raise SettingsError(f"{file}: is no OpenAPI document: it is not an object")
    if "swagger" in document:
        raise SettingsError(f"{file}: is Swagger {document['swagger']}; convert it to OpenAPI 3 first")
    version = str(document.get("openapi", ""))
    if not version.startswith(("3.0", "3.1")):
        raise SettingsError(f"{file}: `openapi` is {version[:20] or 'missing'}; known are 3.0 and 3.1")
    _check_size(file, document)
    return document


def _parse(file: Path, content: bytes) -> Any:
    try:
        if content.lstrip()[:1] in (b"{", b"["):
            return json.loads(content)
        return yaml.load(content, _PlainLoader)  # noqa: S506 - a subclass of the safe loader
    except yaml.MarkedYAMLError as exc:
        line = "" if exc.problem_mark is None else f"{exc.problem_mark.line + 1}:"
        raise SettingsError(f"{file}:{line} is not YAML: {exc.problem}") from None
    except yaml.YAMLError as exc:
        raise SettingsError(f"{file}: has {exc}, which is not read; save the document as JSON") from None
    except json.JSONDecodeError as exc:
        raise SettingsError(f"{file}:{exc.lineno}: is not JSON: {exc.msg}") from None
    except (RecursionError, UnicodeDecodeError, ValueError) as exc:
        raise SettingsError(f"{file}: cannot be read ({type(exc).__name__})") from None


def _check_size(file: Path, document: Any) -> None:
    """Refuse a document that is too deep or too large with its aliases written out, before anything walks it."""
    level, depth, count = [document], 0, 0
    while level:
        depth, count = depth + 1, count + len(level)
        if depth > MAX_DOCUMENT_DEPTH:
            raise SettingsError(f"{file}: has more than {MAX_DOCUMENT_DEPTH} levels")
        children = []
        for part in level:
            values = part.values() if isinstance(part, dict) else part
            children += [child for child in values if isinstance(child, dict | list)]
            if count + len(children) > MAX_DOCUMENT_VALUES:
                raise SettingsError(f"{file}: has more than {MAX_DOCUMENT_VALUES} objects and lists")
        level = children


def resolve(document: Any, node: Any, seen: frozenset[str] = frozenset()) -> tuple[dict[str, Any], frozenset[str]]:
    """
    Return the object that a node refers to, and the references on the way; an empty one if it leads nowhere.

    `seen` are references that must not be followed again, because they lead in a circle.
    """
    for _ in range(MAX_REFERENCES):
        if not isinstance(node, dict):
            return {}, seen
        target = node.get("$ref")
        if not isinstance(target, str):
            return node, seen
        if target in seen or not target.startswith("#/"):
            return {}, seen
        seen |= {target}
        node = _at(document, target[2:].split("/"))
    return {}, seen


def _at(document: Any, names: list[str]) -> Any:
    for name in names:
        plain = name.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}")
        document = document.get(plain) if isinstance(document, dict) else None
    return document
