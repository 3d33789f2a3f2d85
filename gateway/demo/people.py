"""
The demo's people: their roles, what their districts grant them, and their tokens.

Each start creates a new key that signs the tokens; it never leaves the process.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from jwt import PyJWK
from jwt.algorithms import ECAlgorithm

from student_graph.adapters.model import DistrictId, Sensitivity
from student_graph.adapters.sandbox.demo_people import DemoPeople
from student_graph.gateway.auth import Issuer, IssuerKeys
from student_graph.gateway.auth.issuers import DistrictGrants
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.context import ViewerRole

ISSUER_PREFIX = "urn:student-graph:demo:"
"""Prefix of the names of demo issuers; `serve` accepts https addresses only."""
AUDIENCE = "student-graph"
MAX_TOKEN_LIFETIME_SECONDS = 12 * 3600
"""Seconds that a token of the demo counts."""
KEY_ID = "demo"

_S = Sensitivity
GRANTS: Mapping[ViewerRole, tuple[Sensitivity, ...]] = {
    ViewerRole.SUPERINTENDENT: tuple(sensitivity for sensitivity in _S if sensitivity is not _S.OPEN),
    ViewerRole.PRINCIPAL: (_S.PII, _S.CONTACT, _S.DEMOGRAPHIC, _S.PROGRAM, _S.LOCATION, _S.DISCIPLINE),
    ViewerRole.TEACHER: (),
    ViewerRole.COUNSELOR: (_S.CONTACT, _S.PROGRAM, _S.DISCIPLINE, _S.DISABILITY, _S.HOMELESS),
    ViewerRole.PARENT: (_S.PII, _S.DEMOGRAPHIC, _S.PROGRAM, _S.LOCATION, _S.DISCIPLINE, _S.DISABILITY, _S.MEAL),
    ViewerRole.STUDENT: (_S.PII, _S.PROGRAM, _S.LOCATION),
}
"""Classes of data that the demo's districts grant to roles in addition to open data."""
POLICY = f"sha256:{sha256(repr(GRANTS).encode()).hexdigest()}"
"""SHA-256 of the grants; every line of the record of disclosures names it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may send queries."""

    name: str
    """Name in the ready file, such as `teacher` or `teacher-2`."""
    role: ViewerRole
    districts: tuple[DistrictId, ...]
    claims: Mapping[str, str] = field(default_factory=dict)
    """Claims of the token with the person's number in the SIS."""


def district_people(district: DistrictId, cast: DemoPeople, suffix: str) -> list[Person]:
    """One person of every role; without number and students if the district has nobody of that role."""
    numbers = (
        (ViewerRole.SUPERINTENDENT, "staff_id", None),
        (ViewerRole.PRINCIPAL, "staff_id", cast.principal),
        (ViewerRole.TEACHER, "staff_id", cast.teacher),
        (ViewerRole.COUNSELOR, "staff_id", cast.counselor),
        (ViewerRole.PARENT, "contact_id", cast.parent),
        (ViewerRole.STUDENT, "student_id", cast.student),
    )
    return [
        Person(f"{role.value}{suffix}", role, (district,), {claim: number} if number else {})
        for role, claim, number in numbers
    ]


class DemoIssuer:
    """Issues the tokens of the demo's people."""

    def __init__(self, people: Sequence[Person]) -> None:
        self._people = people
        self._name = ISSUER_PREFIX + secrets.token_hex(8)
        self._key = generate_private_key(SECP256R1())
        self._public_key = PyJWK({**ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True), "kid": KEY_ID})

    def issuer(self) -> Issuer:
        """The issuer as the gateway is configured to accept it."""
        districts = {district for person in self._people for district in person.districts}
        grants = DistrictGrants(by_role={role: unlimited_grants(*classes) for role, classes in GRANTS.items()})
        return Issuer(
            self._name,
            IssuerKeys(static_keys={KEY_ID: self._public_key}),
            AUDIENCE,
            frozenset(districts),
            max_lifetime_seconds=MAX_TOKEN_LIFETIME_SECONDS,
            tenant_claim="districts",
            tenants={_tenant(person): frozenset(person.districts) for person in self._people},
            roles={role.value: role for role in GRANTS},
            operators=frozenset(p.name for p in self._people if p.role is ViewerRole.SUPERINTENDENT),
            grants=dict.fromkeys(districts, grants),
        )

    def tokens(self, audience: str = AUDIENCE, client: str | None = None) -> dict[str, str]:
        """A token for every person, by name; `client` is the id of the client that it is issued to."""
        named = {} if client is None else {"client_id": client}
        return {person.name: self._token(person, {"aud": audience, **named}) for person in self._people}

    def _token(self, person: Person, parties: Mapping[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self._name,
            "sub": person.name,
            "iat": now,
            "exp": now + MAX_TOKEN_LIFETIME_SECONDS,
            "role": person.role.value,
            "districts": _tenant(person),
            **person.claims,
            **parties,
        }
        return jwt.encode(claims, self._key, "ES256", headers={"kid": KEY_ID})


def _tenant(person: Person) -> str:
    """The value of the claim that names the person's districts."""
    return " ".join(person.districts)
