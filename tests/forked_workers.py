"""
Processes of a run of all tests that are forked from one that has collected all tests.

Pytest-xdist starts each of its processes by a command, and each of them would import and collect everything again.
The command of these asks the process that has collected everything for a fork, hands over its pipes, and ends with
the fork.
"""

from __future__ import annotations

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
from itertools import chain
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest

SERVER = """\
import atexit, os, sys
server = os.getpid()
atexit.register(lambda: os.getpid() == server or os._exit(0))
from tests.forked_workers import serve
serve()
exec(eval(sys.stdin.readline()))
"""
"""
Its forks go on with the line that execnet, by which pytest-xdist talks to its processes, starts them with.

What is registered first is called last: a fork does all that is to be done at its end, and does not take apart
what was imported, which takes most of a second.
"""
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


class _Collected:
    """A plugin that keeps what a session collected, and lets it run no test."""

    def __init__(self) -> None:
        self.session: pytest.Session | None = None
        """The session; None if anything could not be collected, which each process then finds and reports."""
        self._has_failed = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Start the server of `tests.gateway.forked`: it imports much too, meanwhile, and all forks share it."""
        import_module("tests.gateway.forked")
        forkserver.ensure_running()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be collected."""
        self._has_failed |= not report.passed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Keep the session, and end it."""
        self.session = None if self._has_failed else session
        return True


_collected = _Collected()


def adopt_collection(session: pytest.Session) -> bool:
    """
    Give a session what was collected before this process was forked, as if it had collected that itself.

    Returns whether it is what the session would collect. Options that choose among collected tests apply.
    """
    earlier, config = _collected.session, session.config
    is_all = {Path(path).resolve() for path in config.args} == {ROOT / path for path in config.getini("testpaths")}
    if earlier is None or not is_all or config.option.ignore or config.option.ignore_glob:
        return False
    manager = earlier._fixturemanager
    for nodes in [*manager._arg2node2fixturedefs.values(), manager._node_autousenames]:
        if earlier in nodes:
            nodes[session] = nodes.pop(earlier)
    for definition in chain(*(nodes.get(session, ()) for nodes in manager._arg2node2fixturedefs.values())):
        definition.node = session  # type: ignore[misc] # the same node of the tree
    manager.session, manager.config, session._fixturemanager = session, config, manager
    for node in {node for item in earlier.items for node in item.listchain()} - {earlier}:
        node.session, node.config = session, config
        if node.parent is earlier:
            node.parent = session
        if isinstance(node, pytest.Directory):
            config.pluginmanager._loadconftestmodules(
                node.path, config.option.importmode, rootpath=config.rootpath, consider_namespace_packages=False
            )
    session.items = earlier.items
    config.hook.pytest_collection_modifyitems(session=session, config=config, items=session.items)
    config.hook.pytest_collection_finish(session=session)
    session.testscollected = len(session.items)
    return True


def serve() -> None:
    """
    Collect all tests, and fork for each client.

    Returns in each fork, which has the standard streams of its client. The process itself ends with its input.
    """
    pytest.main(["-s", "-p", "no:cacheprovider", "-p", "no:rerunfailures"], plugins=[_collected])
    gc.freeze()
    gc.disable()  # until the tests run, as in `conftest`
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
