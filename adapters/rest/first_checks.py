"""Compiles what a lookup reads before its request, in the order in which one needs the other."""

from __future__ import annotations

from collections.abc import Collection

from student_graph.adapters.rest.checks import KEY_NAMES, Checks, Location, same
from student_graph.adapters.rest.client.first import FirstPlan
from student_graph.adapters.rest.plan import KEY


def compile_first(
    checks: Checks, needed: Collection[str], known: Collection[str], location: Location
) -> tuple[FirstPlan, ...]:
    """
    Return the requests of the tables `[first.NAME]` that a lookup needs, each after those that it needs itself.

    Args:
        checks: The declaration.
        needed: Names of placeholders of the lookup; those of no such table are ignored.
        known: Placeholders that have a value in the lookup.
        location: The lookup.

    Raises:
        DeclarationError: one is wrong, they need each other in a circle, or a lookup lacks what they need.
    """
    ordered: dict[str, FirstPlan] = {}

    def add(name: str, above: tuple[str, ...]) -> None:
        if name not in checks.declaration.first or name in ordered:
            return
        if name in above:
            circle = " needs ".join((*above[above.index(name) :], name))
            checks.fail(("first", name, "get"), f"nothing can be read first: {circle}")
        plan = _compile(checks, name, known, location)
        for other in sorted(plan.request.names):
            add(other, (*above, name))
        ordered[name] = plan

    for name in sorted(needed):
        add(name, ())
    return tuple(ordered.values())


def _compile(checks: Checks, name: str, known: Collection[str], location: Location) -> FirstPlan:
    declared, path = checks.declaration.first[name], ("first", name)
    if declared.code is not None and declared.several:
        checks.fail((*path, "several"), "a table of codes is one value; leave out `several`, or `code`")
    plan = FirstPlan(
        name,
        checks.request(declared.get, {*_ALL, *checks.settings, *checks.declaration.first}, (*path, "get")),
        checks.path(declared.rows, (*path, "rows")) if declared.rows else same,
        checks.path(declared.value, (*path, "value")),
        checks.path(declared.matches, (*path, "matches")) if declared.matches else None,
        checks.path(declared.code, (*path, "code")) if declared.code else None,
        declared.several,
    )
    for placeholder in sorted(plan.request.names - {*known, *checks.declaration.first}):
        checks.fail(location, f"[first.{name}] uses {{{placeholder}}}, which this lookup does not have")
    if plan.matches is not None and KEY not in {part.partition(".")[0] for part in plan.request.names}:
        checks.fail(
            (*path, "matches"), "`matches` compares rows with the key: name {key} in `get`, or leave it out"
        )
    return plan


_ALL = (*KEY_NAMES, "school_year", "school_year_start", "school_year_first_day", "school_year_last_day", "since")
"""Placeholders that some lookup has."""
