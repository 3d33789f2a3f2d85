"""Suspensions and their days."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from student_graph.adapters.model import DisciplineAction, Sensitivity
from student_graph.adapters.model.code_mapping import meaning
from student_graph.resolvers.metrics.behavior.incidents import is_code, is_in
from student_graph.resolvers.metrics.exact import count_of, exact, text_of
from student_graph.resolvers.metrics.facts import MetricSettings, Part, StudentFacts
from student_graph.resolvers.metrics.meanings import comparable
from student_graph.resolvers.metrics.measure import DataQuality, Metric
from student_graph.resolvers.metrics.tally import Scope, Tally, spec


@dataclass(slots=True, eq=False)
class Suspension:
    """One suspension, with all actions that record it."""

    rows: list[DisciplineAction]
    incidents: set[str]

    def days(self, length: Callable[[DisciplineAction], float | None]) -> Fraction | None:
        """
        Its length in days; None if no action records a length of at least 0.

        If the actions differ, it is the longest.
        """
        lengths = (exact(length(row)) for row in self.rows)
        return max((days for days in lengths if days is not None and days >= 0), default=None)


def suspensions(actions: Iterable[DisciplineAction], settings: MetricSettings) -> list[Suspension]:
    """
    The suspensions of a student, each once for an incident, a kind and a date, in the order of their dates.

    Actions of one date and one kind are the same suspension if they share an incident. An action without an
    incident is a suspension of its own. An action with two kinds of suspension is two suspensions.
    """
    by_kind: dict[tuple[date, str], list[Suspension]] = {}
    for row in actions:
        incidents = set(row.incident_identifiers) or {f"action {row.discipline_action_identifier}"}
        for kind in {
            comparable(kind.code_value) for kind in row.disciplines if is_code(kind, settings.suspensions)
        }:
            known = by_kind.setdefault((row.date, kind), [])
            same = [suspension for suspension in known if suspension.incidents & incidents]
            known[:] = [suspension for suspension in known if not suspension.incidents & incidents]
            rows = [earlier for suspension in same for earlier in suspension.rows]
            known.append(Suspension([*rows, row], incidents.union(*(suspension.incidents for suspension in same))))
    return [by_kind[key][index] for key in sorted(by_kind) for index in range(len(by_kind[key]))]


def _suspensions_in_scope(facts: StudentFacts, scope: Scope) -> tuple[list[Suspension], set[DataQuality]]:
    """The suspensions that were decided in the window, and what limits the data about them."""
    school, settings = scope.request.school, scope.request.settings
    actions = [
        row
        for row in facts.actions
        if is_in(row.date, scope.window) and (school is None or row.school_id == school)
    ]
    rows = suspensions(actions, settings)
    quality = {DataQuality.REPEATED_RECORDS} if any(len(suspension.rows) > 1 for suspension in rows) else set()
    kinds = [kind for action in actions for kind in action.disciplines]
    if any(
        meaning(settings.meanings.disciplines, kind) is None and not is_code(kind, settings.suspensions)
        for kind in kinds
    ):
        quality.add(DataQuality.UNMAPPED_CODES)
    return rows, quality


def _suspension_tally(rows: Sequence[Suspension], quality: set[DataQuality]) -> Tally:
    return Tally(
        quality=quality,
        reasons=[f"{count_of(len(rows), 'suspension')}."],
        evidence=[row for suspension in rows for row in suspension.rows],
    )


def count_suspensions(facts: StudentFacts, scope: Scope) -> Tally:
    """Suspensions that were decided in the window."""
    rows, quality = _suspensions_in_scope(facts, scope)
    tally = _suspension_tally(rows, quality)
    tally.value = Fraction(len(rows))
    return tally


def _count_days(length: Callable[[DisciplineAction], float | None]) -> Callable[[StudentFacts, Scope], Tally]:
    def count(facts: StudentFacts, scope: Scope) -> Tally:
        rows, quality = _suspensions_in_scope(facts, scope)
        tally = _suspension_tally(rows, quality)
        lengths = [suspension.days(length) for suspension in _without_shared_actions(rows)]
        stated = [days for days in lengths if days is not None]
        missing = len(lengths) - len(stated)
        if missing:
            tally.quality.add(DataQuality.LENGTH_MISSING)
            tally.is_lower_bound = True
            tally.reasons.append(f"{count_of(missing, 'suspension')} without a usable length.")
        if stated or not lengths:
            tally.value = sum(stated, Fraction(0))
            tally.reasons.append(f"{text_of(tally.value)} days.")
        return tally

    return count


def _without_shared_actions(rows: Iterable[Suspension]) -> list[Suspension]:
    """Leave out a suspension if an action of it was counted: one action has one length, whatever its kinds."""
    counted: set[int] = set()
    counting: list[Suspension] = []
    for suspension in rows:
        actions = {id(row) for row in suspension.rows}
        if not actions & counted:
            counting.append(suspension)
        counted |= actions
    return counting


_DAYS = (
    "Each suspension counts once, and an action of several kinds once. If repeated actions differ, the longest "
    "length counts. A missing or negative length is left out; there is no value if no suspension has a length."
)
SUSPENSION_SPECS = (
    spec(
        Metric.SUSPENSIONS,
        "Suspensions, each once for a student, an incident, a kind and a date. An expulsion is none.",
        count_suspensions,
        (Part.ACTIONS, Part.CALENDAR),
        Sensitivity.DISCIPLINE,
    ),
    spec(
        Metric.SUSPENSION_DAYS_IMPOSED,
        f"Days of suspension as decided. {_DAYS}",
        _count_days(lambda action: action.length),
        (Part.ACTIONS, Part.CALENDAR),
        Sensitivity.DISCIPLINE,
    ),
    spec(
        Metric.SUSPENSION_DAYS_SERVED,
        f"Days of suspension as served. {_DAYS}",
        _count_days(lambda action: action.actual_length),
        (Part.ACTIONS, Part.CALENDAR),
        Sensitivity.DISCIPLINE,
    ),
)
"""The metrics of suspensions."""
