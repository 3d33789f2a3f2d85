"""Places of students in courses, and the parts that their records are put together from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from student_graph.adapters.canvas.api import Assignment, Course, Submission
from student_graph.adapters.canvas.mapping import Place, assignment_work
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import AssignmentWork, StudentId

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Parts: TypeAlias = Mapping[K, V | AdapterError]
"""Several reads, each of which may have failed; absent is what Canvas does not know."""
Places: TypeAlias = Parts[StudentId, list[Place]]
Made: TypeAlias = dict[StudentId, list[V] | AdapterError]


def part(parts: Parts[K, V], key: K) -> V | None:
    """
    One of several reads; None when Canvas does not know it.

    Raises:
        AdapterError: the read failed, and with it whatever it is a part of.
    """
    found = parts.get(key)
    if isinstance(found, AdapterError):
        raise found
    return found


def put_together(places: Places, make: Callable[[list[Place]], list[V]]) -> Made[V]:
    """What `make` makes of each student's places; where a part of it failed, so did the whole."""
    batch: Made[V] = {}
    for student, own in places.items():
        try:
            batch[student] = own if isinstance(own, AdapterError) else make(own)
        except AdapterError as failed:
            batch[student] = failed
    return batch


def by_course(places: Iterable[Place]) -> dict[int, list[Place]]:
    """A student's places by course: who is in two sections of a course does its work once."""
    found: dict[int, list[Place]] = defaultdict(list)
    for place in places:
        found[place.enrollment.course_id].append(place)
    return found


def members(places: Places) -> dict[int, list[int]]:
    """Users by course, each once."""
    found: dict[int, dict[int, None]] = defaultdict(dict)
    for own in places.values():
        if not isinstance(own, AdapterError):
            for place in own:
                found[place.enrollment.course_id][place.enrollment.user_id] = None
    return {course: list(users) for course, users in found.items()}


@dataclass(frozen=True, slots=True)
class Classwork:
    """What is assigned in courses, and what students have done of it."""

    courses: Parts[int, Course]
    assignments: Parts[int, dict[int, Assignment]]
    submissions: Parts[tuple[int, int], list[Submission]]
    """By course and user."""

    def of_all(self, places: Iterable[Place]) -> Iterator[AssignmentWork]:
        """
        The work that belongs to places.

        Raises:
            AdapterError: a read that it needs failed.
        """
        for place in places:
            yield from self._of(place)

    def _of(self, place: Place) -> Iterator[AssignmentWork]:
        course, user = place.enrollment.course_id, place.enrollment.user_id
        assignments = part(self.assignments, course) or {}
        named = part(self.courses, course)
        for submission in part(self.submissions, (course, user)) or ():
            if assignment := assignments.get(submission.assignment_id):
                yield assignment_work(place, submission, assignment, named)
