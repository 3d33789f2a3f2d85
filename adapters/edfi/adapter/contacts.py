"""Lookups of parents, guardians and other contacts: Ed-Fi `contacts` from Data Standard 5 on, `parents` before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from student_graph.adapters.edfi.adapter.lookups import EdFiLookups
from student_graph.adapters.edfi.api import people as api
from student_graph.adapters.edfi.api.payload import Filters
from student_graph.adapters.edfi.api.standards import ContactResources
from student_graph.adapters.edfi.client.keys import unique_id
from student_graph.adapters.edfi.client.loose_keys import RowsByKey
from student_graph.adapters.edfi.client.requests import by_student
from student_graph.adapters.edfi.mapping import people as mapping
from student_graph.adapters.errors import (
    AdapterError,
    BadKeyError,
    NotOfferedError,
    PayloadError,
    listed_and_unknown,
)
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import ContactId, DistrictId, StudentContact, StudentId
from student_graph.adapters.reading import reading_key, report_unreadable_row, rows_needed_by
from student_graph.adapters.reading.unreadable import SCHEMA_CODE

K = TypeVar("K")
Association = api.StudentContactAssociation


_LAST_PRIORITY = 2**31


class ContactLookups(EdFiLookups):
    """Lookups of contacts by student and by contact."""

    async def contacts_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[StudentContact]]:
        """Ed-Fi `studentContactAssociations` and `contacts`, or `studentParentAssociations` and `parents`."""
        associations, names = await self._read(ids, lambda key, _: by_student(key))
        return _records_by_key(associations, await self._contacts(associations, names), _primary_and_priority)

    async def contacts_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[StudentContact]]:
        """All pages of the same Ed-Fi resources."""
        associations, names = await self._read(ids, lambda _key, _: {})
        is_answered = not all(isinstance(answer, AdapterError) for answer in associations.values())
        contact_rows = await self.client.read_rows(names.contacts) if is_answered else []
        contacts = RowsByKey(contact_rows, lambda row: row.contactUniqueId)
        lists = [answer for answer in associations.values() if not isinstance(answer, AdapterError)]
        named = [_contact_of(row) for rows in lists for row in rows]
        others = await self._contacts_by_id(contacts.other_spellings(named), names)
        return _records_by_key(associations, {**contacts.exact, **others}, _student_and_priority)

    async def contacts_by_contact(self, ids: Sequence[ContactId]) -> Batch[ContactId, list[StudentContact]]:
        """Ed-Fi `studentContactAssociations` and `contacts`, or those of parents, filtered by contact."""
        associations, names = await self._read(ids, lambda key, filter_name: {filter_name: unique_id(key)})
        return _records_by_key(associations, await self._contacts(associations, names), _student_of)

    async def _read(
        self, ids: Sequence[K], filters: Callable[[K, str], Filters]
    ) -> tuple[dict[K, list[Association] | AdapterError], ContactResources]:
        """
        The associations of each key, and the names that the server has for contacts.

        `filters` returns the filters for a key; its second argument is the filter that names a contact.
        """
        for names in (await self.client.discovery.standard()).contacts:
            associations = await self._associations(ids, names, filters)
            # Some servers declare one Data Standard and serve another: then only the other names exist.
            if not all(isinstance(answer, NotOfferedError) for answer in associations.values()):
                break
        return associations, names

    async def _associations(
        self, ids: Sequence[K], names: ContactResources, filters: Callable[[K, str], Filters]
    ) -> dict[K, list[Association] | AdapterError]:
        async def read(key: K) -> list[Association]:
            return await self.client.read_rows(names.associations, filters(key, names.contact_id))

        return await self.client.read_by_key(ids, read)

    async def _contacts(
        self, associations: Mapping[K, list[Association] | AdapterError], names: ContactResources
    ) -> dict[str, api.Contact | AdapterError]:
        """Each contact that the associations name, read once: siblings share their parents."""
        keys_by_contact: dict[str, list[K]] = {}
        for key, rows in associations.items():
            for row in () if isinstance(rows, AdapterError) else rows:
                keys_by_contact.setdefault(_contact_of(row), []).append(key)
        rows_needed_by(keys_by_contact)
        return await self._contacts_by_id([*keys_by_contact], names)

    async def _contacts_by_id(
        self, contact_ids: Sequence[str], names: ContactResources
    ) -> dict[str, api.Contact | AdapterError]:
        async def read(contact_id: str) -> api.Contact | None:
            try:
                filters = {names.contact_id: unique_id(contact_id)}
            except BadKeyError as error:  # the vendor's error: other contacts are still read
                report_unreadable_row(contact_id.encode(), PayloadError(error.reason, code=SCHEMA_CODE))
                return None
            rows = await self.client.read_rows(names.contacts, filters)
            return rows[0] if rows else None

        return await self.client.read_by_key(contact_ids, read)


def _contact_of(row: Association) -> str:
    return row.contactReference.contactUniqueId


def _student_of(row: Association) -> str:
    return row.studentReference.studentUniqueId


def _records_by_key(
    associations: Mapping[K, list[Association] | AdapterError],
    contacts: Mapping[str, api.Contact | AdapterError],
    sort_key: Callable[[Association], Any],
) -> dict[K, list[StudentContact] | AdapterError]:
    """The contacts of each key, in the order of their associations."""
    batch: dict[K, list[StudentContact] | AdapterError] = {}
    for key, answer in associations.items():
        with reading_key(key):
            if isinstance(answer, AdapterError):
                batch[key] = answer
            else:
                batch[key] = _records(sorted(answer, key=sort_key), contacts)
    return batch


def _records(
    associations: Sequence[Association], contacts: Mapping[str, api.Contact | AdapterError]
) -> list[StudentContact] | AdapterError:
    """
    The contacts that the associations name, or the error of the first that could not be read.

    One that does not exist, or is not visible to the credentials, is left out and reported.
    """
    records = []
    for row in associations:
        contact = contacts.get(_contact_of(row))
        if isinstance(contact, AdapterError):
            return contact
        if contact is None:
            report_unreadable_row(_contact_of(row).encode(), listed_and_unknown("a contact"))
        else:
            records.append(mapping.contact(row, contact))
    return records


def _primary_and_priority(row: Association) -> tuple[bool, int, str]:
    """Primary contacts come first, then contacts by Ed-Fi `contactPriority`."""
    priority = row.contactPriority
    return not row.primaryContactStatus, _LAST_PRIORITY if priority is None else priority, _contact_of(row)


def _student_and_priority(row: Association) -> tuple[str, bool, int, str]:
    return _student_of(row), *_primary_and_priority(row)
