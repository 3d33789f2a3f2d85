"""
The root fields of a subgraph: `_service` and `_entities`.

The representations of a request are grouped by type, whatever keys they use, and each type is asked once, through
the lookups and the rules that `node` uses. A failure is at the index of its representation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.sources import Key
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.errors import bad_input, graph_error, missing_object
from student_graph.resolvers.fields.field import field, uses_lookups
from student_graph.resolvers.fields.ids import GlobalId
from student_graph.resolvers.fields.load import load_outcomes
from student_graph.resolvers.fields.outcome import Outcome, Outcomes, Partial
from student_graph.resolvers.student_list.filter import visible_district
from student_graph.resolvers.types.calendar import sessions_by_ids
from student_graph.resolvers.types.district import LocalEducationAgency, agency
from student_graph.resolvers.types.federation.keys import read_representation
from student_graph.resolvers.types.query import NODE_LOOKUPS, Query

MAX_REPRESENTATIONS = 300
"""Objects that one field names: what a supergraph's gateway asks for at once for a page of 300 objects."""

Representation = NewType("Representation", object)
"""An object of another subgraph as it names one of this graph: `__typename` and the fields of a key."""

SCALARS: Mapping[object, ScalarDefinition] = {
    Representation: strawberry.scalar(
        name="_Any",
        description="The type and the fields of a key of an object, as `{__typename, id}`.",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    )
}

Entity = Annotated[
    model.School | model.Section | model.Session | model.Staff | model.Student | LocalEducationAgency,
    strawberry.union(name="_Entity", description="The types whose objects other subgraphs can name."),
]


@described
@strawberry.type(name="_Service")
class Service:
    """This graph as a subgraph."""

    sdl: str
    """The schema with the directives of Apollo Federation, from which a supergraph is composed."""


def federated_query(sdl: Callable[[], str]) -> type[Query]:
    """Return the root type with the fields of a subgraph; `sdl` returns its text."""

    @described
    @strawberry.type(name="Query", description=Query.__doc__)
    class FederatedQuery(Query):
        @partial(field, name="_service")
        def service(self) -> Service:
            """The schema as a subgraph of a supergraph. Refused where introspection is off."""
            return Service(sdl=sdl())

        @partial(field, name="_entities")
        @uses_lookups(*NODE_LOOKUPS.values(), Adapter.sessions_by_school)
        async def entities(
            self,
            info: Info,
            representations: Annotated[
                list[Representation],
                strawberry.argument(description=f"What names each object; at most {MAX_REPRESENTATIONS}."),
            ],
        ) -> list[Entity | None]:
            """
            The objects that a supergraph's gateway names, in the order of `representations`.

            An entry is null and has an error if the viewer may see no such object, or if it fails.
            """
            if len(representations) > MAX_REPRESENTATIONS:
                raise bad_input(f"representations: pass at most {MAX_REPRESENTATIONS}.")
            return await _load_entities(info, representations)

    return FederatedQuery


async def _load_entities(info: Info, representations: Sequence[Any]) -> list[Any]:
    """Return the object for each representation, or its error as a value, so that each can fail alone."""
    entities: list[Any] = [None] * len(representations)
    groups: dict[str, dict[int, GlobalId]] = {}
    for index, representation in enumerate(representations):
        try:
            global_id = read_representation(representation)
        except AdapterError as error:
            entities[index] = graph_error(error)
        except GraphQLError as error:
            entities[index] = error
        else:
            groups.setdefault(global_id.type, {})[index] = global_id
    outcomes = await asyncio.gather(*(_load_group(info, name, group) for name, group in groups.items()))
    for group, loaded in zip(groups.values(), outcomes, strict=True):
        for index, outcome in zip(group, loaded, strict=True):
            entities[index] = _entity(info, index, outcome)
    return entities


async def _load_group(info: Info, type_name: str, group: Mapping[int, GlobalId]) -> Outcomes[Any]:
    """Return the outcome for each id of one type; None for what is unknown, or not in the viewer's districts."""
    visible = {
        index: global_id
        for index, global_id in group.items()
        if visible_district(info.context, global_id.district) is not None
    }
    ids = list(visible.values())
    if type_name == "LocalEducationAgency":
        outcomes: Outcomes[Any] = [agency(info, global_id.district) for global_id in ids]
    elif type_name == "Session":
        outcomes = await sessions_by_ids(info, ids) if ids else []
    else:
        keys = [Key(global_id.district, global_id.key) for global_id in ids]
        outcomes = await load_outcomes(info, NODE_LOOKUPS[type_name], keys) if keys else []
    outcome_by_index = dict(zip(visible, outcomes, strict=True))
    return [outcome_by_index.get(index) for index in group]


def _entity(info: Info, index: int, outcome: Outcome[Any]) -> Any:
    """Return what the response has at an index: an object, or an error."""
    if isinstance(outcome, AdapterError):
        return graph_error(outcome)
    if isinstance(outcome, Partial):
        for failure in outcome.failures:
            info.context.operation.traffic.degrade([*info.path.as_list(), index], failure)
        outcome = outcome.value
    return missing_object() if outcome is None else outcome
