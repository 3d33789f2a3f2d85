"""A lookup of the contract, as data."""

from __future__ import annotations

import dataclasses
import inspect
from datetime import timedelta

import pytest

import student_graph.adapters as kit
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import About, Lookup, lookup_of, lookups_of
from student_graph.adapters.model import AttendanceEvent, Record, Sensitivity, Student
from tests.adapters.helpers.small_vendor import Hall

EVERY = lookups_of(Adapter)


def test_a_lookup_knows_its_shape() -> None:
    """Name, kind of key, record and number follow from the method's signature."""
    events = lookup_of(Adapter.attendance_events_by_student)
    by_id, paged = lookup_of(Adapter.students_by_id), lookup_of(Adapter.students_by_district)

    assert (events.name, events.key_kind, events.record_type, events.is_list) == (
        "attendance_events_by_student", "student", AttendanceEvent, True,
    )  # fmt: skip
    assert (by_id.key_kind, by_id.record_type, by_id.is_list, by_id.paged) == ("student", Student, False, False)
    assert (paged.key_kind, paged.record_type, paged.is_list, paged.paged) == ("district", Student, True, True)


def test_an_adapter_supports_what_it_overrides() -> None:
    """No flag repeats it."""
    assert Hall.supports(Adapter.students_by_id)
    assert not Hall.supports(Adapter.staff_by_id)
    assert set(Hall.capabilities()) == {each for each in EVERY if each.name in vars(Hall)}


@pytest.mark.parametrize("lookup", EVERY, ids=lambda each: each.name)
def test_a_lookup_is_named_for_its_key(lookup: Lookup) -> None:
    """`<records>_by_<key>`, keys first and alone, the rest by keyword, and a description for graph users."""
    parameters = list(inspect.signature(lookup.method).parameters.values())

    assert lookup.name.endswith((f"_by_{lookup.key_kind}", "_by_id"))
    assert [parameter.name for parameter in parameters[:2]] == ["self", "ids"]
    assert {parameter.kind for parameter in parameters[2:]} <= {inspect.Parameter.KEYWORD_ONLY}
    assert lookup.description.endswith(".")
    assert lookup.paged == ("window" in {parameter.name for parameter in parameters})


@pytest.mark.parametrize("lookup", EVERY, ids=lambda each: each.name)
def test_a_lookup_says_whom_its_records_are_about(lookup: Lookup) -> None:
    """It is what its record says: policy, disclosure log and cache tags read it."""
    assert issubclass(lookup.record_type, Record)
    assert lookup.about.value == lookup.record_type.about
    assert lookup.about is About.NOBODY or lookup.record_type.about is not None


@pytest.mark.parametrize("lookup", EVERY, ids=lambda each: each.name)
def test_restricted_answers_are_short_lived_and_never_stale(lookup: Lookup) -> None:
    """Discipline, disability, meals and homelessness are kept for a minute, and never served stale."""
    if lookup.sensitivity.restricted:
        assert (lookup.fresh, lookup.stale) == (timedelta(minutes=1), timedelta(0))
    else:
        assert timedelta(0) < lookup.fresh <= lookup.stale


def test_discipline_is_restricted() -> None:
    """One class of data is on the list by name, so that an empty list does not pass."""
    assert lookup_of(Adapter.discipline_incidents_by_student).sensitivity is Sensitivity.DISCIPLINE
    assert Sensitivity.DISCIPLINE.restricted


def test_a_person_record_names_its_person() -> None:
    """The attribute that a record is about exists."""
    for lookup in EVERY:
        if (about := lookup.record_type.about) is not None:
            fields = {field.name for field in dataclasses.fields(lookup.record_type)}
            assert about in fields or isinstance(getattr(lookup.record_type, about), property), lookup.name


def test_the_kit_is_imported_from_one_place() -> None:
    """Every name of the contract, the error family and the records is the package's own."""
    expected = {"Adapter", "AdapterSettings", "Batch", "Page", "Window", "PayloadError", "Student", "StudentId"}

    assert expected <= set(kit.__all__)
    assert [name for name in kit.__all__ if not hasattr(kit, name)] == []
