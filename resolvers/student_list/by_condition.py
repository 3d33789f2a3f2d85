"""
Lists of students who meet a condition, or in the order of a metric.

All of them are found for each page, because the list says how many there are, and how many are undecided.
A page begins after the position that its cursor holds, wherever that student is now: pages neither skip nor
repeat a student whose own value has not changed.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace

from student_graph.adapters.contract import Adapter
from student_graph.resolvers.cohorts.conditions.build import build_condition
from student_graph.resolvers.cohorts.conditions.inputs import StudentOrder
from student_graph.resolvers.cohorts.conditions.leaves import RecordLeaf
from student_graph.resolvers.cohorts.conditions.ordering import Ordering, Position
from student_graph.resolvers.cohorts.conditions.population import PopulationRequest, find_population
from student_graph.resolvers.cohorts.conditions.record_conditions import grade_level_leaf, school_leaf
from student_graph.resolvers.cohorts.conditions.requests import DistrictDay
from student_graph.resolvers.cohorts.conditions.tree import Condition, Parts, Reading
from student_graph.resolvers.context import Context, Info
from student_graph.resolvers.fields.load import note_failure
from student_graph.resolvers.fields.paging import PageInfo
from student_graph.resolvers.student_list.filter import ListEntry, ResolvedFilter, StudentPage
from student_graph.resolvers.student_list.matching import matches_name

NAME_SHARE = 0.01
"""About which share of students has a name that meets a condition."""
IDENTIFIER_SHARE = 0.001
"""About which share of students has one of some identifiers."""
POSITION_PARTS = 4


async def list_by_condition(
    info: Info, filter: ResolvedFilter, order: StudentOrder | None, first: int, after: str | None
) -> StudentPage:
    """
    Return a page of the students who match a filter with a condition, by an order or by student number.

    Raises:
        AdapterError: the cursor is not one of this list, a class of data is not granted, or a source failed
            without which no students are known.
        GraphQLError: the condition is not valid, or nothing bounds it.
    """
    request = population_request(info.context, filter, order)
    cursors = filter.cursors(info, POSITION_PARTS, order)
    start_after = None if after is None else Position.from_texts(cursors.decode(after))
    population = await find_population(Reading(info, filter.district), request)
    for reason in population.reasons:
        note_failure(info, reason)
    positions = population.positions
    start = 0 if start_after is None else bisect_right(positions, start_after)
    page = positions[start : start + first]
    entries = [ListEntry(cursors.encode(*position.as_texts()), position.student_id, None) for position in page]
    page_info = PageInfo(
        has_next_page=start + first < len(positions),
        has_previous_page=start > 0,
        start_cursor=entries[0].cursor if entries else None,
        end_cursor=entries[-1].cursor if entries else after,
    )
    return StudentPage(entries, page_info, len(positions), population.undecided)


def population_request(context: Context, filter: ResolvedFilter, order: StudentOrder | None) -> PopulationRequest:
    """
    Return the population that a filter and an order mean.

    Raises:
        AdapterError: an id that this graph cannot have made.
        GraphQLError: the condition is not valid.
    """
    at = DistrictDay(context, filter.district, filter.as_of)
    name_leaf = _name_leaf(filter)
    parts: list[Condition] = [] if name_leaf is None else [name_leaf]
    if filter.schools is not None:
        leaves = [school_leaf(school, filter.as_of, filter.grade_levels) for school in filter.schools]
        parts.append(leaves[0] if len(leaves) == 1 else Parts(tuple(leaves), needs_all=False))
    elif filter.grade_levels is not None:
        parts.append(grade_level_leaf(filter.grade_levels, filter.as_of))
    if filter.identifiers is not None:
        parts.append(_identifier_leaf(filter.identifiers))
    if filter.where is not None:
        parts.append(build_condition(filter.where, at))
    request = PopulationRequest(
        condition=Parts(tuple(parts), needs_all=True),
        ids=filter.named_ids,
        ordering=None if order is None else Ordering.of(order, at),
        name_leaf=name_leaf,
        vendor_filter=filter.vendor_filter(),
    )
    return request if request.changes_with_time else replace(request, key=filter.key(order))


def _name_leaf(filter: ResolvedFilter) -> RecordLeaf | None:
    """The condition on names; None if there is none."""
    words = filter.words
    if not words:
        return None
    return RecordLeaf(
        text="name",
        method=Adapter.students_by_id,
        matches=lambda records: any(matches_name(record, words) for record in records),
        share=NAME_SHARE,
    )


def _identifier_leaf(identifiers: frozenset[str]) -> RecordLeaf:
    """The condition on identifiers in any system."""
    return RecordLeaf(
        text="identifiers",
        method=Adapter.student_identities_by_id,
        matches=lambda records: any(part.value in identifiers for row in records for part in row.identifiers),
        share=IDENTIFIER_SHARE,
    )
