"""Serializes rows to JSON, in the form that the quirks say."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from student_graph.adapters.oneroster.sandbox.quirks import Quirks
from student_graph.adapters.oneroster.sandbox.rows import Reference, Row

_PADDED_FIELDS = ("sourcedId", "resultValueMin", "resultValueMax", "class")


@dataclass(frozen=True, slots=True)
class Serializer:
    """Serializes rows of one server."""

    quirks: Quirks
    service_url: Callable[[str], str]
    """Returns the address of the service that has rows of a type."""

    def row(self, row: Row, selected_fields: Collection[str]) -> dict[str, Any]:
        """Serialize the selected fields of a row, or all if none are selected."""
        values = {name: self._metadata(value) if name == "metadata" else value for name, value in row.items()}
        if "student" in values:
            values["student"] = Reference(self.quirks.student_type, row["student"].id)
        if not selected_fields:
            return self._object(values)
        selected = self._object({name: value for name, value in values.items() if name in selected_fields})
        return self._padding(row, selected_fields) | selected if self.quirks.padded_fields else selected

    def _padding(self, row: Row, selected_fields: Collection[str]) -> dict[str, Any]:
        """The properties that some servers add to the selected ones, without their values."""
        added = [name for name in _PADDED_FIELDS if name in row and name not in selected_fields]
        return {name: row[name] if name == "sourcedId" else {} if name == "class" else None for name in added}

    def _metadata(self, metadata: Row | None) -> Row | None:
        parts = metadata or {}
        return {name: part for name, part in parts.items() if name != "edfi" or self.quirks.natural_keys} or None

    def _object(self, row: Row) -> dict[str, Any]:
        with_nulls = self.quirks.absent_values == "null"
        return {name: self._value(value) for name, value in row.items() if with_nulls or value is not None}

    def _value(self, value: Any) -> Any:
        match value:
            case Reference():
                return {"href": self._href(value), "sourcedId": value.id, "type": value.type}
            case bool():
                return value if self.quirks.booleans == "real" else str(value).lower()
            case list():
                return [self._value(item) for item in value]
            case dict():
                return self._object(value)
            case _:
                return value

    def _href(self, reference: Reference) -> str:
        path = reference.path
        match self.quirks.hrefs:
            case "relative":
                return f"/{path}"
            case "undefined":
                return f"undefined/{path}"
            case _:
                return f"{self.service_url(reference.type)}/{path}"
