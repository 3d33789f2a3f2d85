"""One of several workers: the process that a supervisor starts, with the settings' files and its assignment."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.parser import printable
from student_graph.gateway.cli.serving.loader import ServiceLoader
from student_graph.gateway.server.process import run
from student_graph.gateway.server.workers.assignment import Assignment
from student_graph.gateway.server.workers.heartbeat import write_traceback_on_signal
from student_graph.gateway.server.workers.member import Membership


def main(arguments: Sequence[str]) -> int:
    """Serve until a signal to stop, and return the exit status: 2 after a mistake in the settings was printed."""
    write_traceback_on_signal()
    path, environment_file, assignment = arguments
    member = Membership(msgspec.json.decode(assignment, type=Assignment))
    try:
        loader = ServiceLoader(Path(path), Path(environment_file) if environment_file else None, member)
        return run(loader.start(), member.listener, lambda: None, loader, member)
    except SettingsError as exc:
        for problem in exc.problems:
            print(f"student-graph: {printable(problem)}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
