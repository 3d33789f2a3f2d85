"""What records are made of: values of the types that are declared, instants in UTC, days without a time."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.asking import ask, built, records_of

_hints: Callable[[Any], dict[str, Any]] = cache(get_type_hints)


class Data:
    """Every record that the sandbox's district has."""

    kind: type[Adapter]

    async def test_values_are_what_the_record_declares(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """Types, enum members and null where it is allowed; an instant is in UTC, and a day has no time."""
        async with built(sandbox, kind=self.kind) as adapter:
            told = await ask(adapter, lookup, sandbox.known_keys(lookup.key_kind), sandbox.arguments())
        wrong = {line for answer in told.values() for record in records_of(answer) for line in misfits(record)}

        assert wrong == set()


def misfits(made: Any, where: str = "") -> Iterator[str]:
    """Attributes of a record or a value that hold something else than their annotations say."""
    hints = _hints(type(made))
    for field in fields(made):
        yield from _misfit(
            getattr(made, field.name), hints[field.name], f"{where or type(made).__name__}.{field.name}"
        )


def _misfit(value: Any, hint: Any, where: str) -> Iterator[str]:
    """Where a value, or a part of it, is not what is declared."""
    hint = _plain(hint)
    if get_origin(hint) in (Union, types.UnionType):
        found = [list(_misfit(value, each, where)) for each in get_args(hint)]
        if [] not in found:
            yield f"{where}: {type(value).__name__}"
    elif get_origin(hint) in (list, tuple):
        if not isinstance(value, get_origin(hint)):
            yield f"{where}: {type(value).__name__}"
            return
        for each in value:
            yield from _misfit(each, get_args(hint)[0], f"{where}[]")
    elif not _fits(value, hint):
        yield f"{where}: {type(value).__name__}"
    elif is_dataclass(value):
        yield from misfits(value, where)


def _plain(hint: Any) -> Any:
    """The type below a `NewType`."""
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    return hint


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of a type that has no parts."""
    if hint is datetime:
        return isinstance(value, datetime) and value.utcoffset() == timedelta(0)
    if hint is date:
        return isinstance(value, date) and not isinstance(value, datetime)
    if hint in (int, float):  # a truth value is no number, a whole number is one
        return isinstance(value, int | hint) and not isinstance(value, bool)
    return isinstance(value, hint)
