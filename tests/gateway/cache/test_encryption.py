"""What leaves the process cannot be read, moved, cut or mixed up."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.errors import AdapterError, PayloadError, RefusedError, UnavailableError
from student_graph.adapters.lookup import Window
from student_graph.gateway.cache.codec import places_of, read, read_error, write, write_error
from student_graph.gateway.cache.encryption import Vault
from tests.gateway.cache.small_cache import EVENTS, PAGES, STUDENTS
from tests.gateway.small_district import DISTRICT, YEAR, Ledger, Lms, Sis, event, source

VAULT = Vault(b"k" * 32)
SIS = source(Sis, Ledger(), "sis")
CONTENT = write(5.0, Answer([event("604822", "1", 3)], "sis", datetime(2026, 11, 25, tzinfo=UTC)))


@pytest.mark.row("D05")
def test_what_was_closed_is_opened_at_its_place_only() -> None:
    """A value under another place's name, or of another district, is shown to nobody."""
    value = VAULT.close("hill", "a", 1, CONTENT)
    assert VAULT.open("hill", "a", value) == CONTENT
    assert VAULT.open("hill", "b", value) is None
    assert VAULT.open("dale", "a", value) is None
    assert Vault(b"x" * 32).open("hill", "a", value) is None


@pytest.mark.row("D14")
def test_a_stolen_value_shows_neither_a_name_nor_a_number() -> None:
    """Neither in the clear nor the same twice."""
    first, second = VAULT.close("hill", "a", 1, CONTENT), VAULT.close("hill", "a", 1, CONTENT)
    assert first != second
    assert b"604822" in CONTENT
    assert b"604822" not in first


@pytest.mark.row("D04")
def test_ten_thousand_changed_values_are_all_refused() -> None:
    """Flipped, cut, lengthened or filled with noise: None, and no exception."""
    chance = random.Random(11)  # noqa: S311 - a test's numbers
    value = VAULT.close("hill", "a", 1_700_000_000_000, CONTENT)
    for _ in range(10_000):
        changed = bytearray(value)
        match chance.randrange(4):
            case 0:
                changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
            case 1:
                del changed[chance.randrange(len(changed)) :]
            case 2:
                changed += chance.randbytes(chance.randint(1, 20))
            case _:
                changed = bytearray(chance.randbytes(chance.randrange(200)))
        assert VAULT.open("hill", "a", bytes(changed)) is None


@pytest.mark.row("D04")
@given(st.binary(max_size=200))
def test_content_in_another_form_is_a_miss(content: bytes) -> None:
    """Written by another version, or by nobody: None, and no exception."""
    told = read(SIS, EVENTS, content)
    assert told is None or told.answer is None or isinstance(told.answer.value, list)


def test_records_come_back_as_they_went() -> None:
    """Dates, enums and parts are what they were, and each record says which source gave it and when."""
    at = datetime(2026, 11, 25, 12, 0, 0, 250_000, tzinfo=UTC)
    sent = [event("s1", "1", 3), event("s1", "2", 4)]
    told = read(SIS, EVENTS, write(5.0, Answer(sent, "sis", at)))
    assert told is not None
    assert told.answer is not None
    assert (told.asked, told.answer.fetched_at, told.answer.source) == (5.0, at, "sis")
    for before, after in zip(sent, told.answer.value, strict=True):
        assert (after.fetched.district, after.fetched.source, after.fetched.at) == (DISTRICT, "sis", at)
        after.fetched = None
        assert after == before


def test_that_a_key_is_not_known_can_be_written_too() -> None:
    """The news that there is no such student is worth keeping."""
    told = read(SIS, STUDENTS, write(5.0, None))
    assert told is not None
    assert (told.answer, told.asked) == (None, 5.0)


def test_a_record_of_one_lookup_is_no_answer_to_another() -> None:
    """A value that is of another shape is a miss."""
    assert read(SIS, STUDENTS, CONTENT) is None


@pytest.mark.parametrize(
    "error",
    [
        UnavailableError("rate limited (429)", code="RATE_LIMITED", retry_after=7.0),
        PayloadError("not JSON"),
        RefusedError("access refused (403)", code="SOURCE_FORBIDDEN"),
        AdapterError("the adapter failed"),
    ],
)
def test_an_error_is_the_same_for_those_elsewhere(error: AdapterError) -> None:
    """Kind, reason, code and time to wait."""
    told = read_error(write_error(error))
    assert (type(told), told.reason, told.code, told.retry_after) == (
        type(error), error.reason, error.code, error.retry_after,
    )  # fmt: skip
    assert read_error("nonsense").code == "SOURCE_UNAVAILABLE"


@pytest.mark.row("D12")
def test_no_two_questions_share_a_place() -> None:
    """Sources, lookups, arguments, pages and keys that run together when written side by side do not."""
    asks = [
        (SIS, Ask(EVENTS, ("1", "11", "é", "e\u0301", 1), {"school_year": YEAR})),
        (SIS, Ask(EVENTS, ("1", "11"), {"school_year": YEAR + 1})),
        (SIS, Ask(EVENTS, ("1", "11"), {"school_year": str(YEAR)})),
        (SIS, Ask(STUDENTS, ("1", "11"))),
        (SIS, Ask(PAGES, ("1", "11"), window=Window(1, "1"))),
        (SIS, Ask(PAGES, ("1", "11"), window=Window(11))),
        (SIS, Ask(PAGES, ("1", "11"), {"since": date(2026, 1, 1)}, Window(11))),
        (source(Lms, Ledger(), "sis"), Ask(STUDENTS, ("1", "11"))),
        (source(Sis, Ledger(), "si"), Ask(STUDENTS, ("s1",))),
        (source(Sis, Ledger(), "sis", coarse_calls=4), Ask(STUDENTS, ("1", "11"))),
    ]
    places = [place for whose, ask in asks for place in places_of(b"s" * 32, whose, ask).values()]
    assert len(set(places)) == len(places)
    assert places_of(b"t" * 32, *asks[0])["1"] not in places


@pytest.mark.row("D12")
@given(
    st.lists(st.text(max_size=6), min_size=2, max_size=2, unique=True),
    st.lists(st.text(max_size=6), min_size=2, max_size=2),
)
def test_keys_that_differ_have_places_that_differ(keys: list[str], names: list[str]) -> None:
    """Whatever stands in an argument and whatever in the key."""
    asks = [Ask(STUDENTS, (key,), {"name": name}) for key, name in zip(keys, names, strict=True)]
    first, second = (places_of(b"s" * 32, SIS, ask) for ask in asks)
    assert set(first.values()).isdisjoint(second.values())
