"""
Readers of values: functions of a row and of what was requested.

A reader of a required value is one function instead of three, because it runs for every row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from student_graph.adapters.reading import MAX_TEXT_CHARACTERS
from student_graph.adapters.rest.mapping.dates import Convert
from student_graph.adapters.rest.mapping.paths import Getter, UnreadableValueError
from student_graph.adapters.rest.mapping.values import UNMAPPED, in_table, name_text, text

Placeholders: TypeAlias = Mapping[str, Any]
"""Values of placeholders such as `key` and `school_year`, by name."""
Reader: TypeAlias = Callable[[Any, Placeholders], Any]
"""Returns the value of an attribute, from a row and what was requested; None if there is none."""

ID_TABLE = "find "
"""Start of the name of a list of ids among the placeholders; no other placeholder has a blank."""
MAX_NESTED_ROWS = 500
"""Maximum number of elements of one list in a row, such as a student's addresses."""


class NothingThereError(UnreadableValueError):
    """A required value is not there, and not because it cannot be read."""


@dataclass(frozen=True, slots=True)
class ValueSource:
    """A single value at a path of a row."""

    get: Getter
    convert: Convert
    names: tuple[str, ...] | None = None
    """The names of a plain path, such as `name.family`; None for another expression."""

    def reader(self) -> Reader:
        """Return a reader that raises an error for a value that cannot be read."""
        get, convert = self.get, self.convert

        def value(row: Any, _: Placeholders) -> Any:
            raw = get(row)
            return None if raw is None else convert(raw)

        return value

    def required(self, name: str) -> Reader:
        """Return a reader that raises an error also if there is no value."""
        get, convert, is_text = self.get, self.convert, self.convert in (text, name_text)
        outer, inner = self.names if self.names is not None and len(self.names) == 2 else (None, None)
        single = self.names[0] if self.names is not None and len(self.names) == 1 else None

        def value(row: Any, _: Placeholders) -> Any:
            raw = get(row)
            return raw if is_text and _is_plain(raw) else converted(raw)

        def value_of_name(row: Any, _: Placeholders) -> Any:
            raw = row.get(single) if type(row) is dict else None
            return raw if is_text and _is_plain(raw) else converted(raw)

        def value_of_names(row: Any, _: Placeholders) -> Any:
            part = row.get(outer) if type(row) is dict else None
            raw = part.get(inner) if type(part) is dict else None
            return raw if is_text and _is_plain(raw) else converted(raw)

        def converted(raw: Any) -> Any:
            result = None if raw is None else convert(raw)
            if result is None:
                raise NothingThereError(f"no {name}")
            return result

        return value_of_name if single is not None else value_of_names if outer is not None else value

    def optional(self) -> Reader:
        """Return a reader that has None for a value that cannot be read."""
        get, convert = self.get, self.convert

        def value(row: Any, _: Placeholders) -> Any:
            try:
                raw = get(row)
                result = None if raw is None else convert(raw)
            except UnreadableValueError:
                return None
            return None if result == "" else result

        return value


def constructor(cls: type[Any], readers: Mapping[str, Reader]) -> Reader:
    """
    Return a function that builds a record or value from a row, with a reader for each attribute.

    It is compiled like the `__init__` of a dataclass, because keyword arguments from a dictionary take half as
    long again. Its text consists of the names of attributes of `cls`, and of no text of a declaration.
    """
    assert readers.keys() <= {field.name for field in fields(cls)}
    arguments = ", ".join(f"{name}=read_{name}(row, placeholders)" for name in readers)
    namespace: dict[str, Any] = {f"read_{name}": read for name, read in readers.items()}
    code = compile(f"lambda row, placeholders: cls({arguments})", f"<constructor of {cls.__name__}>", "eval")
    build: Reader = eval(code, namespace | {"cls": cls, "__builtins__": {}})  # noqa: S307 - names of attributes only
    return build


def _is_plain(raw: Any) -> bool:
    """Whether a value is a text that needs no conversion: it has no blank at its ends and is not too long."""
    return type(raw) is str and "!" <= raw[:1] <= "~" and "!" <= raw[-1] <= "~" and len(raw) <= MAX_TEXT_CHARACTERS


def looked_up(get: Reader, table: str, convert: Convert, *, codes: bool) -> Reader:
    """
    Return a reader that looks up a code or an id in a table of the vendor, which is the placeholder `table`.

    With `codes`, a code that is not in the table has no meaning, even if `codes` has the same text. An id that is
    not in the table has no value.
    """

    def value(row: Any, placeholders: Placeholders) -> Any:
        raw = get(row, placeholders)
        if raw is None or (type(raw) is str and not raw.strip()):
            return None
        meaning = in_table(placeholders[table], raw)
        if meaning is None:
            return convert(f"? {raw}") if codes else None
        return convert(meaning)

    return value


def key_of(get: Getter, table: str, convert: Convert) -> Reader:
    """
    Return a reader of the district's id for an id of the vendor, by the list of ids `table`.

    An id that is not in the list has no value. Without the list, as with a sample, the result is the id itself.
    """

    def value(row: Any, placeholders: Placeholders) -> Any:
        raw = get(row)
        own_id = None if raw is None else convert(raw)
        ids = placeholders[table]
        return own_id if own_id is None or isinstance(ids, str) else ids.key_of(own_id)

    return value


def members_between(members: Sequence[Any], first: Reader, last: Reader) -> Reader:
    """Return a reader of all members of an enum from one to another, such as the grade levels of a school."""

    def values(row: Any, placeholders: Placeholders) -> list[Any]:
        ends = first(row, placeholders), last(row, placeholders)
        if None in ends or UNMAPPED in (end.name for end in ends):
            return [end for end in ends if end is not None]
        return list(members[members.index(ends[0]) : members.index(ends[1]) + 1])

    return values


def lenient(read: Reader) -> Reader:
    """Return a reader that has None for a value that cannot be read."""

    def value_or_none(row: Any, placeholders: Placeholders) -> Any:
        try:
            value = read(row, placeholders)
        except UnreadableValueError:
            return None
        return None if value == "" else value

    return value_or_none


def required(read: Reader, name: str) -> Reader:
    """Return a reader that raises an error if there is no value."""

    def value(row: Any, placeholders: Placeholders) -> Any:
        result = read(row, placeholders)
        if result is None:
            raise NothingThereError(f"no {name}")
        return result

    return value


def elements(get: Getter, read: Reader) -> Reader:
    """Return a reader of the elements of a list; a single value is a list of one, and null an empty one."""

    def values(row: Any, placeholders: Placeholders) -> list[Any]:
        raw = get(row)
        if raw is None:
            return []
        parts = raw if type(raw) is list else [raw]
        if len(parts) > MAX_NESTED_ROWS:
            raise UnreadableValueError("a list that is too long")
        return [value for part in parts if (value := read(part, placeholders)) is not None]

    return values
