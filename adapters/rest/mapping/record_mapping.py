"""The compiled mapping of a type of record."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from student_graph.adapters.model import Record
from student_graph.adapters.rest.mapping.paths import Getter, UnreadableValueError
from student_graph.adapters.rest.mapping.readers import Reader


@dataclass(frozen=True, slots=True)
class DeclaredPath:
    """A path of a mapping, to be compared with a sample answer."""

    location: tuple[str | int, ...]
    text: str
    read: Getter


@dataclass(slots=True)
class RecordMapping:
    """The compiled mapping of one type of record."""

    record_type: type[Record]
    build: Reader = lambda *_: None
    """
    Returns the record of a row. It raises `UnreadableValueError` if a required or deciding value is missing or
    cannot be read.
    """
    vendor_id: Reader = lambda *_: None
    paths: list[DeclaredPath] = field(default_factory=list)
    placeholders: set[str] = field(default_factory=set)
    """Names of the placeholders that it uses."""

    def row_id(self, row: Any) -> Any:
        """The vendor's id of a row, to notice a row that is sent twice; the row itself if it has none."""
        try:
            row_id = self.vendor_id(row, _ANY_PLACEHOLDER)
        except UnreadableValueError:
            row_id = None
        return repr(row) if row_id is None else row_id


class _AnyPlaceholder(dict[str, Any]):
    """Has an empty text for every placeholder."""

    def __missing__(self, key: str) -> str:
        return ""


_ANY_PLACEHOLDER = _AnyPlaceholder()


def no_attribute(cls: Any, name: str, known: Mapping[str, Any]) -> str:
    """Say that a record has no such attribute, and which one may be meant."""
    names = [known_name for known_name in known if known_name != "fetched"]
    similar = difflib.get_close_matches(name, names, 1)
    hint = f"did you mean {similar[0]}?" if similar else f"it has {', '.join(names)}"
    return f"{cls.__name__} has no {name}; {hint}"
