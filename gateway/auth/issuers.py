"""Issuers of tokens: the districts that they may speak for, and the meaning of their claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from student_graph.adapters.model import ContactId, DistrictId, StaffId, StudentId
from student_graph.gateway.auth.keys import IssuerKeys
from student_graph.resolvers.access import AssignedStudents, Grant
from student_graph.resolvers.context import Viewer, ViewerRole

MAX_TOKEN_LIFETIME_SECONDS = 3600.0
"""The default limit on a token's lifetime, from its issue to its expiry."""
MAX_EMAIL_CHARACTERS = 254
MAX_ID_CHARACTERS = 64
MAX_CLIENT_ID_CHARACTERS = 256
UNKNOWN_CLIENT = "unknown"


@dataclass(frozen=True, slots=True)
class SignIn:
    """How a browser signs in at the issuer: authorization code with PKCE (RFC 7636), as a public client."""

    authorization_url: str
    token_url: str
    client_id: str
    scope: str = "openid"

    @property
    def token_origin(self) -> str:
        """Origin that a browser asks for the token, for the policy of a page."""
        url = urlsplit(self.token_url)
        return f"{url.scheme}://{url.netloc}"


@dataclass(frozen=True, slots=True)
class DistrictGrants:
    """The grants of one district to viewers, by role and by subject, and the assigned students."""

    by_role: Mapping[ViewerRole, frozenset[Grant]] = field(default_factory=dict)
    by_subject: Mapping[str, frozenset[Grant]] = field(default_factory=dict)
    assigned: Mapping[str, frozenset[AssignedStudents]] = field(default_factory=dict)
    """Assigned students by the subject of the staff member."""

    def grants(self, role: ViewerRole, subject: str) -> frozenset[Grant]:
        """The grants of a viewer."""
        return self.by_role.get(role, frozenset()) | self.by_subject.get(subject, frozenset())


@dataclass(frozen=True, slots=True)
class Issuer:
    """An OIDC issuer, and how its claims describe a viewer."""

    name: str
    """The exact `iss` of its tokens."""
    keys: IssuerKeys
    audience: str
    """The required `aud` of its tokens."""
    districts: frozenset[DistrictId]
    """The districts that it may speak for; no claim adds another one."""
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    clients: frozenset[str] = frozenset()
    """Accepted values of `azp` in a token with several audiences; if empty, such tokens are invalid."""
    max_lifetime_seconds: float = MAX_TOKEN_LIFETIME_SECONDS
    """Limit on a token's lifetime, from its issue to its expiry."""
    tenant_claim: str | None = None
    """The claim that names the viewer's district; None if every viewer belongs to all districts of the issuer."""
    tenants: Mapping[str, frozenset[DistrictId]] = field(default_factory=dict)
    """Districts by value of the tenant claim."""
    role_claim: str = "role"
    roles: Mapping[str, ViewerRole] = field(default_factory=dict)
    """Roles by value of the role claim; other values give no role."""
    staff_claim: str = "staff_id"
    email_claim: str | None = None
    """The claim with a staff member's e-mail address as the SIS has it; used if no claim holds the staff id."""
    student_claim: str = "student_id"
    contact_claim: str = "contact_id"
    operators: frozenset[str] = frozenset()
    """Subjects who operate the gateway."""
    grants: Mapping[DistrictId, DistrictGrants] = field(default_factory=dict)
    sign_in: SignIn | None = None
    for_assistants: bool = False
    """Whether its tokens are those of assistants, which ask in the name of a person."""

    def viewer(self, claims: Mapping[str, Any]) -> Viewer | None:
        """The viewer that verified claims describe; None for a person without a role or a district here."""
        districts = self._districts(claims)
        role = self._role(claims)
        if not districts or role is None:
            return None
        subject = claims["sub"]
        viewer = Viewer(
            subject,
            role,
            districts,
            staff_id=_id_claim(claims, self.staff_claim, StaffId) if role in STAFF_ROLES else None,
            email=self._email(claims) if role in STAFF_ROLES else None,
            student_id=_id_claim(claims, self.student_claim, StudentId) if role is ViewerRole.STUDENT else None,
            contact_id=_id_claim(claims, self.contact_claim, ContactId) if role is ViewerRole.PARENT else None,
            issuer=self.name,
            operator=subject in self.operators,
            assistant=_client_id(claims) if self.for_assistants else None,
        )
        return replace(viewer, grants=self._grants(viewer), assigned=self._assigned(viewer))

    def _districts(self, claims: Mapping[str, Any]) -> frozenset[DistrictId]:
        if self.tenant_claim is None:
            return self.districts
        tenant = claims.get(self.tenant_claim)
        return self.districts & self.tenants.get(tenant, frozenset()) if isinstance(tenant, str) else frozenset()

    def _role(self, claims: Mapping[str, Any]) -> ViewerRole | None:
        """The first known role in the role claim, a text or a list of texts; None if it is anything else."""
        claim = claims.get(self.role_claim)
        names: list[Any] = claim if isinstance(claim, list) else [claim]
        if not all(isinstance(name, str) for name in names):
            return None
        return next((self.roles[name] for name in names if name in self.roles), None)

    def _email(self, claims: Mapping[str, Any]) -> str | None:
        """The e-mail address of a staff member; None if the issuer says that it is not verified."""
        email = claims.get(self.email_claim) if self.email_claim is not None else None
        verified = claims.get("email_verified", True) is True
        if not isinstance(email, str) or not verified or len(email) > MAX_EMAIL_CHARACTERS:
            return None
        return email.strip().casefold()

    def _grants(self, viewer: Viewer) -> frozenset[Grant]:
        districts = self._district_grants(viewer)
        return frozenset().union(*(district.grants(viewer.role, viewer.subject) for district in districts))

    def _assigned(self, viewer: Viewer) -> frozenset[AssignedStudents]:
        if viewer.role not in STAFF_ROLES:
            return frozenset()
        districts = self._district_grants(viewer)
        return frozenset().union(*(district.assigned.get(viewer.subject, frozenset()) for district in districts))

    def _district_grants(self, viewer: Viewer) -> Iterator[DistrictGrants]:
        return (self.grants[district] for district in viewer.districts if district in self.grants)


STAFF_ROLES = frozenset(
    {ViewerRole.SUPERINTENDENT, ViewerRole.PRINCIPAL, ViewerRole.TEACHER, ViewerRole.COUNSELOR}
)


def _client_id(claims: Mapping[str, Any]) -> str:
    """The client that a token was issued to (RFC 9068, OpenID Connect); `unknown` if the token does not say it."""
    names = (claims.get(name) for name in ("client_id", "azp"))
    return next((str(name) for name in names if _is_short_text(name, MAX_CLIENT_ID_CHARACTERS)), UNKNOWN_CLIENT)


def _is_short_text(value: Any, max_characters: int) -> bool:
    """Whether a value is a text, not empty and not too long, that can be shown."""
    return isinstance(value, str) and 0 < len(value) <= max_characters and value.isprintable()


def _id_claim(claims: Mapping[str, Any], name: str, kind: Any) -> Any:
    """A claim that is a whole number or a short text that can be shown, as an id; None for any other value."""
    value = claims.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return kind(value) if _is_short_text(value, MAX_ID_CHARACTERS) else None
