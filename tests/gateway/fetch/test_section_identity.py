"""Copies of records with the district's ids."""

from __future__ import annotations

import copy
from dataclasses import dataclass, fields

import pytest

from student_graph.adapters.model import AssignmentWork, CourseGrade, Record
from student_graph.gateway.fetch.section_identity import with_ids


@dataclass
class GradeWithNote(CourseGrade):
    """A record of a third party's adapter, whose objects take any attribute."""


@pytest.mark.parametrize("record_type", [AssignmentWork, CourseGrade, GradeWithNote])
def test_a_copy_with_other_ids_has_everything_else_of_the_record(record_type: type[Record]) -> None:
    """The record itself, which other answers share, stays as it is."""
    record = record_type(**{attribute.name: object() for attribute in fields(record_type)})
    before = copy.copy(record)

    copied = with_ids(record, student_id="604822", section_id="algebra")

    changed = {"student_id": "604822", "section_id": "algebra", "subject": None}
    assert type(copied) is record_type
    for attribute in fields(record_type):
        assert getattr(copied, attribute.name) == changed.get(attribute.name, getattr(before, attribute.name))
        assert getattr(record, attribute.name) is getattr(before, attribute.name)


def test_attributes_that_the_class_does_not_declare_are_copied_too() -> None:
    """Such as a note that an adapter keeps in its records."""
    record = GradeWithNote(**{attribute.name: object() for attribute in fields(GradeWithNote)})
    record.note = "make-up test"  # type: ignore[attr-defined] # not declared

    assert with_ids(record, student_id="604822").note == "make-up test"  # type: ignore[attr-defined] # copied
