"""
An Ed-Fi sandbox in a process of its own: `python -m benchmarks.support.edfi_process STUDENTS LATENCY_MS`.

Therefore its memory and processor time do not count for the gateway. It prints one line of JSON when it is ready,
and after each line that it reads the requests for data that reached it since the last one.
"""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benchmarks.support.day_district import current_sections, students_of
from benchmarks.support.vendors import is_data, slow_down, take_requests
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import served

PAGE_ROWS = 500
"""Maximum number of rows that Ed-Fi sends in one response."""
MIN_TOKEN_ROWS = 5_000
"""Lists with more rows are read by page tokens."""
TOKEN_CALLS = 2
"""
Calls before the pages of a list by tokens: the first page, which gives the length of the list, and the tokens.
"""
_PROGRAM_LISTS = {"language": "language", "title i": "title i", "migrant": "migrant", "other": "other"}
"""The resource of each kind of program that is read for a condition on a program."""


@dataclass(slots=True)
class EdFiProcess:
    """A running sandbox."""

    settings: dict[str, Any]
    """Settings of a source."""
    now: datetime
    school: str
    """Number of the school with the most enrollments."""
    school_students: int
    """Enrollments of that school."""
    teacher: str
    """Number of the member of staff who teaches the most students now."""
    classes: int
    """Sections of this teacher."""
    class_students: int
    """Students of these sections, each once."""
    rows: dict[str, list[int]]
    """
    Number of rows of each list that is read for `programs`, `enrollments`, `attendance` and `calendars`, and for
    `tests` to which results refer.
    """
    process: subprocess.Popen[str]

    def take_requests(self) -> list[str]:
        """Return the requests for data since the last call, as method, path and query."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        requests: list[str] = json.loads(self.process.stdout.readline())
        return requests

    def pages(self, records: str) -> int:
        """Return the calls of the lists of some records: their pages, and what lists by page tokens need first."""
        return sum(_calls(rows) for rows in self.rows[records])


@contextlib.contextmanager
def edfi_process(students: int, latency_ms: float = 0.0) -> Iterator[EdFiProcess]:
    """Run a sandbox with so many students."""
    command = [sys.executable, "-m", "benchmarks.support.edfi_process", str(students), str(latency_ms)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603 - our own program
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            yield EdFiProcess(**{**ready, "now": datetime.fromisoformat(ready["now"])}, process=process)
        finally:
            process.terminate()


def _calls(rows: int) -> int:
    """Calls for a list: a long one is cut into parts for tokens after its first page has said how long it is."""
    pages = max(1, math.ceil(rows / PAGE_ROWS))
    return pages + TOKEN_CALLS if rows > MIN_TOKEN_ROWS else pages


def _describe(facts: DistrictFacts, settings: dict[str, Any]) -> dict[str, Any]:
    [(school, count)] = Counter(row.school for row in facts.enrollments).most_common(1)
    taught = current_sections(facts)
    teacher = max(taught, key=lambda staff: (len(students_of(facts, taught[staff])), staff))
    programs = Counter(_PROGRAM_LISTS.get(program.kind) for program in facts.programs)
    events = Counter(event.school for event in facts.attendance if event.section is None)
    return {
        "settings": settings,
        "now": facts.now.isoformat(),
        "school": str(school),
        "school_students": count,
        "teacher": teacher,
        "classes": len(taught[teacher]),
        "class_students": len(students_of(facts, taught[teacher])),
        "rows": {
            "programs": [programs[name] for name in sorted({*_PROGRAM_LISTS.values()})],
            "enrollments": [len(facts.enrollments)],
            "attendance": [events[school.id] for school in facts.schools],
            # The dates and sessions of each school, and the schools themselves.
            "calendars": [1 for _ in facts.schools for _ in ("dates", "sessions")] + [len(facts.schools)],
            "tests": [len(facts.assessments)],
        },
    }


def main() -> None:
    """Serve until the standard input ends or the process is stopped."""
    facts = make_district(int(sys.argv[1]), towns=1)
    sandbox = EdFiSandbox(facts)
    with served(sandbox):
        slow_down([sandbox], float(sys.argv[2]), 0.0)
        print(json.dumps(_describe(facts, sandbox.source_settings())), flush=True)
        for _ in sys.stdin:
            paths = take_requests([sandbox])
            print(json.dumps([path for path in paths if is_data(path)]), flush=True)


if __name__ == "__main__":
    main()
