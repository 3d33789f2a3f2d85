"""
Policies for the normalized caches of clients: JavaScript modules that are also valid TypeScript.

Clients keep each object once, by its id. By these policies an object without id never gets a part of another one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from graphql import GraphQLSchema

from student_graph.gateway.cli.schema.identity import ObjectIdentity

_APOLLO_HEAD = """\
// How the cache of Apollo Client 3 and 4 recognizes objects of the student graph, for `new InMemoryCache(...)`.
// Written by: student-graph schema --type-policies apollo
import { relayStylePagination } from "@apollo/client/utilities";

// An object without id is a part of the object that holds it, also if a query names another field `id`.
const embedded = () => undefined;
"""
_GRAPHCACHE_HEAD = """\
// How urql's Graphcache recognizes the objects of the student graph: for `cacheExchange(...)`.
// Written by: student-graph schema --type-policies graphcache
import { relayPagination } from "@urql/exchange-graphcache/extras";

// An object without id that may be another one in the next result gets a key of its own in each result.
const start = Date.now();
let count = 0;
const unique = () => `${start}-${++count}`;
// The other objects without id are parts of their parents.
const embedded = () => null;
"""


def apollo_policies(schema: GraphQLSchema) -> str:
    """
    Return a module with `possibleTypes` and `typePolicies` for Apollo's InMemoryCache.

    A query must select the `id` of each object that has one; Apollo names the object that lacks it. A part of an
    object is merged with what is known of it. Lists and records are replaced. Pages of one size are joined to one
    list.
    """
    identity = ObjectIdentity(schema)
    root = identity.schema.query_type
    types = []
    for name in identity.objects:
        members = [] if root is not None and name == root.name else [_key_fields(identity, name)]
        fields = _apollo_fields(identity, name)
        if fields:
            members.append("fields: {\n" + "".join(f"      {line},\n" for line in fields) + "    },")
        if members:
            types.append(f"  {name}: {{\n" + "".join(f"    {member}\n" for member in members) + "  },\n")
    possible = json.dumps(identity.possible_types, indent=2)
    return f"{_APOLLO_HEAD}\nexport const possibleTypes = {possible};\n\nexport const typePolicies = {{\n" + (
        "".join(types) + "};\n"
    )


def graphcache_policies(schema: GraphQLSchema) -> str:
    """
    Return a module with `keys` and `resolvers` for the cache exchange of urql.

    Graphcache finds an item of a list by its index, also if it is another one there. So items of lists and records
    get new keys in each result. Objects with an `id` need no key here.
    """
    identity = ObjectIdentity(schema)
    root = identity.schema.query_type
    keys, resolvers = [], []
    for name in identity.objects:
        if not identity.has_id(name) and (root is None or name != root.name):
            keys.append(f"  {name}: {'unique' if name in identity.replaced else 'embedded'},\n")
        fields = [
            f"{field_name}: relayPagination()"
            for field_name, _, type_name in identity.embedded_fields(name)
            if identity.is_connection(type_name)
        ]
        if fields:
            resolvers.append(f"  {name}: {{ {', '.join(fields)} }},\n")
    return (
        f"{_GRAPHCACHE_HEAD}\nexport const keys = {{\n{''.join(keys)}}};\n\n"
        f"export const resolvers = {{\n{''.join(resolvers)}}};\n"
    )


WRITERS: Mapping[str, Callable[[GraphQLSchema], str]] = {
    "apollo": apollo_policies,
    "graphcache": graphcache_policies,
}
"""What writes the policies, by name of the cache."""


def _key_fields(identity: ObjectIdentity, name: str) -> str:
    return 'keyFields: ["id"],' if identity.has_id(name) else "keyFields: embedded,"


def _apollo_fields(identity: ObjectIdentity, name: str) -> list[str]:
    """The policies of the fields of a type, as members of `fields`."""
    lines = []
    for field_name, field, type_name in identity.embedded_fields(name):
        if identity.is_connection(type_name):
            arguments = json.dumps([argument for argument in field.args if argument != "after"])
            lines.append(f"{field_name}: relayStylePagination({arguments})")
        else:
            is_part = name not in identity.in_replaced and not identity.may_be_another(field, type_name)
            lines.append(f"{field_name}: {{ merge: {json.dumps(is_part)} }}")
    return lines
