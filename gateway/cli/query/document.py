"""The document of a command: the text of an argument, a file, or standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from student_graph.adapters.registry import SettingsError

DOCUMENT_HELP = "GraphQL document, or the path of a file with one, or - for standard input"


def document_text(query: str) -> str:
    """
    The text of a document, or of the file of that name.

    Raises:
        SettingsError: it is not a document, and no such file can be read.
    """
    if query == "-":
        return sys.stdin.read()
    if "{" in query:
        return query
    try:
        return Path(query).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"QUERY: {query} is neither a document nor a readable file") from None
