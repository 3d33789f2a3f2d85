"""
The demo's districts with a sandbox for each source: on Ed-Fi, on OneRoster, both, and others.

`_classroom_district` has Google Classroom, `_moodle_district` Moodle, `_files_district` files in place of two
servers, and `_powerschool_district` PowerSchool with both.

The districts have different names, people and dates. Some of their student and school numbers are the same on
purpose, as in real districts.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from typing import Any

from pydantic import ValidationError

from student_graph.adapters.identity import IdentityRules
from student_graph.adapters.model import DistrictId
from student_graph.adapters.registry import SettingsError, find_adapter
from student_graph.adapters.sandbox.demo_people import demo_people
from student_graph.adapters.sandbox.demo_student import demo_student
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.records.assessment_takers import own_users
from student_graph.adapters.sandbox.records.folder import EdFiRecords
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.sources import District
from student_graph.gateway.config.metrics import MetricsConfig
from student_graph.gateway.demo.description import METRICS, connect_district, metrics_config
from student_graph.gateway.demo.facts import (
    AERIES_DISTRICT,
    CLASSROOM_DISTRICT,
    FILES_DISTRICT,
    MOODLE_DISTRICT,
    ONEROSTER_DISTRICT,
    POWERSCHOOL_DISTRICT,
    generate,
    read_assessment_vendors,
    read_edfi_records,
)
from student_graph.gateway.demo.links import LINK_BY_ANY_NUMBER, LINK_BY_TWO_NUMBERS, RECORDS_CONFIRM
from student_graph.gateway.demo.people import Person, district_people
from student_graph.resolvers.context import ViewerRole

SANDBOX_ENTRY_POINTS = "student_graph.sandboxes"
"""Group of the entry points of vendors' sandboxes; their names are kinds of adapters."""
COOLDOWN_SECONDS = 1.0
"""Time after which a source that failed is called again: short, so that a sandbox is soon seen to be back."""
ASSESSMENT_LOOKUPS = frozenset({"assessment_results_by_student", "assessments_by_id"})
"""Lookups that assessment vendors are used for: the rosters on their servers are only copies."""


@dataclass(frozen=True, kw_only=True)
class DemoDistrict:
    """A district of the demo with its sandboxes; they need not be running."""

    facts: DistrictFacts
    sandboxes: Mapping[str, Sandbox]
    """Sandboxes by the name of their source; the student information system is first."""
    identity_rules: Mapping[str, IdentityRules] = field(default_factory=dict)
    """Rules that link the users of assessment vendors, by the name of their source."""
    lms_confirm: tuple[str, ...] | None = None
    """Attributes that confirm the links of the LMS; those of its adapter if None."""
    suffix: str = ""
    """Added to names that the first of two districts has too, such as `-2`; empty in the first district."""
    other_source_names: frozenset[str] = frozenset()
    """Names of the sources of the first district."""

    @property
    def id(self) -> DistrictId:
        """The district's name as an id, such as `grand-bend-isd`."""
        return DistrictId("-".join(re.findall("[a-z0-9]+", self.facts.name.lower())) or "district")

    @property
    def sandboxes_by_unique_name(self) -> dict[str, Sandbox]:
        """The sandboxes by names that are unique in the demo."""
        return {
            f"{name}{self.suffix}" if name in self.other_source_names else name: sandbox
            for name, sandbox in self.sandboxes.items()
        }

    @property
    def size(self) -> int:
        """Number of students, from which an adapter estimates the cost of reading all of them."""
        if isinstance(self.facts, EdFiRecords):
            return len(self.facts.resources.get("students", ()))
        return len(self.facts.students)

    def connect(self, **extra: Any) -> District:
        """
        The district with a source for each sandbox, with `extra` settings; the sandboxes must be running.

        Raises:
            SettingsError: an adapter takes no such settings, such as the one for files without pyarrow.
        """
        try:
            return connect_district(self.description(**extra))
        except ValidationError as exc:
            reasons = "; ".join(error["msg"].removeprefix("Value error, ") for error in exc.errors())
            raise SettingsError(reasons) from None

    def description(self, **extra: Any) -> dict[str, Any]:
        """
        The district as the ready file has it, for `connect_district`; the sandboxes must be running.

        Without `extra` settings it consists of JSON values.
        """
        sources = []
        for name, sandbox in self.sandboxes.items():
            has_size = "students" in find_adapter(sandbox.kind).settings_type().model_fields
            size = {"students": max(self.size, 1)} if has_size else {}
            rules = self.identity_rules.get(name)
            source: dict[str, Any] = {"name": name, "kind": sandbox.kind}
            source["settings"] = sandbox.source_settings() | {"rest": COOLDOWN_SECONDS} | size | extra
            if rules is not None:
                source |= {"identity": rules.model_dump(mode="json"), "lookups": sorted(ASSESSMENT_LOOKUPS)}
            elif self.lms_confirm is not None and (own := find_adapter(sandbox.kind).identity) is not None:
                source["identity"] = own.model_dump(mode="json") | {"confirm": list(self.lms_confirm)}
            sources.append(source)
        return {
            "id": self.id,
            "name": self.facts.name,
            "now": self.facts.now.isoformat(),
            "metrics": dict(METRICS),
            "sources": sources,
        }

    @property
    def metrics(self) -> MetricsConfig:
        """How the district judges its metrics."""
        return metrics_config({"metrics": METRICS})

    def people(self) -> list[Person]:
        """People who may send queries: those around the student who has the most records."""
        return district_people(self.id, demo_people(self.facts, demo_student(self.facts)), self.suffix)


def build_districts(options: argparse.Namespace) -> list[DemoDistrict]:
    """
    The districts of the command's options.

    Raises:
        SettingsError: a district cannot have so few or so many students, or the records cannot be read or served.
    """
    if options.records and options.district not in ("edfi", "both"):
        raise SettingsError("--records: only an Ed-Fi district serves records; use --district edfi or both")
    build = _BUILDERS.get(options.district)
    if build is not None:
        return [build(options)]
    first = _edfi_district(options)
    return [
        first,
        replace(_oneroster_district(options), suffix="-2", other_source_names=frozenset(first.sandboxes)),
    ]


def all_people(districts: Sequence[DemoDistrict]) -> list[Person]:
    """The people of all districts, and a county office if there are two districts."""
    people = [person for district in districts for person in district.people()]
    if len(districts) < 2:
        return people
    return [*people, Person("county", ViewerRole.SUPERINTENDENT, tuple(district.id for district in districts))]


def _edfi_district(options: argparse.Namespace) -> DemoDistrict:
    """A district on Ed-Fi and Canvas; with records, also a OneRoster server for each assessment vendor in them."""
    facts = read_edfi_records(options.records) if options.records else generate(options.students, options.seed)
    vendors = read_assessment_vendors(options.records, facts) if options.records else {}
    edfi = make_sandbox("edfi", facts, data_standard=options.data_standard)
    sandboxes = {"edfi": edfi, "canvas": make_sandbox("canvas", facts)}
    sandboxes |= {name: make_sandbox("oneroster", results) for name, results in vendors.items()}
    return DemoDistrict(
        facts=facts,
        sandboxes=sandboxes,
        identity_rules=dict.fromkeys(vendors, LINK_BY_ANY_NUMBER),
        lms_confirm=RECORDS_CONFIRM if options.records else None,
    )


def _oneroster_district(options: argparse.Namespace) -> DemoDistrict:
    """A district on OneRoster and Canvas; an assessment vendor has its test results under users of its own."""
    facts = generate(options.students, options.seed + 1, *ONEROSTER_DISTRICT)
    roster = replace(facts, assessments=[], results=[], assignments=[], submissions=[])
    sandboxes = {
        "oneroster": make_sandbox("oneroster", roster),
        "canvas": make_sandbox("canvas", facts),
        "assessments": make_sandbox("oneroster", own_users(facts)),
    }
    return DemoDistrict(facts=facts, sandboxes=sandboxes, identity_rules={"assessments": LINK_BY_TWO_NUMBERS})


def _classroom_district(options: argparse.Namespace) -> DemoDistrict:
    """A district on Ed-Fi and Google Classroom, which links students by their e-mail addresses."""
    facts = generate(options.students, options.seed + 2, *CLASSROOM_DISTRICT)
    sandboxes = {
        "edfi": make_sandbox("edfi", facts, data_standard=options.data_standard),
        "classroom": make_sandbox("google_classroom", facts),
    }
    return DemoDistrict(facts=facts, sandboxes=sandboxes)


def _files_district(options: argparse.Namespace) -> DemoDistrict:
    """A district on Canvas that receives its roster as OneRoster CSV, and exports of assessment vendors."""
    facts = generate(options.students, options.seed + 3, *FILES_DISTRICT)
    roster = replace(facts, assessments=[], results=[], assignments=[], submissions=[])
    sandboxes = {
        "roster": make_sandbox("oneroster_files", roster),
        "canvas": make_sandbox("canvas", facts),
        "assessments": make_sandbox("files", facts),
    }
    return DemoDistrict(facts=facts, sandboxes=sandboxes)


def _powerschool_district(options: argparse.Namespace) -> DemoDistrict:
    """A district on PowerSchool and Google Classroom that receives exports of assessment vendors."""
    facts = generate(options.students, options.seed + 4, *POWERSCHOOL_DISTRICT)
    sandboxes = {
        "powerschool": make_sandbox("powerschool", facts),
        "classroom": make_sandbox("google_classroom", facts),
        "assessments": make_sandbox("files", facts),
    }
    return DemoDistrict(facts=facts, sandboxes=sandboxes)


def _aeries_district(options: argparse.Namespace) -> DemoDistrict:
    """A district on Aeries and Schoology that receives exports of assessment vendors."""
    facts = generate(options.students, options.seed + 6, *AERIES_DISTRICT)
    aeries: Any = make_sandbox("aeries", facts)
    courses = [
        replace(course, sis_section=aeries.section_identifier(course.section))
        if course.section is not None and course.sis_section is not None
        else course
        for course in facts.lms_courses
    ]
    sandboxes = {
        "aeries": aeries,
        "schoology": make_sandbox("schoology", replace(facts, lms_courses=courses)),
        "assessments": make_sandbox("files", facts),
    }
    return DemoDistrict(facts=facts, sandboxes=sandboxes)


def _moodle_district(options: argparse.Namespace) -> DemoDistrict:
    """A district on Ed-Fi and Moodle, which links students by their numbers."""
    facts = generate(options.students, options.seed + 5, *MOODLE_DISTRICT)
    sandboxes = {
        "edfi": make_sandbox("edfi", facts, data_standard=options.data_standard),
        "moodle": make_sandbox("moodle", facts),
    }
    return DemoDistrict(facts=facts, sandboxes=sandboxes)


_BUILDERS: Mapping[str, Callable[[argparse.Namespace], DemoDistrict]] = {
    "edfi": _edfi_district,
    "oneroster": _oneroster_district,
    "classroom": _classroom_district,
    "files": _files_district,
    "moodle": _moodle_district,
    "powerschool": _powerschool_district,
    "aeries": _aeries_district,
}
"""How each district of `--district` is built; `both` is the first two."""


def make_sandbox(kind: str, facts: DistrictFacts, **options: str) -> Sandbox:
    """
    A sandbox that serves the facts as an adapter's vendor does.

    Raises:
        SettingsError: no such sandbox is installed, or it cannot serve the facts with these options.
    """
    entry_point = next(iter(entry_points(group=SANDBOX_ENTRY_POINTS, name=kind)), None)
    if entry_point is None:
        raise SettingsError(f"no sandbox of kind '{kind}' is installed")
    try:
        sandbox: Sandbox = entry_point.load()(facts, **options)
    except ValueError as exc:
        raise SettingsError(str(exc)) from None
    return sandbox
