"""What a recording keeps is listed; everything else is made up or left out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_graph.adapters.edfi.adapter import EdFi
from student_graph.adapters.recording import ORIGIN, Fictions, Scrubber
from student_graph.adapters.recording.fictions import FREE_TEXT
from student_graph.adapters.recording.recording import Exchange
from student_graph.adapters.recording.shapes import Change, differences, shapes_of
from student_graph.adapters.recording.words import words_of
from tests.subcases import subcases

RECORDED = Path(__file__).parents[3].parent / "shared" / "recorded" / "edfi"
NAMES = frozenset({"firstName", "studentUniqueId", "students", "state", "nick", "link", "note", "is_active"})


def scrubber(key: bytes = b"k" * 32) -> Scrubber:
    """A scrubber that keeps the values of `state`."""
    return Scrubber(Fictions(key), NAMES, {"state"})


@given(st.text(min_size=1, max_size=80))
def test_no_value_is_its_own_fiction(text: str) -> None:
    """A made-up value is never the real one, and the same each time; with another key it is another one."""
    fictions = Fictions(b"a" * 32)
    value = fictions.of(text)

    assert value != text
    assert fictions.of(text) == value
    assert value == FREE_TEXT or Fictions(b"b" * 32).of(text) != value or len(text) < 5


@given(st.lists(st.integers(0, 9_999).map(str), unique=True, max_size=60))
def test_two_values_have_two_fictions(numbers: list[str]) -> None:
    """Short ids that are made up stay different people."""
    fictions = Fictions(b"a" * 32)

    assert len({fictions.of(number) for number in numbers}) == len(numbers)


@subcases(("real", "form"), [
    ("ada.lovelace@hill.example", r"person\d+@recording\.example"),
    ("2011-04-30", r"\d{4}-\d\d-\d\d"),
    ("2011-04-30T10:11:12Z", r"\d{4}-\d\d-\d\dT00:00:00Z"),
    ("604822", r"\d{6}"),
    ("(555) 010-8455", r"\(\d{3}\) \d{3}-\d{4}"),
    ("0f3b9c52-2b7e-4c1d-9a8e-1f2a3b4c5d6e", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ("Lovelace", r"made-up-[0-9a-f]{10}"),
])  # fmt: skip
def test_a_fiction_has_the_form_of_the_value(real: str, form: str) -> None:
    """Adapters read a made-up value as they read the real one."""
    value = Fictions().of(real)

    assert re.fullmatch(form, value)


def test_values_of_unlisted_properties_are_not_kept() -> None:
    """Values of listed properties stay; an unknown property is its type; a map of unknown keys is empty."""
    body = {
        "firstName": "Ada",
        "studentUniqueId": 604822,
        "state": "active",
        "is_active": True,
        "favoriteColor": "green",
        "note": "Ada was late again, because her bus did not come, and nobody called the school about it.",
        "students": {"ada": "Ada", "604822": 1},
        "link": "https://sis.hill.example/students/604822?state=active&nick=Ada",
    }
    written = scrubber().body(body)
    text = json.dumps(written)

    assert (written["state"], written["is_active"], written["favoriteColor"]) == ("active", True, "")
    assert (written["note"], written["students"]) == (FREE_TEXT, {})
    assert written["link"].startswith(f"{ORIGIN}/students/{written['studentUniqueId']}?")
    assert not [part for part in ("Ada", "ada", "604822", "green", "hill") if part in text]


def test_a_request_has_the_fictions_of_its_responses() -> None:
    """An id in a path or a filter is the one that the made-up student has."""
    scrubs = scrubber()
    student = scrubs.body({"studentUniqueId": "604822", "firstName": "Ada Mae"})

    assert scrubs.target("/students/604822?limit=25") == f"/students/{student['studentUniqueId']}?limit=25"
    assert student["firstName"] in scrubs.target("/students?firstName=Ada%20Mae")
    assert scrubs.request_body(b'{"nick": "604822"}') == f'{{"nick": "{student["studentUniqueId"]}"}}'


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded answers are not there")
@pytest.mark.parametrize("name", ["list_students", "list_staffs", "list_studentSchoolAssociations"])
def test_real_answers_keep_nobody(name: str) -> None:
    """Of recorded answers of a real server, no name, number or date of birth is kept."""
    answer = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    body = answer.get("body", answer)
    rows = body if isinstance(body, list) else json.loads(body)
    scrubs = Scrubber(Fictions(), words_of(EdFi), EdFi.recorded_properties)
    text = json.dumps(scrubs.body(rows))
    personal = {
        str(row[key])
        for row in rows
        for key in ("firstName", "lastSurname", "studentUniqueId", "staffUniqueId", "birthDate", "id")
        if row.get(key)
    }

    assert all(f'"{value}"' not in text for value in personal)
    assert len(scrubs.body(rows)) == len(rows)


def test_shapes_differ_by_property_type_null_and_code() -> None:
    """Each kind of difference is named, with the property and without values."""
    before = Exchange("GET", "/students/12", 200, body=[{"id": 1, "name": "x", "state": "active", "old": 1}])
    now = Exchange("GET", "/students/99", 200, body=[{"id": "1", "name": None, "state": "held", "new": 1}])
    failed = Exchange("GET", "/students/7", 410)
    known = {
        (item.change, item.path, item.detail)
        for item in differences(shapes_of([before]), shapes_of([now, failed]))
    }

    assert known == {
        (Change.TYPE.value, "[].id", "text in place of number"),
        (Change.NULL.value, "[].name", ""),
        (Change.CODE.value, "[].state", "held"),
        (Change.MISSING.value, "[].old", "number"),
        (Change.NEW.value, "[].new", "number"),
        (Change.STATUS.value, "", "410"),
    }
