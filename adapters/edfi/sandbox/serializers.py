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


def omit_none(**properties: Any) -> Payload:
    """A payload of the properties that are not None."""
    return {name: value for name, value in properties.items() if value is not None}


def student_reference(student_id: str) -> Payload:
    """A `studentReference`."""
    return {"studentUniqueId": student_id}


def school_reference(school_id: int) -> Payload:
    """A `schoolReference`."""
    return {"schoolId": school_id}


def organization_reference(organization_id: int) -> Payload:
    """An `educationOrganizationReference`."""
    return {"educationOrganizationId": organization_id}


def year_reference(school_year: int) -> Payload:
    """A `schoolYearTypeReference`."""
    return {"schoolYear": school_year}


def section_reference(fact: SectionFact) -> Payload:
    """A `sectionReference`."""
    return {
        "localCourseCode": fact.course,
        "schoolId": fact.school,
        "schoolYear": fact.year,
        "sectionIdentifier": fact.identifier,
        "sessionName": fact.session,
    }
