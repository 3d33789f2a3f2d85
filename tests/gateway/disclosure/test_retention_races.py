"""Verification and searches are correct while files are retired, whatever happens between two of their steps."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path, PosixPath
from typing import Any

import pytest

from student_graph.gateway.disclosure import retired_files
from student_graph.gateway.disclosure.search import disclosures_of
from student_graph.gateway.disclosure.verification import verify_log
from tests.gateway.disclosure.logs import KEYS, PUBLIC_KEY, sidecar_name, verify_files, write_files
from tests.gateway.disclosure.retention_logs import FUTURE, FiveDays, retire


class SteppedPath(PosixPath):
    """A path that calls a function after a step: `glob`, `unlink`, or `read` with the suffix of the file."""

    after: dict[str, Callable[[], object]]
    """What to call, by step."""

    def glob(self, pattern: str) -> Generator[Any, None, None]:
        paths = list(super().glob(pattern))
        self._finish("glob")
        yield from paths

    def read_bytes(self) -> bytes:
        try:
            return super().read_bytes()
        finally:
            self._finish(f"read {self.suffix}")

    def unlink(self, missing_ok: bool = False) -> None:
        super().unlink(missing_ok)
        self._finish("unlink")

    def _finish(self, step: str) -> None:
        self.after.get(step, int)()


@pytest.fixture
def after() -> dict[str, Callable[[], object]]:
    """What to call after a step, by its name; empty again for the next test."""
    SteppedPath.after = {}  # derived paths are built by pathlib, which passes no attributes on
    return SteppedPath.after


@pytest.mark.parametrize("step", ["glob", "read .head", "read .jsonl"])
def test_verification_finds_no_false_problem(
    step: str, after: dict[str, Callable[[], object]], five_days: FiveDays, tmp_path: Path
) -> None:
    """All files may be retired after they were listed, or after a sidecar or the list was read."""
    directory = write_files(tmp_path, five_days.files)
    after[step] = lambda: retire(directory, FUTURE)
    assert verify_log(SteppedPath(directory), PUBLIC_KEY).problems == []
    result = verify_log(directory, PUBLIC_KEY)
    assert (result.problems, result.files, result.retired) == ([], 0, 5)


def test_the_log_is_intact_after_every_step_of_a_retirement(
    after: dict[str, Callable[[], object]], five_days: FiveDays, tmp_path: Path
) -> None:
    """Also if the retirement is interrupted after it removed any file or sidecar."""
    directory, results = write_files(tmp_path, five_days.files), []
    after["unlink"] = lambda: results.append(verify_log(directory, PUBLIC_KEY))
    retire(SteppedPath(directory), FUTURE)
    assert [result.problems for result in results] == [[]] * 10
    assert [result.retired for result in results] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_a_search_skips_files_that_are_retired(five_days: FiveDays, tmp_path: Path) -> None:
    """It finishes the file that it has open."""
    directory = write_files(tmp_path, five_days.files)
    disclosures = disclosures_of(directory, KEYS.pseudonym("hill", "s9"))
    assert next(disclosures)["count"] == 1
    retire(directory, FUTURE)
    assert list(disclosures) == []


def test_a_sidecar_of_a_retired_file_is_not_a_problem(five_days: FiveDays, tmp_path: Path) -> None:
    """Without the list of retired files, the same sidecar means that a file is missing."""
    names, files = five_days
    sidecar = sidecar_name(names[0])
    directory = write_files(tmp_path, files)
    retire(directory, FUTURE)
    listed = (directory / retired_files.FILE_NAME).read_bytes()
    assert verify_files({retired_files.FILE_NAME: listed, sidecar: files[sidecar]}).problems == []
    assert verify_files({sidecar: files[sidecar]}).problems
