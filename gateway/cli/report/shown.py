"""Which counts a report shows: small ones of disclosures are hidden as small counts of students are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from student_graph.gateway.disclosure.search import DisclosureCounts
from student_graph.resolvers.cohorts.aggregates.hiding import MIN_SHOWN_COUNT, hide_in_line
from student_graph.resolvers.cohorts.aggregates.suppression import shown_counts

MIN_PAGES = 10
"""Pages, or shown values, below which no share of them is stated."""
HIDDEN = "fewer than ten"
NOT_SHOWN = "not shown"


@dataclass(frozen=True, slots=True)
class ShownDisclosures:
    """The counts of disclosures that are shown; None stands for a hidden one."""

    answers: int | None
    records: int | None
    openings: int | None
    """Break-glass accesses."""
    roles: Sequence[str]
    classes: Sequence[str]
    answers_by_role: Mapping[str, int | None]
    records_by_role: Mapping[str, int | None]
    cells: Mapping[tuple[str, str], int | None]
    """Records by role and class."""

    @property
    def answers_text(self) -> str:
        """The number of answers as text."""
        return _text(self.answers, HIDDEN)

    @property
    def records_text(self) -> str:
        """The number of records as text."""
        return _text(self.records, HIDDEN)

    @property
    def openings_text(self) -> str:
        """The number of break-glass accesses as text."""
        return _text(self.openings, HIDDEN)

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """A row for each role: answers, records of each class, and records in all."""
        return [
            (
                role.lower(),
                _text(self.answers_by_role[role], NOT_SHOWN),
                *(_text(self.cells[role, name], NOT_SHOWN) for name in self.classes),
                _text(self.records_by_role[role], NOT_SHOWN),
            )
            for role in self.roles
        ]


def shown_disclosures(counts: DisclosureCounts) -> ShownDisclosures:
    """What is shown of counts: a record belongs to one role and to one class, so these are a table with totals."""
    roles = sorted({role for role, _ in counts.records})
    classes = sorted({name for _, name in counts.records})
    atoms = {(frozenset({role}), name): number for (role, name), number in counts.records.items()}
    shown = shown_counts(atoms, roles, classes, overlapping=False)
    by_role = {role: sum(counts.records[role, name] for name in classes) for role in roles}
    answers = [counts.answers[role] for role in roles]
    has_many = sum(answers) >= MIN_SHOWN_COUNT
    hidden = hide_in_line(answers) if has_many else frozenset(range(len(roles)))
    return ShownDisclosures(
        answers=sum(answers) if has_many else None,
        records=counts.records.total() if shown.total else None,
        openings=counts.openings if counts.openings >= MIN_SHOWN_COUNT else None,
        roles=roles,
        classes=classes,
        answers_by_role={
            role: None if position in hidden else answers[position] for position, role in enumerate(roles)
        },
        records_by_role={role: by_role[role] if role in shown.groups else None for role in roles},
        cells={
            (role, name): counts.records[role, name] if (role, name) in shown.cells else None
            for role in roles
            for name in classes
        },
    )


def number(value: int) -> str:
    """A number with separators, such as `12,345`."""
    return f"{value:,}"


def number_or_hidden(value: int) -> str:
    """A number of pages, or words for a small one."""
    return number(value) if value >= MIN_PAGES else HIDDEN


def percent(share: float, digits: int = 2) -> str:
    """A share in percent. Less than all is never rounded up to 100: a report must not say that all was well."""
    text = f"{share * 100:.{digits}f}"
    if share < 1 and float(text) >= 100:
        text = f"{100 - 10**-digits:.{digits}f}"
    return f"{text} %"


def _text(value: int | None, hidden: str) -> str:
    return hidden if value is None else number(value)
