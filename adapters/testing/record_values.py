"""
Tests that the values of records have the declared types, with instants in UTC and dates without a time.

No record may say nothing, or contradict itself.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from student_graph.adapters.answers import records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.model import AssignmentWork, CourseGrade
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.harness import open_adapter, run_lookup

_hints: Callable[[Any], dict[str, Any]] = cache(get_type_hints)


class RecordValues:
    """Tests of every record of the sandbox's district."""

    kind: type[Adapter]

    async def test_values_are_what_the_record_declares(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """
        Types and enum members are the declared ones, None is allowed; an instant is in UTC, a date has no time.

        A grade has a letter or a number: without both, nobody could say whether the student fails the course. Work
        from which the student is excused is not missing.
        """
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            keys = sandbox.known_keys(lookup.key_kind)
            batch = await run_lookup(adapter, lookup, keys, sandbox.arguments())
        records = [record for answer in batch.values() for record in records_in(answer)]
        wrong = {line for record in records for line in (*mismatches(record), *contradictions(record))}

        assert wrong == set()


def contradictions(record: Any) -> Iterator[str]:
    """What is wrong in a record although each of its values may be as it is."""
    match record:
        case CourseGrade(letter=None, numeric=None):
            yield "CourseGrade: neither a letter nor a number"
        case AssignmentWork(missing=True, excused=True):
            yield "AssignmentWork: missing and excused"


def mismatches(instance: Any, path: str = "") -> Iterator[str]:
    """The attributes of a record or a value whose content does not match the annotation, each with its type."""
    hints = _hints(type(instance))
    for field in fields(instance):
        field_path = f"{path or type(instance).__name__}.{field.name}"
        yield from _mismatch(getattr(instance, field.name), hints[field.name], field_path)


def _mismatch(value: Any, hint: Any, path: str) -> Iterator[str]:
    """The path of the value, or of a part of it, if it does not match the annotation."""
    hint = _without_new_type(hint)
    if get_origin(hint) in (Union, types.UnionType):
        by_member = [list(_mismatch(value, member, path)) for member in get_args(hint)]
        if [] not in by_member:
            yield f"{path}: {type(value).__name__}"
    elif get_origin(hint) in (list, tuple):
        if not isinstance(value, get_origin(hint)):
            yield f"{path}: {type(value).__name__}"
            return
        for item in value:
            yield from _mismatch(item, get_args(hint)[0], f"{path}[]")
    elif not _has_type(value, hint):
        yield f"{path}: {type(value).__name__}"
    elif is_dataclass(value):
        yield from mismatches(value, path)


def _without_new_type(hint: Any) -> Any:
    """The type on which a `NewType` is based."""
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    return hint


def _has_type(value: Any, hint: Any) -> bool:
    """Whether a value has a type without parts."""
    if hint is datetime:
        return isinstance(value, datetime) and value.utcoffset() == timedelta(0)
    if hint is date:
        return isinstance(value, date) and not isinstance(value, datetime)
    if hint in (int, float):  # a bool is not a number, and an int is a float
        return isinstance(value, int | hint) and not isinstance(value, bool)
    return isinstance(value, hint)
