"""Ed-Fi descriptors become descriptors and enum members of the graph."""

from __future__ import annotations

import re
from enum import Enum

import pydantic
import pytest

from student_graph.adapters.edfi.adapter import EdFiSettings
from student_graph.adapters.edfi.mapping.codes import ENUM_BY_DESCRIPTOR
from student_graph.adapters.edfi.mapping.descriptors import MAX_SHARED_CHARACTERS, DescriptorCodes, descriptor
from student_graph.adapters.model import (
    AcademicSubject,
    AttendanceCategory,
    Descriptor,
    GradeLevel,
    ProgramType,
    StaffClassification,
)
from tests.adapters.edfi.reference import DESCRIPTORS, needs_reference_data
from tests.subcases import subcases

STANDARD_CODE_COUNTS = {
    "AcademicSubjectDescriptor": 19,
    "AttendanceEventCategoryDescriptor": 7,
    "GradeLevelDescriptor": 26,
    "GradeTypeDescriptor": 7,
    "ProgramTypeDescriptor": 61,
    "ResultDatatypeTypeDescriptor": 6,
    "StaffClassificationDescriptor": 37,
}
"""The number of codes that Data Standard 5.2 publishes for each descriptor."""

WITHHELD_CODES = frozenset(
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
"""Standard program types that reveal disability, health, meals, homelessness, immigration or discipline."""


def settings(descriptors: dict[str, str]) -> EdFiSettings:
    """Settings with these codes of the district."""
    return EdFiSettings.model_validate(
        {
            "base_url": "http://edfi.test",
            "client_id": "a",
            "client_secret": "b",
            "descriptors": descriptors,
        }
    )


@needs_reference_data
@pytest.mark.parametrize("name", ENUM_BY_DESCRIPTOR)
def test_every_standard_code_has_an_enum_member(name: str) -> None:
    """Only program types that need a restricted grant are `UNMAPPED`."""
    text = (DESCRIPTORS / f"{name}.xml").read_text("utf-8")
    codes = re.findall(r"<CodeValue>(.*?)</CodeValue>", text)
    descriptor_codes = DescriptorCodes({})
    unmapped = [
        code
        for code in codes
        if descriptor_codes.to_enum(ENUM_BY_DESCRIPTOR[name], f"uri://ed-fi.org/{name}#{code}").name == "UNMAPPED"
    ]

    assert STANDARD_CODE_COUNTS[name] == len(codes)
    assert [code for code in unmapped if code.casefold() not in WITHHELD_CODES] == []


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("uri://ed-fi.org/TermDescriptor#Fall Semester", ("Fall Semester", "uri://ed-fi.org/TermDescriptor")),
        ("uri://gbisd.edu/BusRouteDescriptor#Route #9", ("Route #9", "uri://gbisd.edu/BusRouteDescriptor")),
        ("Fall Semester", ("Fall Semester", None)),
    ],
)
def test_a_descriptor_has_a_code_and_a_namespace(uri: str, expected: tuple[str, str | None]) -> None:
    """The first number sign ends the namespace; without one the whole text is the code."""
    assert Descriptor(code_value=expected[0], namespace=expected[1]) == descriptor(uri)


@subcases(
    ("enum", "code", "expected"),
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
def test_case_and_namespace_of_a_code_do_not_matter(enum: type[Enum], code: str, expected: Enum) -> None:
    """A code without a member is `UNMAPPED` and never the most similar member."""
    assert expected is DescriptorCodes({}).to_enum(enum, f"uri://gbisd.edu/AnyDescriptor#{code}")


def test_a_code_in_the_settings_comes_first() -> None:
    """The settings name the complete descriptor, which may have a standard code."""
    district_codes = {
        "uri://gbisd.edu/AttendanceEventCategoryDescriptor#Truant": "UNEXCUSED_ABSENCE",
        "uri://gbisd.edu/AttendanceEventCategoryDescriptor#Tardy": "PARTIAL",
    }
    codes = DescriptorCodes(settings(district_codes).descriptors)

    assert AttendanceCategory.UNEXCUSED_ABSENCE is codes.to_enum(AttendanceCategory, next(iter(district_codes)))
    assert AttendanceCategory.PARTIAL is codes.to_enum(AttendanceCategory, [*district_codes][1].upper())
    assert AttendanceCategory.TARDY is codes.to_enum(AttendanceCategory, "uri://ed-fi.org/X#Tardy")


def test_a_program_type_without_an_enum_member_is_withheld() -> None:
    """It might reveal a disability; the settings can release a program type or withhold a standard one."""
    chess = "uri://gbisd.edu/ProgramTypeDescriptor#CHESS"
    expelled = "uri://ed-fi.org/ProgramTypeDescriptor#Expelled Education"
    gifted = "uri://ed-fi.org/ProgramTypeDescriptor#Gifted and Talented"
    codes = DescriptorCodes(settings({expelled: "OTHER", gifted: "WITHHELD"}).descriptors)

    assert codes.is_withheld(chess)
    assert not DescriptorCodes(settings({chess: "OTHER"}).descriptors).is_withheld(chess)
    assert not codes.is_withheld(expelled)
    assert codes.is_withheld(gifted)
    assert not DescriptorCodes({}).is_withheld(gifted)
    assert ProgramType.OTHER is codes.to_enum(ProgramType, expelled)


@subcases(
    ("uri", "name"),
    [
        ("uri://gbisd.edu/AttendanceEventCategoryDescriptor#Truant", "TRUANT"),
        ("uri://gbisd.edu/AttendanceEventCategoryDescriptor#Truant", "WITHHELD"),
        ("uri://gbisd.edu/AttendanceEventCategoryDescriptor", "TARDY"),
        ("uri://gbisd.edu/BusRouteDescriptor#101", "TARDY"),
        ("Truant", "TARDY"),
    ],
)
def test_an_invalid_code_in_the_settings_is_refused(uri: str, name: str) -> None:
    """The error lists the valid names."""
    with pytest.raises(pydantic.ValidationError, match=r"can be|is written as"):
        settings({uri: name})


def test_equal_descriptors_are_one_object() -> None:
    """A list of records holds few codes: each is in memory once, unless it is longer than Ed-Fi allows."""
    uri = "uri://ed-fi.org/GradeLevelDescriptor#Ninth grade"
    long = f"uri://ed-fi.org/GradeLevelDescriptor#{'x' * MAX_SHARED_CHARACTERS}"

    assert descriptor(uri) is descriptor(f"{uri} ".strip())
    assert descriptor(long) == descriptor(f"{long} ".strip())
    assert descriptor(long) is not descriptor(f"{long} ".strip())
