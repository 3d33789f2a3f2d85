"""Says where the gateway answers, for people and for programs that have started it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def announce(url: str) -> None:
    """
    Write the address to standard output at once.

    If that is a file on a full disk, the gateway serves all the same. There is no buffer, which Python would write
    again at its end and then fail.
    """
    with suppress(OSError):
        os.write(sys.stdout.fileno(), f"student-graph answers at {url}\n".encode())
