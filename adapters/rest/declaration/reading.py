"""
Reads a declaration from its file, within limits.

A declaration is TOML. YAML is not read: its anchors can expand to any size, and its tags can name Python objects.
Nothing in the file is expanded or evaluated: a placeholder in braces is the name of a value.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from student_graph.adapters.rest.declaration import models, parts
from student_graph.adapters.rest.declaration.errors import DeclarationError
from student_graph.adapters.rest.declaration.positions import Lines

MAX_FILE_BYTES = 256 * 1024
"""Maximum size of a declaration; one of all lookups has about 20 KiB."""
MAX_LINE_CHARACTERS = 2000
"""Maximum length of a line. The time to read a key, which is on one line, grows with the square of its parts."""
MAX_DEPTH = 12
"""Maximum number of tables and lists inside each other."""
MAX_VALUES = 10_000
"""Maximum number of values in a declaration."""
TODO = "TODO"
"""A line with this word is a guess of `student-graph adapters import` that a person must confirm."""
_SECTIONS: dict[str, type[parts.Section]] = {
    "api_key": models.ApiKeyAuth,
    "basic": models.BasicAuth,
    "bearer": models.BearerAuth,
    "changes": parts.Changes,
    "check": parts.Check,
    "cursor": models.CursorPaging,
    "data_version": parts.Version,
    "first": parts.First,
    "link": models.LinkPaging,
    "lookups": models.LookupDeclaration,
    "none": models.NoPaging,
    "oauth1": models.OAuth1Auth,
    "oauth2": models.OAuth2Auth,
    "offset": models.OffsetPaging,
    "page": models.NumberPaging,
}
"""Sections by the name that an error's location has for them."""
_SECRETS = re.compile(r"(?i)(^|_)(key|token|secret|password|passwd|pwd|credential|authorization)s?$")
_SECRET_HEADERS = re.compile(r"(?i)(authorization|cookie|token|secret|key|password|signature)")
_LONG_RANDOM = re.compile(r"(?=[A-Za-z0-9+/_=-]*[0-9])(?=[A-Za-z0-9+/_=-]*[A-Za-z])[A-Za-z0-9+/_=-]{24,}")


def read_declaration(file: Path) -> tuple[models.Declaration, Lines]:
    """
    Return the declaration in a file, and the lines of the file for further messages.

    Raises:
        DeclarationError: the file cannot be read, or what is in it is no declaration.
    """
    text = _text(file)
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > MAX_LINE_CHARACTERS:
            raise DeclarationError(file, number, (), f"a line has at most {MAX_LINE_CHARACTERS} characters")
    lines = Lines(text)
    data = _parse(file, text)
    _check_size(file, lines, data)
    _check_secrets(file, lines, data, ())
    _check_todo(file, text)
    try:
        return models.Declaration.model_validate(data), lines
    except ValidationError as exc:
        error = exc.errors(include_url=False, include_input=False)[0]
        path = _in_file(error["loc"], data)
        raise DeclarationError(file, lines.line_of(path), path, _problem(error, path)) from None


def _text(file: Path) -> str:
    if file.suffix.lower() in (".yaml", ".yml"):
        raise DeclarationError(file, 1, (), "a declaration is TOML; YAML is not loaded")
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except OSError as exc:
        raise DeclarationError(file, 1, (), f"cannot be read: {exc.strerror}") from None
    if len(content) > MAX_FILE_BYTES:
        raise DeclarationError(file, 1, (), f"a declaration has at most {MAX_FILE_BYTES // 1024} KiB")
    try:
        return content.decode()
    except UnicodeDecodeError as exc:
        line = content[: exc.start].count(b"\n") + 1
        raise DeclarationError(file, line, (), "is not UTF-8; save it as UTF-8") from None


def _parse(file: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        line = re.search(r"at line (\d+)", str(exc))
        number = int(line[1]) if line else text.count("\n") + 1
        problem = re.sub(r" \(at .*\)$", "", str(exc))
        raise DeclarationError(file, number, (), f"is not TOML: {problem}") from None
    except RecursionError:
        raise DeclarationError(file, 1, (), f"has more than {MAX_DEPTH} levels") from None


def _check_size(file: Path, lines: Lines, data: Any) -> None:
    """Refuse files with too many or too deep values, before anything looks at them."""
    count, depth = 0, 0
    level: list[tuple[tuple[Any, ...], Any]] = [((), data)]
    while level:
        depth, count = depth + 1, count + len(level)
        if depth > MAX_DEPTH:
            path = level[0][0]
            raise DeclarationError(file, lines.line_of(path), path[:3], f"has more than {MAX_DEPTH} levels")
        if count > MAX_VALUES:
            raise DeclarationError(file, 1, (), f"has more than {MAX_VALUES} values")
        level = [((*path, name), part) for path, value in level for name, part in _children(value)]


def _children(value: Any) -> list[tuple[Any, Any]]:
    return list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())


def _check_secrets(file: Path, lines: Lines, value: Any, path: tuple[str | int, ...]) -> None:
    """Refuse what is, or looks like, a secret: the file is shared with others, secrets are in the environment."""
    if path and path[0] in ("records", "codes", "lookups", "first"):
        return
    for name, part in _children(value):
        here = (*path, name)
        if isinstance(part, str) and _is_secret(here, part):
            raise DeclarationError(
                file,
                lines.line_of(here),
                here,
                "looks like a secret, and a declaration has none: name the setting here, such as "
                'secret = "api_key", and write api_key_env in the source',
            )
        _check_secrets(file, lines, part, here)


def _is_secret(path: tuple[str | int, ...], text: str) -> bool:
    name = str(path[-1])
    if path[0] == "headers":
        return bool(_SECRET_HEADERS.search(name) or _LONG_RANDOM.search(text))
    if path[0] == "base_url":
        return "@" in text.partition("//")[2].partition("/")[0]
    if path[0] == "auth":
        names_a_setting = name in ("secret", "client", "user")
        is_name = re.fullmatch(r"[a-z]+(_[a-z]+)*[0-9]?", text) is not None and len(text) <= 40
        if names_a_setting:
            return not is_name
        return name not in ("header", "kind", "method", "token_path", "realm", "scope") and (
            bool(_SECRETS.search(name)) or bool(_LONG_RANDOM.search(text))
        )
    return path[0] != "settings" and bool(_SECRETS.search(name))


def _check_todo(file: Path, text: str) -> None:
    """Refuse guesses of the import that nobody has confirmed."""
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(rf"\b{TODO}\b", line):
            raise DeclarationError(
                file, number, (), "this line is a guess of the import: check it, and remove the word TODO"
            )


def _in_file(loc: tuple[str | int, ...], data: Any) -> tuple[str | int, ...]:
    """The part of an error's location that is in the file: pydantic adds the names of kinds and of types."""
    path: list[str | int] = []
    node: Any = data
    for position, part in enumerate(loc):
        in_list = isinstance(node, list) and isinstance(part, int) and part < len(node)
        if in_list or (isinstance(node, dict) and part in node):
            node = node[part]
            path.append(part)
        elif position == len(loc) - 1 and isinstance(part, str) and isinstance(node, dict) and part.islower():
            path.append(part)
    return tuple(path)


def _problem(error: Any, path: tuple[str | int, ...]) -> str:
    name = str(path[-1]) if path else ""
    match error["type"]:
        case "extra_forbidden":
            known = sorted(_names_beside(error["loc"]))
            similar = difflib.get_close_matches(name, known, 1)
            hint = (
                f"; did you mean {similar[0]}?" if similar else f"; there are {', '.join(known)}" if known else ""
            )
            return f"there is no setting {name}{hint}"
        case "missing":
            return f"{name} is missing"
        case "union_tag_not_found":
            return f"`kind` is missing: it is one of {error['ctx'].get('discriminator', 'the kinds')}"
        case "union_tag_invalid":
            return f"there is no such kind; it is one of {error['ctx']['expected_tags']}"
        case _:
            return str(error["msg"]).removeprefix("Value error, ")


def _names_beside(loc: tuple[str | int, ...]) -> set[str]:
    """The settings of the section in which an unknown one is."""
    names = set(models.Declaration.model_fields)
    for part in loc[:-1]:
        names = set(_SECTIONS[str(part)].model_fields) if str(part) in _SECTIONS else names
    return names
