"""The filter language: `field operator 'value'`, joined by `AND` and `OR`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from student_graph.adapters.oneroster.sandbox.quirks import Manner
from student_graph.adapters.oneroster.sandbox.refusals import RefusalError, bad_filter, broken
from student_graph.adapters.oneroster.sandbox.rows import GRADEBOOK_TABLES, Reference, Row, listed

Test: TypeAlias = Callable[[Row], bool]

_HEAD = r"[\w.]+\s*(?:!=|>=|<=|=|>|<|~)"
_PREDICATE = re.compile(
    r"\s*(?P<field>[\w.]+)\s*(?P<operator>!=|>=|<=|=|>|<|~)\s*"
    # A quote ends a value only where the filter ends or goes on: within, it stands for itself.
    rf"(?:'(?P<quoted>.*?)'(?=\s*$|\s+(?:AND|OR)\s+{_HEAD})|(?P<bare>[^\s']+))"
)
_JOIN = re.compile(r"\s+(AND|OR)\s+")


@dataclass(frozen=True, slots=True)
class Predicate:
    """One comparison of a filter."""

    path: tuple[str, ...]
    operator: str
    value: str
    blind: bool
    """Whether upper and lower case are the same."""

    def holds(self, row: Row) -> bool:
        """Whether any value of the field compares as asked; `!=` whether none is equal."""
        values = list(_values(row, self.path))
        if self.operator == "!=":
            return not any(self._compares(value, "=") for value in values)
        return any(self._compares(value, self.operator) for value in values)

    def _compares(self, found: object, operator: str) -> bool:
        """As numbers where the row has one, else as texts: `"07"` is not `"7"`."""
        if isinstance(found, float) and _is_number(self.value):
            return _ordered(found, float(self.value), operator)
        text, asked = as_text(found), self.value
        if self.blind or operator == "~":
            text, asked = text.casefold(), asked.casefold()
        return asked in text if operator == "~" else _ordered(text, asked, operator)


def parse(text: str, table: str, known: tuple[str, ...], manner: Manner) -> Test:
    """
    A filter as a test of rows.

    Raises:
        RefusalError: it cannot be read, names no field, is too long, or is more than the server can bear.
    """
    try:
        return _parse(text, table, known, manner)
    except RefusalError as refusal:
        if refusal.status == 500 or manner.bad_filter == "refused":
            raise
        return _nobody


def _parse(text: str, table: str, known: tuple[str, ...], manner: Manner) -> Test:
    predicates, joins = [], []
    position = 0
    while True:
        found = _PREDICATE.match(text, position)
        if not found:
            raise bad_filter("Invalid filter format")
        predicates.append(_predicate(found, table, known, manner))
        position = found.end()
        if not text[position:].strip():
            break
        join = _JOIN.match(text, position)
        if not join:
            raise bad_filter("Invalid filter format")
        joins.append(join[1])
        position = join.end()
    if len(predicates) > manner.most_clauses:
        raise bad_filter(f"A filter has at most {manner.most_clauses} clauses")
    if manner.and_breaks and "AND" in joins and table in GRADEBOOK_TABLES:
        raise broken()
    return _joined(predicates, joins)


def _predicate(found: re.Match[str], table: str, known: tuple[str, ...], manner: Manner) -> Predicate:
    path = tuple(found["field"].split("."))
    allowed = listed(table) if manner.filterable == "listed" else known
    if path[0] not in allowed or (manner.filterable == "listed" and len(path) > 1):
        raise bad_filter(
            f"Field '{found['field']}' is not allowed for filtering. Allowed fields: {', '.join(allowed)}"
        )
    quoted = found["quoted"]
    if manner.filter_values == "bare" and table in GRADEBOOK_TABLES:
        if quoted is not None or not _is_number(found["bare"]):
            raise bad_filter("Invalid filter format")
        value = found["bare"]
    elif quoted is None:
        raise bad_filter("Invalid filter format")
    else:
        value = quoted.replace("''", "'") if manner.doubled_quotes else quoted
    return Predicate(path, found["operator"], value, manner.equality == "any case")


def _joined(predicates: list[Predicate], joins: list[str]) -> Test:
    """All predicates, from left to right and without precedence."""

    def test(row: Row) -> bool:
        holds = predicates[0].holds(row)
        for join, predicate in zip(joins, predicates[1:], strict=True):
            holds = (holds and predicate.holds(row)) if join == "AND" else (holds or predicate.holds(row))
        return holds

    return test


def _nobody(_: Row) -> bool:
    return False


def _values(found: Any, path: tuple[str, ...]) -> Iterator[object]:
    """Values at a path; lists are walked through."""
    if isinstance(found, list):
        for each in found:
            yield from _values(each, path)
    elif path and isinstance(found, dict):
        yield from _values(found.get(path[0]), path[1:])
    elif path and isinstance(found, Reference):
        yield from _values({"sourcedId": found.id, "type": found.type}.get(path[0]), path[1:])
    elif not path and found is not None and not isinstance(found, dict | Reference):
        yield found


def as_text(value: object) -> str:
    """A value as filters and orders compare it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _ordered(found: Any, asked: Any, operator: str) -> bool:
    match operator:
        case "=":
            return bool(found == asked)
        case ">":
            return bool(found > asked)
        case ">=":
            return bool(found >= asked)
        case "<":
            return bool(found < asked)
        case _:
            return bool(found <= asked)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text, re.ASCII) is not None
