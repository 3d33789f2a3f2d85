"""What all payloads of the Ed-Fi API have in common: references, and which filters a row satisfies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import httpx
from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from student_graph.adapters.reading import MAX_TEXT_CHARACTERS, read

T = TypeVar("T")
P = TypeVar("P", bound="Item")

Filters: TypeAlias = Mapping[str, str | int]
"""Query parameters by name: equality, all of them at once."""


def _present(value: Any) -> Any:
    """Some servers send null where others leave a list out."""
    return [] if value is None else value


Many: TypeAlias = Annotated[list[T], BeforeValidator(_present), Field(default_factory=list)]
"""A list that may be absent or null."""


class Payload(BaseModel):
    """Part of an answer; properties that nobody reads are ignored."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, hide_input_in_errors=True, str_max_length=MAX_TEXT_CHARACTERS
    )


class Item(Payload):
    """A row of a list."""

    id: str
    """Made by the server, and of this instance only: never a key of the graph."""

    def carries(self, filters: Filters) -> bool:
        """Whether the row is one that was asked for: servers exist that ignore a filter."""
        leaves: dict[str, Any] = {}
        for name, leaf in _leaves(self):
            leaves.setdefault(name, leaf)
        return all(leaves.get(name) == wanted for name, wanted in filters.items())


def _leaves(payload: Payload) -> Iterator[tuple[str, Any]]:
    """Properties by leaf name, references opened: Ed-Fi filters by `schoolId`, not `schoolReference.schoolId`."""
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
    """A list that the API offers."""

    name: str
    rows: TypeAdapter[list[P]]

    @classmethod
    def of(cls, name: str, item: type[P]) -> Resource[P]:
        """The resource of a name, whose rows are `item`s."""
        return Resource(name, TypeAdapter(list[item]))  # type: ignore[valid-type]

    def read(self, response: httpx.Response) -> list[P]:
        """The rows of an answer."""
        return read(response, self.rows)


class StudentReference(Payload):
    """Names a student."""

    studentUniqueId: str


class StaffReference(Payload):
    """Names a member of staff."""

    staffUniqueId: str


class SchoolReference(Payload):
    """Names a school."""

    schoolId: int


class EducationOrganizationReference(Payload):
    """Names a school or an agency."""

    educationOrganizationId: int


class SchoolYearTypeReference(Payload):
    """Names a school year by the calendar year in which it ends."""

    schoolYear: int


class SessionReference(Payload):
    """Names a session of a school."""

    schoolId: int
    schoolYear: int
    sessionName: str


class SectionReference(Payload):
    """Names a section."""

    localCourseCode: str
    schoolId: int
    schoolYear: int
    sectionIdentifier: str
    sessionName: str
