"""Counts the students of a district for `student-graph aggregate`, part by part."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from enum import Enum
from typing import Any

from graphql import GraphQLError

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import DistrictId, StudentId
from student_graph.adapters.registry import SettingsError
from student_graph.adapters.sources import District
from student_graph.gateway.cli.aggregate import KeptFile
from student_graph.gateway.cli.districts import districts_of, metric_settings_of
from student_graph.gateway.cli.parser import printable
from student_graph.gateway.server.commands.counting import count_district
from student_graph.resolvers.cohorts.aggregates.checkpoint import Counted
from student_graph.resolvers.cohorts.aggregates.dimensions import Dimension
from student_graph.resolvers.cohorts.aggregates.request import TableRequest
from student_graph.resolvers.cohorts.measurement.requests import Choices
from student_graph.resolvers.fields.errors import INTERNAL, MESSAGES
from student_graph.resolvers.fields.outcome import Partial
from student_graph.resolvers.metrics.facts import MetricSettings
from student_graph.resolvers.metrics.measure import Metric

PAUSES_SECONDS = (5.0, 20.0, 60.0)
"""Seconds before students are read again because a source failed, by attempt."""


def count(options: argparse.Namespace, file: KeptFile) -> dict[str, Any]:
    """
    Return the table of a command's options as JSON values, and keep it unless a source failed.

    Raises:
        SettingsError: an option is wrong, or nothing could be counted.
    """
    district = _district(options)
    request = TableRequest(
        _member(Metric, options.metric, "--metric"),
        Choices(preset=options.preset),
        [_member(Dimension, name, "--by") for name in options.by],
    )
    day_ends_at = district.end_of_day()
    file.valid_until = None if math.isinf(day_ends_at) else day_ends_at
    counting = _count(district, request, KeptCounts(file), metric_settings_of(options), complete=options.complete)
    table = asyncio.run(counting)
    if not table["missing_sources"]:
        file.write({"table": table})
    return table


async def _count(
    district: District,
    request: TableRequest,
    stored: KeptCounts,
    metric_settings: Mapping[DistrictId, MetricSettings],
    *,
    complete: bool,
) -> dict[str, Any]:
    """
    The table as JSON values.

    Raises:
        SettingsError: it cannot be computed.
    """
    try:
        outcome = await count_district(district, request, stored, settings=metric_settings, complete=complete)
    except GraphQLError as error:
        raise SettingsError(error.message) from None
    except AdapterError as error:
        raise SettingsError(f"{district.id}: the students cannot be counted ({error.code})") from None
    if isinstance(outcome, AdapterError):
        raise SettingsError(f"{district.id}: the students cannot be counted ({outcome.code})")
    failures = outcome.failures if isinstance(outcome, Partial) else ()
    table: dict[str, Any] = _plain(asdict(outcome.value if isinstance(outcome, Partial) else outcome))
    reasons = {(failure.source or "", failure.code): _reason(failure) for failure in failures}
    for missing in table["missing_sources"]:
        missing["reason"] = reasons[missing["source"], missing["code"]]
    return table


def _reason(failure: AdapterError) -> str:
    """Why a source failed: what its code means, and the status or the kind of the failure that came first."""
    return f"{MESSAGES.get(failure.code, INTERNAL)} First failure: {failure.reason}."


class KeptCounts:
    """How far a count is, in a file that is kept."""

    pauses: Sequence[float] = PAUSES_SECONDS

    def __init__(self, file: KeptFile) -> None:
        """Go on from what a file has, and keep counts there."""
        self._file = file

    def load(self, students: Sequence[StudentId]) -> Counted | None:
        """How far the count of these students is; None if it has not begun, or was of other students."""
        if self._file.content.get("students") != _digest_of(students):
            return None
        return Counted(self._file.content["counted"], self._file.content["state"])

    def save(self, students: Sequence[StudentId], counted: Counted) -> None:
        """Print how far the count of these students is, and keep it unless a source failed."""
        print(f"{counted.students:,} of {len(students):,} students", file=sys.stderr, flush=True)
        if counted.state["total"]["failures"]:
            return
        self._file.write({"students": _digest_of(students), "counted": counted.students, "state": counted.state})

    async def may_read_again(self, attempts: int) -> bool:
        """Wait before students are read again because a source failed, longer each time; False after the last."""
        if attempts > len(self.pauses):
            return False
        seconds = self.pauses[attempts - 1]
        print(f"a source failed: reading these students again in {seconds:g} seconds", file=sys.stderr, flush=True)
        await asyncio.sleep(seconds)
        return True


def _district(options: argparse.Namespace) -> District:
    districts = districts_of(options)
    matches = [district for district in districts if options.district in (None, district.id)]
    if len(matches) != 1:
        raise SettingsError(f"--district: name one of {', '.join(district.id for district in districts)}")
    return matches[0]


def _member(kind: type[Enum], name: str, option: str) -> Any:
    if name not in kind.__members__:
        raise SettingsError(f"{option}: there is no {printable(name)}; there are {', '.join(kind.__members__)}")
    return kind[name]


def _digest_of(students: Sequence[StudentId]) -> str:
    return hashlib.sha256("\n".join(students).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """JSON values of a table."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
