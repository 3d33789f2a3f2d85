"""
Requests with placeholders, such as `/students/{key}/grades?year={school_year}`.

A placeholder is a name and never an expression. Its value becomes one segment of the path, or the value of a
parameter, and is checked and encoded for that: it cannot change the rest of the address.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.keys import path_segment, query_text

KEY, KEYS = "key", "keys"
"""Placeholders of one requested key, and of several."""
MAX_REQUEST_CHARACTERS = 500
"""Maximum length of a request in a declaration."""
_PART = re.compile(r"\{([^{}]*)\}|([^{}]+)|([{}])")
_NAME = re.compile(r"[a-z]+(?:_[a-z]+)*(?:\.[a-z0-9]+(?:_[a-z0-9]+)*)?")
_SECRET_PARAMETER = re.compile(r"(?i)(api[-_]?key|token|secret|password|passwd|signature|^sig$|^key$|auth)")


class TemplateError(ValueError):
    """A request of a declaration is wrong; the message says how to mend it."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text with placeholders."""

    parts: tuple[tuple[bool, str], ...]
    """Whether a part is the name of a placeholder, and the name or the text."""

    @property
    def names(self) -> frozenset[str]:
        """The names of its placeholders."""
        return frozenset(text for is_name, text in self.parts if is_name)


@dataclass(frozen=True, slots=True)
class Template:
    """A request with placeholders."""

    path: Text
    query: tuple[tuple[str, Text], ...]

    @property
    def names(self) -> frozenset[str]:
        """The names of all placeholders."""
        return self.path.names.union(*(value.names for _, value in self.query))

    def url(self, values: Mapping[str, Any]) -> str:
        """
        Return the path of the request.

        Raises:
            BadKeyError: a value cannot be a segment of a path.
        """
        return "".join(path_segment(_text(values[text])) if is_name else text for is_name, text in self.path.parts)

    def params(self, values: Mapping[str, Any]) -> dict[str, str]:
        """
        Return the parameters of the request, without those whose placeholder has no value.

        Raises:
            BadKeyError: a value cannot be that of a parameter.
        """
        params = {}
        for name, value in self.query:
            if any(values.get(text) is None for is_name, text in value.parts if is_name):
                continue
            params[name] = "".join(
                query_text(_text(values[text])) if is_name and text != KEYS else values[text] if is_name else text
                for is_name, text in value.parts
            )
        return params


def _text(value: Any) -> str:
    if value is None:
        raise BadKeyError("a value that the request needs is missing")
    return value.isoformat() if isinstance(value, date) else str(value)


def parse_request(text: str, known: Collection[str]) -> Template:
    """
    Parse a request of a declaration; `known` are the names of the placeholders that have a value.

    Raises:
        TemplateError: it is no path, has an unknown placeholder, or a secret.
    """
    if len(text) > MAX_REQUEST_CHARACTERS:
        raise TemplateError(f"a request has at most {MAX_REQUEST_CHARACTERS} characters")
    path, _, query = text.partition("?")
    if not path.startswith("/") or path.startswith("//") or "#" in text or "\\" in text or not text.isprintable():
        raise TemplateError(
            "a request begins with / and is a path on the vendor's server, such as /students/{key}"
        )
    if any(part in (".", "..") for part in path.split("/")):
        raise TemplateError("a path has no `.` or `..`")
    pairs = parse_qsl(query, keep_blank_values=True)
    for name, value in pairs:
        if _SECRET_PARAMETER.search(name) and "{" not in value and value:
            raise TemplateError(
                f"the parameter {name} looks like a secret; use `auth`, whose secrets are settings"
            )
    if len({name for name, _ in pairs}) < len(pairs):
        raise TemplateError("a parameter is there twice")
    return Template(parse_text(path, known), tuple((name, parse_text(value, known)) for name, value in pairs))


def parse_text(text: str, known: Collection[str]) -> Text:
    """
    Parse a text with placeholders.

    Raises:
        TemplateError: it has an unknown placeholder, or braces without one.
    """
    parts = []
    for name, literal, brace in _PART.findall(text):
        if brace or (not name and not literal):
            raise TemplateError("braces hold the name of a placeholder, such as {key}")
        if literal:
            parts.append((False, literal))
            continue
        if not _NAME.fullmatch(name) or name not in known:
            similar = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {{{similar[0]}}}?" if similar else f"known are {_listed(known)}"
            problem = "" if _NAME.fullmatch(name) else "; a placeholder is a name, no expression is evaluated"
            raise TemplateError(f"there is no placeholder {{{name}}}{problem}; {hint}")
        parts.append((True, name))
    return Text(tuple(parts))


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names)) or "none here"


def check_values(template: Template, values: Mapping[str, Any]) -> None:
    """
    Check that a key has the parts that a request names as `{key.0}` and so on, and no more.

    Raises:
        BadKeyError: it has fewer or more, or a placeholder has no value.
    """
    parts = [int(name.partition(".")[2]) for name in template.names if name.startswith("key.")]
    if not template.names <= values.keys() or (parts and f"key.{max(parts) + 1}" in values):
        raise BadKeyError("not a possible id")
