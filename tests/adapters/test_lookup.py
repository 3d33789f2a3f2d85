"""Tests of the lookups of the contract."""

from __future__ import annotations

import dataclasses
import inspect
from datetime import timedelta

import student_graph.adapters as kit
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import About, Lookup, lookup_of, lookups_of
from student_graph.adapters.model import AttendanceEvent, Record, Sensitivity, Student
from tests.adapters.helpers.small_vendor import SmallVendor
from tests.subcases import subcases

ALL_LOOKUPS = lookups_of(Adapter)


def test_a_lookup_is_described_by_its_signature() -> None:
    """The name, kind of key, type of record, and list or single record follow from the method's signature."""
    events = lookup_of(Adapter.attendance_events_by_student)
    by_id, paged = lookup_of(Adapter.students_by_id), lookup_of(Adapter.students_by_district)

    assert (events.name, events.key_kind, events.record_type, events.is_list) == (
        "attendance_events_by_student", "student", AttendanceEvent, True,
    )  # fmt: skip
    assert (by_id.key_kind, by_id.record_type, by_id.is_list, by_id.paged) == ("student", Student, False, False)
    assert (paged.key_kind, paged.record_type, paged.is_list, paged.paged) == ("district", Student, True, True)


def test_an_adapter_supports_what_it_overrides() -> None:
    """The supported lookups are the overridden methods."""
    assert SmallVendor.supports(Adapter.students_by_id)
    assert not SmallVendor.supports(Adapter.staff_by_id)
    assert set(SmallVendor.capabilities()) == {
        lookup for lookup in ALL_LOOKUPS if lookup.name in vars(SmallVendor)
    }


@subcases("lookup", ALL_LOOKUPS, ids=lambda lookup: lookup.name)
def test_a_lookup_is_named_for_its_key(lookup: Lookup) -> None:
    """The name is `<records>_by_<key>`, `ids` is the only positional argument, and there is a description."""
    parameters = list(inspect.signature(lookup.method).parameters.values())

    assert lookup.name.endswith((f"_by_{lookup.key_kind}", "_by_id"))
    assert [parameter.name for parameter in parameters[:2]] == ["self", "ids"]
    assert {parameter.kind for parameter in parameters[2:]} <= {inspect.Parameter.KEYWORD_ONLY}
    assert lookup.description.endswith(".")
    assert lookup.paged == ("window" in {parameter.name for parameter in parameters})


@subcases("lookup", ALL_LOOKUPS, ids=lambda lookup: lookup.name)
def test_a_lookup_is_about_the_person_of_its_record(lookup: Lookup) -> None:
    """The declaration of the lookup and that of its record are the same."""
    assert issubclass(lookup.record_type, Record)
    assert lookup.about.value == lookup.record_type.about
    assert lookup.about is About.NOBODY or lookup.record_type.about is not None


@subcases("lookup", ALL_LOOKUPS, ids=lambda lookup: lookup.name)
def test_restricted_data_is_cached_briefly_and_never_stale(lookup: Lookup) -> None:
    """Discipline, disability, meals and homelessness are fresh for a minute and never served stale."""
    if lookup.sensitivity.restricted:
        assert (lookup.fresh, lookup.stale) == (timedelta(minutes=1), timedelta(0))
    else:
        assert timedelta(0) < lookup.fresh <= lookup.stale


def test_discipline_is_restricted() -> None:
    """The restricted classes are not empty, so that the test above tests something."""
    assert lookup_of(Adapter.discipline_incidents_by_student).sensitivity is Sensitivity.DISCIPLINE
    assert Sensitivity.DISCIPLINE.restricted


def test_a_person_record_names_its_person() -> None:
    """The attribute with the person of a record exists."""
    for lookup in ALL_LOOKUPS:
        if (about := lookup.record_type.about) is not None:
            fields = {field.name for field in dataclasses.fields(lookup.record_type)}
            assert about in fields or isinstance(getattr(lookup.record_type, about), property), lookup.name


def test_the_kit_is_imported_from_one_package() -> None:
    """The package exports the contract, the errors and the records."""
    expected = {"Adapter", "AdapterSettings", "Batch", "Page", "Window", "PayloadError", "Student", "StudentId"}

    assert expected <= set(kit.__all__)
    assert [name for name in kit.__all__ if not hasattr(kit, name)] == []
