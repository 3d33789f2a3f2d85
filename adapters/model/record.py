"""What all records have in common: identity, class of data, and the small values they are made of.

A record is a plain dataclass that adapters make and resolvers serve. Its GraphQL type inherits it, so a
record module must not import `annotations` from `__future__`: the types are read at run time.

Dates are `datetime.date` in the school's calendar and carry no zone; instants are UTC `datetime`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any, ClassVar, NewType, TypeVar, dataclass_transform

DistrictId = NewType("DistrictId", str)
"""Configured short name of a district, such as `grand-bend`."""

T = TypeVar("T")


class Sensitivity(Enum):
    """Class of data that a record belongs to; one record holds one class.

    *Open* needs no grant. *Granted* (`PII` to `LOCATION`) needs its grant. *Restricted* (the rest) needs a
    grant of its own, whatever the role, and is never served stale.
    """

    OPEN = "OPEN"
    PII = "PII"
    CONTACT = "CONTACT"
    DEMOGRAPHIC = "DEMOGRAPHIC"
    PROGRAM = "PROGRAM"
    LOCATION = "LOCATION"
    DISCIPLINE = "DISCIPLINE"
    DISABILITY = "DISABILITY"
    MEAL = "MEAL"
    HOMELESS = "HOMELESS"

    @property
    def restricted(self) -> bool:
        """Whether the class is one of the restricted ones."""
        return self in (Sensitivity.DISCIPLINE, Sensitivity.DISABILITY, Sensitivity.MEAL, Sensitivity.HOMELESS)


@dataclass(slots=True, frozen=True, kw_only=True)
class Subject:
    """Whom a vendor says that a record is about, in the vendor's own terms.

    An adapter whose vendor does not speak the district's ids sets this instead of `student_id`; the gateway
    turns it into the district's id by the source's identity rules and confirms it by what else is known.
    """

    ids: tuple[tuple[str, str], ...]
    """(vendor field, value) pairs, such as `("sis_user_id", "604822")`."""
    birth_date: date | None = None
    """Birth date as the vendor has it."""
    email: str | None = None
    """E-mail address as the vendor has it."""
    family_name: str | None = None
    """Family name as the vendor has it; compared, never matched on."""


@dataclass(slots=True, frozen=True)
class Fetched:
    """Which source of which district gave a record, and when; set by the gateway."""

    district: DistrictId
    source: str
    at: datetime


def internal(**options: Any) -> Any:
    """A record attribute that is not a GraphQL field: a key, or the gateway's own bookkeeping."""
    return field(metadata={"internal": True}, **options)


def is_internal(metadata: Any) -> bool:
    """Whether a dataclass field with this metadata was declared `internal`."""
    return bool(metadata.get("internal"))


@dataclass(slots=True, kw_only=True)
class Record:
    """Something a vendor keeps under an id of its own."""

    sensitivity: ClassVar[Sensitivity]
    about: ClassVar[str | None]

    vendor_id: str = internal()
    """The vendor's own identifier of the record."""
    subject: Subject | None = internal(default=None)
    """Whom the vendor says the record is about, where it does not speak the district's ids."""
    fetched: Fetched | None = internal(default=None)
    """Set by the gateway when the answer arrives; adapters leave it alone."""


@dataclass_transform(kw_only_default=True, field_specifiers=(field, internal))
def record(sensitivity: Sensitivity, about: str | None = None) -> Callable[[type[T]], type[T]]:
    """Declare a record: its class of data, and the attribute that names the person it is about, if any."""

    def declare(cls: type[T]) -> type[T]:
        made = dataclass(slots=True, kw_only=True)(cls)
        made.sensitivity, made.about = sensitivity, about  # type: ignore[attr-defined]
        return made

    return declare


@dataclass_transform(kw_only_default=True)
def value(cls: type[T]) -> type[T]:
    """Declare a value: a part of a record, with no id and no provenance of its own."""
    return dataclass(slots=True, kw_only=True)(cls)


@value
class Descriptor:
    """A coded value as the vendor spells it."""

    code_value: str
    """The code, such as `Excused Absence`."""
    namespace: str | None = None
    """Whose code it is, such as `uri://ed-fi.org/AttendanceEventCategoryDescriptor`; null where nobody says."""


@value
class PersonName:
    """Name of a person as the system of record spells it."""

    first_name: str
    """Given name."""
    last_name: str
    """Family name."""
    middle_name: str | None = None
    """Middle name; null when not recorded."""
    generation_suffix: str | None = None
    """Suffix such as `Jr`; null when not recorded."""
