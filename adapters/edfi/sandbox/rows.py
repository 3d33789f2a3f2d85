"""The rows of each resource, serialized on demand and indexed by filter, with the changes since the start."""

from __future__ import annotations

import hashlib
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from student_graph.adapters.edfi.sandbox import academics, people, school_life, schools, services
from student_graph.adapters.edfi.sandbox.filters import DataStandard, filtered_value, is_since
from student_graph.adapters.edfi.sandbox.queries import FIRST_CHANGE_VERSION
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.records.folder import EdFiRecords, Payload

_SELECTIVE_FILTERS = (
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
"""Filters that match the fewest rows, the most selective first."""


class Rows:
    """The rows of one resource, in a fixed order."""

    def __init__(
        self,
        resource: str,
        facts: Sequence[Any],
        serialize: Callable[[Any], Payload],
        modified_at: datetime | None = None,
    ) -> None:
        self.resource = resource
        self._facts = facts
        self._own_facts: list[Any] | None = None
        """The same list once it was copied to be changed; other sandboxes of the district serve the first one."""
        self._serialize = serialize
        self._modified_at = modified_at.strftime("%Y-%m-%dT%H:%M:%SZ") if modified_at else None
        self._prefix = hashlib.md5(resource.encode(), usedforsecurity=False).hexdigest()[:24]
        self._indexes: dict[str, dict[str, list[int]]] = {}
        self._versions: dict[int, int] = {}
        """Change versions of the rows that were changed since the start, by position."""
        self._deleted: set[int] = set()
        """Positions of deleted rows."""
        self.deletions: list[Payload] = []
        """Every deletion with its change version and the id of the row, the oldest first."""
        self.key_changes: list[Payload] = []
        """Every change of a natural key with its change version and the id of the row, the oldest first."""

    def insert(self, fact: Any, version: int) -> str:
        """Add a row, and return its id."""
        position = len(self)
        self._changeable_facts().append(fact)
        self._versions[position] = version
        for name, index in self._indexes.items():
            if (text := self._text(position, name)) is not None:
                index.setdefault(text, []).append(position)
        return str(self[position]["id"])

    def update(self, id: str, fact: Any, version: int) -> None:
        """Replace the row with an id."""
        [position] = self._index("id")[id]
        self._changeable_facts()[position] = fact
        self._versions[position] = version
        self._indexes.clear()

    def change_key(self, id: str, fact: Any, version: int) -> None:
        """Replace the row with an id by one with another natural key."""
        self.update(id, fact, version)
        self.key_changes.append({"id": id, "changeVersion": version, "oldKeyValues": {}, "newKeyValues": {}})

    def _changeable_facts(self) -> list[Any]:
        """The facts as a list that no other sandbox has; copied once, however many rows change."""
        if self._own_facts is None:
            self._facts = self._own_facts = list(self._facts)
        return self._own_facts

    def facts(self) -> list[tuple[str, Any]]:
        """The id and the fact of each row that is not deleted."""
        return [(str(self[position]["id"]), self._facts[position]) for position in self._positions()]

    def delete(self, id: str, version: int) -> None:
        """Delete the row with an id."""
        [position] = self._index("id")[id]
        self.deletions.append({"id": id, "changeVersion": version, "keyValues": {}})
        self._deleted.add(position)
        self._indexes.clear()

    def changed_between(self, positions: Sequence[int], first: int, last: int) -> Sequence[int]:
        """Those positions whose rows have a change version in a range."""
        return [p for p in positions if first <= self._versions.get(p, FIRST_CHANGE_VERSION) <= last]

    def __len__(self) -> int:
        return len(self._facts)

    def __getitem__(self, position: int) -> Payload:
        """The payload at a position, with the id, ETag and modification time that the server adds."""
        payload = self._serialize(self._facts[position])
        if "id" in payload:
            return payload
        id = f"{self._prefix}{position:08x}"
        added = {"_etag": f"{5_250_000_000_000 + zlib.crc32(id.encode())}"}
        if self._modified_at:
            added["_lastModifiedDate"] = self._modified_at
        return {"id": id, **payload, **added}

    def with_id(self, id: str) -> Payload | None:
        """The row with an id of the server; None if there is none."""
        positions = self._index("id").get(id)
        return self[positions[0]] if positions else None

    def where(self, filters: dict[str, str]) -> Sequence[int]:
        """Positions of the rows that satisfy all filters; only the most selective filter uses an index."""
        if not filters:
            return self._positions()
        best = min(
            filters,
            key=lambda name: (
                _SELECTIVE_FILTERS.index(name) if name in _SELECTIVE_FILTERS else len(_SELECTIVE_FILTERS)
            ),
        )
        others = [(name, text) for name, text in filters.items() if name != best]
        positions = self._index(best).get(filters[best], [])
        return [
            position for position in positions if all(self._text(position, name) == text for name, text in others)
        ]

    def _positions(self) -> Sequence[int]:
        """Positions of the rows that are not deleted."""
        everything = range(len(self))
        return [p for p in everything if p not in self._deleted] if self._deleted else everything

    def _text(self, position: int, name: str) -> str | None:
        """The value of a row that a filter compares, as text; None if the row has none."""
        payload = self[position] if name == "id" else self._serialize(self._facts[position])
        value = filtered_value(self.resource, payload, name)
        return None if value is None else as_text(value)

    def _index(self, name: str) -> dict[str, list[int]]:
        """Positions of rows by the value that the filter compares; built at the first use of the filter."""
        if name not in self._indexes:
            index: dict[str, list[int]] = defaultdict(list)
            for position in self._positions():
                if (text := self._text(position, name)) is not None:
                    index[text].append(position)
            self._indexes[name] = dict(index)
        return self._indexes[name]


def as_text(value: object) -> str:
    """The value of a property in the form that it has in a filter."""
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f"{value:.15g}"
        case _:
            return str(value)


def all_rows(facts: DistrictFacts, standard: DataStandard) -> dict[str, Rows]:
    """The rows of every resource: records unchanged, and facts serialized for the Data Standard."""
    if isinstance(facts, EdFiRecords):
        return {name: Rows(name, rows, lambda row: row) for name, rows in facts.resources.items()}
    modified_at = facts.now if is_since(standard, "5.0") else None
    return {
        name: Rows(name, rows, serialize, modified_at)
        for module in (schools, people, school_life, academics, services)
        for name, (rows, serialize) in module.resources(facts, standard).items()
    }
