"""What a district wants to keep: objectives for its pages, and their error budgets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from student_graph.adapters.model import DistrictId


class Objective(Enum):
    """What share of the pages is counted."""

    IN_TIME = "in_time"
    """Pages that came within the district's time."""
    ANSWERED = "answered"
    """Pages that were answered, whole or with a reason for each part that is missing."""
    COMPLETE = "complete"
    """Pages that lacked nothing because of a source or of the gateway."""


@dataclass(frozen=True, slots=True)
class Objectives:
    """The objectives of a district."""

    seconds: float
    """The time for a page; a bound of `REQUEST_SECONDS`, because times are counted by these."""
    targets: Mapping[Objective, float]
    """The share of pages that each objective wants, over 0 and under 1."""

    def budgets(self) -> Iterator[tuple[Objective, float]]:
        """Each objective with its error budget: the share of pages that may miss it."""
        for objective, target in self.targets.items():
            yield objective, 1 - target


@dataclass(frozen=True, slots=True)
class LevelSettings:
    """What is counted for service levels, and where."""

    directory: Path | None = None
    """Folder of the counts; None if none are kept."""
    keep_months: int = 25
    """Months for which they are kept."""
    objectives: Mapping[DistrictId, Objectives] = field(default_factory=dict)
    """The objectives of each district that has any."""

    @property
    def counts(self) -> bool:
        """Whether anything is counted."""
        return self.directory is not None or bool(self.objectives)
