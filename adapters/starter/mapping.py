"""From the vendor's payloads to records: pure functions."""

from __future__ import annotations

from student_graph.adapters import PersonName, Student, StudentId
from student_graph.adapters.starter import api


def student(learner: api.Learner) -> Student:
    """Map a learner to a student with the district's number."""
    name = PersonName(first_name=learner.name.first, last_name=learner.name.last)
    return Student(vendor_id=str(learner.id), student_id=StudentId(learner.number), name=name)
