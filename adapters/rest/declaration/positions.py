"""
Lines of a TOML file, by the path of a setting.

The standard library reads TOML without positions. This reader finds the line of each table and key; for a setting
inside an inline table or a list it is the line on which its name is next seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_HEADER = re.compile(r"\s*(\[\[?)(.+?)\]\]?\s*(?:#.*)?$")
_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_KEY_LINE = re.compile(rf"\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=\s*(.*)$")
_NAME = re.compile(_KEY)
_MULTILINE = ('"""', "'''")


class Lines:
    """The lines of a file."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._line_of: dict[tuple[str | int, ...], int] = {}
        self._index()

    def _index(self) -> None:
        table: tuple[str | int, ...] = ()
        counts: dict[tuple[str | int, ...], int] = {}
        depth, quotes = 0, ""
        for number, line in enumerate(self._lines, 1):
            if quotes:
                if quotes in line:
                    quotes = ""
                continue
            if depth > 0:
                depth += _open_brackets(line)
                continue
            if (header := _HEADER.match(line)) is not None:
                table = _names(header[2])
                if header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                    table = (*table, counts[table])
                self._line_of.setdefault(table, number)
            elif (key := _KEY_LINE.match(line)) is not None:
                names = (*table, *_names(key[1]))
                for end in range(len(table) + 1, len(names) + 1):
                    self._line_of.setdefault(names[:end], number)
                quotes = next((q for q in _MULTILINE if key[2].startswith(q) and key[2].count(q) == 1), "")
                depth = _open_brackets(key[2])

    def line_of(self, path: Sequence[str | int]) -> int:
        """The line of a setting, or of the nearest part of the file that has it; 1 if none has."""
        path = tuple(path)
        end = next((end for end in range(len(path), 0, -1) if path[:end] in self._line_of), 0)
        line = self._line_of.get(path[:end], 1)
        for name in (part for part in path[end:] if isinstance(part, str)):
            pattern = re.compile(rf"""(?:^|[\s{{,."'])["']?{re.escape(name)}["']?\s*(?:=|\.)""")
            last = min(line + 200, len(self._lines))
            line = next((at for at in range(line, last + 1) if pattern.search(self._lines[at - 1])), line)
        return line


def _names(text: str) -> tuple[str | int, ...]:
    return tuple(name.strip("\"'") for name in _NAME.findall(text))


def _open_brackets(text: str) -> int:
    """How many brackets a line opens and does not close, outside texts and comments."""
    bare = re.sub(r'"(?:\\.|[^"\\])*"|\'[^\']*\'', "", text).partition("#")[0]
    return sum(bare.count(char) for char in "[{") - sum(bare.count(char) for char in "]}")
