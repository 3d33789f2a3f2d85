"""A demo with the dashboard whose student information system takes attendance while it runs."""

from __future__ import annotations

import contextlib
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.facts.school_life import AttendanceFact
from student_graph.gateway.cli.main import main
from student_graph.gateway.demo import run as demo
from student_graph.gateway.demo.districts import DemoDistrict
from tests.gateway.forked import forked
from tests.gateway.servers import RunningDemo

ABSENT = "absent.txt"
"""File with the number of the student who is absent next."""
DEMO = ("demo", "--port", "0", "--students", "240", "--dashboard", "--ready-file")


class Attendance:
    """Records absences at the vendor of a running demo."""

    def __init__(self, running: RunningDemo, folder: Path) -> None:
        self.running, self._folder = running, folder

    def record_absence(self, student: str) -> None:
        """Let a student be absent on the last school day."""
        (self._folder / ABSENT).write_text(student)
        self.running.process.send_signal(signal.SIGUSR1)
        self.running.wait_for(lambda: not (self._folder / ABSENT).exists())


@contextlib.contextmanager
def demo_with_attendance(folder: Path) -> Iterator[Attendance]:
    """Start the demo in a forked process, and yield who takes attendance once it answers requests."""
    with forked(_run, str(folder)) as process:
        while not (folder / "ready.json").exists():
            if process.poll() is not None:
                raise AssertionError(process.stderr.read())
            time.sleep(0.02)
        ready = json.loads((folder / "ready.json").read_text())
        yield Attendance(RunningDemo(process, ready), folder)


def _run(folder: str) -> None:
    """Run the demo in this process. A signal says that there is one more absence to record."""
    built: list[DemoDistrict] = []
    build = demo.build_districts

    def build_and_remember(options: Any) -> list[DemoDistrict]:
        built[:] = build(options)
        return built

    def take(*_: object) -> None:
        file = Path(folder, ABSENT)
        _record_absence(built[0], file.read_text())
        file.unlink()

    signal.signal(signal.SIGUSR1, take)
    with mock.patch.object(demo, "build_districts", build_and_remember):
        main([*DEMO, str(Path(folder, "ready.json"))])


def _record_absence(district: DemoDistrict, student: str) -> None:
    facts, edfi = district.facts, district.sandboxes["edfi"]
    assert isinstance(edfi, EdFiSandbox)
    last = max((event for event in facts.attendance if event.section is None), key=lambda event: event.day)
    [school] = {e.school for e in facts.enrollments if e.student == student and e.exit is None}
    absence = AttendanceFact(
        student=student,
        school=school,
        year=facts.year,
        session=next(e.session for e in facts.attendance if e.school == school and e.session == last.session),
        day=last.day,
        category="Unexcused Absence",
    )
    edfi.insert("studentSchoolAttendanceEvents", absence)
