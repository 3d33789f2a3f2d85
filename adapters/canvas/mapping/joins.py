"""Joins the results of several reads into the records of each student; a student fails if a needed read failed."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from student_graph.adapters.canvas.mapping.enrollments import KeyedEnrollment
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import StudentId
from student_graph.adapters.reading import reading_key

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def records_by_student(
    enrollments: Batch[StudentId, list[KeyedEnrollment]],
    build_records: Callable[[list[KeyedEnrollment]], list[V]],
) -> dict[StudentId, list[V] | AdapterError]:
    """The records that `build_records` returns for each student's enrollments, or the error that it raises."""
    batch: dict[StudentId, list[V] | AdapterError] = {}
    for student_id, answer in enrollments.items():
        try:
            with reading_key(student_id):
                batch[student_id] = answer if isinstance(answer, AdapterError) else build_records(answer)
        except AdapterError as error:
            batch[student_id] = error
    return batch
