"""How many connections each worker has, in memory that all of them share."""

from __future__ import annotations

import mmap
import os
import struct
import sys
import tempfile

SLOT = struct.Struct("q")
NOT_ACCEPTING = 2**62
"""In place of the number of connections: the worker accepts none."""


class ConnectionBoard:
    """One number for each worker, which the worker writes and all others read."""

    def __init__(self, descriptor: int, workers: int) -> None:
        """Use the memory of a file that `create` has opened, in the supervisor or in a worker."""
        self.descriptor, self._workers = descriptor, workers
        self._memory = mmap.mmap(descriptor, SLOT.size * workers)

    @classmethod
    def create(cls, workers: int) -> ConnectionBoard:
        """A board on which no worker accepts connections yet."""
        if sys.platform == "linux":
            descriptor = os.memfd_create("student-graph-workers")
        else:  # no such memory there
            with tempfile.TemporaryFile() as file:
                descriptor = os.dup(file.fileno())
        os.ftruncate(descriptor, SLOT.size * workers)
        board = cls(descriptor, workers)
        for worker in range(1, workers + 1):
            board.leave(worker)
        return board

    def write(self, worker: int, connections: int) -> None:
        """Say how many connections a worker has; workers count from 1."""
        SLOT.pack_into(self._memory, SLOT.size * (worker - 1), connections)

    def leave(self, worker: int) -> None:
        """Say that a worker accepts no connections."""
        self.write(worker, NOT_ACCEPTING)

    def read(self, worker: int) -> int | None:
        """The number of connections of a worker; None if it accepts none."""
        [connections] = SLOT.unpack_from(self._memory, SLOT.size * (worker - 1))
        return None if connections == NOT_ACCEPTING else connections

    def fewest(self) -> int:
        """The number of connections of the worker that has the fewest."""
        counts: tuple[int, ...] = struct.unpack_from(f"{self._workers}q", self._memory)
        return min(counts)
