"""When the record of disclosures cannot be written, and who is told."""

from __future__ import annotations

import errno
import logging

log = logging.getLogger("student_graph.disclosure")


class UnwritableError(Exception):
    """What would be disclosed cannot be recorded, and therefore is not disclosed."""


def complain(what: str, exc: OSError) -> None:
    """Say that the log is in trouble, and which; an operator must act within a minute."""
    log.error("the disclosure log cannot be %s (%s)", what, errno.errorcode.get(exc.errno or 0, "OSError"))
