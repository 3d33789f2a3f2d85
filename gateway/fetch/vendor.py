"""The innermost fetch: one adapter asked, what it raised translated, its records stamped and checked."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.errors import AdapterError, PayloadError, UnavailableError, translate
from student_graph.adapters.lookup import Batch, Lookup, Page
from student_graph.adapters.model import Fetched, Record
from student_graph.adapters.sources import Fetch, Source
from student_graph.gateway.deadlines import within
from student_graph.gateway.http import VendorClient

log = logging.getLogger("student_graph.vendor")


async def fetch_from_vendor(source: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
    """Ask the source's adapter; whatever it raises stands at every key."""
    method = getattr(source.adapter, ask.lookup.name)
    window = {} if ask.window is None else {"window": ask.window}
    try:
        batch: Batch[Any, Any] = await method(ask.keys, **window, **ask.arguments)
        answers = _checked(ask.lookup, batch, Fetched(source.district, source.name, datetime.now(UTC)))
    except Exception as exc:  # noqa: BLE001 - foreign code: nothing of one source may reach another's fields
        failed = Answer(_failure(source, ask.lookup, exc), source.name, datetime.now(UTC))
        answers = dict.fromkeys(ask.keys, failed)
    await _consequences(source, answers)
    return answers


async def _consequences(source: Source, answers: Mapping[Any, Answer[Any]]) -> None:
    """What answers say of the connections that they came by."""
    http = source.adapter.http
    if not isinstance(http, VendorClient) or not answers:
        return
    errors = [answer.value for answer in answers.values() if isinstance(answer.value, PayloadError)]
    if any(error.reason == FOREIGN for error in errors):
        log.error("source %s answered about another key: its connections were dropped", source.name)
        await http.close_connections()
    unreadable = [error for error in errors if error.code == PayloadError.default_code]
    if not any(isinstance(answer.value, AdapterError) for answer in answers.values()):
        http.gate.record_parsing(succeeded=True)
    elif len(unreadable) == len(answers):
        http.gate.record_parsing(succeeded=False)


FOREIGN = "an answer about another key"
"""Why an answer is not used that was asked for somebody else: another request's, on a connection out of step."""


def _failure(source: Source, lookup: Lookup, exc: Exception) -> AdapterError:
    """What an adapter raised, as one of the family; a bug is logged once, as places in the code and no values."""
    try:
        error = translate(exc)
    except Exception:  # noqa: BLE001 - translate raises what it does not know: a bug of the adapter
        places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(exc.__traceback__)]
        kind = type(exc).__name__
        # Not `log.exception`: a traceback prints the exception's text, which may hold a child's data.
        log.error("bug in the adapter of source %s at %s: %s %s", source.name, lookup.name, kind, places)  # noqa: TRY400
        error = AdapterError("the adapter failed")
    error.source = source.name
    return error


def _checked(lookup: Lookup, batch: Batch[Any, Any], fetched: Fetched) -> dict[Any, Answer[Any]]:
    """The answers with their records stamped; an answer about another key is an error instead."""
    attribute, source, now = lookup.key_attribute, fetched.source, fetched.at
    answers: dict[Any, Answer[Any]] = {}
    for key, told in batch.items():
        value = told
        if isinstance(told, AdapterError):
            told.source = source
        else:
            for record in told if isinstance(told, list) else _records(told):
                if attribute is not None and getattr(record, attribute) != key:
                    value = PayloadError(FOREIGN, code="SOURCE_SCHEMA")
                    value.source = source
                    break
                record.fetched = fetched
        answers[key] = Answer(value, source, now)
    return answers


def _records(told: Any) -> Iterator[Record]:
    """The records of one key's answer, which is a page, a list or one record."""
    match told:
        case Page():
            yield from told.items
        case list():
            yield from told
        case _:
            yield told


def bounded(fetch: Fetch) -> Fetch:
    """Give an ask the time that its source may take, and no more."""

    async def fetch_bounded(source: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
        try:
            async with within(source.adapter.settings.timeout):
                return await fetch(source, ask)
        except TimeoutError:
            error = UnavailableError("no answer in time")
            error.source = source.name
            now = datetime.now(UTC)
            return {key: Answer(error, source.name, now) for key in ask.keys}

    return fetch_bounded
