"""
Processes of a run of all tests that are forked from one that has imported all modules of tests.

Pytest-xdist starts each of its processes by a command, and each of them would import everything again. The command
of these asks the process that has imported everything for a fork, hands over its pipes, and ends with the fork.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib import import_module
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest

SERVER = "import sys; from tests.forked_workers import serve; serve(); exec(eval(sys.stdin.readline()))"
"""Its forks go on with the line that execnet, by which pytest-xdist talks to its processes, starts them with."""
CLIENT = """\
import socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect(sys.argv[1])
    socket.send_fds(server, [b"fork"], [0, 1, 2])
    server.recv(1)
"""
"""The fork holds the other end of the socket until it ends."""
ROOT = Path(__file__).parents[1]


def fork_workers(config: pytest.Config, specs: Iterable[Any]) -> None:
    """Let the processes that pytest-xdist starts by these specs be forks, until the end of the run."""
    folder = tempfile.TemporaryDirectory(prefix="student-graph-forks-")
    address = f"{folder.name}/socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        server = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-u", "-c", SERVER, str(listener.fileno())],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=[listener.fileno()],
        )
    for spec in specs:
        spec.python = shlex.join([sys.executable, "-I", "-S", "-c", CLIENT, address])
    config.add_cleanup(folder.cleanup)
    config.add_cleanup(server.communicate)


class _ImportAll:
    """A plugin that imports all modules of tests, with assertions as pytest writes them, and collects no test."""

    def __init__(self) -> None:
        self.modules = sorted(ROOT.glob("tests/**/test_*.py"))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> bool:
        """Import them; what fails here fails again where it is collected, which says so."""
        for path in self.modules:
            with contextlib.suppress(Exception, pytest.skip.Exception):
                import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        gc.freeze()  # what was imported stays: the collections at the end of the run need not look at it
        return True


def serve() -> None:
    """
    Import all modules of tests, and fork for each client.

    Returns in each fork, which has the standard streams of its client. The process itself ends with its input.
    """
    pytest.main(["-s", "-p", "no:cacheprovider", "-p", "no:rerunfailures"], plugins=[_ImportAll()])
    gc.freeze()
    gc.disable()  # until the tests run, as in `conftest`
    forkserver.ensure_running()  # that of `tests.gateway.forked`: it imports much too, and all forks share it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    forks: list[int] = []
    with socket.socket(fileno=int(sys.argv[1])) as listener:
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            client = listener.accept()[0]
            streams = socket.recv_fds(client, len(b"fork"), 3)[1]
            pid = os.fork()
            is_fork = pid == 0
            if is_fork:
                for number, stream in enumerate(streams):
                    os.dup2(stream, number)
            for stream in streams:
                os.close(stream)
            if is_fork:
                client.detach()  # open until this process ends
                signal.signal(signal.SIGINT, signal.default_int_handler)
                # It runs until the last fork ends, but is no child of theirs, as `multiprocessing` supposes.
                forkserver._forkserver.ensure_running = lambda: None  # type: ignore[attr-defined]
                return
            client.close()
            forks.append(pid)
    for pid in forks:
        os.waitpid(pid, 0)
    sys.exit()
