"""
Reads people together with rows of other resources that hold details of them, such as e-mail addresses.

Reading one person and reading all people give the same details, even if a reference spells the person's number in
another way. Lookups that want the same person within some seconds share the rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Generic, NamedTuple, TypeVar

from student_graph.adapters.concurrency import gather_in_order
from student_graph.adapters.edfi.api.payload import Filters, Item, Resource
from student_graph.adapters.edfi.client.loose_keys import RowsByKey
from student_graph.adapters.edfi.client.requests import EdFiClient
from student_graph.adapters.reading import SharedReads

P = TypeVar("P", bound=Item)
D = TypeVar("D", bound=Item)
R = TypeVar("R", bound=Item)
V = TypeVar("V")

KEPT_SECONDS = 30.0
"""
How long the rows of a person are kept for other lookups: the names of 167 students are read before their numbers.
"""


class Detailed(NamedTuple, Generic[P, D]):
    """A person and the details of other resources."""

    person: P
    details: list[D]


@dataclass(frozen=True, slots=True)
class PeopleWithDetails(Generic[P, D]):
    """A resource with people, and the resources with details of them."""

    client: EdFiClient
    people: Resource[P]
    number_of_person: Callable[[P], str]
    resources: Sequence[Resource[D]]
    number_in_details: Callable[[D], str]
    """The number of the person that a row of details names."""
    filters: Callable[[str], Filters]
    """The filters for the rows with a person's number."""
    reads: SharedReads
    """The reads of single people."""

    async def record(self, to_record: Callable[[P], V], number: str) -> V | None:
        """The record of the person with a number, without details; None if there is no such person."""
        people = await self._rows(self.people, number)
        return to_record(people[0]) if people else None

    async def with_number(self, number: str) -> Detailed[P, D] | None:
        """The person with a number and the details; None if there is no such person."""
        people = await self._rows(self.people, number)
        if not people:
            return None
        details = await gather_in_order(
            self.resources, lambda resource: self._rows(resource, number), len(self.resources)
        )
        return Detailed(people[0], list(chain.from_iterable(details)))

    async def _rows(self, resource: Resource[R], number: str) -> list[R]:
        """The rows of a resource with a person's number."""
        read = partial(self.client.read_rows, resource, self.filters(number))
        rows: list[R] = await self.reads.read((resource, number), read)
        return rows

    async def all(self) -> list[Detailed[P, D]]:
        """Every person and the details, by number."""
        await self.client.discovery.document()
        async with asyncio.TaskGroup() as reads:
            people_task = reads.create_task(self.client.read_shared(self.people))
            tasks = [reads.create_task(self.client.read_shared(resource)) for resource in self.resources]
        details: dict[str, list[D]] = {}
        for row in chain.from_iterable(task.result() for task in tasks):
            details.setdefault(self.number_in_details(row), []).append(row)
        people = RowsByKey(people_task.result(), self.number_of_person)
        for variant in people.other_spellings(details):
            for person in await self.client.read_rows(self.people, self.filters(variant)):
                details.setdefault(self.number_of_person(person), []).extend(details[variant])
        return [Detailed(person, details.get(number, [])) for number, person in sorted(people.exact.items())]
