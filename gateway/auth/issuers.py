"""Issuers of tokens: for which districts they may speak, and what their claims mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from student_graph.adapters.model import ContactId, DistrictId, StaffId, StudentId
from student_graph.gateway.auth.keys import IssuerKeys
from student_graph.resolvers.access import Assigned, Grant
from student_graph.resolvers.context import Viewer, ViewerRole

MAX_TOKEN_LIFETIME_SECONDS = 3600.0
"""Seconds that a token may count."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """How a browser signs in: authorization code with PKCE (RFC 7636) at the issuer, as a public client."""

    authorization_url: str
    token_url: str
    client_id: str
    scope: str = "openid"


@dataclass(frozen=True, slots=True)
class DistrictGrants:
    """What a district gives to those whom an issuer vouches for."""

    by_role: Mapping[ViewerRole, frozenset[Grant]] = field(default_factory=dict)
    by_subject: Mapping[str, frozenset[Grant]] = field(default_factory=dict)
    assigned: Mapping[str, frozenset[Assigned]] = field(default_factory=dict)
    """By subject."""

    def grants(self, role: ViewerRole, subject: str) -> frozenset[Grant]:
        """What somebody is granted."""
        return self.by_role.get(role, frozenset()) | self.by_subject.get(subject, frozenset())


@dataclass(frozen=True, slots=True)
class Issuer:
    """An OIDC issuer, and what its tokens say."""

    name: str
    """The `iss` of its tokens, compared as a whole."""
    keys: IssuerKeys
    audience: str
    """What the `aud` of its tokens must be."""
    districts: frozenset[DistrictId]
    """Districts that it may speak for: no claim leads out of them."""
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    clients: frozenset[str] = frozenset()
    """The `azp` that a token for several audiences may have; none is accepted when empty."""
    longest: float = MAX_TOKEN_LIFETIME_SECONDS
    """Seconds that a token may count from the time of its issue."""
    tenant_claim: str | None = None
    """The claim that says of which district somebody is, where the issuer speaks for several; else of all."""
    tenants: Mapping[str, frozenset[DistrictId]] = field(default_factory=dict)
    """Districts by what that claim says."""
    role_claim: str = "role"
    roles: Mapping[str, ViewerRole] = field(default_factory=dict)
    """Roles by what that claim says; whatever else it says is no role."""
    staff_claim: str = "staff_id"
    email_claim: str | None = None
    """The claim with the address by which the SIS knows a member of staff, where no claim has the number."""
    student_claim: str = "student_id"
    contact_claim: str = "contact_id"
    operators: frozenset[str] = frozenset()
    """Subjects who run the gateway."""
    given: Mapping[DistrictId, DistrictGrants] = field(default_factory=dict)
    sign_in: SignIn | None = None

    def viewer(self, claims: Mapping[str, Any]) -> Viewer | None:
        """Who verified claims are about; None for somebody without a role or a district here."""
        districts = self._districts(claims)
        role = self._role(claims)
        if not districts or role is None:
            return None
        subject = claims["sub"]
        viewer = Viewer(
            subject,
            role,
            districts,
            staff_id=_text(claims, self.staff_claim, StaffId) if role in STAFF_ROLES else None,
            email=self._email(claims) if role in STAFF_ROLES else None,
            student_id=_text(claims, self.student_claim, StudentId) if role is ViewerRole.STUDENT else None,
            contact_id=_text(claims, self.contact_claim, ContactId) if role is ViewerRole.PARENT else None,
            issuer=self.name,
            operator=subject in self.operators,
        )
        return replace(viewer, grants=self._grants(viewer), assigned=self._assigned(viewer))

    def _districts(self, claims: Mapping[str, Any]) -> frozenset[DistrictId]:
        if self.tenant_claim is None:
            return self.districts
        said = claims.get(self.tenant_claim)
        return self.districts & self.tenants.get(said, frozenset()) if isinstance(said, str) else frozenset()

    def _role(self, claims: Mapping[str, Any]) -> ViewerRole | None:
        """The first role that the claim names; some issuers send a list."""
        said = claims.get(self.role_claim)
        named = said if isinstance(said, list) else [said]
        return next((self.roles[one] for one in named if isinstance(one, str) and one in self.roles), None)

    def _email(self, claims: Mapping[str, Any]) -> str | None:
        """The address of a member of staff, unless the issuer says that it has not been verified."""
        said = claims.get(self.email_claim) if self.email_claim is not None else None
        verified = claims.get("email_verified", True) is True
        return said.strip().casefold() if isinstance(said, str) and verified and len(said) <= 254 else None

    def _grants(self, viewer: Viewer) -> frozenset[Grant]:
        given = (self.given[district] for district in viewer.districts if district in self.given)
        return frozenset().union(*(each.grants(viewer.role, viewer.subject) for each in given))

    def _assigned(self, viewer: Viewer) -> frozenset[Assigned]:
        if viewer.role not in STAFF_ROLES:
            return frozenset()
        given = (self.given[district] for district in viewer.districts if district in self.given)
        return frozenset().union(*(each.assigned.get(viewer.subject, frozenset()) for each in given))


STAFF_ROLES = frozenset({ViewerRole.SUPERINTENDENT, ViewerRole.PRINCIPAL, ViewerRole.TEACHER, ViewerRole.COUNSELOR})


def _text(claims: Mapping[str, Any], name: str, kind: Any) -> Any:
    """A claim that is a number or a short text; None for anything else."""
    said = claims.get(name)
    if isinstance(said, int) and not isinstance(said, bool):
        said = str(said)
    return kind(said) if isinstance(said, str) and 0 < len(said) <= 64 else None
