"""
`files`: a file of MAP Growth with a million results: the time to index it, the memory, and the time of a lookup.

Each measurement runs in a process of its own, so that memory is that of the index alone.
"""

from __future__ import annotations

import asyncio
import csv
import importlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks.support.figures import Row
from student_graph.adapters.files.adapter import Files, FileSettings
from student_graph.adapters.model import StudentId

FILE_ROWS, QUICK_ROWS = 1_000_000, 50_000
"""Results, one in each row of the file, and of the file of a quick run."""
RESULTS_PER_STUDENT = 10
CLASS_SIZE = 28
TIMED_QUESTIONS = 200
"""Number of lookups for each mean time."""
MAX_BYTES_PER_ROW = 250.0
"""Goal: memory of the index for each row."""
MAX_QUESTION_MS = 10.0
"""Goal: CPU time of a lookup for one student."""
MAX_LINE_READERS = 1.5
"""Goal: CPU time of the index, as a multiple of that of Python's own reader of CSV, which keeps nothing."""
_SCORED_PARTS = 4
"""Number of the parts of a test that have scores."""


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    count = QUICK_ROWS if quick else FILE_ROWS
    with tempfile.TemporaryDirectory(prefix="files-benchmark-") as folder:
        path = Path(folder) / "map.csv"
        _write(path, count)
        figures = await asyncio.to_thread(_measure_apart, folder)
        reader = _cpu_of_reader(path)
        megabytes = path.stat().st_size / (1 << 20)
    case = f"{count:,} rows, {megabytes:.0f} MiB"
    return [
        Row("files", case, "import of pyarrow, once in a process, CPU", figures["import_seconds"], "s"),
        Row("files", case, "index, CPU", figures["index_seconds"], "s"),
        Row(
            "files", case, "index, CPU, over csv.reader", figures["index_seconds"] / reader, "x", MAX_LINE_READERS
        ),
        Row("files", case, "memory of the index, by row", figures["bytes"] / count, "B", MAX_BYTES_PER_ROW),
        Row("files", case, "memory of the process, most", figures["peak_mib"], "MiB"),
        Row("files", case, "one student, CPU", figures["one_ms"], "ms", MAX_QUESTION_MS),
        Row("files", case, f"{CLASS_SIZE} students, CPU", figures["class_ms"], "ms"),
        Row("files", case, "listing again, CPU", figures["listing_ms"], "ms"),
    ]


def _write(path: Path, count: int) -> None:
    """Write `count` results, ten for each student, with the parts of the test."""
    columns = [
        *("TermName", "DistrictName", "SchoolName", "StudentID", "Student_StateID", "StudentLastName"),
        *("StudentDateOfBirth", "Subject", "TestName", "TestID", "TestStartDate", "TestStartTime"),
        *("TestRITScore", "TestStandardError", "TestPercentile", "AchievementQuintile"),
        *(
            f"Goal{n}{part}"
            for n in range(1, _SCORED_PARTS + 1)
            for part in ("Name", "RitScore", "StdErr", "Adjective")
        ),
        *(f"Unused{n}" for n in range(20)),
    ]
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(columns)
        for number in range(count):
            student, term = divmod(number, RESULTS_PER_STUDENT)
            goals = [
                text
                for n in range(_SCORED_PARTS)
                for text in (f"Goal area {n} of the test", str(180 + (number + n) % 80), "6.1", "Avg")
            ]
            writer.writerow(
                [
                    *(f"Fall {2016 + term}-{2017 + term}", "Cedar Hollow", f"School {student % 60}"),
                    *(str(400_000 + student), str(7_300_000_000 + student * 37), f"Name{student % 9000}"),
                    *(f"{1 + student % 12}/{1 + student % 28}/{2006 + student % 12}", "Mathematics"),
                    *("Growth: Math 2-5", str(700_000_000 + number), f"09/{1 + number % 28:02}/{2016 + term}"),
                    *(f"{8 + number % 7:02}:{number % 60:02}:00", str(150 + number % 120), "3.20"),
                    *(str(1 + number % 99), "HiAvg", *goals, *[""] * 20),
                ]
            )


def _cpu_of_reader(path: Path) -> float:
    """CPU seconds that Python's own reader takes to split all rows."""
    started = time.process_time()
    with path.open(newline="", encoding="utf-8") as lines:
        for _ in csv.reader(lines):
            pass
    return time.process_time() - started


def _measure_apart(folder: str) -> dict[str, float]:
    """Run `figures_of` in a new process, and return its figures."""
    command = [sys.executable, "-m", "benchmarks.files", folder]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - this program
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


async def figures_of(folder: str) -> dict[str, float]:
    """The figures of this process, which has read nothing else, for the files in a folder."""
    settings = FileSettings(location=folder, settle_seconds=0, refresh_seconds=0, memory_mb=4096)
    started = time.process_time()
    importlib.import_module("student_graph.adapters.files.client.index")
    import_seconds = time.process_time() - started
    async with httpx.AsyncClient() as http:
        adapter = Files("files", settings, http)
        started = time.process_time()
        await adapter.check()
        index_seconds = time.process_time() - started
        assert adapter._index is not None  # noqa: SLF001 - a benchmark looks inside
        snapshot = adapter._index.snapshot  # noqa: SLF001
        students = snapshot.tables[0].row_count // RESULTS_PER_STUDENT
        return {
            "import_seconds": import_seconds,
            "index_seconds": index_seconds,
            "bytes": float(snapshot.size),
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "one_ms": await _question_ms(adapter, students, 1),
            "class_ms": await _question_ms(adapter, students, CLASS_SIZE),
            "listing_ms": await _listing_ms(adapter),
        }


async def _question_ms(adapter: Files, students: int, size: int) -> float:
    """Mean CPU milliseconds of a lookup for `size` students."""
    started = time.process_time()
    for question in range(TIMED_QUESTIONS):
        first = question * 7919
        keys = [StudentId(f"district_id:{400_000 + (first + n * 31) % students}") for n in range(size)]
        batch: Any = await adapter.assessment_results_by_student(keys)
        assert all(len(batch[key]) == RESULTS_PER_STUDENT for key in keys)
    return (time.process_time() - started) * 1000 / TIMED_QUESTIONS


async def _listing_ms(adapter: Files) -> float:
    started = time.process_time()
    for _ in range(TIMED_QUESTIONS):
        await adapter.version()
    return (time.process_time() - started) * 1000 / TIMED_QUESTIONS
