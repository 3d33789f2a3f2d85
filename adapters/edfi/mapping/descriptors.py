"""
Ed-Fi descriptors, `uri://ed-fi.org/GradeLevelDescriptor#Ninth grade`, as descriptors and enums of the graph.

An enum is found by the district's own settings first, then by the code, whoever's namespace it is in. A code
that nobody mapped is `UNMAPPED`: never taken for the nearest thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from student_graph.adapters.edfi.mapping.codes import KINDS, STANDARD
from student_graph.adapters.model import Descriptor, ProgramType

E = TypeVar("E", bound=Enum)


def descriptor(uri: str) -> Descriptor:
    """Code and namespace of a descriptor."""
    namespace, mark, code = uri.partition("#")
    return Descriptor(code_value=code, namespace=namespace) if mark else Descriptor(code_value=uri)


def optional(uri: str | None) -> Descriptor | None:
    """The same where the property may be absent."""
    return None if uri is None else descriptor(uri)


def code_of(uri: str) -> str:
    """The code alone, to be compared."""
    return descriptor(uri).code_value.strip().casefold()


class Codes:
    """Descriptors as enums, with the district's own codes; those have been through `checked`."""

    def __init__(self, own: Mapping[str, str]) -> None:
        self._own = {uri.casefold(): name for uri, name in own.items()}

    def read(self, kind: type[E], uri: str) -> E:
        """The member of `kind` that a descriptor stands for."""
        if (name := self._own.get(uri.casefold())) is not None and name in kind.__members__:
            return kind[name]
        found = STANDARD[kind].get(code_of(uri))
        return kind["UNMAPPED"] if found is None else kind[found]

    def optional(self, kind: type[E], uri: str | None) -> E | None:
        """The same where the property may be absent."""
        return None if uri is None else self.read(kind, uri)

    def withheld(self, uri: str) -> bool:
        """
        Whether a program type tells of something that needs a restricted grant, or may do so.

        A code that nobody mapped may stand for special education or homelessness as well as for chess.
        """
        name = self._own.get(uri.casefold())
        return code_of(uri) not in STANDARD[ProgramType] if name is None else name == "WITHHELD"


def checked(own: Mapping[str, str]) -> None:
    """
    Check a district's own codes.

    Raises:
        ValueError: a code belongs to no descriptor that is mapped, or its name is none of the enum's.
    """
    for uri, name in own.items():
        descriptor_name = uri.partition("#")[0].rpartition("/")[2]
        kind = KINDS.get(descriptor_name)
        if kind is None or "#" not in uri:
            raise ValueError(f"a code is written as uri://namespace/Kind#code, where Kind is {', '.join(KINDS)}")
        names = [*kind.__members__] + (["WITHHELD"] if kind is ProgramType else [])
        if name not in names:
            raise ValueError(f"a {descriptor_name} can be {', '.join(names)}")
