"""A row of each list of the API, as the published document describes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx
from pydantic import TypeAdapter

from student_graph.adapters.google_classroom import api
from student_graph.adapters.reading import read
from tests.adapters.google_classroom.published_document import described_row


class DescribedList(NamedTuple):
    """A list, with a row of it."""

    name: str
    """Name of the schema of a row."""
    row: dict[str, Any]
    read: Callable[[httpx.Response], list[Any]]
    """Returns the rows of a response, as the adapter reads them."""
    key: str
    """The property with the id of a row."""
    wrapper: str
    """The property of a body that holds the rows."""


def described_lists() -> Iterator[DescribedList]:
    """The lists whose rows become records."""
    for name, page, wrapper, key in (
        ("Course", api.CoursePage, "courses", "id"),
        ("CourseWork", api.CourseWorkPage, "courseWork", "id"),
        ("Student", api.StudentPage, "students", "userId"),
        ("StudentSubmission", api.SubmissionPage, "studentSubmissions", "id"),
    ):
        yield DescribedList(name, described_row(name), _reader(page, wrapper), key, wrapper)


def _reader(page: type[api.Page], wrapper: str) -> Callable[[httpx.Response], list[Any]]:
    def read_rows(response: httpx.Response) -> list[Any]:
        rows: list[Any] = getattr(read(response, TypeAdapter(page)), wrapper)
        return rows

    return read_rows
