"""
Which objects of the schema a client's cache can recognize, and what it may do with the others.

An object with an `id` is the same object wherever it occurs. All others belong to the field that holds them, and
two results of one field hold the same object only if it is a value of its parent, such as the name of a student. A
record or an item of a list may be another one in the next result. Its parts must not be mixed with those of the
first one: a new bus with an old stop would be wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
)


@dataclass(frozen=True)
class ObjectIdentity:
    """What is known of the identity of a schema's objects."""

    schema: GraphQLSchema

    @cached_property
    def objects(self) -> Mapping[str, GraphQLObjectType]:
        """The object types without those of introspection, by name in alphabetical order."""
        return {
            name: type_
            for name, type_ in sorted(self.schema.type_map.items())
            if isinstance(type_, GraphQLObjectType) and not name.startswith("__")
        }

    @cached_property
    def possible_types(self) -> Mapping[str, list[str]]:
        """The names of the types that implement each interface, in alphabetical order."""
        return {
            name: sorted(t.name for t in self.schema.get_possible_types(type_))
            for name, type_ in sorted(self.schema.type_map.items())
            if isinstance(type_, GraphQLInterfaceType)
        }

    def has_id(self, name: str) -> bool:
        """Whether the objects of a type have a global id."""
        return "id" in self.objects[name].fields

    def embedded_fields(self, name: str) -> Iterator[tuple[str, GraphQLField, str]]:
        """The fields of a type whose objects have no id: name, field and the name of the objects' type."""
        for field_name, field in self.objects[name].fields.items():
            type_ = get_named_type(field.type)
            if isinstance(type_, GraphQLObjectType) and not self.has_id(type_.name):
                yield field_name, field, type_.name

    def is_connection(self, name: str) -> bool:
        """Whether a type is a page of a list, as Relay specifies it."""
        return {"edges", "pageInfo"} <= set(self.objects[name].fields)

    def may_be_another(self, field: GraphQLField, type_name: str) -> bool:
        """Whether two results of a field may hold different objects: it is a list, or holds a record."""
        is_list = isinstance(get_nullable_type(field.type), GraphQLList)
        return is_list or "provenance" in self.objects[type_name].fields

    @cached_property
    def replaced(self) -> frozenset[str]:
        """Types without id whose objects may be others in the next result of a field of a lasting object."""
        names: set[str] = set()
        lasting, checked = [name for name in self.objects if self.has_id(name) or name == self._root], set()
        while lasting:
            name = lasting.pop()
            if name in checked:
                continue
            checked.add(name)
            for _, field, type_name in self.embedded_fields(name):
                if self.may_be_another(field, type_name):
                    names.add(type_name)
                else:
                    lasting.append(type_name)
        return frozenset(names)

    @cached_property
    def in_replaced(self) -> frozenset[str]:
        """Types of `replaced`, and all types without id of objects in such ones."""
        names, unchecked = set(self.replaced), list(self.replaced)
        while unchecked:
            embedded = {type_name for _, _, type_name in self.embedded_fields(unchecked.pop())}
            unchecked += embedded - names
            names |= embedded
        return frozenset(names)

    @property
    def _root(self) -> str:
        assert self.schema.query_type is not None
        return self.schema.query_type.name
