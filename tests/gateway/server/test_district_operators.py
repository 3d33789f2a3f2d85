"""An operator of one district sees that district, and not a byte about another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import httpx
import pytest

from student_graph.adapters.model import DistrictId
from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.gateway.server.service import Application, Service
from student_graph.gateway.telemetry import TelemetrySettings
from student_graph.gateway.telemetry.levels import LevelSettings, Objectives
from student_graph.gateway.telemetry.levels.objectives import Objective
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.servers import client_for
from tests.gateway.telemetry.gateway import METRICS_TOKEN, OPEN_METRICS, PAGE
from tests.patience import OPERATION_SECONDS, SOURCE_SECONDS
from tests.scenarios.helpers.demo_gateway import demo_districts

OWN, OTHER = DistrictId("cedar-hollow-school-district"), DistrictId("juniper-flats-school-district")
OPERATOR = Viewer("operator", ViewerRole.SUPERINTENDENT, frozenset({OWN, OTHER}), operator=True)
TOKENS: Mapping[str, Viewer] = {
    "of-all": OPERATOR,
    "of-one": replace(OPERATOR, subject="one", districts=frozenset({OWN})),
    "of-other": replace(OPERATOR, subject="other", districts=frozenset({OTHER})),
    "teacher": Viewer("teacher", ViewerRole.TEACHER, frozenset({OWN})),
}
FOR_ALL = ("/health/memory", "/health/workers")
SOURCES = """{ sources { name kind reachable lastErrorCode calls unmapped identity { matched } }
               districts { id name scorecard { measuredUntil } } }"""


def of(token: str) -> dict[str, str]:
    """The header of a viewer."""
    return {"Authorization": f"Bearer {token}"}


@dataclass
class Fleet:
    """A gateway of two districts that were used and have a failure each; and what is secret of the other."""

    application: Application
    http: httpx.Client
    sandboxes: Mapping[DistrictId, Mapping[str, Sandbox]]
    secrets: list[bytes]
    """Names, sources and addresses of the other district; none of them is in the own one's."""

    def get(self, path: str, token: str, **headers: str) -> httpx.Response:
        """Get a page as a viewer."""
        return self.http.get(path, headers=of(token) | headers)

    def ask(self, token: str, query: str = PAGE, **headers: str) -> httpx.Response:
        """Send a query as a viewer, past the cache."""
        headers = of(token) | {"Cache-Control": "no-cache"} | headers
        return self.http.post("/graphql", json={"query": query}, headers=headers)


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    """Two districts. Each has sources of a kind that the other one has not."""
    objectives = Objectives(2.5, {Objective.ANSWERED: 0.99, Objective.COMPLETE: 0.9})
    levels = LevelSettings(objectives={OWN: objectives, OTHER: objectives})
    telemetry = TelemetrySettings(metrics=True, metrics_token=METRICS_TOKEN)
    districts = demo_districts("both", 20)
    own, other = districts
    with served(*(sandbox for district in districts for sandbox in district.sandboxes.values())):
        connected = [district.connect(timeout=SOURCE_SECONDS) for district in districts]
        application = Application(
            Service(connected, TOKENS, levels=levels, telemetry=telemetry, operation_seconds=OPERATION_SECONDS)
        )
        addresses = [sandbox.url for sandbox in other.sandboxes.values()]
        words = (OTHER, other.facts.name, *(other.sandboxes.keys() - own.sandboxes.keys()), *addresses)
        with client_for(application.asgi) as http:
            sandboxes = {district.id: district.sandboxes for district in districts}
            running = Fleet(application, http, sandboxes, [word.encode() for word in words])
            use(running)
            yield running


def use(fleet: Fleet) -> None:
    """Pages of both districts, also while all vendors are down."""
    for is_down in (False, True):
        for sandboxes in fleet.sandboxes.values():
            switch(sandboxes, is_down=is_down)
        for token in TOKENS:
            assert fleet.ask(token).status_code == 200
    for sandboxes in fleet.sandboxes.values():
        switch(sandboxes, is_down=False)


def switch(sandboxes: Mapping[str, Sandbox], *, is_down: bool) -> None:
    """Switch vendors off, or on again."""
    for sandbox in sandboxes.values():
        sandbox.switches.down = is_down


def betrayed(fleet: Fleet, content: bytes) -> list[bytes]:
    """What of the other district is in an answer."""
    return [word for word in fleet.secrets if word.lower() in content.lower()]


def test_the_words_that_are_searched_are_in_what_an_operator_of_all_sees(fleet: Fleet) -> None:
    """Otherwise the search proves nothing. Addresses are shown to nobody."""
    seen = b"".join(fleet.get(path, "of-all").content for path in ("/status", "/metrics"))
    assert OTHER.encode() in betrayed(fleet, seen)
    assert len(betrayed(fleet, seen)) >= 3
    assert set(betrayed(fleet, fleet.get("/status", "of-other").content)) >= {OTHER.encode()}


@pytest.mark.parametrize(
    "path",
    [
        "/status",
        "/metrics",
        "/health/settings",
        "/health/ready",
        f"/health/ready/{OWN}",
        f"/health/ready/{OTHER}",
        "/health/live",
        *FOR_ALL,
        "/",
    ],
)
def test_no_page_for_operators_has_a_byte_of_another_district(fleet: Fleet, path: str) -> None:
    """Whatever its status is."""
    for accept in ("*/*", OPEN_METRICS):
        response = fleet.get(path, "of-one", Accept=accept)
        assert betrayed(fleet, response.content + repr(response.headers).encode()) == []


def test_the_graph_has_no_byte_of_it(fleet: Fleet) -> None:
    """Sources with their health, districts with their scorecards, and how an operation was executed."""
    for explain in ("", "1"):
        response = fleet.ask("of-one", SOURCES, **{"X-Student-Graph-Explain": explain})
        assert response.json()["data"]["sources"]
        assert betrayed(fleet, response.content) == []


def test_how_an_operation_is_executed_is_explained_without_counters_of_the_process(fleet: Fleet) -> None:
    """They tell what others do, so only an operator of all districts sees them."""
    explain = {"X-Student-Graph-Explain": "1"}
    of_one, of_all = (fleet.ask(token, SOURCES, **explain).json()["extensions"] for token in ("of-one", "of-all"))
    assert of_one["explain"]
    assert {"executor", "cache"} & of_one.keys() == set()
    assert {"executor", "cache"} <= of_all.keys()


def test_the_events_of_the_status_page_have_no_byte_of_it(fleet: Fleet) -> None:
    """Also the event that comes because something changed in the other district."""
    with fleet.http.stream("GET", "/status/events", headers=of("of-one"), timeout=60) as response:
        events = response.iter_bytes()
        first = next(events)
        fleet.ask("of-other")
        fleet.ask("of-one")
        second = next(events)
    assert OWN.encode() in first
    assert betrayed(fleet, first + second) == []


def test_metrics_of_a_district_operator_have_no_value_of_the_gateway(fleet: Fleet) -> None:
    """So they tell nothing of what others do. The district's values are those that an operator of all gets."""
    own = {line for line in fleet.get("/metrics", "of-one").text.splitlines() if line[:1] not in ("", "#")}
    everything = set(fleet.get("/metrics", "of-all").text.splitlines())
    assert own
    assert all(f'district="{OWN}"' in line for line in own)
    moving = ("_sum{", "burn_rate{")
    assert {line for line in own - everything if not any(word in line for word in moving)} == set()
    token = fleet.get("/metrics", METRICS_TOKEN).text
    assert f'district="{OTHER}"' in token
    assert "student_graph_loop_delay_seconds" in token


@pytest.mark.parametrize("path", FOR_ALL)
def test_pages_about_all_districts_are_for_operators_of_all_districts(fleet: Fleet, path: str) -> None:
    """An operator of one learns that, and nothing else."""
    assert fleet.get(path, "of-all").status_code == 200
    refused = fleet.get(path, "of-one")
    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    assert fleet.get(path, "teacher").status_code == 403
    assert fleet.http.get(path).status_code == 401


def test_a_purge_names_no_source_of_another_district_and_not_whether_it_exists(fleet: Fleet) -> None:
    """A district of others and one that does not exist look alike."""
    answers = [
        fleet.http.post("/cache/purge", json={"district": district, "source": "guess"}, headers=of("of-one"))
        for district in (OTHER, "nowhere")
    ]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].content == answers[1].content


def test_a_refused_reload_shows_its_reason_to_operators_of_all_districts_only(fleet: Fleet) -> None:
    """It may name settings of any district; changes of sources are those of the operator's own ones."""
    status = fleet.application.readiness.settings
    status.apply([f"{OWN}/sis: changed", f"{OTHER}/lms: added"], 0.1)
    status.refuse(f"gateway.toml: district '{OTHER}': base_url: must be https")
    try:
        of_all, of_one = (fleet.get("/health/settings", token).json() for token in ("of-all", "of-one"))
    finally:
        status.apply([], 0.1)
    assert OTHER in of_all["refusal"]
    assert of_one["refusal"] == "An operator of all districts can see the reason."
    assert of_one["changes"] == [f"{OWN}/sis: changed"]
    assert of_one["refusedAt"] == of_all["refusedAt"]


class TestReadyByDistrict:
    """`/health/ready/DISTRICT`."""

    def test_an_anonymous_caller_learns_nothing(self, fleet: Fleet) -> None:
        """Neither of a district nor whether there is one; as of other details of health."""
        answers = [fleet.http.get(f"/health/ready/{district}") for district in (OWN, "nowhere")]
        assert [answer.status_code for answer in answers] == [401, 401]
        assert answers[0].content == answers[1].content
        assert fleet.get(f"/health/ready/{OWN}", "teacher").status_code == 403

    def test_a_district_of_others_looks_like_one_that_does_not_exist(self, fleet: Fleet) -> None:
        """So nobody can try out names."""
        answers = [fleet.get(f"/health/ready/{district}", "of-one") for district in (OTHER, "nowhere")]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content
