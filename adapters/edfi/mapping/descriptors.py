"""
Converts Ed-Fi descriptors, such as `uri://ed-fi.org/GradeLevelDescriptor#Ninth grade`, to descriptors and enums.

The district's settings decide first which enum member a descriptor becomes, and then its code in any namespace. A
code without a member becomes `UNMAPPED`, and never the most similar member.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import TypeVar

from student_graph.adapters.edfi.mapping.codes import ENUM_BY_DESCRIPTOR, MEMBER_NAME_BY_CODE
from student_graph.adapters.model import Descriptor, ProgramType

WITHHELD = "WITHHELD"
"""The name in the settings for a program type whose participations must not be returned."""

MAX_SHARED_DESCRIPTORS = 2_048
"""Descriptors that are shared by records: more than a district has."""
MAX_SHARED_CHARACTERS = 300
"""The longest descriptor that is shared; Ed-Fi allows 306 characters, and real ones have about 70."""

E = TypeVar("E", bound=Enum)


def descriptor(uri: str) -> Descriptor:
    """
    Code and namespace of a descriptor; a text without `#` is a code without a namespace.

    Records with equal codes share one object, which nobody may change: a list has many records, and few codes.
    """
    return _shared_descriptor(uri) if len(uri) <= MAX_SHARED_CHARACTERS else _new_descriptor(uri)


def _new_descriptor(uri: str) -> Descriptor:
    namespace, separator, code = uri.partition("#")
    return Descriptor(code_value=code, namespace=namespace) if separator else Descriptor(code_value=uri)


_shared_descriptor = lru_cache(MAX_SHARED_DESCRIPTORS)(_new_descriptor)


def optional_descriptor(uri: str | None) -> Descriptor | None:
    """Code and namespace of a descriptor; None if the property is absent."""
    return None if uri is None else descriptor(uri)


def normalized_code(uri: str) -> str:
    """The code of a descriptor in lower case and without surrounding spaces, for comparison."""
    return descriptor(uri).code_value.strip().casefold()


class DescriptorCodes:
    """
    Converts descriptors to enum members, with the codes that the district has defined itself.

    Args:
        district_codes: Member name by descriptor, validated by `validate_descriptor_codes`.
    """

    def __init__(self, district_codes: Mapping[str, str]) -> None:
        self._district_codes = {uri.casefold(): name for uri, name in district_codes.items()}

    def to_enum(self, enum: type[E], uri: str) -> E:
        """The enum member of a descriptor; `UNMAPPED` if its code has none."""
        if (name := self._district_codes.get(uri.casefold())) is not None and name in enum.__members__:
            return enum[name]
        return enum[MEMBER_NAME_BY_CODE[enum].get(normalized_code(uri), "UNMAPPED")]

    def to_optional_enum(self, enum: type[E], uri: str | None) -> E | None:
        """The enum member of a descriptor; None if the property is absent."""
        return None if uri is None else self.to_enum(enum, uri)

    def is_withheld(self, uri: str) -> bool:
        """
        Whether a program type reveals, or might reveal, something that needs a restricted grant.

        A code without a member could mean special education or homelessness as well as chess.
        """
        name = self._district_codes.get(uri.casefold())
        if name is None:
            return normalized_code(uri) not in MEMBER_NAME_BY_CODE[ProgramType]
        return name == WITHHELD


def validate_descriptor_codes(district_codes: Mapping[str, str]) -> None:
    """
    Check the codes that a district has defined itself.

    Raises:
        ValueError: A key is no descriptor that has an enum, or its value is no name of a member.
    """
    for uri, name in district_codes.items():
        descriptor_name = uri.partition("#")[0].rpartition("/")[2]
        enum = ENUM_BY_DESCRIPTOR.get(descriptor_name)
        if enum is None or "#" not in uri:
            kinds = ", ".join(ENUM_BY_DESCRIPTOR)
            raise ValueError(f"a descriptor is written as uri://namespace/Kind#code, where Kind is one of {kinds}")
        names = [*enum.__members__] + ([WITHHELD] if enum is ProgramType else [])
        if name not in names:
            raise ValueError(f"a {descriptor_name} can be {', '.join(names)}")
