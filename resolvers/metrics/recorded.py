"""The days on which schools recorded attendance. If a calendar is not complete, they replace its days."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Mapping
from datetime import date
from typing import NamedTuple, Protocol

from student_graph.adapters.model import DistrictId, SchoolId


class RecordedAttendance(NamedTuple):
    """Days with an attendance record of any student, whether or not the viewer may see that student."""

    everywhere: frozenset[date] = frozenset()
    """The days of the district, or of some schools that stand for a large one."""
    by_school: Mapping[SchoolId, frozenset[date]] = {}
    """The days of each school that was asked for, and perhaps of others."""


class RecordedDaysProvider(Protocol):
    """Looks up the days on which schools recorded attendance, for districts whose calendars are not complete."""

    def __call__(
        self,
        district: DistrictId,
        school_year: int,
        schools: Collection[SchoolId],
        /,
        *,
        everywhere: bool = True,
    ) -> Awaitable[RecordedAttendance]:
        """
        Return the days of the district and of some schools; none if no source lists the district's attendance.

        A day says nothing about a student, and the days of instruction must be the same for all viewers. Without
        `everywhere` the days of the district may be missing, because the caller knows them.

        Raises:
            AdapterError: the district's systems could not answer.
        """


async def no_recorded_days(
    _district: DistrictId, _school_year: int, _schools: Collection[SchoolId], /, *, everywhere: bool = True
) -> RecordedAttendance:
    """Return no days."""
    del everywhere
    return RecordedAttendance()
