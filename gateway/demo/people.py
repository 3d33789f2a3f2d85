"""
The demo's people: who they are, what their districts grant them, and their tokens.

The tokens are signed by a key that is made at each start and never leaves the process.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from jwt import PyJWK
from jwt.algorithms import ECAlgorithm

from student_graph.adapters.model import DistrictId, Sensitivity
from student_graph.adapters.sandbox.cast import Cast
from student_graph.gateway.auth import Issuer, IssuerKeys
from student_graph.gateway.auth.issuers import DistrictGrants
from student_graph.resolvers.access import granted
from student_graph.resolvers.context import ViewerRole

PREFIX = "urn:student-graph:demo:"
"""What the demo's issuers are named by; `serve` takes https addresses only."""
AUDIENCE = "student-graph"
MAX_TOKEN_LIFETIME_SECONDS = 12 * 3600
"""Seconds that a token of the demo counts."""
ISSUER_KEY = "demo"

_S = Sensitivity
GRANTS: Mapping[ViewerRole, tuple[Sensitivity, ...]] = {
    ViewerRole.SUPERINTENDENT: tuple(each for each in Sensitivity if each is not Sensitivity.OPEN),
    ViewerRole.PRINCIPAL: (_S.PII, _S.CONTACT, _S.DEMOGRAPHIC, _S.PROGRAM, _S.LOCATION, _S.DISCIPLINE),
    ViewerRole.TEACHER: (),
    ViewerRole.COUNSELOR: (_S.CONTACT, _S.PROGRAM, _S.DISCIPLINE, _S.DISABILITY, _S.HOMELESS),
    ViewerRole.PARENT: (_S.PII, _S.DEMOGRAPHIC, _S.PROGRAM, _S.LOCATION, _S.DISCIPLINE, _S.DISABILITY, _S.MEAL),
    ViewerRole.STUDENT: (_S.PII, _S.PROGRAM, _S.LOCATION),
}
"""Classes of data that the demo's districts grant to roles, beside the open one."""
POLICY = f"sha256:{sha256(repr(GRANTS).encode()).hexdigest()}"
"""The digest of it that stands in the record of disclosures."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may ask."""

    name: str
    """As in the ready file, such as `teacher` or `teacher-2`."""
    role: ViewerRole
    districts: tuple[DistrictId, ...]
    claims: Mapping[str, str] = field(default_factory=dict)
    """What the token says of the person's number."""


def people(district: DistrictId, who: Cast, suffix: str) -> list[Person]:
    """The people of one district; somebody whom it does not have is there all the same, and sees nobody."""
    named = (
        (ViewerRole.SUPERINTENDENT, "staff_id", None),
        (ViewerRole.PRINCIPAL, "staff_id", who.principal),
        (ViewerRole.TEACHER, "staff_id", who.teacher),
        (ViewerRole.COUNSELOR, "staff_id", who.counselor),
        (ViewerRole.PARENT, "contact_id", who.parent),
        (ViewerRole.STUDENT, "student_id", who.student),
    )
    return [
        Person(f"{role.value}{suffix}", role, (district,), {claim: number} if number else {})
        for role, claim, number in named
    ]


class DemoIssuer:
    """Vouches for the demo's people."""

    def __init__(self, folk: list[Person]) -> None:
        self._folk = folk
        self._name = PREFIX + secrets.token_hex(8)
        self._key = generate_private_key(SECP256R1())
        self._public = PyJWK({**ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True), "kid": ISSUER_KEY})

    def issuer(self) -> Issuer:
        """As the gateway believes it."""
        districts = {district for person in self._folk for district in person.districts}
        given = DistrictGrants(by_role={role: granted(*classes) for role, classes in GRANTS.items()})
        return Issuer(
            self._name,
            IssuerKeys(static_keys={ISSUER_KEY: self._public}),
            AUDIENCE,
            frozenset(districts),
            max_lifetime_seconds=MAX_TOKEN_LIFETIME_SECONDS,
            tenant_claim="districts",
            tenants={_tenant(person): frozenset(person.districts) for person in self._folk},
            roles={role.value: role for role in GRANTS},
            operators=frozenset(p.name for p in self._folk if p.role is ViewerRole.SUPERINTENDENT),
            grants=dict.fromkeys(districts, given),
        )

    def tokens(self) -> dict[str, str]:
        """A token for each of the people, by name."""
        return {person.name: self._token(person) for person in self._folk}

    def _token(self, person: Person) -> str:
        now = int(time.time())
        claims = {
            "iss": self._name,
            "aud": AUDIENCE,
            "sub": person.name,
            "iat": now,
            "exp": now + MAX_TOKEN_LIFETIME_SECONDS,
            "role": person.role.value,
            "districts": _tenant(person),
            **person.claims,
        }
        return jwt.encode(claims, self._key, "ES256", headers={"kid": ISSUER_KEY})


def _tenant(person: Person) -> str:
    return " ".join(person.districts)
