"""Values of rows become values of records strictly: what cannot be read is no value, and never another one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from student_graph.adapters.model import AttendanceCategory, AttendanceScope, GradeLevel, GradeType
from student_graph.adapters.rest.mapping.paths import UnreadableValueError, compile_path
from student_graph.adapters.rest.mapping.readers import looked_up
from student_graph.adapters.rest.mapping.values import ValueDefaults, converter
from tests.subcases import subcases

NINTH_CODES = {"N": "NINTH"}
ERROR = UnreadableValueError


def converted(hint: Any, raw: Any, **options: Any) -> Any:
    """The value, or the type of the error."""
    try:
        return converter(hint, {"path": "@", **options}, ValueDefaults(time_zone="America/Denver"), ())(raw)
    except UnreadableValueError:
        return ERROR


@subcases(("hint", "raw", "options", "expected"), [
    (str, "Ada", {}, "Ada"), (str, 7, {}, "7"), (str, " ", {}, None), (str, True, {}, ERROR),
    (str, 1.5, {}, ERROR),
    (str, [], {}, ERROR), (str, "x" * 5000, {}, ERROR), (str, 10**40, {}, ERROR),
    (int, "007", {}, 7), (int, 7.0, {}, 7), (int, 7.5, {}, ERROR), (int, True, {}, ERROR),
    (int, "1e999", {}, ERROR),
    (int, "٣", {}, ERROR), (int, "2026", {"add": 1}, 2027), (int, 2**63, {}, ERROR),
    (int, "2026-07-01T00:00:00", {"year_begins": 7}, 2027), (int, "2026-06-30", {"year_begins": 7}, 2026),
    (int, "8/1/2026", {"year_begins": 1, "date": "%m/%d/%Y"}, 2026), (int, 2026, {"year_begins": 7}, ERROR),
    (int, "2026-2027", {}, ERROR), (str, "2026-08-21T00:00:00", {"date": "iso"}, "2026-08-21"),
    (str, "soon", {"date": "iso"}, ERROR),
    (float, "92.50", {}, 92.5), (float, "NaN", {}, ERROR), (float, "", {}, None),
    (float, 50, {"scale": 0.01}, 0.5),
    (float, "1e400", {}, ERROR), (float, {}, {}, ERROR),
    (bool, "Yes", {}, True), (bool, 0, {}, False), (bool, "perhaps", {}, ERROR), (bool, "", {}, None),
    (bool, "T", {"codes": {"T": True, "F": False}}, True), (bool, "yes", {"codes": {"T": True}}, ERROR),
    (date, "2026-08-21", {}, date(2026, 8, 21)), (date, "2026-08-21T00:00:00", {}, date(2026, 8, 21)),
    (date, "08/21/2026", {}, ERROR), (date, "2026-02-30", {}, ERROR), (date, "9999-12-31", {}, None),
    (date, "0001-01-01", {}, None), (date, 0, {}, ERROR), (date, "", {}, None),
    (date, "8/1/2026", {"date": "%m/%d/%Y"}, date(2026, 8, 1)),
    (date, "2026-12-31", {"add": 1}, date(2027, 1, 1)),
    (date, "3/1/2028", {"date": "%m/%d/%Y", "add": -1}, date(2028, 2, 29)),
    (date, "9999-12-31", {"add": 1}, None), (date, "", {"add": 1}, None),
    (date, "13/1/2026", {"date": "%m/%d/%Y"}, ERROR),
    (date, "2026-08-22T01:00:00Z", {}, date(2026, 8, 21)),
    (date, 1787616000, {"date": "unix"}, date(2026, 8, 24)),
    (datetime, "2026-08-21T08:00:00", {}, datetime(2026, 8, 21, 14, tzinfo=UTC)),
    (datetime, "2026-08-21T08:00:00+02:00", {}, datetime(2026, 8, 21, 6, tzinfo=UTC)),
    (datetime, "08/21/2026 01:30 PM", {"date": "%m/%d/%Y %I:%M %p", "zone": "UTC"},
     datetime(2026, 8, 21, 13, 30, tzinfo=UTC)),
    (datetime, 1787616000000, {"date": "unix_ms"}, datetime(2026, 8, 25, tzinfo=UTC)),
    (datetime, "9999-12-31T23:59:59-12:00", {}, ERROR), (datetime, True, {"date": "unix"}, ERROR),
    (time, "08:05", {}, time(8, 5)), (time, "24:61:61", {}, ERROR),
    (time, "8:05 AM", {"date": "%I:%M %p"}, time(8, 5)),
    (GradeLevel, "09", {}, GradeLevel.NINTH), (GradeLevel, "K", {}, GradeLevel.KINDERGARTEN),
    (GradeLevel, "odd", {}, GradeLevel.UNMAPPED), (GradeLevel, 4.0, {}, GradeLevel.FOURTH),
    (GradeLevel, 4.5, {}, ERROR),
    (GradeLevel, "n ", {"codes": NINTH_CODES}, GradeLevel.NINTH),
    (GradeLevel, "9", {"codes": NINTH_CODES}, GradeLevel.UNMAPPED), (GradeLevel, None, {}, ERROR),
    (GradeType, "final", {}, GradeType.FINAL), (AttendanceScope, "bus", {}, ERROR),
])  # fmt: skip
def test_a_value_is_read_strictly(hint: Any, raw: Any, options: dict[str, Any], expected: Any) -> None:
    """A value of another type, out of range or without a meaning is unreadable or unmapped."""
    value = converted(hint, raw, **options)

    assert value == expected
    assert type(value) is type(expected)


@subcases(("raw", "expected"), [
    ("2026-2027", 2027), (" 2026-2027 ", 2027), (2027, 2027), ("2027", 2027), ("2026-2028", ERROR),
    ("2027-2026", ERROR), ("2026-27", ERROR), (None, ERROR),
])  # fmt: skip
def test_a_school_year_may_be_a_text_of_its_two_years(raw: Any, expected: Any) -> None:
    """It is named by the second one, which has to follow the first."""
    try:
        value = converter(int, {"path": "@"}, ValueDefaults(), ("records", "Section", "school_year"))(raw)
    except UnreadableValueError:
        value = ERROR

    assert value == expected


@subcases(("code", "expected"), [
    ("E", AttendanceCategory.EXCUSED_ABSENCE), ("e ", AttendanceCategory.EXCUSED_ABSENCE),
    ("2", AttendanceCategory.UNMAPPED), ("", None), (" ", None), (None, None), (["E"], ERROR),
])  # fmt: skip
def test_a_code_means_what_the_vendors_table_says(code: Any, expected: Any) -> None:
    """A code that is not in the table means nothing, also if it is what another code stands for."""
    convert = converter(AttendanceCategory, {"path": "@", "codes": {"2": "EXCUSED_ABSENCE"}}, ValueDefaults(), ())
    path = compile_path("code")
    read = looked_up(lambda row, _: path(row), "types", convert, codes=True)
    try:
        value = read({"code": code}, {"types": {"e": "2"}})
    except UnreadableValueError:
        value = ERROR

    assert value == expected


@subcases(("path", "expected"), [
    ("name.given", "Ada"), ("name.nick", None), ("name.given.deep", None), ("phones[0].no", "1"),
    ("phones[5]", None),
    ("phones[-1].no", "2"), ("phones[?kind=='home'].no | [0]", "2"), ("join('-', [name.given, id])", "Ada-7"),
    ('"odd name"', 1), ("id || name.given", "7"), ("@", "row"),
])  # fmt: skip
def test_a_path_is_jmespath(path: str, expected: Any) -> None:
    """Plain paths are compiled and others are evaluated by the library, with the same results."""
    row = {
        "id": "7", "name": {"given": "Ada"}, "odd name": 1,
        "phones": [{"kind": "work", "no": "1"}, {"kind": "home", "no": "2"}],
    }  # fmt: skip

    assert compile_path(path)(row) == (row if expected == "row" else expected)


def test_an_expression_that_cannot_be_evaluated_is_unreadable() -> None:
    """A function with a value of another type is an unreadable value, not a bug."""
    with pytest.raises(UnreadableValueError):
        compile_path("join('-', [id])")({"id": {}})
