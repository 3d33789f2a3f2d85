"""Ed-Fi descriptors as descriptors and enums of the graph."""

from __future__ import annotations

import re
from enum import Enum

import pydantic
import pytest

from student_graph.adapters.edfi.adapter import EdFiSettings
from student_graph.adapters.edfi.mapping.codes import KINDS
from student_graph.adapters.edfi.mapping.descriptors import Codes, descriptor
from student_graph.adapters.model import (
    AcademicSubject,
    AttendanceCategory,
    Descriptor,
    GradeLevel,
    ProgramType,
    StaffClassification,
)
from tests.adapters.edfi.reference import DESCRIPTORS, needs_shared

STANDARD_CODES = {
    "AcademicSubjectDescriptor": 19,
    "AttendanceEventCategoryDescriptor": 7,
    "GradeLevelDescriptor": 26,
    "GradeTypeDescriptor": 7,
    "ProgramTypeDescriptor": 61,
    "ResultDatatypeTypeDescriptor": 6,
    "StaffClassificationDescriptor": 37,
}
"""How many codes Data Standard 5.2 publishes of each."""

WITHHELD = frozenset(
    code.casefold()
    for code in (
        "Counseling Services",
        "Early Intervention Services Part C",
        "Expelled Education",
        "Health Services Program",
        "Homeless",
        "IDEA",
        "Immigrant Education",
        "Neglected and Delinquent Program",
        "Preschool Special Education",
        "Section 504 Placement",
        "Special Education",
        "Student School Food Service",
        "Substance Abuse Education/Prevention",
        "Title I Part D Subpart 1",
        "Title I Part D Subpart 2",
    )
)
"""Standard program types that tell of disability, health, meals, homelessness, immigration or discipline."""


def settings(descriptors: dict[str, str]) -> EdFiSettings:
    return EdFiSettings.model_validate(
        {
            "base_url": "http://edfi.test",
            "client_id": "a",
            "client_secret": "b",
            "descriptors": descriptors,
        }
    )


@needs_shared
@pytest.mark.parametrize("name", KINDS)
def test_every_standard_code_has_a_name_in_the_graph(name: str) -> None:
    """None is UNMAPPED; a program type that needs a restricted grant is known as one."""
    text = (DESCRIPTORS / f"{name}.xml").read_text("utf-8")
    codes = re.findall(r"<CodeValue>(.*?)</CodeValue>", text)
    read = Codes({})
    unmapped = [
        code for code in codes if read.read(KINDS[name], f"uri://ed-fi.org/{name}#{code}").name == "UNMAPPED"
    ]

    assert STANDARD_CODES[name] == len(codes)
    assert [code for code in unmapped if code.casefold() not in WITHHELD] == []


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("uri://ed-fi.org/TermDescriptor#Fall Semester", ("Fall Semester", "uri://ed-fi.org/TermDescriptor")),
        ("uri://gbisd.edu/BusRouteDescriptor#Route #9", ("Route #9", "uri://gbisd.edu/BusRouteDescriptor")),
        ("Fall Semester", ("Fall Semester", None)),
    ],
)
def test_a_descriptor_is_a_code_and_its_namespace(uri: str, expected: tuple[str, str | None]) -> None:
    """The first number sign ends the namespace; without one all is the code."""
    assert Descriptor(code_value=expected[0], namespace=expected[1]) == descriptor(uri)


@pytest.mark.parametrize(
    ("kind", "code", "expected"),
    [
        (GradeLevel, "ninth GRADE", GradeLevel.NINTH),
        (GradeLevel, "Prekindergarten", GradeLevel.PRESCHOOL),
        (AcademicSubject, "Critical Reading", AcademicSubject.READING),
        (AttendanceCategory, "Present", AttendanceCategory.IN_ATTENDANCE),
        (AttendanceCategory, "Truant (local)", AttendanceCategory.UNMAPPED),
        (StaffClassification, "Secondary Teacher", StaffClassification.TEACHER),
        (StaffClassification, "LEA System Administrator", StaffClassification.OTHER),
        (StaffClassification, "UNMAPPED", StaffClassification.UNMAPPED),
    ],
)
def test_a_code_is_read_whatever_its_case_and_namespace(kind: type[Enum], code: str, expected: Enum) -> None:
    """What nobody mapped is UNMAPPED: never the nearest thing."""
    assert expected is Codes({}).read(kind, f"uri://gbisd.edu/AnyDescriptor#{code}")


def test_a_districts_own_code_comes_first() -> None:
    """Its settings name the whole descriptor, also where the code is a standard one."""
    own = {
        "uri://gbisd.edu/AttendanceEventCategoryDescriptor#Truant": "UNEXCUSED_ABSENCE",
        "uri://gbisd.edu/AttendanceEventCategoryDescriptor#Tardy": "PARTIAL",
    }
    codes = Codes(settings(own).descriptors)

    assert AttendanceCategory.UNEXCUSED_ABSENCE is codes.read(AttendanceCategory, next(iter(own)))
    assert AttendanceCategory.PARTIAL is codes.read(AttendanceCategory, [*own][1].upper())
    assert AttendanceCategory.TARDY is codes.read(AttendanceCategory, "uri://ed-fi.org/X#Tardy")


def test_a_program_type_that_nobody_mapped_is_withheld() -> None:
    """It may tell of a disability; a district serves its own by naming them, and may withhold standard ones."""
    own = "uri://gbisd.edu/ProgramTypeDescriptor#CHESS"
    standard = "uri://ed-fi.org/ProgramTypeDescriptor#Expelled Education"
    served = "uri://ed-fi.org/ProgramTypeDescriptor#Gifted and Talented"
    codes = Codes(settings({standard: "OTHER", served: "WITHHELD"}).descriptors)

    assert codes.withheld(own)
    assert not Codes(settings({own: "OTHER"}).descriptors).withheld(own)
    assert not codes.withheld(standard)
    assert codes.withheld(served)
    assert not Codes({}).withheld(served)
    assert ProgramType.OTHER is codes.read(ProgramType, standard)


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("uri://gbisd.edu/AttendanceEventCategoryDescriptor#Truant", "TRUANT"),
        ("uri://gbisd.edu/AttendanceEventCategoryDescriptor#Truant", "WITHHELD"),
        ("uri://gbisd.edu/AttendanceEventCategoryDescriptor", "TARDY"),
        ("uri://gbisd.edu/BusRouteDescriptor#101", "TARDY"),
        ("Truant", "TARDY"),
    ],
)
def test_a_wrong_own_code_stops_the_start(uri: str, name: str) -> None:
    """The error names what can stand there."""
    with pytest.raises(pydantic.ValidationError, match=r"can be|is written as"):
        settings({uri: name})
