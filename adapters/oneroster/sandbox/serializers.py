"""Rows as JSON, in a server's manner."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from student_graph.adapters.oneroster.sandbox.quirks import Manner
from student_graph.adapters.oneroster.sandbox.rows import Reference, Row

_PADDED = ("sourcedId", "resultValueMin", "resultValueMax", "class")


@dataclass(frozen=True, slots=True)
class Spelling:
    """How values are written."""

    manner: Manner
    home: Callable[[str], str]
    """Address of the service that has a type of row."""

    def row(self, row: Row, asked: Collection[str]) -> dict[str, Any]:
        """A row with the fields asked for, or with all."""
        told = {name: self._metadata(value) if name == "metadata" else value for name, value in row.items()}
        if "student" in told:
            told["student"] = Reference(self.manner.student_type, row["student"].id)
        if not asked:
            return self._object(told)
        some = self._object({name: value for name, value in told.items() if name in asked})
        return self._padding(row, asked) | some if self.manner.padded_fields else some

    def _padding(self, row: Row, asked: Collection[str]) -> dict[str, Any]:
        """What some servers add to the fields asked for, without its values."""
        added = [name for name in _PADDED if name in row and name not in asked]
        return {name: row[name] if name == "sourcedId" else {} if name == "class" else None for name in added}

    def _metadata(self, metadata: Row | None) -> Row | None:
        told = metadata or {}
        return {name: part for name, part in told.items() if name != "edfi" or self.manner.natural_keys} or None

    def _object(self, row: Row) -> dict[str, Any]:
        keep = self.manner.absent_values == "null"
        return {name: self._value(value) for name, value in row.items() if keep or value is not None}

    def _value(self, value: Any) -> Any:
        match value:
            case Reference():
                return {"href": self._href(value), "sourcedId": value.id, "type": value.type}
            case bool():
                return value if self.manner.booleans == "real" else str(value).lower()
            case list():
                return [self._value(each) for each in value]
            case dict():
                return self._object(value)
            case _:
                return value

    def _href(self, reference: Reference) -> str:
        path = reference.path
        match self.manner.hrefs:
            case "relative":
                return f"/{path}"
            case "undefined":
                return f"undefined/{path}"
            case _:
                return f"{self.home(reference.type)}/{path}"
