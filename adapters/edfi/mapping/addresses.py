"""Converts the addresses of students."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from zlib import crc32

from student_graph.adapters.edfi.api import addresses as api
from student_graph.adapters.edfi.api.people import Student
from student_graph.adapters.edfi.mapping.descriptors import descriptor, normalized_code
from student_graph.adapters.edfi.mapping.people import by_organization
from student_graph.adapters.model import StudentAddress, StudentId
from student_graph.adapters.reading import recorded_day

_KINDS = frozenset(
    {
        "billing",
        "father address",
        "guardian address",
        "home",
        "mailing",
        "mother address",
        "other",
        "physical",
        "work",
    }
)
"""
Codes of the kinds of address that are returned.

Ed-Fi's other kinds, and perhaps a district's own, say where a homeless student stays, such as a shelter or a
hotel. That belongs to another class of data.
"""


def addresses(row: Student, details: Iterable[api.StudentAddresses]) -> list[StudentAddress]:
    """
    The addresses of a student at all agencies and schools, without duplicates, the earliest first.

    If one of them marks an address as not to be published, or as the place where a homeless student stays, it is
    left out for all of them. An address of several periods is one record for each.

    A row holds all addresses of an agency or school, without ids: their ids are that of the row with a checksum.
    """
    recorded = [(part.id, address) for part in by_organization(list(details)) for address in part.addresses]
    hidden = {_site(address) for _, address in recorded if _is_hidden(address)}
    records: dict[tuple[str, ...], StudentAddress] = {}
    for vendor_id, address in recorded:
        if _site(address) in hidden:
            continue
        for period in address.periods or [api.AddressPeriod()]:
            record = _address(vendor_id, row, address, period)
            records.setdefault(_content(record), record)
    for content, record in records.items():
        record.vendor_id = f"{record.vendor_id}:{crc32(repr(content).encode()):08x}"
    return sorted(records.values(), key=_begin_date_and_content)


def _address(vendor_id: str, row: Student, address: api.Address, period: api.AddressPeriod) -> StudentAddress:
    return StudentAddress(
        vendor_id=vendor_id,
        student_id=StudentId(row.studentUniqueId),
        kind=descriptor(address.addressTypeDescriptor),
        street=address.streetNumberName,
        apartment=address.apartmentRoomSuiteNumber,
        city=address.city,
        state=descriptor(address.stateAbbreviationDescriptor).code_value,
        postal_code=address.postalCode,
        begin_date=recorded_day(period.beginDate),
        end_date=recorded_day(period.endDate),
    )


def _is_hidden(address: api.Address) -> bool:
    return bool(address.doNotPublishIndicator) or normalized_code(address.addressTypeDescriptor) not in _KINDS


def _site(address: api.Address) -> tuple[str, ...]:
    """The comparable form of an address: equal for two spellings of the same place."""
    parts = (address.streetNumberName, address.apartmentRoomSuiteNumber or "", address.postalCode[:5])
    return tuple("".join(filter(str.isalnum, part)).casefold() for part in parts)


def _content(record: StudentAddress) -> tuple[str, ...]:
    """All of an address as texts."""
    days: Sequence[date | None] = (record.begin_date, record.end_date)
    texts = (
        record.kind.code_value,
        record.street,
        record.apartment,
        record.city,
        record.state,
        record.postal_code,
    )
    return tuple(str(part or "") for part in (*texts, *days))


def _begin_date_and_content(record: StudentAddress) -> tuple[date, tuple[str, ...]]:
    return record.begin_date or date.min, _content(record)
