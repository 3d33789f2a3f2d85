"""A row of a file, with the texts of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from student_graph.adapters.files.api.layouts import Family, Layout


@dataclass(frozen=True, slots=True)
class Row:
    """One row of one file."""

    file: str
    line: int
    modified_at: datetime
    """When the file was written, in UTC."""
    family: Family
    layout: Layout
    texts: Mapping[str, str]
    """Texts by the name that the map gives first to their column; columns that the file lacks are absent."""

    def text(self, names: Sequence[str]) -> str:
        """Return the text of a column; empty if the file does not have it."""
        return self.texts.get(names[0], "") if names else ""

    @property
    def content(self) -> tuple[object, ...]:
        """What makes two rows equal, in whatever file and line they are."""
        return (self.layout.name, *sorted((name, text) for name, text in self.texts.items() if text))


class RowFaultError(Exception):
    """A row that cannot become a record; the message is one of the reasons of `client.faults`."""
