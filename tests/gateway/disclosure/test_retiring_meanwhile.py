"""Whoever reads the record while files are retired is not misled, whatever comes between two steps."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path, PosixPath
from typing import Any

import pytest

from student_graph.gateway.disclosure import retired
from student_graph.gateway.disclosure.reading import check, seen
from student_graph.gateway.disclosure.signatures import beside
from tests.gateway.disclosure.test_record import PUBLIC, SECRETS
from tests.gateway.disclosure.test_retiring import put, record, retired_in
from tests.gateway.disclosure.test_tampering import Files, checked

__all__ = ["record"]


class Stepped(PosixPath):
    """A folder in which something happens after each step."""

    after: dict[str, Callable[[], object]]
    """By the name of a step."""

    def glob(self, pattern: str) -> Generator[Any, None, None]:
        found = list(super().glob(pattern))
        self._happen("glob")
        yield from found

    def read_bytes(self) -> bytes:
        try:
            return super().read_bytes()
        finally:
            self._happen(f"read {self.suffix}")

    def unlink(self, missing_ok: bool = False) -> None:
        super().unlink(missing_ok)
        self._happen("unlink")

    def _happen(self, step: str) -> None:
        Stepped.after.get(step, int)()


@pytest.mark.parametrize("step", ["glob", "read .head", "read .jsonl"])
def test_a_check_finds_nothing_wrong(step: str, record: tuple[list[str], Files], tmp_path: Path) -> None:
    """When all is retired once files were listed, or a head was read, or the retired; the next one counts them."""
    folder = put(tmp_path, record[1])
    Stepped.after = {step: lambda: retired_in(folder, "2027-01-01")}
    assert check(Stepped(folder), PUBLIC).problems == []
    found = check(folder, PUBLIC)
    assert (found.problems, found.files, found.retired) == ([], 0, 5)


def test_each_moment_of_a_retirement_is_whole(record: tuple[list[str], Files], tmp_path: Path) -> None:
    """Also when it is broken off after any file, or head, that it removes."""
    folder, found = put(tmp_path, record[1]), []
    Stepped.after = {"unlink": lambda: found.append(check(folder, PUBLIC))}
    retired_in(Stepped(folder), "2027-01-01")
    assert [each.problems for each in found] == [[]] * 10
    assert [each.retired for each in found] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_a_search_passes_over_what_is_retired(record: tuple[list[str], Files], tmp_path: Path) -> None:
    """It goes on with the file that it has open."""
    folder = put(tmp_path, record[1])
    searching = seen(folder, SECRETS.pseudonym("hill", "s9"))
    assert next(searching)["count"] == 1
    retired_in(folder, "2027-01-01")
    assert list(searching) == []


def test_a_head_that_a_retirement_left_is_none_of_a_file_that_is_gone(
    record: tuple[list[str], Files], tmp_path: Path
) -> None:
    """Where the file was retired; without that it is."""
    folder, head = put(tmp_path, record[1]), beside(Path(record[0][0])).name
    retired_in(folder, "2027-01-01")
    heads = {retired.NAME: (folder / retired.NAME).read_bytes(), head: record[1][head]}
    assert checked(heads).problems == []
    assert checked({head: record[1][head]}).problems
