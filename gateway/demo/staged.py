"""
The demo's districts: one on Ed-Fi, one on OneRoster, or both, with a sandbox for each of their sources.

The two have names, people and days of their own; their students' and schools' numbers overlap on purpose, as those
of real districts do.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from student_graph.adapters.identity import UNIQUE_ID_SYSTEM, IdentityRule, IdentityRules
from student_graph.adapters.model import DistrictId
from student_graph.adapters.registry import SettingsError, find_adapter
from student_graph.adapters.sandbox.cast import cast
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.records.assessment_files import FOLDER, read_assessment_files
from student_graph.adapters.sandbox.records.assessment_takers import own_users
from student_graph.adapters.sandbox.records.folder import EdFiRecords, read_records
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.sandbox.showcase import showcase
from student_graph.adapters.sources import District
from student_graph.gateway.config.districts import connect
from student_graph.gateway.demo.people import Person, people
from student_graph.resolvers.context import ViewerRole

SANDBOXES = "student_graph.sandboxes"
"""Entry points of the vendors' sandboxes, by adapter kind."""
ZONE = ZoneInfo("America/Chicago")
REST = 1.0
"""Seconds for which a source is left alone that was switched off: who tries it sees soon that it is back."""
SECOND = "Juniper Flats School District", 390055
"""Name and agency number of the district on OneRoster."""

TESTING = frozenset({"assessment_results_by_student", "assessments_by_id"})
"""What assessment vendors are asked: their servers keep rosters too, which are copies."""
BY_STATE = IdentityRules(
    students=(IdentityRule(field="identifier"), IdentityRule(field="userIds.State", system="State")),
    confirm=("birth_date", "family_name"),
)
"""How an assessment vendor's users are linked: two numbers, a name and a birth date, and all must agree."""
BY_NUMBER = IdentityRules(
    students=tuple(
        IdentityRule(field=name, system=UNIQUE_ID_SYSTEM)
        for name in ("userIds.State", "userIds.Secondary", "identifier")
    ),
    confirm=(),
)
"""
How the users of vendors' sample files are linked: every number in them is one of the district's own.

The files are anonymised: nothing can be confirmed by the names and birth dates that were put in.
"""


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A district of the demo, before its sandboxes answer."""

    facts: DistrictFacts
    sandboxes: Mapping[str, Sandbox]
    """By the name of their source; the system of record first."""
    rules: Mapping[str, IdentityRules] = field(default_factory=dict)
    """How the assessment vendors are linked, by the name of their source."""
    suffix: str = ""
    """What the second of two districts adds to names that the first has too, such as `-2`."""
    taken: frozenset[str] = frozenset()
    """Names of the first district's sources."""

    @property
    def id(self) -> DistrictId:
        """The district's name as an id, such as `grand-bend-isd`."""
        return DistrictId("-".join(re.findall("[a-z0-9]+", self.facts.name.lower())) or "district")

    @property
    def answering(self) -> dict[str, Sandbox]:
        """The sandboxes by names that are unique in the demo."""
        return {f"{n}{self.suffix}" if n in self.taken else n: sandbox for n, sandbox in self.sandboxes.items()}

    @property
    def size(self) -> int:
        """How many students the district keeps: coarse reads are priced by it."""
        if isinstance(self.facts, EdFiRecords):
            return len(self.facts.resources.get("students", ()))
        return len(self.facts.students)

    def district(self) -> District:
        """The district, with a source for each sandbox, once they answer."""
        sources = []
        for name, sandbox in self.sandboxes.items():
            kind = find_adapter(sandbox.kind).settings_type()
            size = {"students": max(self.size, 1)} if "students" in kind.model_fields else {}
            settings = kind.model_validate(sandbox.source_settings() | {"rest": REST} | size)
            rules = self.rules.get(name)
            only = TESTING if rules else None
            sources.append(connect(self.id, name, sandbox.kind, settings, identity=rules, only=only))
        return District(self.id, self.facts.name, tuple(sources), ZONE, frozen_on=self.facts.now)

    def people(self) -> list[Person]:
        """Who may ask: people around the student about whom there is most to tell."""
        return people(self.id, cast(self.facts, showcase(self.facts)), self.suffix)


def staged(options: argparse.Namespace) -> list[Staged]:
    """
    The districts that the options ask for.

    Raises:
        SettingsError: a district cannot be that small or large, or a folder holds no records for this kind of one.
    """
    if options.records and options.district == "oneroster":
        raise SettingsError("--records: records are served by an Ed-Fi; choose --district edfi or both")
    if options.district == "edfi":
        return [_on_edfi(options)]
    if options.district == "oneroster":
        return [_on_oneroster(options)]
    first = _on_edfi(options)
    return [first, replace(_on_oneroster(options), suffix="-2", taken=frozenset(first.sandboxes))]


def people_of(districts: Sequence[Staged]) -> list[Person]:
    """Who may ask: those of each district, and a county office where there are two."""
    own = [person for district in districts for person in district.people()]
    if len(districts) < 2:
        return own
    return [*own, Person("county", ViewerRole.SUPERINTENDENT, tuple(district.id for district in districts))]


def _on_edfi(options: argparse.Namespace) -> Staged:
    """A district on Ed-Fi and Canvas; beside records, a OneRoster server of each vendor whose files are there."""
    facts = _records(options.records) if options.records else _made(options.students, options.seed)
    vendors = _vendors(options.records, facts) if options.records else {}
    sandboxes = {"edfi": _sandbox("edfi", facts), "canvas": _sandbox("canvas", facts)}
    sandboxes |= {name: _sandbox("oneroster", results) for name, results in vendors.items()}
    return Staged(facts=facts, sandboxes=sandboxes, rules=dict.fromkeys(vendors, BY_NUMBER))


def _on_oneroster(options: argparse.Namespace) -> Staged:
    """A district on OneRoster and Canvas, whose test results a vendor keeps under users of its own."""
    facts = _made(options.students, options.seed + 1, *SECOND)
    roster = replace(facts, assessments=[], results=[], assignments=[], submissions=[])
    sandboxes = {
        "oneroster": _sandbox("oneroster", roster),
        "canvas": _sandbox("canvas", facts),
        "assessments": _sandbox("oneroster", own_users(facts)),
    }
    return Staged(facts=facts, sandboxes=sandboxes, rules={"assessments": BY_STATE})


def _sandbox(kind: str, facts: DistrictFacts) -> Sandbox:
    """
    A sandbox of a kind, over the facts.

    Raises:
        SettingsError: the vendor brings none.
    """
    point = next(iter(entry_points(group=SANDBOXES, name=kind)), None)
    if point is None:
        raise SettingsError(f"no sandbox of kind '{kind}' is installed")
    made: Sandbox = point.load()(facts)
    return made


def _made(students: int, seed: int, *named: Any) -> DistrictFacts:
    try:
        return make_district(students, seed, *named)
    except ValueError as exc:
        raise SettingsError(f"--students: {exc}") from None


def _records(folder: Path) -> DistrictFacts:
    try:
        return read_records(folder)
    except OSError as exc:
        raise SettingsError(f"--records: {exc.filename}: {exc.strerror}") from None
    except ValueError as exc:
        raise SettingsError(f"--records: {exc}") from None


def _vendors(records: Path, district: DistrictFacts) -> dict[str, DistrictFacts]:
    """Results by assessment vendor, from the folder of their files inside the records or beside them."""
    places = (records / FOLDER, records.resolve().parent / FOLDER)
    folder = next((place for place in places if place.is_dir()), None)
    if folder is None:
        return {}
    try:
        return read_assessment_files(folder, district)
    except (OSError, ValueError) as exc:
        raise SettingsError(f"--records: {exc}") from None
