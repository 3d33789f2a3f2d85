"""Serializes the common parts of payloads: descriptors, references, and the absence of unrecorded properties."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from student_graph.adapters.sandbox.facts import SectionFact
from student_graph.adapters.sandbox.records.folder import Payload

ResourceFacts: TypeAlias = tuple[Sequence[Any], Callable[[Any], Payload]]
"""The facts of a resource, and the function that serializes a fact to a payload."""


def descriptor(kind: str, code: str, namespace: str = "uri://ed-fi.org") -> str:
    """The URI of a descriptor, such as `uri://ed-fi.org/SexDescriptor#Female`."""
    return f"{namespace}/{kind}Descriptor#{code}"


def descriptors(name: str, kind: str, codes: Iterable[str]) -> list[Payload]:
    """A list of objects that have a descriptor as their only property."""
    return [{name: descriptor(kind, code)} for code in codes]


def present(**properties: Any) -> Payload:
    """A payload of the properties that are not None."""
    return {name: value for name, value in properties.items() if value is not None}


def student(number: str) -> Payload:
    """A `studentReference`."""
    return {"studentUniqueId": number}


def school(number: int) -> Payload:
    """A `schoolReference`."""
    return {"schoolId": number}


def organization(number: int) -> Payload:
    """An `educationOrganizationReference`."""
    return {"educationOrganizationId": number}


def year(number: int) -> Payload:
    """A `schoolYearTypeReference`."""
    return {"schoolYear": number}


def section(fact: SectionFact) -> Payload:
    """A `sectionReference`."""
    return {
        "localCourseCode": fact.course,
        "schoolId": fact.school,
        "schoolYear": fact.year,
        "sectionIdentifier": fact.identifier,
        "sessionName": fact.session,
    }
