"""
Logs as JSON lines that hold no personal data.

The gateway's own messages name types and settings at most. A message of another library may hold anything, so it
is withheld: the line says only that there was one. No line is longer than 4 KiB or contains a line break.
"""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime

import msgspec

OWN_LOGGERS = ("student_graph",)
"""Top-level names of the loggers whose messages are written to the log."""
MAX_MESSAGE_CHARACTERS = 2_000
MAX_STACK_FRAMES = 10
"""Innermost frames of an exception's traceback that a line names."""


class JsonLines(logging.Formatter):
    """Formats a log record as one JSON line: time, level, logger, message, and an exception's type and frames."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        is_own = record.name.partition(".")[0] in OWN_LOGGERS
        line = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": _printable(record.getMessage()) if is_own else "a message of this library was withheld",
        }
        if record.exc_info and record.exc_info[1] is not None:
            exc = record.exc_info[1]
            line["exception"] = type(exc).__name__
            frames = reversed(traceback.extract_tb(exc.__traceback__)[-MAX_STACK_FRAMES:])
            line["at"] = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in frames)
        return msgspec.json.encode(line).decode()


def _printable(message: str) -> str:
    """Shorten a message and replace control characters, which a terminal could interpret."""
    return "".join(letter if letter.isprintable() else "?" for letter in message[:MAX_MESSAGE_CHARACTERS])


def configure(level: int = logging.WARNING) -> None:
    """Write everything that is logged to standard error, as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
