"""Refuses populations for which the viewer has no grants, or that would need too many calls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from student_graph.resolvers.cohorts.conditions.planner import Plan
from student_graph.resolvers.cohorts.conditions.tree import Leaf, Reading
from student_graph.resolvers.context import ViewerRole
from student_graph.resolvers.fields.errors import bad_input

MAX_CALLS = 1_000
"""Maximum number of vendor calls, by estimate, for the lists of one operation."""
MAX_SERVICE_CALLS = 10_000
"""Vendor calls that the lists of one operation of a viewer with the role `SERVICE` may need, by estimate."""
MAX_CANDIDATES = 50_000
"""Maximum number of students that are judged for the lists of one operation."""
ADVICE = (
    "Name a school or ids, or add a condition that a short list decides for all students: a section, a program, "
    "meals or a bus."
)


def refuse_unless_granted(reading: Reading, leaves: Iterable[Leaf]) -> None:
    """
    Check that the viewer may see, of at least some students, every class of data that the conditions read.

    The answer depends on the viewer only, not on what is recorded. A class that is granted for some students only
    leaves all others undecided.

    Raises:
        ForbiddenError: a class is not granted.
    """
    viewer, district = reading.info.context.viewer, reading.district
    needed = {sensitivity for leaf in leaves for sensitivity in leaf.sensitivities}
    rights = viewer.rights_in(district)
    missing = sorted((kind for kind in needed if not rights.allow(kind)), key=lambda kind: kind.name)
    if missing:
        denied = reading.info.context.operation.disclosures.denied
        denied[district.id] = denied.get(district.id, 0) + 1
        raise viewer.not_granted(district, missing[0])


class _Spent(NamedTuple):
    """What the populations of an operation have needed so far; kept in the operation's memo."""

    calls: float = 0.0
    students: float = 0.0


def refuse_unless_affordable(reading: Reading, plan: Plan) -> None:
    """
    Check that a plan needs few enough vendor calls and judges few enough students, by estimate.

    As long as the number of students is a guess, only the calls that list them count. After these calls the number
    is known, and `spend` checks again.

    Raises:
        GraphQLError: it needs too many calls or students; the message says how to reduce them.
    """
    start = plan.start
    _check(reading, plan.calls if start.is_known else start.calls, start.students if start.is_known else 0.0)


def spend(reading: Reading, plan: Plan) -> None:
    """
    Count a plan whose students are known, together with the plans of the operation's other lists.

    Raises:
        GraphQLError: together they need too many vendor calls, or judge too many students.
    """
    spent: _Spent = reading.info.context.operation.memo.get(_Spent, _Spent())
    spent = _Spent(spent.calls + plan.calls, spent.students + plan.start.students)
    _check(reading, *spent)
    reading.info.context.operation.memo[_Spent] = spent


def _check(reading: Reading, calls: float, students: float) -> None:
    is_service = reading.info.context.viewer.role is ViewerRole.SERVICE
    limit = MAX_SERVICE_CALLS if is_service else MAX_CALLS
    if calls > limit:
        raise bad_input(
            f"filter: about {calls:,.0f} vendor calls would be needed, and at most {limit:,} are made for the "
            f"lists of one operation. {ADVICE}"
        )
    if students > MAX_CANDIDATES:
        raise bad_input(
            f"filter: at most {MAX_CANDIDATES:,} students can be judged for the lists of one operation. {ADVICE}"
        )
