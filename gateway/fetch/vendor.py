"""The innermost fetch: calls one adapter, translates its errors, and stamps and checks its records."""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from typing import Any

from student_graph.adapters.answers import Answer, Answers, Ask, records_in
from student_graph.adapters.errors import AdapterError, PayloadError, UnavailableError, translate
from student_graph.adapters.lookup import Batch, Lookup, Page
from student_graph.adapters.model import Fetched, Record
from student_graph.adapters.sources import Fetch, Source
from student_graph.gateway.deadlines import within
from student_graph.gateway.http import VendorClient

log = logging.getLogger("student_graph.vendor")

WRONG_KEY_REASON = "an answer about another key"
"""The reason of the error for an answer to another request, from a connection that is out of step."""


async def fetch_from_vendor(source: Source, ask: Ask[Any], /) -> Answers:
    """Call the source's adapter; an exception that it raises becomes the error of every key."""
    method = getattr(source.adapter, ask.lookup.name)
    window = {} if ask.window is None else {"window": ask.window}
    try:
        batch: Batch[Any, Any] = await method(ask.keys, **window, **ask.arguments)
        answers = _checked_answers(ask.lookup, batch, Fetched(source.district, source.name, datetime.now(UTC)))
    except Exception as exc:  # noqa: BLE001 - foreign code: an error of one source must not reach another's fields
        failed = Answer(_error_of(source, ask.lookup, exc), source.name, datetime.now(UTC))
        answers = dict.fromkeys(ask.keys, failed)
    await _update_client(source, answers)
    return answers


async def _update_client(source: Source, answers: Answers) -> None:
    """
    Tell the source's HTTP client what its responses turned out to hold.

    An answer about another key closes all connections; responses that cannot be read count for the circuit
    breaker.
    """
    http = source.adapter.http
    if not isinstance(http, VendorClient) or not answers:
        return
    errors = [answer.value for answer in answers.values() if isinstance(answer.value, PayloadError)]
    if any(error.reason == WRONG_KEY_REASON for error in errors):
        log.error("source %s answered about another key: its connections were closed", source.name)
        await http.close_connections()
    unreadable = [error for error in errors if error.code == PayloadError.default_code]
    if not any(isinstance(answer.value, AdapterError) for answer in answers.values()):
        http.gate.record_parsing(succeeded=True)
    elif len(unreadable) == len(answers):
        http.gate.record_parsing(succeeded=False)


def _error_of(source: Source, lookup: Lookup, exc: Exception) -> AdapterError:
    """
    The `AdapterError` for an exception of an adapter.

    An exception that `translate` does not know is a bug of the adapter. It is logged by its type and code lines.
    """
    try:
        error = translate(exc)
    except Exception:  # noqa: BLE001 - translate raises an exception again that it does not know
        lines = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(exc.__traceback__)]
        kind = type(exc).__name__
        # Not `log.exception`: a traceback prints the exception's text, which may hold a child's data.
        log.error("bug in the adapter of source %s at %s: %s %s", source.name, lookup.name, kind, lines)  # noqa: TRY400
        error = AdapterError("the adapter failed")
    error.source = source.name
    return error


def _checked_answers(lookup: Lookup, batch: Batch[Any, Any], fetched: Fetched) -> dict[Any, Answer[Any]]:
    """
    The answers, each record stamped with its source and time; an answer about another key becomes an error.

    Raises:
        TypeError: the adapter returned a value that is no record, list, page or error.
    """
    attribute, source, now = lookup.key_attribute, fetched.source, fetched.at
    answers: dict[Any, Answer[Any]] = {}
    for key, result in batch.items():
        value = result
        if isinstance(result, AdapterError):
            result.source = source
        elif not isinstance(result, list | Page | Record):
            raise TypeError(type(result).__name__)
        else:
            for record in result if isinstance(result, list) else records_in(result):
                if attribute is not None and getattr(record, attribute) != key:
                    value = PayloadError(WRONG_KEY_REASON, code="SOURCE_SCHEMA")
                    value.source = source
                    break
                record.fetched = fetched
        answers[key] = Answer(value, source, now)
    return answers


def bounded(fetch: Fetch) -> Fetch:
    """Limit each ask to the timeout in its source's settings."""

    async def fetch_bounded(source: Source, ask: Ask[Any], /) -> Answers:
        try:
            async with within(source.adapter.settings.timeout):
                return await fetch(source, ask)
        except TimeoutError:
            error = UnavailableError("no answer in time")
            error.source = source.name
            now = datetime.now(UTC)
            return {key: Answer(error, source.name, now) for key in ask.keys}

    return fetch_bounded
