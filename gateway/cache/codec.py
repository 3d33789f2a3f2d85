"""Answers as JSON, for the fleet; and the places where they stand, which tell nothing of whom they are about."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.errors import AdapterError, PayloadError, RefusedError, UnavailableError
from student_graph.adapters.lookup import Lookup, Page
from student_graph.adapters.model import Fetched, Record
from student_graph.adapters.sources import Source

FORM = "1"
"""Raised when values are written in another form: those of the old one are never found."""


class Written(NamedTuple):
    """An answer as the fleet keeps it."""

    asked: float
    """When it was asked for, in seconds since 1970: whatever changed later may not be in it."""
    answer: Answer[Any] | None
    """None: the source does not know the key."""
    fetched: float


class _Form(msgspec.Struct, array_like=True):
    asked: float
    fetched: float
    known: bool
    value: msgspec.Raw


def places_of(secret: bytes, source: Source, ask: Ask[Any]) -> dict[Any, str]:
    """
    Where the answers to the keys of an ask stand.

    Parts of different asks cannot run together into the same place, and without the secret nobody can find out by
    trying numbers which student a place is about.
    """
    texts = (FORM, source.district, source.name, source.kind, _scope(source), ask.lookup.name)
    told = msgspec.json.encode([sorted(ask.arguments.items()), ask.window], enc_hook=str)
    parts = (*(text.encode() for text in texts), told)
    begun = hashlib.blake2b(digest_size=20, key=secret)
    for part in parts:
        begun.update(_measured(part))
    places = {}
    for key in ask.keys:
        hashed = begun.copy()
        hashed.update(_measured(msgspec.json.encode(key, enc_hook=str)))
        places[key] = hashed.hexdigest()
    return places


def _measured(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


@lru_cache(maxsize=1024)
def _scope(source: Source) -> str:
    """At which address and by which credentials the source is asked: another's answers are not its own."""
    return source.adapter.settings.model_dump_json()


def write(asked: float, answer: Answer[Any] | None) -> bytes:
    """An answer, or that the source does not know the key, as JSON."""
    value = msgspec.Raw(msgspec.json.encode(answer.value)) if answer is not None else msgspec.Raw(b"null")
    fetched = answer.fetched_at.timestamp() if answer is not None else asked
    return msgspec.json.encode(_Form(asked, fetched, answer is not None, value))


def read(source: Source, lookup: Lookup, content: bytes) -> Written | None:
    """What was written; None when it is not in the form of the lookup."""
    try:
        form = _form.decode(content)
        if not form.known:
            return Written(form.asked, None, form.fetched)
        value = _decoder(lookup).decode(form.value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    at = datetime.fromtimestamp(form.fetched, UTC)
    fetched = Fetched(source.district, source.name, at)
    for record in _records(value):
        record.fetched = fetched
    return Written(form.asked, Answer(value, source.name, at), form.fetched)


_form = msgspec.json.Decoder(_Form)


@lru_cache(maxsize=256)
def _decoder(lookup: Lookup) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(lookup.answer_type)


def _records(value: Any) -> Iterator[Record]:
    match value:
        case list():
            yield from value
        case Page():
            yield from value.items
        case _:
            yield value


_FAMILY: dict[str, type[AdapterError]] = {
    kind.__name__: kind for kind in (AdapterError, PayloadError, RefusedError, UnavailableError)
}


def write_error(error: AdapterError) -> str:
    """An error for those elsewhere who wait for the same answer; it holds no more than the error does."""
    kind = next(each for each in type(error).__mro__ if each.__name__ in _FAMILY)
    return msgspec.json.encode([kind.__name__, error.reason, error.code, error.retry_after]).decode()


def read_error(text: str) -> AdapterError:
    """The error that was written."""
    try:
        kind, reason, code, retry_after = msgspec.json.decode(text)
        return _FAMILY[kind](str(reason), code=str(code), retry_after=retry_after)
    except (ValueError, TypeError, KeyError):
        return UnavailableError("the vendor failed")
