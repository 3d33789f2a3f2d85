"""
`student-graph` as a program for scripts, which a process that has imported everything runs in a fork of itself.

It does what the installed command does, without the second that each new process needs to import the gateway.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

from student_graph.gateway.cli.main import complete_parser, main
from student_graph.resolvers.schema import make_schema
from tests.gateway.forked import forked

_PROGRAM = """\
#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [b"run"], [0, 1, 2])
    server.sendall(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode())
    server.shutdown(socket.SHUT_WR)
    sys.exit(int(server.recv(3) or 1))
"""


@contextlib.contextmanager
def command_program() -> Iterator[Path]:
    """A program with the arguments, the streams and the exit status of `student-graph`, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="student-graph-command-") as name:
        address, program = f"{name}/socket", Path(name) / "student-graph"
        program.write_text(_PROGRAM.format(python=sys.executable, address=address))
        program.chmod(0o755)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(address)
            listener.listen()
            with forked(_serve, listener):
                yield program


def _serve(listener: socket.socket) -> None:
    """Run commands in forks of this process until it is killed."""
    complete_parser()  # imports the modules of all commands
    make_schema()
    while True:
        client = listener.accept()[0]
        streams = socket.recv_fds(client, len(b"run"), 3)[1]
        if os.fork() == 0:
            _run(client, streams)
        client.close()
        for stream in streams:
            os.close(stream)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _run(client: socket.socket, streams: list[int]) -> None:
    """Run a command in this process, send its exit status to the client, and end the process."""
    status: object = 1
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        arguments, folder, environ = json.load(client.makefile())
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environ)
        tempfile.tempdir = None  # it is chosen again, by a variable of the environment
        main(arguments)
    except SystemExit as end:
        status = end.code or 0
    except BaseException:  # noqa: BLE001 - printed as the interpreter prints it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        client.sendall(str(status).encode())
        os._exit(0)
