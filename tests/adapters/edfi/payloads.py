"""Payloads of Ed-Fi, made from the properties that a test is about."""

from __future__ import annotations

from typing import Any, TypeVar

from student_graph.adapters.edfi.api.payload import Item
from student_graph.adapters.edfi.mapping.descriptors import Codes

P = TypeVar("P", bound=Item)
CODES = Codes({})
STUDENT = {"studentReference": {"studentUniqueId": "604822"}}
SECTION = {
    "localCourseCode": "ALG-1",
    "schoolId": 255901001,
    "schoolYear": 2022,
    "sectionIdentifier": "Trad220",
    "sessionName": "Fall",
}


def row(model: type[P], **properties: Any) -> P:
    return model.model_validate({"id": "a1"} | properties)
