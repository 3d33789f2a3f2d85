"""The error of a disclosure that cannot be recorded, and the log line about it for operators."""

from __future__ import annotations

import errno
import logging

log = logging.getLogger("student_graph.disclosure")


class UnwritableError(Exception):
    """A disclosure cannot be recorded, and therefore must not be made."""


def log_failure(action: str, exc: OSError) -> None:
    """Log that an action on the disclosure log failed; an operator must act within a minute."""
    log.error("the disclosure log cannot be %s (%s)", action, errno.errorcode.get(exc.errno or 0, "OSError"))
