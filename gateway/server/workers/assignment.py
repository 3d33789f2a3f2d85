"""What a supervisor assigns to a worker: its number, and what it inherits."""

from __future__ import annotations

import msgspec

SIGNING_KEY_BYTES = 32
"""Length of the key that signs cursors and break-glass tickets in all workers. The channel begins with it."""


class Assignment(msgspec.Struct, frozen=True):
    """A worker's position, and the numbers of the files that are open in it."""

    number: int
    """From 1; a worker that replaces another one has its number."""
    workers: int
    """How many workers there are."""
    listener: int
    channel: int
    board: int
