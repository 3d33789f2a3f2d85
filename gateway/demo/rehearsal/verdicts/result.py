"""The result of a rehearsal: as JSON values, and whether it is good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from student_graph.gateway.demo.rehearsal.verdicts.judge import Verdict
from student_graph.gateway.demo.rehearsal.verdicts.tally import Tally, row_as_json, rows_as_json


class MemorySample(NamedTuple):
    """Memory of the fleet at one moment, in MiB."""

    seconds: float
    """Since the morning began."""
    mib: float
    """Resident memory of all processes of the fleet."""
    cached_mib: float
    """What all caches of the fleet hold, by their own estimate."""
    max_cached_mib: float
    """What they may hold."""
    trouble: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """What was seen."""

    options: Mapping[str, Any]
    districts: Sequence[Mapping[str, Any]]
    """Plans of the districts."""
    tally: Tally
    calls: Mapping[str, int]
    """Requests that the vendors of each district got on the morning."""
    memory: Sequence[MemorySample]
    seconds: float
    """How long the morning lasted."""
    notes: Sequence[str]
    failures: Sequence[str]
    """What did not happen that should have, such as a reload that was not applied."""
    has_redis: bool

    @property
    def is_good(self) -> bool:
        """Whether nothing wrong and nothing foreign was seen, and everything happened as it should."""
        return self.tally.count(Verdict.WRONG, Verdict.FOREIGN) == 0 and not self.failures

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        by_id = self.tally.by_district
        return {
            "options": dict(self.options),
            "seconds": round(self.seconds, 1),
            "redis": self.has_redis,
            "total": row_as_json(self.tally.total()),
            "districts": [
                {
                    "name": plan["id"],
                    "students": plan["students"],
                    "vendors": list(plan["vendors"]),
                    "vendor_calls": self.calls.get(plan["id"], 0),
                    **row_as_json(by_id[plan["id"]]),
                }
                for plan in self.districts
            ],
            "troubles": rows_as_json(self.tally.by_trouble),
            "pages": rows_as_json(dict(sorted(self.tally.by_page.items()))),
            "memory": [sample._asdict() for sample in self.memory],
            "notes": list(self.notes),
            "failures": list(self.failures),
            "examples": list(self.tally.examples),
        }
