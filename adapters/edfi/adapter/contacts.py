"""The lookups of parents, guardians and other contacts: `contacts` from Data Standard 5 on, `parents` before."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from student_graph.adapters.edfi.api import people as api
from student_graph.adapters.edfi.api.payload import Filters, Resource
from student_graph.adapters.edfi.client.keys import person_key
from student_graph.adapters.edfi.client.requests import EdFiAccess, by_student
from student_graph.adapters.edfi.mapping import people as mapping
from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import ContactId, StudentContact, StudentId

K = TypeVar("K")
Link = api.StudentContactAssociation
Spelling = tuple[Resource[Link], Resource[api.Contact], str]

_NEW: Spelling = (api.STUDENT_CONTACTS, api.CONTACTS, "contactUniqueId")
_OLD: Spelling = (api.STUDENT_PARENTS, api.PARENTS, "parentUniqueId")

log = logging.getLogger(__name__)


class Contacts(EdFiAccess):
    """Who answers for a student."""

    async def contacts_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[StudentContact]]:
        """Ed-Fi `studentContactAssociations` and `contacts`, or as they were called before."""
        links, persons = await self._read(ids, lambda key, _: by_student(key))
        return {
            key: each if isinstance(each, AdapterError) else _contacts(sorted(each, key=_rank), persons)
            for key, each in links.items()
        }

    async def contacts_by_contact(self, ids: Sequence[ContactId]) -> Batch[ContactId, list[StudentContact]]:
        """The same associations, by the other end."""
        links, persons = await self._read(ids, lambda key, parameter: {parameter: person_key(key)})
        return {
            key: each if isinstance(each, AdapterError) else _contacts(sorted(each, key=_student_of), persons)
            for key, each in links.items()
        }

    async def _read(
        self, ids: Sequence[K], filters: Callable[[K, str], Filters]
    ) -> tuple[dict[K, list[Link] | AdapterError], dict[str, api.Contact | AdapterError]]:
        """The associations of each key, and whom they name; filters are told what names a contact."""
        spellings = (_NEW, _OLD) if await self.discovery.standard() >= (5, 0) else (_OLD, _NEW)
        for spelling in spellings:
            links = await self._links(ids, spelling, filters)
            # A server may declare a standard that it does not speak: then it knows the other name.
            if not all(isinstance(each, NotOfferedError) for each in links.values()):
                break
        return links, await self._persons(links, spelling)

    async def _links(
        self, ids: Sequence[K], spelling: Spelling, filters: Callable[[K, str], Filters]
    ) -> dict[K, list[Link] | AdapterError]:
        """The associations of each key."""

        async def read(key: K) -> list[Link]:
            return await self.rows(spelling[0], filters(key, spelling[2]))

        return await self.gather_by_key(ids, read)

    async def _persons(
        self, links: Mapping[K, list[Link] | AdapterError], spelling: Spelling
    ) -> dict[str, api.Contact | AdapterError]:
        """Everybody named in the associations; brothers and sisters share their parents."""
        _, resource, parameter = spelling

        async def read(key: str) -> api.Contact | None:
            rows = await self.rows(resource, {parameter: person_key(key)})
            return rows[0] if rows else None

        lists = [each for each in links.values() if not isinstance(each, AdapterError)]
        return await self.gather_by_key([_person_of(link) for each in lists for link in each], read)


def _person_of(link: Link) -> str:
    return link.contactReference.contactUniqueId


def _student_of(link: Link) -> str:
    return link.studentReference.studentUniqueId


def _contacts(
    links: Sequence[Link], persons: Mapping[str, api.Contact | AdapterError]
) -> list[StudentContact] | AdapterError:
    """The contacts that associations name, in their order."""
    found = []
    for link in links:
        person = persons.get(_person_of(link))
        if isinstance(person, AdapterError):
            return person
        if person is None:
            log.warning(
                "a contact without a person was left out: a dangling reference, or one that is not ours to see"
            )
        else:
            found.append(mapping.contact(link, person))
    return found


def _rank(link: Link) -> tuple[bool, int, str]:
    """Primary contacts first, then by Ed-Fi `contactPriority`."""
    priority = link.contactPriority
    return not link.primaryContactStatus, 2**31 if priority is None else priority, _person_of(link)
