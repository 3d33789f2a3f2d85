"""
What differs between the Data Standards in what an API has and where it has it.

Payloads are read in the shape of every standard, because some servers declare one standard and send the payloads
of another. This table holds only what must be known before a request: names of resources. The next standard is
one more entry, with what it changes.

https://github.com/Ed-Fi-Alliance-OSS/Ed-Fi-API-Specifications, `resources-ds-*.yaml`
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from student_graph.adapters.edfi.api import addresses, people, services
from student_graph.adapters.edfi.api.payload import Resource
from student_graph.adapters.errors import AdapterError

Version: TypeAlias = tuple[int, int]
"""Major and minor number of a Data Standard."""


class UnsupportedStandardError(AdapterError):
    """The API serves a Data Standard that the adapter does not know."""

    default_code = "SOURCE_UNSUPPORTED"


class ContactResources(NamedTuple):
    """The resources with the contacts of students."""

    associations: Resource[people.StudentContactAssociation]
    contacts: Resource[people.Contact]
    contact_id: str
    """The filter that names a contact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataStandard:
    """The resources of one Data Standard, as far as standards differ."""

    since: Version
    """The first version to which this applies; it applies up to the next entry."""
    contacts: tuple[ContactResources, ...]
    """The resources with contacts; the later ones are read if the server has no earlier ones."""
    identifiers: tuple[Resource[people.StudentDetails], ...]
    """The resources with identification codes and e-mail addresses of students."""
    demographics: Resource[people.StudentDemographics]
    """The resource with sex, races, ethnicity, languages and English proficiency of students."""
    addresses: Resource[addresses.StudentAddresses]
    """The resource with addresses of students."""
    staff_directories: tuple[Resource[people.StaffDirectory], ...] = ()
    """The resource with e-mail addresses of staff; none if `staffs` has them."""
    names_reporting_school: bool = False
    """Whether `studentAssessments` can name the school that reported a result, and be filtered by it."""
    transportation: Resource[services.StudentTransportation] | None = None
    """The resource with the transportation of students; None if there is none."""
    section_504: Resource[services.Section504Association] | None = None
    """The resource with Section 504 programs of students; None if there is none."""


_CONTACTS = ContactResources(people.STUDENT_CONTACTS, people.CONTACTS, "contactUniqueId")
_PARENTS = ContactResources(people.STUDENT_PARENTS, people.PARENTS, "parentUniqueId")

_DS_3_3 = DataStandard(
    since=(3, 3),
    contacts=(_PARENTS, _CONTACTS),
    identifiers=(people.STUDENT_ORGANIZATIONS,),
    demographics=people.STUDENT_ORGANIZATION_DEMOGRAPHICS,
    addresses=addresses.STUDENT_ORGANIZATION_ADDRESSES,
)
_DS_4 = replace(_DS_3_3, since=(4, 0), names_reporting_school=True)
_DS_5 = replace(_DS_4, since=(5, 0), contacts=(_CONTACTS, _PARENTS))
_DS_5_1 = replace(_DS_5, since=(5, 1), transportation=services.TRANSPORTATION)
_DS_6 = replace(
    _DS_5_1,
    since=(6, 0),
    identifiers=(people.STUDENT_CODES, people.STUDENT_DIRECTORIES),
    demographics=people.STUDENT_DEMOGRAPHICS,
    addresses=addresses.STUDENT_DIRECTORY_ADDRESSES,
    staff_directories=(people.STAFF_DIRECTORIES,),
    section_504=services.SECTION_504,
)
DATA_STANDARDS = (_DS_3_3, _DS_4, _DS_5, _DS_5_1, _DS_6)
"""The supported Data Standards, the oldest first."""


def standard_of(version: Version) -> DataStandard:
    """
    The entry for a version of the Data Standard.

    A new minor version only adds to its major version. A new major version moves resources: it needs an entry.

    Raises:
        UnsupportedStandardError: The version is older or newer than those in the table.
    """
    standard = next((entry for entry in reversed(DATA_STANDARDS) if entry.since <= version), None)
    newest_major = DATA_STANDARDS[-1].since[0]
    if standard is None or version[0] > newest_major:
        oldest, declared = (".".join(map(str, number)) for number in (DATA_STANDARDS[0].since, version))
        raise UnsupportedStandardError(
            f"the API serves Ed-Fi Data Standard {declared}; supported are {oldest} to {newest_major}.x"
        )
    return standard
