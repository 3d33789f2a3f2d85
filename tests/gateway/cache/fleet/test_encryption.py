"""Values that leave the process cannot be read, moved, cut or confused with each other."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.errors import AdapterError, PayloadError, RefusedError, UnavailableError
from student_graph.adapters.lookup import Window
from student_graph.gateway.cache.fleet.codec import (
    answer_digests,
    decode_answer,
    decode_error,
    encode_answer,
    encode_error,
)
from student_graph.gateway.cache.fleet.encryption import Encryptor
from tests.gateway.cache.small_cache import EVENTS, PAGES, STUDENTS
from tests.gateway.small_district import DISTRICT, YEAR, Ledger, Lms, Sis, event, source

ENCRYPTOR = Encryptor(b"k" * 32)
SIS = source(Sis, Ledger(), "sis")
CONTENT = encode_answer(5.0, Answer([event("604822", "1", 3)], "sis", datetime(2026, 11, 25, tzinfo=UTC)))


@pytest.mark.row("D05")
def test_a_value_is_decrypted_under_its_own_name_only() -> None:
    """A value under another name, of another district, or of another key is not decrypted."""
    value = ENCRYPTOR.encrypt("hill", "a", 1, CONTENT)
    assert ENCRYPTOR.decrypt("hill", "a", value) == CONTENT
    assert ENCRYPTOR.decrypt("hill", "b", value) is None
    assert ENCRYPTOR.decrypt("dale", "a", value) is None
    assert Encryptor(b"x" * 32).decrypt("hill", "a", value) is None


@pytest.mark.row("D14")
def test_the_key_of_one_district_opens_nothing_of_another() -> None:
    """Neither by the gateway, nor by who holds one district's key: it is derived from the fleet's, never back."""
    encryptor = Encryptor(b"f" * 32)
    value = encryptor.encrypt("hill", "name", 1, b"content")
    assert (encryptor.decrypt("hill", "name", value), encryptor.decrypt("dale", "name", value)) == (
        b"content",
        None,
    )
    keys = {name: encryptor.derive_key(f"answers of {name}") for name in ("hill", "dale")}
    nonce, ciphertext = value[13:25], value[25:]
    assert AESGCM(keys["hill"]).decrypt(nonce, ciphertext, value[:13] + b"name") == b"content"
    with pytest.raises(InvalidTag):
        AESGCM(keys["dale"]).decrypt(nonce, ciphertext, value[:13] + b"name")
    assert (
        Encryptor(keys["hill"]).decrypt("dale", "name", encryptor.encrypt("dale", "name", 1, b"content")) is None
    )


def test_a_stolen_value_reveals_no_name_and_no_id() -> None:
    """It holds no plain text, and the same content never gives the same value twice."""
    first, second = ENCRYPTOR.encrypt("hill", "a", 1, CONTENT), ENCRYPTOR.encrypt("hill", "a", 1, CONTENT)
    assert first != second
    assert b"604822" in CONTENT
    assert b"604822" not in first


@pytest.mark.row("D04")
def test_ten_thousand_changed_values_are_all_rejected() -> None:
    """With flipped bits, cut, extended or random: the result is None, without an exception."""
    rng = random.Random(11)  # noqa: S311 - not for security
    value = ENCRYPTOR.encrypt("hill", "a", 1_700_000_000_000, CONTENT)
    for _ in range(10_000):
        changed = bytearray(value)
        match rng.randrange(4):
            case 0:
                changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
            case 1:
                del changed[rng.randrange(len(changed)) :]
            case 2:
                changed += rng.randbytes(rng.randint(1, 20))
            case _:
                changed = bytearray(rng.randbytes(rng.randrange(200)))
        assert ENCRYPTOR.decrypt("hill", "a", bytes(changed)) is None


@pytest.mark.row("D04")
@given(st.binary(max_size=200))
def test_content_in_another_format_is_a_miss(content: bytes) -> None:
    """Content of another version, or any bytes: the result is None, without an exception."""
    stored = decode_answer(SIS, EVENTS, content)
    assert stored is None or stored.answer is None or isinstance(stored.answer.value, list)


def test_decoded_records_equal_the_encoded_records() -> None:
    """Dates, enums and nested values are the same, and each record has its source and time."""
    at = datetime(2026, 11, 25, 12, 0, 0, 250_000, tzinfo=UTC)
    sent = [event("s1", "1", 3), event("s1", "2", 4)]
    stored = decode_answer(SIS, EVENTS, encode_answer(5.0, Answer(sent, "sis", at)))
    assert stored is not None
    assert stored.answer is not None
    assert (stored.requested_at, stored.answer.fetched_at, stored.answer.source) == (5.0, at, "sis")
    for before, after in zip(sent, stored.answer.value, strict=True):
        assert (after.fetched.district, after.fetched.source, after.fetched.at) == (DISTRICT, "sis", at)
        after.fetched = None
        assert after == before


def test_a_decoded_answer_has_the_errors_of_the_rows_that_are_left_out() -> None:
    """Another process says as well that records are missing, with the code and the source of each error."""
    errors = (PayloadError("a row", code="SOURCE_SCHEMA"), RefusedError("a section", code="SOURCE_FORBIDDEN"))
    sent = Answer([event("s1", "1", 3)], "sis", datetime(2026, 11, 25, tzinfo=UTC), withheld=errors)
    stored = decode_answer(SIS, EVENTS, encode_answer(5.0, sent))
    assert stored is not None
    assert stored.answer is not None
    assert [(type(error), error.reason, error.code, error.source) for error in stored.answer.withheld] == [
        (PayloadError, "a row", "SOURCE_SCHEMA", "sis"),
        (RefusedError, "a section", "SOURCE_FORBIDDEN", "sis"),
    ]


def test_an_answer_that_was_stored_without_errors_is_read_without_errors() -> None:
    """A process of an older version stores an answer without the field."""
    text = CONTENT.removesuffix(b",[]]") + b"]"
    assert text != CONTENT
    stored = decode_answer(SIS, EVENTS, text)
    assert stored is not None
    assert stored.answer is not None
    assert stored.answer.withheld == ()


def test_an_unknown_key_can_be_stored() -> None:
    """The information that a source has no such student is stored too."""
    stored = decode_answer(SIS, STUDENTS, encode_answer(5.0, None))
    assert stored is not None
    assert (stored.answer, stored.requested_at) == (None, 5.0)


def test_a_record_of_one_lookup_is_not_an_answer_to_another() -> None:
    """A value of another record type is a miss."""
    assert decode_answer(SIS, STUDENTS, CONTENT) is None


@pytest.mark.parametrize(
    "error",
    [
        UnavailableError("rate limited (429)", code="RATE_LIMITED", retry_after=7.0),
        PayloadError("not JSON"),
        RefusedError("access refused (403)", code="SOURCE_FORBIDDEN"),
        AdapterError("the adapter failed"),
    ],
)
def test_other_processes_get_the_same_error(error: AdapterError) -> None:
    """Type, reason, code and retry time are the same."""
    decoded = decode_error(encode_error(error))
    assert (type(decoded), decoded.reason, decoded.code, decoded.retry_after) == (
        type(error), error.reason, error.code, error.retry_after,
    )  # fmt: skip
    assert decode_error("nonsense").code == "SOURCE_UNAVAILABLE"


@pytest.mark.row("D12")
def test_no_two_questions_share_a_digest() -> None:
    """Not even if their sources, lookups, arguments, pages and keys are equal when joined to one text."""
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
    digests = [digest for sis, ask in asks for digest in answer_digests(b"s" * 32, sis, ask).values()]
    assert len(set(digests)) == len(digests)
    assert answer_digests(b"t" * 32, *asks[0])["1"] not in digests


@pytest.mark.row("D12")
@given(
    st.lists(st.text(max_size=6), min_size=2, max_size=2, unique=True),
    st.lists(st.text(max_size=6), min_size=2, max_size=2),
)
def test_different_keys_have_different_digests(keys: list[str], names: list[str]) -> None:
    """For any text in an argument and in the key."""
    asks = [Ask(STUDENTS, (key,), {"name": name}) for key, name in zip(keys, names, strict=True)]
    first, second = (answer_digests(b"s" * 32, SIS, ask) for ask in asks)
    assert set(first.values()).isdisjoint(second.values())
