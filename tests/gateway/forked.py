"""
Processes that are forked from one that has imported everything already.

To import everything takes more than a second of CPU, which most processes of the tests would only repeat.
`running_command` of `tests.gateway.servers` starts the installed command itself.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TextIO
from unittest import mock

from student_graph.gateway.cli.main import main
from student_graph.gateway.cli.serving import loader
from student_graph.gateway.demo import run as demo
from student_graph.gateway.demo.districts import DemoDistrict
from student_graph.gateway.server.garbage import GarbageCollection
from student_graph.gateway.server.service import Service
from tests.patience import OPERATION_SECONDS, SOURCE_SECONDS

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([
    __name__,
    "pytest",
    *(f"student_graph.adapters.{vendor}.{name}" for vendor in ("canvas", "edfi", "oneroster")
      for name in ("adapter", "sandbox")),
    "tests.gateway.preloaded",
])  # fmt: skip


@dataclass(frozen=True)
class ForkedProcess:
    """A process with the attributes and methods of `subprocess.Popen` that tests use."""

    process: BaseProcess
    stdout: TextIO
    stderr: TextIO

    def poll(self) -> int | None:
        """Return the exit status, or None while the process runs."""
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        """Send a signal to the process."""
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        """End the process at once."""
        self.process.kill()

    def wait(self, timeout: float) -> int:
        """Wait until the process ends, and return the exit status. Fails after so many seconds."""
        self.process.join(timeout)
        assert self.process.exitcode is not None
        return self.process.exitcode


def forked_command(
    arguments: Sequence[str], environ: Mapping[str, str] | None = None
) -> contextlib.AbstractContextManager[ForkedProcess]:
    """
    Run `student-graph` with these arguments in a forked process, and kill it when the block ends.

    No source of a demo and no operation reaches a limit of time.
    """
    return forked(_patient_main, arguments, **(environ or {}))


def _patient_main(arguments: Sequence[str]) -> None:
    """Run the command in this process, with the limits of tests about data."""
    patient_service = functools.partial(Service, operation_seconds=OPERATION_SECONDS)
    description = DemoDistrict.description
    start_collection = GarbageCollection.start

    def patient_description(district: DemoDistrict, **extra: Any) -> dict[str, Any]:
        return description(district, **{"timeout": SOURCE_SECONDS, **extra})

    def start_without_search(collection: GarbageCollection) -> None:
        with mock.patch.object(gc, "collect", return_value=0):  # `preloaded` has searched
            start_collection(collection)

    with (
        mock.patch.object(GarbageCollection, "start", start_without_search),
        mock.patch.object(demo, "Service", patient_service),
        mock.patch.object(loader, "Service", patient_service),
        mock.patch.object(DemoDistrict, "description", patient_description),
    ):
        main(arguments)


@contextlib.contextmanager
def forked(function: Callable[..., None], *arguments: object, **environ: str) -> Iterator[ForkedProcess]:
    """
    Call a function in a forked process, and kill the process when the block ends.

    `environ` are environment variables that are added to those of this process. Temporary files of the process are
    in a folder of its own, which is removed after it: a killed process removes nothing.
    """
    (output, output_end), (errors, errors_end) = CONTEXT.Pipe(duplex=False), CONTEXT.Pipe(duplex=False)
    folder = tempfile.mkdtemp(prefix="student-graph-forked-")
    process = CONTEXT.Process(
        target=_call,
        args=(function, arguments, {**os.environ, "TMPDIR": folder, **environ}, output_end, errors_end),
    )
    with output, errors:
        with output_end, errors_end:
            process.start()
        try:
            with open(os.dup(output.fileno())) as stdout, open(os.dup(errors.fileno())) as stderr:  # noqa: PTH123
                yield ForkedProcess(process, stdout, stderr)
        finally:
            process.kill()
            process.join()
            process.close()
            shutil.rmtree(folder, ignore_errors=True)


def _call(
    function: Callable[..., None],
    arguments: Sequence[object],
    environ: Mapping[str, str],
    output: Connection,
    errors: Connection,
) -> None:
    """Call a function in this process, with its standard output and its errors in two pipes."""
    os.dup2(output.fileno(), 1)
    os.dup2(errors.fileno(), 2)
    output.close()
    errors.close()
    os.environ.clear()
    os.environ.update(environ)
    tempfile.tempdir = None  # it is chosen again, by the variable
    function(*arguments)
