"""
The base of all records: identity, class of data, and common values.

A record is a dataclass that adapters build and resolvers serve. Its GraphQL type inherits from it and reads the
types at run time, so a module of records must not import `annotations` from `__future__`.

Dates are `datetime.date` at the school, without a time zone. Instants are `datetime` in UTC.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any, ClassVar, NewType, TypeVar, dataclass_transform

DistrictId = NewType("DistrictId", str)
"""The configured short name of a district, such as `grand-bend`."""

T = TypeVar("T")


class Sensitivity(Enum):
    """
    The class of data of a record; a record belongs to exactly one class.

    *Open* needs no grant. *Granted* classes (`PII` to `LOCATION`) need their grant. *Restricted* classes (all
    others) need a grant of their own for every role, and are never served stale.
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

    __hash__ = object.__hash__  # members are unique; the hash of `Enum` takes ten times as long

    @property
    def restricted(self) -> bool:
        """Whether this is a restricted class."""
        return self in (Sensitivity.DISCIPLINE, Sensitivity.DISABILITY, Sensitivity.MEAL, Sensitivity.HOMELESS)


@dataclass(slots=True, frozen=True, kw_only=True)
class Subject:
    """
    The person that a record is about, as the vendor identifies that person.

    An adapter whose vendor does not use the district's ids sets this on every record. The gateway resolves it
    to the district's id by the source's identity rules, and confirms it with the other attributes.
    """

    ids: tuple[tuple[str, str], ...]
    """Pairs of a vendor field and a value, such as `("sis_user_id", "604822")`."""
    birth_date: date | None = None
    """Birth date in the vendor's data, or None."""
    email: str | None = None
    """E-mail address in the vendor's data, or None."""
    family_name: str | None = None
    """Family name in the vendor's data, or None. It can confirm a link and never creates one."""


@dataclass(slots=True, frozen=True)
class Fetched:
    """The district and source of a record, and when it was read. The gateway sets it."""

    district: DistrictId
    source: str
    at: datetime
    """When the source answered, in UTC."""


def internal(**options: Any) -> Any:
    """Declare an attribute that is not a GraphQL field: a key, or data of the gateway."""
    return field(metadata={"internal": True}, **options)


def is_internal(metadata: Any) -> bool:
    """Whether a dataclass field with this metadata was declared `internal`."""
    return bool(metadata.get("internal"))


@dataclass(slots=True, kw_only=True)
class Record:
    """A record of a vendor, with the vendor's own id."""

    sensitivity: ClassVar[Sensitivity]
    about: ClassVar[str | None]
    """Name of the attribute that holds the id of its person; None if it is not about a person."""

    vendor_id: str = internal()
    """The vendor's own id of the record."""
    subject: Subject | None = internal(default=None)
    """The person as the vendor identifies them; None if the vendor uses the district's ids."""
    fetched: Fetched | None = internal(default=None)
    """Set by the gateway when it reads the answer; adapters leave it None."""
    file_written_at: datetime | None = internal(default=None)
    """When the file that holds the record was written, in UTC; None if the source is asked live."""


@dataclass_transform(kw_only_default=True, field_specifiers=(field, internal))
def record(sensitivity: Sensitivity, about: str | None = None) -> Callable[[type[T]], type[T]]:
    """Declare a record with its class of data, and the attribute that holds the id of its person, if any."""

    def declare(cls: type[T]) -> type[T]:
        record_class = dataclass(slots=True, kw_only=True)(cls)
        record_class.sensitivity, record_class.about = sensitivity, about  # type: ignore[attr-defined]
        return record_class

    return declare


@dataclass_transform(kw_only_default=True)
def value(cls: type[T]) -> type[T]:
    """Declare a value: a part of a record without an id and a provenance of its own."""
    return dataclass(slots=True, kw_only=True)(cls)


@value
class Descriptor:
    """A code of the vendor."""

    code_value: str
    """The code, such as `Excused Absence`."""
    namespace: str | None = None
    """Namespace of the code, such as `uri://ed-fi.org/AttendanceEventCategoryDescriptor`; null if not recorded."""


@value
class PersonName:
    """A person's name as in the system of record."""

    first_name: str
    """First (given) name."""
    last_name: str
    """Last (family) name."""
    middle_name: str | None = None
    """Middle name; null if not recorded."""
    generation_suffix: str | None = None
    """Suffix, such as `Jr`; null if not recorded."""
