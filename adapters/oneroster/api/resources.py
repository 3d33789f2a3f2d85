"""The collections of a OneRoster server, and how their responses are read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeAlias, TypeVar, get_args

import httpx

from student_graph.adapters.oneroster.api.envelopes import parsed_json, read_row, read_rows
from student_graph.adapters.oneroster.api.payload import Item
from student_graph.adapters.paging.pages import parse_count, total_count

R = TypeVar("R", bound=Item)

Service: TypeAlias = Literal["rostering", "gradebook"]
Part: TypeAlias = Literal["rostering", "gradebook", "assessments"]
"""A part of the standard that a server may not have: assessments are collections of the gradebook's service."""
PARTS: tuple[Part, ...] = get_args(Part)


def part_of(service: Service, path: str) -> Part:
    """The part of the standard that the collection at a path belongs to."""
    return "assessments" if path.rpartition("/")[2].startswith("assessment") else service


@dataclass(frozen=True, slots=True)
class Resource(Generic[R]):
    """A collection of a OneRoster service."""

    service: Service
    path: str
    item: type[R]
    name: str
    """A name of the standard for its rows in responses; see `envelopes`."""

    @property
    def part(self) -> Part:
        """The part of the standard that it belongs to."""
        return part_of(self.service, self.path)

    @classmethod
    def of(cls, service: Service, path: str, item: type[R]) -> Resource[R]:
        """The collection at a path of the standard."""
        return Resource(service, path, item, path)

    def read(self, response: httpx.Response) -> list[R]:
        """The rows of a response with a list."""
        rows: list[R] = read_rows(response, self.item, self.name)
        return rows

    def read_one(self, response: httpx.Response) -> R:
        """The object of a response with one object."""
        row: R = read_row(response, self.item, self.name)
        return row

    def at(self, path: str) -> Resource[R]:
        """The same objects at another path, such as those of one class."""
        return replace(self, path=path)


def total_rows(response: httpx.Response) -> int | None:
    """The length of a complete list: in the header of the standard, or `_meta.totalCount` in the body."""
    total = total_count(response)
    if total is None and b'"_meta"' in response.content:
        body = parsed_json(response)
        meta = body.get("_meta") if isinstance(body, dict) else None
        total = parse_count(str(meta.get("totalCount"))) if isinstance(meta, dict) else None
    return total
