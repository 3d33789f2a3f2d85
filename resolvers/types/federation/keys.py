"""
The keys by which other subgraphs name objects of this graph.

The gateway of a supergraph sends a *representation* of each object: its type and the fields of one of its keys.
Every key names one object in all districts, because such gateways cache objects by their keys: two districts may
give the same number to two children.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from student_graph.adapters.errors import BadKeyError
from student_graph.resolvers.fields.errors import bad_input
from student_graph.resolvers.fields.ids import NODE_TYPES, GlobalId, decode, parse_district_id


class EntityKey(NamedTuple):
    """A key of a type, as `@key(fields:)` declares it."""

    fields: str
    """Its fields, as a selection of the type."""
    members: frozenset[str]
    """Members of a representation that has this key."""
    read: Callable[[Mapping[str, Any]], GlobalId]
    """Returns the global id that a representation with these members stands for."""


def _key_by_id(type_: str) -> EntityKey:
    """The key of every type: the global id."""
    return EntityKey("id", frozenset({"id"}), lambda members: decode(_text(members["id"]), type_))


def _key_by_number(type_: str, member: str) -> EntityKey:
    """The key of a type whose objects a district numbers: the number in `member`, and the district."""

    def read(members: Mapping[str, Any]) -> GlobalId:
        district = members["district"]
        if not isinstance(district, Mapping) or "shortName" not in district:
            raise BadKeyError("no short name of a district")
        number = _text(members[member])
        if not NODE_TYPES[type_].valid(number):
            raise BadKeyError("not a number that a district can assign")
        return GlobalId(type_, parse_district_id(_text(district["shortName"])), number)

    return EntityKey(f"{member} district {{ shortName }}", frozenset({member, "district"}), read)


def _district(members: Mapping[str, Any]) -> GlobalId:
    """Return the id of the district with a short name."""
    district = parse_district_id(_text(members["shortName"]))
    return GlobalId("LocalEducationAgency", district, district)


def _text(value: Any) -> str:
    """
    Return a member of a representation that must be text.

    Raises:
        BadKeyError: it is something else.
    """
    if not isinstance(value, str):
        raise BadKeyError("a key that is no text")
    return value


ENTITY_KEYS: Mapping[str, tuple[EntityKey, ...]] = {
    "LocalEducationAgency": (
        _key_by_id("LocalEducationAgency"),
        EntityKey("shortName", frozenset({"shortName"}), _district),
    ),
    "School": (_key_by_id("School"), _key_by_number("School", "schoolId")),
    "Section": (_key_by_id("Section"),),
    "Session": (_key_by_id("Session"),),
    "Staff": (_key_by_id("Staff"),),
    "Student": (_key_by_id("Student"), _key_by_number("Student", "studentUniqueId")),
}
"""The keys of each type by its name, the first one first: a representation with two keys is read by the first."""


def read_representation(representation: Any) -> GlobalId:
    """
    Return the global id of the object that a representation stands for. Other members than its key do not count.

    Raises:
        GraphQLError: it names no type that has keys, or has no complete key of its type.
        BadKeyError: no object of this graph can have the key.
    """
    members = representation if isinstance(representation, Mapping) else {}
    type_name = members.get("__typename")
    keys = ENTITY_KEYS.get(type_name, ()) if isinstance(type_name, str) else ()
    if not keys:
        raise bad_input(f"representations: __typename must be one of {', '.join(ENTITY_KEYS)}.")
    present = {name for name, value in members.items() if value is not None}
    key = next((key for key in keys if key.members <= present), None)
    if key is None:
        raise bad_input(
            f"representations: a {type_name} needs the fields of a key: {' or '.join(key.fields for key in keys)}."
        )
    return key.read(members)
