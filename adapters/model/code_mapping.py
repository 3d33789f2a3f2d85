"""
What the codes of vendors mean in the records: which attributes hold a code, and the meanings that a district adds.

An adapter gives each coded attribute a member of an enum, or `UNMAPPED`. A district may say what a code of its
vendors means; then that counts, whatever the adapter made of the code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from operator import attrgetter
from types import UnionType
from typing import Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from student_graph.adapters.model.academics import Assessment, CourseGrade, GradeType, ResultDatatype
from student_graph.adapters.model.codes import AcademicSubject, GradeLevel, StaffClassification
from student_graph.adapters.model.learning import SubmissionStatus
from student_graph.adapters.model.people import SchoolEnrollment, StaffAssignment
from student_graph.adapters.model.record import Descriptor, Record, Sensitivity
from student_graph.adapters.model.school_life import AttendanceCategory, AttendanceEvent, Excusal
from student_graph.adapters.model.schools import Course
from student_graph.adapters.model.services import ProgramParticipation, ProgramType

M = TypeVar("M", bound=Enum)

KINDS: Mapping[str, type[Enum]] = {
    "attendance": AttendanceCategory,
    "grade_level": GradeLevel,
    "grade_type": GradeType,
    "program": ProgramType,
    "subject": AcademicSubject,
}
"""The enums to whose members a district may map codes, by the name of the kind in the settings."""
_OTHER_KINDS: Mapping[str, type[Enum]] = {
    "result_datatype": ResultDatatype,
    "staff_classification": StaffClassification,
    "submission_status": SubmissionStatus,
}
"""Enums whose unmapped codes are only counted: a district's mapping must not decide who may see what."""
_KIND_BY_ENUM = {enum: kind for kind, enum in (*KINDS.items(), *_OTHER_KINDS.items())}
_RAW_ATTRIBUTES: Mapping[tuple[type[Record], str], str] = {
    (AttendanceEvent, "category"): "raw",
    (SchoolEnrollment, "grade_level"): "grade_level_descriptor",
    (CourseGrade, "grade_type"): "grade_type_descriptor",
    (ProgramParticipation, "program_type"): "program_type_descriptor",
    (Course, "subjects"): "subject_descriptors",
    (Assessment, "subjects"): "subject_descriptors",
    (StaffAssignment, "classification"): "classification_descriptor",
}
"""The attribute with the vendor's code, by record and coded attribute."""
_EXCUSALS = {
    AttendanceCategory.EXCUSED_ABSENCE: Excusal.EXCUSED,
    AttendanceCategory.UNEXCUSED_ABSENCE: Excusal.UNEXCUSED,
}


class Code(NamedTuple):
    """A code without a meaning."""

    kind: str
    """What the code says, such as `attendance`."""
    value: str | None
    """The vendor's code; None if the record does not keep it."""
    is_open: bool = True
    """Whether it is a code of records that need no grant. How often another one occurs is not shown."""


@dataclass(frozen=True, slots=True)
class _CodedAttribute:
    """An attribute of a record that holds a member of an enum, or a list of them."""

    name: str
    raw_name: str | None
    """The attribute with the vendor's code or codes; None if the record does not keep them."""
    kind: str
    unmapped: Enum
    """The member for unknown codes."""
    is_list: bool


def raw_attribute(record: type[Record], name: str) -> str | None:
    """The attribute of a record with the vendor's code beside the coded attribute `name`, or None."""
    return next((_RAW_ATTRIBUTES[cls, name] for cls in record.__mro__ if (cls, name) in _RAW_ATTRIBUTES), None)


@cache
def _coded_attributes(record: Any) -> tuple[_CodedAttribute, ...]:
    """The coded attributes of a record class, or of a subclass of it in the graph."""
    attributes = []
    for name, hint in get_type_hints(record).items():
        is_list = get_origin(hint) is list
        options = get_args(hint) if is_list or get_origin(hint) in (Union, UnionType) else (hint,)
        enum = next((option for option in options if option in _KIND_BY_ENUM), None)
        if enum is not None:
            kind, unmapped = _KIND_BY_ENUM[enum], enum["UNMAPPED"]
            attributes.append(_CodedAttribute(name, raw_attribute(record, name), kind, unmapped, is_list))
    return tuple(attributes)


def comparable(code: str) -> str:
    """A code in lower case and without surrounding spaces, as codes are compared."""
    return code.strip().casefold()


def meaning(meanings: Mapping[str, M], code: Descriptor) -> M | None:
    """
    What a code means by a table of comparable codes; None if the table does not have it.

    A meaning for the code in its namespace, written as `namespace#code value`, counts before one for
    all namespaces.
    """
    code_value = comparable(code.code_value)
    if code.namespace and (member := meanings.get(f"{comparable(code.namespace)}#{code_value}")) is not None:
        return member
    return meanings.get(code_value)


class CodeMapping:
    """
    The meanings that a district gives to codes in records.

    Args:
        names: For each kind of `KINDS`, the name of an enum member by code. A code is a code value, or
            `namespace#code value` to hold for one namespace only; the latter counts first.
    """

    def __init__(self, names: Mapping[str, Mapping[str, str]]) -> None:
        self.names = {kind: dict(codes) for kind, codes in names.items() if codes}
        self._members = {
            kind: {comparable(code): KINDS[kind][name] for code, name in codes.items()}
            for kind, codes in self.names.items()
        }

    def apply(self, record: Record) -> None:
        """Give the coded attributes of a record the meanings of the district."""
        cls: Any = type(record)
        for attribute in _coded_attributes(cls):
            if attribute.kind in self._members and attribute.raw_name is not None:
                self._apply_to(record, attribute, attribute.raw_name)

    def _apply_to(self, record: Record, attribute: _CodedAttribute, raw_name: str) -> None:
        codes: Any = getattr(record, raw_name)
        value: Any = getattr(record, attribute.name)
        members = self._members[attribute.kind]
        if attribute.is_list:
            if len(codes) == len(value):
                mapped = [meaning(members, code) or member for code, member in zip(codes, value, strict=True)]
                setattr(record, attribute.name, mapped)
            return
        member = None if codes is None else meaning(members, codes)
        if member is None or member is value:
            return
        setattr(record, attribute.name, member)
        if isinstance(record, AttendanceEvent):
            record.excusal = _EXCUSALS.get(record.category)


def count_unmapped_codes(records: Sequence[Record]) -> Counter[Code]:
    """How often each code without a meaning occurs in records; once, if the records need a grant."""
    counts: Counter[Code] = Counter()
    for cls in set(map(type, records)):
        rows = [record for record in records if type(record) is cls]
        for attribute in _coded_attributes(cls):
            members = list(map(attrgetter(attribute.name), rows))
            if attribute.is_list:
                members = [member for part in members for member in part]
            if attribute.unmapped in members:
                is_open = rows[0].sensitivity is Sensitivity.OPEN
                codes = (Code(attribute.kind, value, is_open) for value in _unmapped_codes(rows, attribute))
                counts.update(codes if is_open else set(codes))
    return counts


def _unmapped_codes(rows: Sequence[Record], attribute: _CodedAttribute) -> Iterable[str | None]:
    """The code of each unmapped value of an attribute."""
    for row in rows:
        value: Any = getattr(row, attribute.name)
        members: list[Any] = value if attribute.is_list else [value]
        if attribute.unmapped not in members:
            continue
        raw: Any = None if attribute.raw_name is None else getattr(row, attribute.raw_name)
        descriptors = raw if attribute.is_list and raw is not None else [raw]
        if len(descriptors) != len(members):
            descriptors = [None] * len(members)
        for member, descriptor in zip(members, descriptors, strict=True):
            if member is attribute.unmapped:
                yield None if descriptor is None else descriptor.code_value
