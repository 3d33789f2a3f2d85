"""
Payloads of the addresses of students in the Ed-Fi API (Data Standards 3.3 to 6.1).

https://docs.ed-fi.org/reference/ods-api; property names as in the published OpenAPI documents.
"""

from __future__ import annotations

from student_graph.adapters.edfi.api.payload import Many, Resource
from student_graph.adapters.edfi.api.people import StudentDetails
from student_graph.adapters.reading import Deciding, OptionalDay, Payload


class AddressPeriod(Payload):
    """The days on which an address is valid."""

    beginDate: OptionalDay = None
    endDate: OptionalDay = None


class Address(Payload):
    """An address; one whose periods or whose indicator cannot be read is left out."""

    addressTypeDescriptor: str
    streetNumberName: str
    apartmentRoomSuiteNumber: str | None = None
    city: str
    stateAbbreviationDescriptor: str
    postalCode: str
    doNotPublishIndicator: Deciding[bool | None] = None
    periods: Deciding[Many[AddressPeriod]]


class StudentAddresses(StudentDetails):
    """A row of `studentDirectories`, or of `studentEducationOrganizationAssociations` up to Data Standard 5."""

    addresses: Many[Address]


STUDENT_ORGANIZATION_ADDRESSES = Resource.of("studentEducationOrganizationAssociations", StudentAddresses)
STUDENT_DIRECTORY_ADDRESSES = Resource.of("studentDirectories", StudentAddresses)
