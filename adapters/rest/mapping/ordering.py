"""The order in which the contract promises the records of each lookup."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from student_graph.adapters.lookup import Lookup
from student_graph.adapters.model import (
    AcademicRecord,
    AssessmentResult,
    AssignmentWork,
    ClassPeriod,
    Record,
    Section,
    StudentContact,
)

_FIRST_DAYS = ("date", "entry_date", "begin_date")
_NO_DAY, _NO_MOMENT = date.min, datetime.max.replace(tzinfo=UTC)


def sort_key(lookup: Lookup) -> Callable[[Record], Any]:
    """
    Return the key by which the records of a lookup are sorted, as the lookup's docstring promises.

    Records without an order of their own are sorted by the vendor's id, so that equal answers are equal lists.
    """
    record_type = lookup.record_type
    if record_type in _KEYS:
        by_person = _person_first(lookup)
        own = _KEYS[record_type]
        return lambda record: (by_person(record), own(record), record.vendor_id)
    names = record_type.__dataclass_fields__
    day = next((name for name in _FIRST_DAYS if name in names), None)
    by_person = _person_first(lookup)
    if day is None:
        return lambda record: (by_person(record), record.vendor_id)
    return lambda record: (by_person(record), getattr(record, day) or _NO_DAY, record.vendor_id)


def _person_first(lookup: Lookup) -> Callable[[Any], str]:
    """The id of a record's person in lists of several people, and of a school in a list of schools."""
    names = lookup.record_type.__dataclass_fields__
    ids = ("student_id", "staff_id", "school_id", "section_id", "local_education_agency_id")
    name = next((name for name in ids if name in names and name != lookup.key_attribute), None)
    if name is None or lookup.key_kind in ("student", "staff"):
        return lambda _: ""
    return lambda record: getattr(record, name) or ""


def _contact_key(contact: Any) -> Any:
    return (not contact.primary,)


def _latest_first(result: Any) -> Any:
    at = result.administration_date
    return 0.0 if at is None else -at.timestamp()


_KEYS: dict[Any, Callable[[Any], Any]] = {
    AcademicRecord: lambda record: (record.school_year, record.term.code_value),
    AssessmentResult: _latest_first,
    AssignmentWork: lambda work: work.due_at or _NO_MOMENT,
    ClassPeriod: lambda period: period.name,
    Section: lambda section: section.section_identifier,
    StudentContact: _contact_key,
}
