"""The innermost fetch: calls one adapter, translates its errors, and stamps and checks its records."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from student_graph.adapters.answers import Answer, Answers, Ask, records_in
from student_graph.adapters.changes import earlier_answer
from student_graph.adapters.concurrency import reporting_answers
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import WRONG_KEY_REASON, AdapterError, PayloadError, UnavailableError, translate
from student_graph.adapters.lookup import Batch, Lookup, Page
from student_graph.adapters.model import Fetched, Record
from student_graph.adapters.paging import COUNT_ONLY, CountsLists
from student_graph.adapters.reading import UnreadableRows, collecting_unreadable_rows, noting_read_start
from student_graph.adapters.sources import Source
from student_graph.gateway.concurrency.arrivals import current_receiver
from student_graph.gateway.concurrency.deadlines import MAX_WORK_SECONDS, within
from student_graph.gateway.http import VendorClient, gate_of
from student_graph.gateway.telemetry import count_unreadable_rows

log = logging.getLogger("student_graph.vendor")


async def fetch_from_vendor(source: Source, ask: Ask[Any], /) -> Answers:
    """
    Call the source's adapter; an exception that it raises becomes the error of every key without an answer.

    An answer that the adapter reports before its batch is complete is final: it is passed on at once, and the
    batch does not change it. The age of an answer counts from the start of its read, or of an earlier read that it
    shared.
    """
    read, work, gate = _read_of(source.adapter, ask), None, gate_of(source.adapter.http)
    try:
        async with within(MAX_WORK_SECONDS, or_while_awaited=True) as work:
            with noting_read_start() as start, collecting_unreadable_rows() as unreadable:
                reports = _Reports(source, ask, unreadable)
                with reporting_answers(reports.add):
                    async with gate.reading() if gate else nullcontext():
                        batch: Batch[Any, Any] = await read()
        read_at = datetime.now(UTC) - timedelta(seconds=time.monotonic() - start.began_at)
        fetched = Fetched(source.district, source.name, read_at)
        answers = {
            key: _checked_answer(source, ask.lookup, key, result, fetched)
            for key, result in batch.items()
            if key not in reports.answers
        }
        if unreadable:
            answers = _with_missing_rows(answers, set(ask.keys) - reports.answers.keys(), unreadable, source)
            log.warning("%d rows of source %s could not be read", len(unreadable), source.name)
            count_unreadable_rows(unreadable.errors)
    except Exception as exc:  # noqa: BLE001 - foreign code: an error of one source must not reach another's fields
        error = _late_error(source) if work is not None and work.expired() else _error_of(source, ask.lookup, exc)
        failed = Answer(error, source.name, datetime.now(UTC))
        answers = {key: failed for key in ask.keys if key not in reports.answers}
    answers.update((key, answer) for key, answer in reports.answers.items() if answer is not None)
    await _update_client(source, answers)
    return answers


def _read_of(adapter: Adapter, ask: Ask[Any]) -> Callable[[], Awaitable[Batch[Any, Any]]]:
    """The adapter's method that answers an ask: a lookup, or the count of the lookup's list."""
    if ask.window == COUNT_ONLY and not ask.lookup.paged and isinstance(adapter, CountsLists):
        return partial(adapter.count_rows, ask.lookup, ask.keys, ask.arguments)
    window = {} if ask.window is None else {"window": ask.window}
    return partial(getattr(adapter, ask.lookup.name), ask.keys, **window, **ask.arguments)


class _Reports:
    """The answers that an adapter reports while its lookup runs: checked, stamped and passed on."""

    def __init__(self, source: Source, ask: Ask[Any], unreadable: UnreadableRows) -> None:
        self.answers: dict[Any, Answer[Any] | None] = {}
        """The first report of each key; None if the source does not know it."""
        self._source, self._lookup, self._keys = source, ask.lookup, frozenset(ask.keys)
        self._unreadable = unreadable
        self._pass_on = current_receiver()

    def add(self, key: Any, result: Any, seconds: float) -> None:
        """
        Take a key's final result. Its read began so many `seconds` ago.

        Raises:
            TypeError: the result is no record, list, page or error.
        """
        if key in self.answers or key not in self._keys:
            return
        read_at = datetime.now(UTC) - timedelta(seconds=seconds)
        fetched = Fetched(self._source.district, self._source.name, read_at)
        answer = None if result is None else _checked_answer(self._source, self._lookup, key, result, fetched)
        if self._unreadable:
            known = {} if answer is None else {key: answer}
            answer = _with_missing_rows(known, [key], self._unreadable, self._source).get(key)
        self.answers[key] = answer
        self._pass_on({key: answer})


def _with_missing_rows(
    answers: dict[Any, Answer[Any]], keys: Iterable[Any], unreadable: UnreadableRows, source: Source
) -> dict[Any, Answer[Any]]:
    """
    The answers, with an error where rows are missing because they cannot be read.

    A key without an answer gets the error as its answer, because the unreadable row may belong to it. A key whose
    list would be empty gets it too, if the row was read for this key: an empty list would say that there is
    nothing.
    """
    completed = dict(answers)
    for key, errors in unreadable.errors_by_key(keys).items():
        for error in errors:
            error.source = source.name
        answer = answers.get(key)
        if answer is None or (key in unreadable.keys and not records_in(answer.value)):
            completed[key] = Answer(errors[0], source.name, datetime.now(UTC))
        elif not isinstance(answer.value, AdapterError):
            completed[key] = answer._replace(withheld=errors)
    return completed


async def _update_client(source: Source, answers: Answers) -> None:
    """
    Report wrong responses to the source's HTTP client.

    An answer about another key closes all connections. Responses that cannot be read count as failures for the
    circuit breaker.
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


def _late_error(source: Source) -> AdapterError:
    """The error of work that took too long and that nobody waits for any more in this process."""
    error = UnavailableError("the time for the work ran out", code="DEADLINE")
    error.source = source.name
    return error


def _checked_answer(source: Source, lookup: Lookup, key: Any, result: Any, fetched: Fetched) -> Answer[Any]:
    """
    The answer to a key, each record stamped with its source and time; an answer about another key is an error.

    Records with another spelling of the key get the requested spelling; a record that is read by its id keeps its
    own. Meanings of codes that the district configured replace those of the adapter.

    Raises:
        TypeError: the adapter returned a value that is no record, list, page or error.
    """
    attribute, value = lookup.key_attribute, result
    if isinstance(result, AdapterError):
        value = translate(result)
        result.source = fetched.source
    elif not isinstance(result, list | Page | Record):
        raise TypeError(type(result).__name__)
    else:
        is_first, codes = earlier_answer(key) is None, source.codes
        for record in result if isinstance(result, list) else records_in(result):
            if attribute is not None and getattr(record, attribute) != key:
                loose_key = source.adapter.loose_key
                if loose_key(getattr(record, attribute)) != loose_key(key):
                    value = PayloadError(WRONG_KEY_REASON, code="SOURCE_SCHEMA")
                    value.source = fetched.source
                    break
                if not lookup.is_by_id:
                    setattr(record, attribute, key)
            if is_first or record.fetched is None:  # operations share the unchanged records of an earlier answer
                record.fetched = fetched
                if codes is not None:
                    codes.apply(record)
    return Answer(value, fetched.source, fetched.at)
