"""What the rows of a `[first]` say: values, the vendor's ids of keys, or what codes stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json

from student_graph.adapters.errors import PayloadError
from student_graph.adapters.keys import is_path_segment, is_query_text, loose_form, report_other_form
from student_graph.adapters.model.code_mapping import comparable
from student_graph.adapters.reading import report_unreadable_row
from student_graph.adapters.reading.unreadable import SCHEMA_CODE
from student_graph.adapters.rest.client.lists import Rows
from student_graph.adapters.rest.client.templates import Template
from student_graph.adapters.rest.mapping.paths import Getter, UnreadableValueError
from student_graph.adapters.rest.mapping.values import text


@dataclass(frozen=True, slots=True)
class FirstPlan:
    """How one `[first]` is read."""

    name: str
    """The placeholder that has its value."""
    request: Template
    rows: Getter
    rows_path: str | None
    value: Getter
    matches: Getter | None
    """Where the key is in a row: rows of another key do not count."""
    code: Getter | None
    """Where a code is in a row, if the rows are a table of codes."""
    several: bool
    """Whether there may be several values, each for a request of its own."""
    depends_on_key: bool
    """Whether another key may have other values."""
    in_path: bool
    """Whether its values are segments of paths, and not only values of parameters."""


@dataclass(slots=True)
class KeyedValues:
    """The values of each key, such as the vendor's own id of each student."""

    of_key: dict[str, dict[str, None]] = field(default_factory=dict)
    """The values of a key, in their order; more than one id if the vendor has the key twice."""
    _keys: dict[str, set[str]] = field(default_factory=dict)
    """The keys of a value."""
    _forms: frozenset[str] | None = None
    """The loose forms of all keys, once they are needed."""

    def add(self, key: str, value: str) -> None:
        """Add a value of a key."""
        self.of_key.setdefault(key, {})[value] = None
        self._keys.setdefault(value, set()).add(key)

    def report_other_form(self, key: str) -> None:
        """Report a key without values if the vendor has another spelling of it."""
        if self._forms is None:
            self._forms = frozenset(map(loose_form, self.of_key))
        if loose_form(key) in self._forms:
            report_other_form(key)

    def key_of(self, own_id: str) -> str | None:
        """Return the key of an id of the vendor; None if it has none or two, or its key has two ids."""
        keys = self._keys.get(own_id, set())
        key = next(iter(keys)) if len(keys) == 1 else None
        return None if key is None or len(self.of_key[key]) > 1 else key


def values_in(plan: FirstPlan, rows: Rows) -> KeyedValues | dict[str, str] | list[str]:
    """
    Return what the rows of a response say.

    A row without a readable value is left out and reported. A row that belongs to no key does not count.

    Returns:
        What each code stands for with `code`, the values of each key with `matches`, and otherwise all values.
    """
    if plan.code is not None:
        return dict(_codes(plan, plan.code, rows))
    if plan.matches is None:
        return list(dict.fromkeys(value for row in rows if (value := _value(plan, row)) is not None))
    keyed = KeyedValues()
    for row in rows:
        key = _text(plan.matches, row, may_be_absent=True)
        if key is not None and (value := _value(plan, row)) is not None:
            keyed.add(key, value)
    return keyed


def _codes(plan: FirstPlan, code_at: Getter, rows: Rows) -> Iterable[tuple[str, str]]:
    """What each code stands for; a row may have a code without a meaning."""
    for row in rows:
        code = _text(code_at, row)
        if code is not None and (value := _text(plan.value, row, may_be_absent=True)) is not None:
            yield comparable(code), value


def _value(plan: FirstPlan, row: Mapping[str, Any]) -> str | None:
    """
    The value of a row. None, with a report, if there is no value, or if one of several cannot be in a request.
    """
    value = _text(plan.value, row)
    if value is None or not plan.several:
        return value
    if is_path_segment(value) if plan.in_path else is_query_text(value):
        return value
    _report(row, "an id that cannot be part of a request")
    return None


def _text(get: Getter, row: Mapping[str, Any], *, may_be_absent: bool = False) -> str | None:
    """The text at a path. None, with a report, if it cannot be read, or if a required text is missing."""
    problem = "no value"
    try:
        raw = get(row)
        if raw is None and may_be_absent:
            return None
        if raw is not None and (value := text(raw)) is not None:
            return value
    except UnreadableValueError as exc:
        problem = str(exc)
    _report(row, problem)
    return None


def _report(row: Mapping[str, Any], problem: str) -> None:
    report_unreadable_row(to_json(row), PayloadError(f"unexpected shape ({problem})", code=SCHEMA_CODE))
