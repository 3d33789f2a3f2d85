"""
Logs as JSON lines that hold no personal data.

The gateway's own messages name types and settings at most. A message of another library may hold anything, so it
is withheld: the line says only that there was one. No line is longer than 4 KiB or contains a line break.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

import msgspec

log = logging.getLogger("student_graph.gateway")

TraceIds: TypeAlias = Callable[[], tuple[str, str] | None]
"""Returns the ids of the trace and of the span of what runs now; None if it is not traced."""
OWN_LOGGERS = ("student_graph",)
"""Top-level names of the loggers whose messages are written to the log."""
MAX_MESSAGE_CHARACTERS = 2_000
MAX_STACK_FRAMES = 10
"""Innermost frames of an exception's traceback that a line names."""


class JsonLines(logging.Formatter):
    """Formats a log record as one JSON line: time, level, logger, message, and an exception's type and frames."""

    def __init__(self, trace_ids: TraceIds = lambda: None) -> None:
        """Name the trace and the span that `trace_ids` returns, if there are any."""
        super().__init__()
        self._trace_ids = trace_ids

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        is_own = record.name.partition(".")[0] in OWN_LOGGERS
        line = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": _printable(record.getMessage()) if is_own else "a message of this library was withheld",
        }
        if (ids := self._trace_ids()) is not None:
            line["trace_id"], line["span_id"] = ids
        if record.exc_info and record.exc_info[1] is not None:
            exc = record.exc_info[1]
            line["exception"] = type(exc).__name__
            frames = reversed(traceback.extract_tb(exc.__traceback__)[-MAX_STACK_FRAMES:])
            line["at"] = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in frames)
        return msgspec.json.encode(line).decode()


def _printable(message: str) -> str:
    """Shorten a message and replace control characters, which a terminal could interpret."""
    return "".join(letter if letter.isprintable() else "?" for letter in message[:MAX_MESSAGE_CHARACTERS])


def configure(trace_ids: TraceIds = lambda: None) -> None:
    """
    Write the log to standard error, as JSON lines, which name the trace by `trace_ids`.

    The gateway's own messages are written from the level INFO on, those of other libraries from WARNING on.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(trace_ids))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(logging.INFO)


def handle_loop_error(loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """
    Log an error of the event loop; for debugging only, that uvloop writes to a TLS connection which is closed.

    It does so if a vendor completes the handshake when the attempt to connect has just timed out
    (`SSLProtocol._do_read`). The attempt has failed already, and is counted and logged as any other.
    """
    transport, protocol = context.get("transport"), type(context.get("protocol")).__name__
    is_write = isinstance(context.get("exception"), RuntimeError) and protocol == "SSLProtocol"
    if is_write and transport is not None and transport.is_closing():
        log.debug("a TLS connection was closed before its handshake had ended")
    else:
        loop.default_exception_handler(dict(context))
