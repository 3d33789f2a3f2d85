"""The districts of a rehearsal before they are built: different in size, vendors, time zone, links and policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

MAX_STUDENTS = 100_000
"""Students of the largest district before the districts are scaled."""
MIN_STUDENTS = 60
"""Students of the smallest district after that, unless more are wanted: a school needs classes."""
SIZES = (
    *(100_000, 200, 5_000, 1_200, 20_000, 350, 10_000, 2_500, 50_000),
    *(500, 7_000, 1_800, 37_000, 800, 14_000, 3_500, 70_000, 27_000),
)
"""Students of each district before they are scaled; a small number of districts has the extremes too."""
NAMES = (
    *("Larkspur Bluffs", "Copper Fern", "Otter Bend", "Tamarack Hollow", "Silver Heron", "Quail Meadow"),
    *("Bittersweet Creek", "Marble Gulch", "Painted Cliffs", "Sumac Ridge", "Cottonwood Ferry", "Grouse Landing"),
    *("Blackthorn Coast", "Amber Prairie", "Windrow Heights", "Fiddler Cove", "Stone Orchard", "Cinder Mesa"),
)
"""Fictional names, to which `School District` is added."""
TIME_ZONES = (
    *("America/Chicago", "Pacific/Honolulu", "America/New_York", "America/Denver", "America/Los_Angeles"),
    *("America/Puerto_Rico", "America/Phoenix", "America/Anchorage", "America/Boise"),
)
PAIRINGS: tuple[tuple[str, ...], ...] = (
    ("edfi", "canvas"),
    ("oneroster", "moodle"),
    ("aeries", "schoology", "files"),
    ("powerschool", "google_classroom", "files"),
    ("edfi", "google_classroom"),
    ("clever", "canvas"),
    ("edfi", "moodle", "files"),
    ("oneroster_files", "canvas", "files"),
    ("powerschool", "canvas"),
    ("oneroster", "canvas", "assessments"),
    ("edfi", "schoology"),
    ("clever", "moodle", "files"),
    ("edfi", "canvas", "files"),
    ("oneroster", "google_classroom"),
    ("aeries", "canvas"),
    ("powerschool", "moodle"),
    ("edfi", "canvas"),
    ("edfi", "moodle"),
)
"""
Vendors of each district, the student information system first.

`assessments` is an assessment vendor on OneRoster with users of its own.
"""
DATA_STANDARDS = ("5.1", "4.0", "6.0", "3.3", "5.0")
POLICIES: tuple[Mapping[str, tuple[str, ...]], ...] = (
    {
        "superintendent": ("PII", "CONTACT", "DEMOGRAPHIC", "PROGRAM", "LOCATION", "DISCIPLINE"),
        "principal": ("PII", "CONTACT", "DEMOGRAPHIC", "PROGRAM", "LOCATION", "DISCIPLINE"),
        "parent": ("PII", "DEMOGRAPHIC", "PROGRAM", "LOCATION", "DISCIPLINE"),
    },
    {"superintendent": ("PROGRAM",), "principal": ("PROGRAM", "DISCIPLINE")},
    {
        "superintendent": ("PII", "PROGRAM", "LOCATION", "DISCIPLINE"),
        "principal": ("PII", "PROGRAM", "DISCIPLINE"),
        "teacher": ("PII", "PROGRAM"),
        "parent": ("PII", "LOCATION"),
    },
)
"""Classes of data that roles may see in addition to open data."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DistrictPlan:
    """A district before it is built; it can be sent to another process as JSON."""

    number: int
    """Its position among the districts, from 0."""
    name: str
    students: int
    vendors: tuple[str, ...]
    """Kinds of its sources, the student information system first."""
    time_zone: str
    data_standard: str
    """Ed-Fi Data Standard, if it is a district on Ed-Fi."""
    has_poor_links: bool
    """Whether many identifiers in its other sources are missing or belong to another student."""
    policy: int
    """Index of its policy in `POLICIES`."""
    teachers: int
    """How many of its teachers look at pages."""
    seed: int
    uses_tls: bool = False
    """Whether its student information system is asked over HTTPS."""

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> DistrictPlan:
        """The plan that another process has sent."""
        return cls(**{**values, "vendors": tuple(values["vendors"])})

    @property
    def id(self) -> str:
        """The district's id, such as `otter-bend-school-district`."""
        return "-".join(self.name.lower().split())

    @property
    def grants(self) -> Mapping[str, tuple[str, ...]]:
        """Classes of data by role."""
        return POLICIES[self.policy]


def time_zones_of_one_day(start: datetime, duration: timedelta) -> Sequence[str]:
    """
    The time zones in which no day ends from `start` on, for as long as `duration`; all of them if there is none.

    Pages show metrics as of today. A page of yesterday is no expected page of today.
    """
    end = start + duration
    zones = [(name, ZoneInfo(name)) for name in TIME_ZONES]
    names = [name for name, zone in zones if start.astimezone(zone).date() == end.astimezone(zone).date()]
    return names or TIME_ZONES


def plan_districts(
    count: int,
    seed: int,
    *,
    largest: int = MAX_STUDENTS,
    others: int | None = None,
    smallest: int = MIN_STUDENTS,
    time_zones: Sequence[str] = TIME_ZONES,
) -> list[DistrictPlan]:
    """
    The plans of so many districts, the largest first. Each has one of `time_zones`.

    The first one has `largest` students. The rest are in proportion to it, or to a first one of `others` students,
    and have `smallest` at least. The second district uses TLS, so that its certificate can expire; every third one
    has poor links.
    """
    plans = []
    for number in range(count):
        scale = (largest if number == 0 or others is None else others) / MAX_STUDENTS
        students = max(smallest, round(SIZES[number % len(SIZES)] * scale))
        suffix = "" if number < len(NAMES) else f" {number // len(NAMES) + 1}"
        plans.append(
            DistrictPlan(
                number=number,
                name=f"{NAMES[number % len(NAMES)]}{suffix} School District",
                students=students,
                vendors=PAIRINGS[number % len(PAIRINGS)],
                time_zone=time_zones[number % len(time_zones)],
                data_standard=DATA_STANDARDS[number % len(DATA_STANDARDS)],
                has_poor_links=number % 3 == 2,
                policy=number % len(POLICIES),
                teachers=min(1 + students // 200, 6),
                seed=seed * 1000 + number,
                uses_tls=number == 1,
            )
        )
    return plans
