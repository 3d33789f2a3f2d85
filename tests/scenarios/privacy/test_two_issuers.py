"""Two issuers of one district and its settings know three people by one name: over HTTP nothing crosses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from student_graph.gateway.auth import IssuerKeys
from student_graph.gateway.config import environment, settings_file
from student_graph.gateway.config.access import SETTINGS_ISSUER, grants_by_district
from student_graph.gateway.disclosure import DisclosureKeys, DisclosureLog
from student_graph.gateway.server.service import Service
from tests.gateway.auth.token_factory import EC_KEY, public_jwk, signed_token
from tests.gateway.servers import client_for
from tests.gateway.small_district import Ledger, district

STAFF_ISSUER, PORTAL = "https://staff.hill.example", "https://portal.hill.example"
ISSUERS = (STAFF_ISSUER, PORTAL, SETTINGS_ISSUER)
SERVICE_TOKEN = "0123456789abcdef0123456789abcdef"
SETTINGS = f"""
[[districts]]
id = "hill"
name = "Hill"
time_zone = "America/Denver"

[[districts.sources]]
name = "sis"
kind = "edfi"
base_url = "http://127.0.0.1:9"

[[districts.grants]]
subjects = ["ada"]
issuer = "{STAFF_ISSUER}"
classes = ["DISCIPLINE"]
until = UNTIL
approved_by = ["Ben", "Cleo"]

[[issuers]]
issuer = "{STAFF_ISSUER}"
audience = "student-graph"
jwks_url = "{STAFF_ISSUER}/keys"
districts = ["hill"]
roles = {{ Teacher = "superintendent" }}
operators = ["ada"]

[[issuers]]
issuer = "{PORTAL}"
audience = "student-graph"
jwks_url = "{PORTAL}/keys"
districts = ["hill"]
roles = {{ Teacher = "superintendent", Guardian = "parent" }}

[[viewers]]
subject = "ada"
role = "superintendent"
districts = ["hill"]
token_env = "TOKEN"
"""
QUERY = '{ student(studentUniqueId: "s1") { studentUniqueId disciplineIncidents { date } } }'


@dataclass
class Stage:
    """A gateway with the three people, and the folder of its record."""

    client: httpx.Client
    folder: Path
    tokens: dict[str, str]
    """Tokens of the three people, by issuer."""

    def post(self, issuer: str, **headers: str) -> httpx.Response:
        """Send the query as the person of an issuer."""
        headers = {"Authorization": f"Bearer {self.tokens[issuer]}", **headers}
        return self.client.post("/graphql", json={"query": QUERY}, headers=headers)

    def codes(self, issuer: str, **headers: str) -> set[str]:
        """Send the query as the person of an issuer, and return the codes of its errors."""
        return {error["extensions"]["code"] for error in self.post(issuer, **headers).json().get("errors", ())}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Run the gateway; both issuers sign with one key, so that only their names differ."""
    folder = tmp_path_factory.mktemp("record")
    path = folder / "gateway.toml"
    until = datetime.now(UTC).date() + timedelta(days=100)
    path.write_text(SETTINGS.replace("UNTIL", until.isoformat()))
    config = settings_file.load(path)
    keys = IssuerKeys(static_keys={"one": jwt.PyJWK(public_jwk(EC_KEY, "one"))})
    issuers = [
        replace(
            section.build(grants_by_district(config.districts, config.issuers, config.viewers, section.issuer)),
            keys=keys,
        )
        for section in config.issuers
    ]
    service = Service(
        [district(Ledger(students=["s1"]))],
        environment.viewers_by_token(config, path, {"TOKEN": SERVICE_TOKEN}),
        issuers=issuers,
        disclosure_log=DisclosureLog(folder / "log", DisclosureKeys(b"s" * 32)),
        reviewers_url="http://127.0.0.1:9/",
    )
    tokens = {name: signed_token(iss=name) for name in (STAFF_ISSUER, PORTAL)}
    with client_for(service.app()) as client:
        yield Stage(client, folder / "log", {**tokens, SETTINGS_ISSUER: SERVICE_TOKEN})


@pytest.mark.row("J12")
def test_a_granted_class_is_shown_to_one_of_three(stage: Stage) -> None:
    """In any order, also when the response to the same request is cached for another."""
    for issuers in (ISSUERS, ISSUERS[::-1], ISSUERS):
        codes = {issuer: stage.codes(issuer) for issuer in issuers}
        assert codes == {STAFF_ISSUER: set(), PORTAL: {"FORBIDDEN"}, SETTINGS_ISSUER: {"FORBIDDEN"}}


@pytest.mark.row("J12")
def test_only_one_of_three_operates_the_gateway(stage: Stage) -> None:
    """Explanations and purges."""
    for issuer in ISSUERS:
        allowed = issuer == STAFF_ISSUER
        assert stage.post(issuer, **{"X-Student-Graph-Explain": "1"}).status_code == (200 if allowed else 403)
        headers = {"Authorization": f"Bearer {stage.tokens[issuer]}"}
        purged = stage.client.post("/cache/purge", json={"district": "hill"}, headers=headers)
        assert purged.status_code == (200 if allowed else 403)


@pytest.mark.row("J12", "K13")
def test_a_ticket_of_one_viewer_is_refused_for_others(stage: Stage) -> None:
    """People of both issuers may open data. A ticket counts for its owner only, not for a parent of that name."""
    tickets = {}
    body: dict[str, Any] = {"district": "hill", "students": ["s1"], "classes": ["DISCIPLINE"], "reason": "HEALTH"}
    for issuer in ISSUERS:
        headers = {"Authorization": f"Bearer {stage.tokens[issuer]}"}
        response = stage.client.post("/break-glass", json={**body, "text": "x" * 20}, headers=headers)
        assert response.status_code == (403 if issuer == SETTINGS_ISSUER else 200)
        tickets |= {issuer: response.json()["ticket"]} if response.is_success else {}
    for owner, ticket in tickets.items():
        for issuer in ISSUERS:
            used = stage.post(issuer, **{"Student-Graph-Break-Glass": ticket})
            assert used.status_code == (200 if issuer == owner else 403)
    parent = Stage(stage.client, stage.folder, {PORTAL: signed_token(iss=PORTAL, role="Guardian")})
    assert parent.post(PORTAL, **{"Student-Graph-Break-Glass": tickets[PORTAL]}).status_code == 403


@pytest.mark.row("J12")
def test_the_record_knows_three_people(stage: Stage) -> None:
    """Each has a hash of its own, beside its issuer."""
    for issuer in ISSUERS:
        stage.post(issuer)
    lines = [json.loads(line) for path in stage.folder.glob("*.jsonl") for line in path.read_text().splitlines()]
    actors = {(line["actor"]["sub"], line["actor"]["idp"]) for line in lines if "actor" in line}
    assert sorted(str(issuer) for _, issuer in actors) == ["None", PORTAL, STAFF_ISSUER]
    assert len({name for name, _ in actors}) == 3
