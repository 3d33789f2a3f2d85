"""Encodes answers as JSON for Redis, and computes the digests under which they are stored."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from student_graph.adapters.answers import Answer, Ask, records_in
from student_graph.adapters.errors import AdapterError, PayloadError, RefusedError, UnavailableError
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.model import Fetched
from student_graph.adapters.sources import Source

FORMAT_VERSION = "4"
"""Part of every digest. Change it when the format changes: then no process finds older values."""
DISTRICT_TAG_BYTES, DIGEST_BYTES = 8, 20


class StoredAnswer(NamedTuple):
    """An answer as it is stored in Redis. Times are in seconds since 1970."""

    requested_at: float
    """When the source was asked. The answer may miss changes after that."""
    answer: Answer[Any] | None
    """None if the source does not know the key."""
    fetched_at: float


class _StoredAnswerFormat(msgspec.Struct, array_like=True):
    requested_at: float
    fetched_at: float
    is_known: bool
    value: msgspec.Raw
    withheld: list[str] = []


def district_tag(secret: bytes, district: str) -> str:
    """The start of all digests of a district. Its answers are found by it when the district is removed."""
    return hashlib.blake2b(district.encode(), digest_size=DISTRICT_TAG_BYTES, key=secret).hexdigest()


def answer_digests(secret: bytes, source: Source, ask: Ask[Any]) -> dict[Any, str]:
    """
    The digest under which the answer to each key of an ask is stored, by key.

    The parts of an ask are prefixed with their length, so that no two different asks give the same input. The
    digest is keyed with `secret`: without it, nobody can find a student's digest by trying ids.
    """
    names = (FORMAT_VERSION, source.district, source.name, source.kind, _settings_json(source), ask.lookup.name)
    arguments = msgspec.json.encode([sorted(ask.arguments.items()), ask.window], enc_hook=str)
    common = hashlib.blake2b(digest_size=DIGEST_BYTES, key=secret)
    for part in (*(name.encode() for name in names), arguments):
        common.update(_with_length(part))
    tag = district_tag(secret, source.district)
    digests = {}
    for key in ask.keys:
        digest = common.copy()
        digest.update(_with_length(msgspec.json.encode(key, enc_hook=str)))
        digests[key] = tag + digest.hexdigest()
    return digests


def _with_length(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


@lru_cache(maxsize=1024)
def _settings_json(source: Source) -> str:
    """
    The settings that a source's answers depend on: address, credentials, and the district's meanings of codes.
    """
    settings = source.adapter.settings.model_dump_json()
    return settings if source.codes is None else settings + msgspec.json.encode(source.codes.names).decode()


def encode_answer(requested_at: float, answer: Answer[Any] | None) -> bytes:
    """An answer as JSON; None stores that the source does not know the key."""
    value = msgspec.Raw(msgspec.json.encode(answer.value)) if answer is not None else msgspec.Raw(b"null")
    fetched_at = answer.fetched_at.timestamp() if answer is not None else requested_at
    withheld = [encode_error(error) for error in answer.withheld] if answer is not None else []
    return msgspec.json.encode(_StoredAnswerFormat(requested_at, fetched_at, answer is not None, value, withheld))


def decode_answer(source: Source, lookup: Lookup, content: bytes) -> StoredAnswer | None:
    """The stored answer to a key of a lookup; None if `content` does not have the lookup's format."""
    try:
        stored = _decoder.decode(content)
        if not stored.is_known:
            return StoredAnswer(stored.requested_at, None, stored.fetched_at)
        value = _value_decoder(lookup).decode(stored.value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    at = datetime.fromtimestamp(stored.fetched_at, UTC)
    fetched = Fetched(source.district, source.name, at)
    for record in records_in(value):
        record.fetched = fetched
    withheld = tuple(map(decode_error, stored.withheld))
    for error in withheld:
        error.source = source.name
    return StoredAnswer(stored.requested_at, Answer(value, source.name, at, withheld=withheld), stored.fetched_at)


_decoder = msgspec.json.Decoder(_StoredAnswerFormat)


@lru_cache(maxsize=256)
def _value_decoder(lookup: Lookup) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(lookup.answer_type)


_ERROR_TYPES: dict[str, type[AdapterError]] = {
    error_type.__name__: error_type for error_type in (AdapterError, PayloadError, RefusedError, UnavailableError)
}


def encode_error(error: AdapterError) -> str:
    """An error as JSON, for other processes that wait for the same answer. It contains nothing else."""
    type_name = next(base.__name__ for base in type(error).__mro__ if base.__name__ in _ERROR_TYPES)
    return msgspec.json.encode([type_name, error.reason, error.code, error.retry_after]).decode()


def decode_error(text: str) -> AdapterError:
    """The error that was encoded; an `UnavailableError` if the text cannot be read."""
    try:
        type_name, reason, code, retry_after = msgspec.json.decode(text)
        return _ERROR_TYPES[type_name](str(reason), code=str(code), retry_after=retry_after)
    except (ValueError, TypeError, KeyError):
        return UnavailableError("the vendor failed")
