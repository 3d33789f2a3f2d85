"""
The gateway of the benchmark `day`, in a process of its own: `python -m benchmarks.support.day_gateway`.

It reads a `Plan` as JSON from standard input and prints one line of JSON when it is ready: its URL and the tokens
of the people by name.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District
from student_graph.gateway.demo.description import connect_district
from student_graph.gateway.demo.districts import DemoDistrict, build_districts
from student_graph.gateway.demo.people import DemoIssuer, Person
from student_graph.gateway.server.listening import listen
from student_graph.gateway.server.process import run as run_service
from student_graph.gateway.server.service import Service
from student_graph.gateway.warm.plan import WarmPlan, WarmTimes
from student_graph.resolvers.context import ViewerRole

SETTINGS_OF_NAMED_SCHOOLS = ("enrollments_name_all_schools", "results_name_all_schools")
DATA_STANDARD = "5.1"
WARM_DELAY_SECONDS = 10.0
"""
Time from the start of the process to its warm-up. If it does not serve by then, the warm-up begins only tomorrow.
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the process serves."""

    students: int
    urls: Mapping[str, str]
    """Addresses of the running sandboxes, by source."""
    staff: Mapping[str, str]
    """Staff numbers of teachers and principals, by the name of the person, such as `teacher-3`."""
    coarse: bool = True
    """Whether coarse reads and change versions are used; without them, each key is read by itself."""
    warm: bool = False
    """Whether the cache is filled at the start, as before school."""
    requests_per_minute: int | None = None
    """Requests that every source allows in a minute; None for no limit."""
    schools_are_named: bool = False
    """Whether the district states that its rows name all schools of a student: lists of schools suffice."""

    def as_json(self) -> str:
        """Return the plan as one line."""
        return json.dumps(asdict(self))


def demo_district(students: int) -> DemoDistrict:
    """Return the demo's district on Ed-Fi and Canvas with so many students."""
    options = {"students": students, "seed": 1, "records": None, "data_standard": DATA_STANDARD}
    [district] = build_districts(argparse.Namespace(district="edfi", **options))
    return district


def complete_district(students: int) -> DemoDistrict:
    """
    Return the same district without rows that contradict the statement that rows name all schools of a student.
    """
    demo = demo_district(students)
    facts, sandbox = demo.facts, demo.sandboxes["edfi"]
    enrolled = {(enrollment.student, enrollment.school) for enrollment in facts.enrollments}
    facts.attendance = [event for event in facts.attendance if (event.student, event.school) in enrolled]
    facts.results = [result for result in facts.results if result.year == facts.year]
    edfi = type(sandbox)(facts, data_standard=DATA_STANDARD)  # type: ignore[call-arg] # the sandbox of Ed-Fi
    return replace(demo, sandboxes={**demo.sandboxes, "edfi": edfi})


def people(plan: Plan, district: DistrictId) -> list[Person]:
    """Return the teachers and principals of a plan, and a superintendent."""
    roles = {"teacher": ViewerRole.TEACHER, "principal": ViewerRole.PRINCIPAL}
    staff = [
        Person(name, roles[name.partition("-")[0]], (district,), {"staff_id": number})
        for name, number in plan.staff.items()
    ]
    return [*staff, Person("superintendent", ViewerRole.SUPERINTENDENT, (district,))]


def connect(plan: Plan, demo: DemoDistrict) -> District:
    """Return the district of a plan, connected to the sandboxes at the plan's addresses."""
    for name, sandbox in demo.sandboxes.items():
        sandbox.url = plan.urls[name]
    extra = {} if plan.requests_per_minute is None else {"requests_per_minute": plan.requests_per_minute}
    description = demo.description(**extra)
    for source in description["sources"]:
        if plan.schools_are_named and source["kind"] == "edfi":
            source["settings"] |= dict.fromkeys(SETTINGS_OF_NAMED_SCHOOLS, True)
    district = connect_district(description)
    if not plan.coarse:
        _read_keys_only(district.sources)
    return district


def _read_keys_only(sources: Sequence[object]) -> None:
    """Remove the access paths and the change version from the adapters of some sources."""

    async def no_version() -> None:
        return None

    for source in sources:
        adapter = source.adapter  # type: ignore[attr-defined]
        adapter.paths, adapter.version = {}, no_version


def main() -> None:
    """Serve until the process is stopped."""
    plan = Plan(**json.loads(sys.stdin.readline()))
    district = connect(plan, demo_district(plan.students))
    issuer = DemoIssuer(people(plan, district.id))
    start = (datetime.now(district.time_zone) + timedelta(seconds=WARM_DELAY_SECONDS)).time()
    times = {district.id: WarmTimes((start,), frozenset(range(7)), WarmPlan())} if plan.warm else {}
    service = Service([district], {}, issuers=(issuer.issuer(),), warm=times)
    with listen("127.0.0.1", 0) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
        ready = json.dumps({"url": url, "tokens": issuer.tokens()})
        run_service(service, listener, lambda: print(ready, flush=True))


if __name__ == "__main__":
    main()
