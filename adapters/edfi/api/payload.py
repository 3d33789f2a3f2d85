"""The common parts of Ed-Fi payloads: rows, references, and the check of a row against filters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import httpx
from pydantic import AliasChoices, BeforeValidator, Field, TypeAdapter

from student_graph.adapters.paging import MAX_ROWS
from student_graph.adapters.reading import Integer, Payload, read

T = TypeVar("T")
P = TypeVar("P", bound="Item")

Filters: TypeAlias = Mapping[str, str | int]
"""Values by the name of the query parameter; a row satisfies all of them by equality."""


def _null_to_list(value: Any) -> Any:
    """An empty list for null, which some servers send instead of leaving the list out."""
    return [] if value is None else value


Many: TypeAlias = Annotated[list[T], BeforeValidator(_null_to_list), Field(default_factory=list)]
"""A list; absent and null are read as an empty list."""


class Item(Payload):
    """A row of a resource."""

    id: str
    """Id that the server generates; it is unique to the installation and never a key of the graph."""

    def satisfies(self, filters: Filters) -> bool:
        """Whether the row has the values of all filters; some servers ignore a filter and send other rows."""
        return not self.mismatches(filters)

    def mismatches(self, filters: Filters) -> dict[str, Any]:
        """The values of the row, by the name of the filter, that are not those of the filters."""
        leaves: dict[str, Any] = {}
        for name, leaf in _leaves(self):
            leaves.setdefault(name, leaf)
        return {name: leaves.get(name) for name, value in filters.items() if leaves.get(name) != value}


def _leaves(payload: Payload) -> Iterator[tuple[str, Any]]:
    """Properties of a payload and its references: Ed-Fi filters by `schoolId`, not `schoolReference.schoolId`."""
    for name, declared in type(payload).model_fields.items():
        value = getattr(payload, name)
        if isinstance(value, Payload):
            yield from _leaves(value)
        elif isinstance(declared.validation_alias, AliasChoices):
            yield from ((str(choice), value) for choice in declared.validation_alias.choices)
        else:
            yield name, value


@dataclass(frozen=True, slots=True)
class Resource(Generic[P]):
    """A resource of the API and the type of its rows."""

    name: str
    rows: TypeAdapter[list[P]]
    max_rows: int = MAX_ROWS
    """Rows of the longest list that is read."""

    @classmethod
    def of(cls, name: str, item: type[P], *, max_rows: int = MAX_ROWS) -> Resource[P]:
        """The resource with this name and with rows of type `item`."""
        return Resource(name, TypeAdapter(list[item]), max_rows)  # type: ignore[valid-type] # a variable as a type

    def read(self, response: httpx.Response) -> list[P]:
        """The rows in a response."""
        return read(response, self.rows)

    def read_complete(self, response: httpx.Response) -> list[P]:
        """The rows in a response; an unreadable row is an error."""
        return read(response, self.rows, complete=True)


class StudentReference(Payload):
    """Names a student."""

    studentUniqueId: str


class StaffReference(Payload):
    """Names a member of staff."""

    staffUniqueId: str


class SchoolReference(Payload):
    """Names a school."""

    schoolId: Integer


class EducationOrganizationReference(Payload):
    """Names a school or an agency."""

    educationOrganizationId: Integer


class SchoolYearTypeReference(Payload):
    """Names a school year by the calendar year in which it ends."""

    schoolYear: Integer


class SessionReference(Payload):
    """Names a session of a school."""

    schoolId: Integer
    schoolYear: Integer
    sessionName: str


class SectionReference(Payload):
    """Names a section."""

    localCourseCode: str
    schoolId: Integer
    schoolYear: Integer
    sectionIdentifier: str
    sessionName: str


class ClassPeriodReference(Payload):
    """Names a class period of a school."""

    classPeriodName: str


class SectionClassPeriod(Payload):
    """A class period in which a section meets, or which an attendance event is about."""

    classPeriodReference: ClassPeriodReference
