"""The common parts of Ed-Fi payloads: rows, references, and the check of a row against filters."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Generic, TypeAlias, TypeVar, Union, get_args, get_origin

import httpx
from pydantic import BeforeValidator, Field, TypeAdapter

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
        return not filters or not self.mismatches(filters)

    def mismatches(self, filters: Filters) -> dict[str, Any]:
        """The values of the row, by the name of the filter, that are not those of the filters."""
        paths = _paths(type(self))
        values = {name: _value_at(self, paths.get(name, ())) for name in filters}
        return {name: value for name, value in values.items() if value != filters[name]}


_Path: TypeAlias = tuple[tuple[str, ...], str]
"""Where to find a property of a row: the references that lead to it, and its name."""


@functools.cache
def _paths(item: type[Payload]) -> Mapping[str, tuple[_Path, ...]]:
    """
    The paths of properties, of references too, by the name of the filter, in the order of declaration.

    Ed-Fi filters by `schoolId`, not by `schoolReference.schoolId`. Lists have thousands of rows, and each row is
    compared with each filter. So the paths are found only once for each type of row.
    """
    paths: dict[str, list[_Path]] = {}
    for name, declared in item.model_fields.items():
        reference = _payload_type(declared.annotation)
        if reference is not None:
            for filter_name, inner in _paths(reference).items():
                paths.setdefault(filter_name, []).extend(((name, *path), last) for path, last in inner)
        else:
            choices = getattr(declared.validation_alias, "choices", (name,))
            for choice in choices:
                paths.setdefault(str(choice), []).append(((), name))
    return {name: tuple(found) for name, found in paths.items()}


def _payload_type(annotation: Any) -> type[Payload] | None:
    """The payload type of a declared property, which may also be null."""
    if get_origin(annotation) in (Union, UnionType, Annotated):
        return next(filter(None, map(_payload_type, get_args(annotation))), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, Payload) else None


def _value_at(row: Payload, paths: Iterable[_Path]) -> Any:
    """The value at the first path that the row has. A path through a null reference does not count."""
    for references, name in paths:
        holder: Any = row
        for reference in references:
            holder = getattr(holder, reference)
            if holder is None:
                break
        else:
            return getattr(holder, name)
    return None


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
