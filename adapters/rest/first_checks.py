"""Compiles what a lookup reads before its request, in the order in which one needs the other."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from student_graph.adapters.rest.checks import KEY_NAMES, Checks, Location, same
from student_graph.adapters.rest.client.first_values import FirstPlan
from student_graph.adapters.rest.client.templates import KEY

_ALL = (*KEY_NAMES, "school_year", "school_year_start", "school_year_first_day", "school_year_last_day", "since")
"""Placeholders that some lookup has."""
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def depends_on_key(checks: Checks, names: Iterable[str]) -> bool:
    """Whether one of these placeholders is the key, or is read first for the key."""
    known, rest = set[str](), list(names)
    while rest:
        name = rest.pop()
        declared = checks.declaration.first.get(name)
        if name.partition(".")[0] == KEY or (declared is not None and declared.matches is not None):
            return True
        if declared is not None and name not in known:
            known.add(name)
            rest += _PLACEHOLDER.findall(declared.get)
    return False


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
        plan = _compile(checks, name)
        for placeholder in sorted(plan.request.names - {*known, *checks.declaration.first}):
            checks.fail(location, f"[first.{name}] uses {{{placeholder}}}, which this lookup does not have")
        if plan.matches is not None and KEY not in known:
            checks.fail(location, f"[first.{name}] `matches` the key, and a lookup of the district has none")
        for other in sorted(plan.request.names):
            add(other, (*above, name))
        ordered[name] = plan

    for name in sorted(needed):
        add(name, ())
    return tuple(ordered.values())


def compile_id_list(checks: Checks, name: str, location: Location) -> FirstPlan:
    """
    Return the list of all ids to which `key_of` leads.

    Raises:
        DeclarationError: there is no such table, it is wrong, or it is no such list; `location` names the lookup.
    """
    if name not in checks.declaration.first:
        known = ", ".join(f"[first.{other}]" for other in checks.declaration.first) or "none yet"
        checks.fail(location, f"there is no table [first.{name}]; there are: {known}")
    plan = _compile(checks, name)
    if plan.matches is None or plan.several or plan.request.names - {*checks.settings}:
        problem = "`key_of` needs the list of all ids: add `matches`, remove `several`, and no {key} in `get`"
        checks.fail(("first", name), problem)
    return plan


def _compile(checks: Checks, name: str) -> FirstPlan:
    """The compiled table, which is the same for all lookups."""
    declared, path = checks.declaration.first[name], ("first", name)
    if declared.code is not None and (declared.several or declared.matches is not None):
        wrong = "several" if declared.several else "matches"
        checks.fail((*path, wrong), f"a table of codes is one value; leave out `{wrong}`, or `code`")
    return FirstPlan(
        name,
        checks.request(declared.get, {*_ALL, *checks.settings, *checks.declaration.first}, (*path, "get")),
        checks.path(declared.rows, (*path, "rows")) if declared.rows else same,
        declared.rows,
        checks.path(declared.value, (*path, "value")),
        checks.path(declared.matches, (*path, "matches")) if declared.matches else None,
        checks.path(declared.code, (*path, "code")) if declared.code else None,
        declared.several,
        depends_on_key(checks, [name]),
        _is_in_path(checks, name),
    )


def _is_in_path(checks: Checks, name: str) -> bool:
    """Whether a placeholder is a part of a path in any request of the declaration."""
    requests = [first.get for first in checks.declaration.first.values()]
    for lookup in checks.declaration.lookups.values():
        of_get = lookup.get if isinstance(lookup.get, dict) else {"": lookup.get}
        requests += [request for request in (*of_get.values(), lookup.post) if request is not None]
    return any(name in _PLACEHOLDER.findall(request.partition("?")[0]) for request in requests)
