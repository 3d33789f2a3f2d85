"""The rows of each resource: made when they are asked for, found through an index per filter."""

from __future__ import annotations

import hashlib
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from student_graph.adapters.edfi.sandbox import academics, people, school_life, schools, services
from student_graph.adapters.edfi.sandbox.filters import DataStandard, leaf
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.records.folder import EdFiRecords, Payload

_SELECTIVE = (
    "id",
    "studentUniqueId",
    "staffUniqueId",
    "contactUniqueId",
    "parentUniqueId",
    "sectionIdentifier",
    "incidentIdentifier",
    "assessmentIdentifier",
    "localCourseCode",
    "schoolId",
)
"""Filters that leave the fewest rows, best first."""


class Rows:
    """The rows of one resource, in a fixed order."""

    def __init__(
        self, resource: str, facts: Sequence[Any], make: Callable[[Any], Payload], changed: datetime | None = None
    ) -> None:
        self.resource = resource
        self._facts = facts
        self._make = make
        self._changed = changed.strftime("%Y-%m-%dT%H:%M:%SZ") if changed else None
        self._prefix = hashlib.md5(resource.encode(), usedforsecurity=False).hexdigest()[:24]
        self._indexes: dict[str, dict[str, list[int]]] = {}

    def __len__(self) -> int:
        return len(self._facts)

    def __getitem__(self, position: int) -> Payload:
        """The payload at a position, with what the server adds to each: id, ETag and time of change."""
        payload = self._make(self._facts[position])
        if "id" in payload:
            return payload
        number = f"{self._prefix}{position:08x}"
        added = {"_etag": f"{5_250_000_000_000 + zlib.crc32(number.encode())}"}
        if self._changed:
            added["_lastModifiedDate"] = self._changed
        return {"id": number, **payload, **added}

    def with_id(self, number: str) -> Payload | None:
        """The row with the server's own id, if there is one."""
        found = self._index("id").get(number)
        return self[found[0]] if found else None

    def where(self, wanted: dict[str, str]) -> Sequence[int]:
        """Positions of the rows that agree with all filters: an index for one, a look at rows for the others."""
        if not wanted:
            return range(len(self))
        best = min(wanted, key=lambda name: _SELECTIVE.index(name) if name in _SELECTIVE else len(_SELECTIVE))
        others = [(name, text) for name, text in wanted.items() if name != best]
        found = self._index(best).get(wanted[best], [])
        return [position for position in found if all(self._text(position, name) == text for name, text in others)]

    def _text(self, position: int, name: str) -> str | None:
        """What a row holds where a filter looks."""
        payload = self[position] if name == "id" else self._make(self._facts[position])
        value = leaf(self.resource, payload, name)
        return None if value is None else as_text(value)

    def _index(self, name: str) -> dict[str, list[int]]:
        """Positions by what the rows hold where the filter looks; made at the first question."""
        if name not in self._indexes:
            index: dict[str, list[int]] = defaultdict(list)
            for position in range(len(self)):
                if (text := self._text(position, name)) is not None:
                    index[text].append(position)
            self._indexes[name] = dict(index)
        return self._indexes[name]


def as_text(value: object) -> str:
    """A property as it is written in a filter."""
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f"{value:.15g}"
        case _:
            return str(value)


def all_rows(facts: DistrictFacts, standard: DataStandard) -> dict[str, Rows]:
    """The rows of every resource: records as they are, facts as the Data Standard spells them."""
    if isinstance(facts, EdFiRecords):
        return {name: Rows(name, rows, lambda row: row) for name, rows in facts.resources.items()}
    changed = None if standard in {"3.3", "4.0"} else facts.now
    return {
        name: Rows(name, rows, make, changed)
        for part in (schools, people, school_life, academics, services)
        for name, (rows, make) in part.tables(facts, standard).items()
    }
