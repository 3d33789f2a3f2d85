"""Dates and numbers in the payloads of all adapters: no date is made of a number, and no number of a boolean."""

from __future__ import annotations

import datetime as dt
import inspect
import json
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Annotated, Any, get_args

import httpx
import pytest
from pydantic import AwareDatetime, BaseModel, BeforeValidator, TypeAdapter, ValidationError

from student_graph.adapters import canvas, edfi, google_classroom, oneroster
from student_graph.adapters.canvas import api as canvas_api
from student_graph.adapters.canvas.api import graphql as canvas_graphql
from student_graph.adapters.edfi.api import academics, people, school_life, schools, services
from student_graph.adapters.edfi.api import payload as edfi_payload
from student_graph.adapters.google_classroom import api as google_classroom_api
from student_graph.adapters.moodle import api as moodle_api
from student_graph.adapters.oneroster.api import gradebook, rostering
from student_graph.adapters.reading import (
    Day,
    OptionalDay,
    OptionalMoment,
    OptionalTime,
    Payload,
    collecting_unreadable_rows,
    read,
)
from tests.subcases import subcases

TIMES = (dt.date, dt.datetime, dt.time, AwareDatetime)
NUMBERS = (0, 86_400, 1_724_112_000_000, "0", "86400", "1724112000000", "20217600", True)
"""Values that are no dates; some would be read as seconds or milliseconds since 1970, or as a year."""


def _types_in(annotation: Any) -> Iterator[Any]:
    """The types in an annotation, at any depth."""
    yield annotation
    for part in get_args(annotation):
        yield from _types_in(part)


def fields_of(types: Iterable[type], *modules: ModuleType) -> Iterator[tuple[str, TypeAdapter[Any]]]:
    """The fields of payloads that hold values of one of the types, with what reads them."""
    for module in modules:
        for name, model in inspect.getmembers(module, inspect.isclass):
            if not issubclass(model, BaseModel) or model.__module__ != module.__name__:
                continue
            for field, info in model.model_fields.items():
                if any(part in types for part in _types_in(info.rebuild_annotation())):
                    yield f"{name}.{field}", TypeAdapter(info.rebuild_annotation())


MODULES = (
    canvas_api,
    canvas_graphql,
    academics,
    people,
    school_life,
    schools,
    services,
    gradebook,
    rostering,
    google_classroom_api,
    moodle_api,
)
TIME_FIELDS = dict(fields_of(TIMES, *MODULES))
NUMBER_FIELDS = dict(fields_of((int, float), *MODULES, edfi_payload))


def value_of(type_: TypeAdapter[Any], value: Any) -> Any:
    """The value that is read; None if it cannot be read."""
    try:
        return type_.validate_json(json.dumps(value))
    except ValidationError:
        return None


@subcases("name", sorted(TIME_FIELDS))
def test_a_number_is_not_a_date(name: str) -> None:
    """No field of any payload makes a date of 1970 or of today of a number."""
    assert {value: value_of(TIME_FIELDS[name], value) for value in NUMBERS} == dict.fromkeys(NUMBERS)


@subcases("name", sorted(NUMBER_FIELDS))
def test_a_boolean_is_not_a_number(name: str) -> None:
    """No field of any payload reads `true` as 1: it would be a grade, or the id of another object."""
    read = [value_of(NUMBER_FIELDS[name], value) for value in (True, False, "true")]

    assert [value for value in read if value] == []
    assert value_of(NUMBER_FIELDS[name], "2026") == value_of(NUMBER_FIELDS[name], 2026.0)


def test_every_adapter_has_fields_with_dates() -> None:
    """The test above would pass if it found none."""
    packages = {package.__name__.rpartition(".")[2] for package in (canvas, edfi, google_classroom, oneroster)}

    assert {module.__name__.split(".")[2] for module in MODULES if any(fields_of(TIMES, module))} == packages


@subcases(
    ("type_", "sent", "value"),
    [
        (Day, "2026-08-20", dt.date(2026, 8, 20)),
        (Day, " 2026-08-20  ", dt.date(2026, 8, 20)),
        (Day, "2026-08-20T00:00:00", dt.date(2026, 8, 20)),
        (Day, "", None),
        (OptionalDay, "  ", None),
        (OptionalDay, "2026-08-20 ", dt.date(2026, 8, 20)),
        (OptionalDay, "08/20/2026", None),
        (OptionalTime, "08:05", dt.time(8, 5)),
        (OptionalTime, "8", None),
        (OptionalMoment, "2026-08-20T08:05:00 ", dt.datetime(2026, 8, 20, 8, 5)),  # noqa: DTZ001 - without a zone
        (OptionalMoment, "2026-08-20", dt.datetime(2026, 8, 20)),  # noqa: DTZ001 - without a zone
    ],
)
def test_blanks_around_a_date_are_no_part_of_it(type_: Any, sent: str, value: Any) -> None:
    """A column of fixed width pads its texts; a blank text says that there is no value."""
    assert value_of(TypeAdapter(type_), sent) == value


def test_a_blank_end_date_is_no_end() -> None:
    """It decides whether an enrollment counts: blank is like null, and what cannot be read leaves the row out."""
    end = TypeAdapter(people.StudentSchoolAssociation.model_fields["exitWithdrawDate"].rebuild_annotation())

    assert end.validate_json('" "') is None
    with pytest.raises(ValidationError):
        end.validate_json('"0000-00-00"')


class Written(Payload):
    """A row whose date is a text of the vendor's own form; its validator cannot read null."""

    day: Annotated[dt.date, BeforeValidator(lambda text: dt.date(*map(int, reversed(text.split(".")))))]


def test_a_value_that_cannot_be_read_costs_its_row_also_if_its_validator_fails_at_null() -> None:
    """The reader tries null in its place, at which the validator raises another error than at the value."""
    rows = [{"day": day} for day in ("01.05.2026", "\tyesterday", "03.05.2026")]
    response = httpx.Response(200, json=rows, request=httpx.Request("GET", "https://vendor.example"))
    with collecting_unreadable_rows() as unreadable:
        days = [row.day.day for row in read(response, TypeAdapter(list[Written]))]

    assert (days, len(unreadable.errors)) == ([1, 3], 1)
