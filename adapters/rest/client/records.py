"""Turns the rows of a response into records."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic_core import to_json

from student_graph.adapters.errors import PayloadError
from student_graph.adapters.keys import check_own_keys
from student_graph.adapters.model import Record
from student_graph.adapters.reading import report_unreadable_row
from student_graph.adapters.reading.unreadable import SCHEMA_CODE
from student_graph.adapters.rest.client.lists import Rows
from student_graph.adapters.rest.mapping.paths import Getter, UnreadableValueError
from student_graph.adapters.rest.mapping.readers import MAX_NESTED_ROWS
from student_graph.adapters.rest.mapping.values import text
from student_graph.adapters.rest.plan import LookupPlan


def map_rows(plan: LookupPlan, rows: Rows, values: Mapping[str, Any]) -> list[Record]:
    """The records of rows; a row that is no record is left out and reported."""
    build, where, elements, records = plan.mapping.build, plan.where, plan.elements, []
    for row in rows:
        try:
            parts = _parts(row, elements)
        except UnreadableValueError as exc:
            _report(row, exc)
            continue
        for part in parts:
            try:
                if where is None or where(part):
                    records.append(build(part, values))
            except UnreadableValueError as exc:
                _report(part, exc)
    return records


def check_repeated(plan: LookupPlan, rows: Rows, values: Mapping[str, Any]) -> None:
    """
    Check that rows repeat values of their request, where the declaration says that they do.

    Raises: PayloadError: all have other values, so the response belongs to another request.
    """
    for name, get in plan.repeats.items():
        returned = []
        for row in rows:
            with contextlib.suppress(UnreadableValueError):
                returned.append(text(get(row)))
        check_own_keys([value for value in returned if value is not None], [str(values[name])])


def _report(row: Mapping[str, Any], exc: UnreadableValueError) -> None:
    report_unreadable_row(to_json(row), PayloadError(f"unexpected shape ({exc})", code=SCHEMA_CODE))


def _parts(row: Any, lists: Sequence[Getter]) -> list[Any]:
    """
    Copies of a row, one for each element of a list in it, with the element as `element`.

    The row itself without a list.

    Raises:
        UnreadableValueError: there is something else than a list, or one that is too long.
    """
    if not lists:
        return [row]
    elements = lists[0](row)
    if elements is None:
        return []
    if type(row) is not dict or type(elements) is not list or len(elements) > MAX_NESTED_ROWS:
        raise UnreadableValueError("no list of elements, or one that is too long")
    parts = []
    for element in elements:
        try:
            parts += [{**row, "element": part} for part in _parts(element, lists[1:])]
        except UnreadableValueError as exc:
            _report({"element": element}, exc)
    return parts


def is_of_year(record: Any, year: int | None) -> bool:
    """
    Whether a record belongs to a school year: some vendors send all years.

    A record without a year belongs to each.
    """
    return year is None or getattr(record, "school_year", None) in (None, year)


def once(records: Iterable[Record]) -> list[Record]:
    """Records of several requests, each only once, although a student of two schools is in the lists of both."""
    by_id: dict[str, Record] = {}
    for record in records:
        by_id.setdefault(record.vendor_id, record)
    return list(by_id.values())


def without_repeated(records: Iterable[Record]) -> list[Record]:
    """Records of the elements of rows without those that equal an earlier one; ids alone may be those of a row."""
    by_id: dict[str, list[Record]] = {}
    for record in records:
        by_id.setdefault(record.vendor_id, []).append(record)
    return [
        record
        for same_id in by_id.values()
        for record in (same_id if len(same_id) == 1 else {repr(record): record for record in same_id}.values())
    ]
