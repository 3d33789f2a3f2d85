"""
Logs as JSON lines, of which is known what they may hold.

A message of ours says what happened in words of ours, with names of types and settings at most. What another
library logs may hold anything, so only that it did is told. No line is longer than 4 KiB, nor looks like two.
"""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime

import msgspec

OURS = ("student_graph",)
"""Loggers whose messages are written for the log."""
LONGEST = 2_000
"""Characters of a message."""


class JsonLines(logging.Formatter):
    """A line for each record: when, how bad, who says it, what, and where an exception came from."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        mine = record.name.partition(".")[0] in OURS
        told = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": _plain(record.getMessage()) if mine else "a message of this library was withheld",
        }
        if record.exc_info and record.exc_info[1] is not None:
            exc = record.exc_info[1]
            told["exception"] = type(exc).__name__
            places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(exc.__traceback__)]
            told["at"] = " < ".join(reversed(places[-10:]))
        return msgspec.json.encode(told).decode()


def _plain(text: str) -> str:
    """A message without anything that a terminal obeys, and no longer than it may be."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:LONGEST])


def configure(level: int = logging.WARNING) -> None:
    """Let everything that is logged go to standard error, as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
