"""Parses filters: `field operator 'value'`, joined by `AND` and `OR`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from student_graph.adapters.oneroster.sandbox.quirks import Quirks
from student_graph.adapters.oneroster.sandbox.refusals import RefusalError, bad_filter, server_error
from student_graph.adapters.oneroster.sandbox.rows import GRADEBOOK_TABLES, Reference, Row, ed_fi_filter_fields

RowTest: TypeAlias = Callable[[Row], bool]
"""Returns whether a row satisfies a filter."""

_FIELD_AND_OPERATOR = r"[\w.]+\s*(?:!=|>=|<=|=|>|<|~)"
_PREDICATE = re.compile(
    r"\s*(?P<field>[\w.]+)\s*(?P<operator>!=|>=|<=|=|>|<|~)\s*"
    # A quote ends the value only at the end of the filter or before the next predicate; else it is part of it.
    rf"(?:'(?P<quoted>.*?)'(?=\s*$|\s+(?:AND|OR)\s+{_FIELD_AND_OPERATOR})|(?P<bare>[^\s']+))"
)
_JOIN = re.compile(r"\s+(AND|OR)\s+")


_REFERENCE = r"(\w+)\.sourcedId='([^']*)'"
_REFERENCES = re.compile(rf"{_REFERENCE}(?: OR {_REFERENCE})*")


@dataclass(frozen=True, slots=True)
class Predicate:
    """One comparison in a filter."""

    path: tuple[str, ...]
    operator: str
    value: str
    ignore_case: bool
    """Whether upper and lower case are equal."""

    def matches(self, row: Row) -> bool:
        """Whether a value of the field satisfies the comparison; for `!=`, whether none is equal."""
        values = list(_values(row, self.path))
        if self.operator == "!=":
            return not any(self._compares(value, "=") for value in values)
        return any(self._compares(value, self.operator) for value in values)

    def _compares(self, row_value: object, operator: str) -> bool:
        """Compares numbers if the row has a number, else texts: `"07"` is not `"7"`."""
        if isinstance(row_value, float) and _is_number(self.value):
            return _compare(row_value, float(self.value), operator)
        text, value = as_text(row_value), self.value
        if self.ignore_case or operator == "~":
            text, value = text.casefold(), value.casefold()
        return value in text if operator == "~" else _compare(text, value, operator)


def parse(text: str, table: str, known_fields: tuple[str, ...], quirks: Quirks) -> RowTest:
    """
    Parse a filter; returns a test of rows.

    Raises:
        RefusalError: The filter is not valid, has an unknown field or too many predicates, or makes the
        server fail.
    """
    try:
        return _parse(text, table, known_fields, quirks)
    except RefusalError as refusal:
        if refusal.status == 500 or quirks.bad_filter == "refused":
            raise
        return _no_row


def references(text: str) -> tuple[str, list[str]] | None:
    """
    The property and the ids of a filter by the ids of references, such as `class.sourcedId='1'`; None for another.

    With them an index finds the rows of a long collection that can satisfy the filter.
    """
    if not _REFERENCES.fullmatch(text):
        return None
    (name, *others), ids = zip(*re.findall(_REFERENCE, text), strict=True)
    return (name, list(dict.fromkeys(ids))) if set(others) <= {name} else None


def _parse(text: str, table: str, known_fields: tuple[str, ...], quirks: Quirks) -> RowTest:
    predicates, joins = [], []
    position = 0
    while True:
        match = _PREDICATE.match(text, position)
        if not match:
            raise bad_filter("Invalid filter format")
        predicates.append(_predicate(match, table, known_fields, quirks))
        position = match.end()
        if not text[position:].strip():
            break
        join = _JOIN.match(text, position)
        if not join:
            raise bad_filter("Invalid filter format")
        joins.append(join[1])
        position = join.end()
    if len(predicates) > quirks.max_clauses:
        raise bad_filter(f"A filter has at most {quirks.max_clauses} clauses")
    if quirks.and_fails and "AND" in joins and table in GRADEBOOK_TABLES:
        raise server_error()
    return _join_predicates(predicates, joins)


def _predicate(match: re.Match[str], table: str, known_fields: tuple[str, ...], quirks: Quirks) -> Predicate:
    path = tuple(match["field"].split("."))
    allowed = ed_fi_filter_fields(table) if quirks.filterable_fields == "listed" else known_fields
    if path[0] not in allowed or (quirks.filterable_fields == "listed" and len(path) > 1):
        raise bad_filter(
            f"Field '{match['field']}' is not allowed for filtering. Allowed fields: {', '.join(allowed)}"
        )
    quoted = match["quoted"]
    if quirks.filter_values == "bare" and table in GRADEBOOK_TABLES:
        if quoted is not None or not _is_number(match["bare"]):
            raise bad_filter("Invalid filter format")
        value = match["bare"]
    elif quoted is None:
        raise bad_filter("Invalid filter format")
    else:
        value = quoted.replace("''", "'") if quirks.doubled_quotes else quoted
    return Predicate(path, match["operator"], value, quirks.equality == "ignores case")


def _join_predicates(predicates: list[Predicate], joins: list[str]) -> RowTest:
    """The test of all predicates, from left to right and without precedence."""

    def test(row: Row) -> bool:
        matches = predicates[0].matches(row)
        for join, predicate in zip(joins, predicates[1:], strict=True):
            matches = (
                (matches and predicate.matches(row)) if join == "AND" else (matches or predicate.matches(row))
            )
        return matches

    return test


def _no_row(_: Row) -> bool:
    return False


def _values(value: Any, path: tuple[str, ...]) -> Iterator[object]:
    """The values at a path, also within lists."""
    if isinstance(value, list):
        for item in value:
            yield from _values(item, path)
    elif path and isinstance(value, dict):
        yield from _values(value.get(path[0]), path[1:])
    elif path and isinstance(value, Reference):
        yield from _values({"sourcedId": value.id, "type": value.type}.get(path[0]), path[1:])
    elif not path and value is not None and not isinstance(value, dict | Reference):
        yield value


def as_text(value: object) -> str:
    """A value in the form in which filters and sort orders compare it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _compare(left: Any, right: Any, operator: str) -> bool:
    match operator:
        case "=":
            return bool(left == right)
        case ">":
            return bool(left > right)
        case ">=":
            return bool(left >= right)
        case "<":
            return bool(left < right)
        case _:
            return bool(left <= right)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text, re.ASCII) is not None
