"""Ed-Fi payloads with the properties that a test needs."""

from __future__ import annotations

from typing import Any, TypeVar

from student_graph.adapters.edfi.api.payload import Item
from student_graph.adapters.edfi.mapping.descriptors import DescriptorCodes

P = TypeVar("P", bound=Item)
CODES = DescriptorCodes({})
STUDENT = {"studentReference": {"studentUniqueId": "604822"}}
SECTION = {
    "localCourseCode": "ALG-1",
    "schoolId": 255901001,
    "schoolYear": 2022,
    "sectionIdentifier": "Trad220",
    "sessionName": "Fall",
}


def row(model: type[P], **properties: Any) -> P:
    """A row of a resource with an id and these properties."""
    return model.model_validate({"id": "a1"} | properties)


def student_row(student_id: str, **properties: Any) -> dict[str, Any]:
    """A row with a reference to a student and these properties, as JSON."""
    return {"studentReference": {"studentUniqueId": student_id}, **properties}
