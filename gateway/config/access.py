"""The sections of the settings file about access: issuers, viewers, grants and assignments of students."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol, Self
from urllib.parse import urlsplit

import httpx
from pydantic import AfterValidator, Field, model_validator

from student_graph.adapters.model import ContactId, DistrictId, StaffId, StudentId
from student_graph.gateway.auth.issuers import MAX_TOKEN_LIFETIME_SECONDS, DistrictGrants, Issuer, SignIn
from student_graph.gateway.auth.keys import IssuerKeys
from student_graph.gateway.config.grants import AssignedConfig, GrantConfig
from student_graph.gateway.config.sections import Section
from student_graph.resolvers.access import AssignedStudents, Grant
from student_graph.resolvers.context import Viewer, ViewerRole

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
SETTINGS_ISSUER = "settings"
"""What the settings call the issuer of the viewers in `[[viewers]]`; the name of every other issuer is a URL."""
URL_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
"""The characters of a URL (RFC 3986): no blank, no control character, and no `|`, which ends an issuer's name."""


def check_https(url: str) -> str:
    """
    Return an address that is https, or http of this machine.

    Raises:
        ValueError: it is another one.
    """
    parts = urlsplit(url)
    is_plain = URL_CHARACTERS.fullmatch(url) and parts.hostname and not parts.username and not parts.fragment
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)
    if not is_plain or not is_safe:
        raise ValueError("an https address, such as https://login.example/keys")
    return url


HttpsUrl = Annotated[str, AfterValidator(check_https)]


class SignInConfig(Section):
    """How GraphiQL signs in: authorization code flow with PKCE (RFC 7636), as a public client of the issuer."""

    authorization_url: HttpsUrl
    """URL of the page where people sign in."""
    token_url: HttpsUrl
    """URL that exchanges the authorization code for a token."""
    client_id: str = Field(min_length=1)
    """Client id of GraphiQL at the issuer; the redirect address is the URL of `/graphql`."""
    scope: str = "openid"
    """Scopes that GraphiQL requests, separated by spaces."""


class IssuerConfig(Section):
    """An OpenID Connect issuer whose tokens are accepted."""

    issuer: HttpsUrl
    """The `iss` claim of its tokens; it must match exactly."""
    audience: str = Field(min_length=1)
    """The required `aud` claim of its tokens."""
    assistants_audience: str | None = Field(default=None, min_length=1)
    """The required `aud` of its tokens for assistants; `assistants.url` if left out."""
    jwks_url: HttpsUrl
    """URL of its public keys, a JWK Set (RFC 7517)."""
    districts: tuple[str, ...] = Field(min_length=1)
    """Ids of the districts that it speaks for; no claim can give access to another district."""
    tenant_claim: str | None = None
    """Claim that says which of several `districts` the viewer belongs to."""
    tenants: dict[str, str] = Field(default_factory=dict)
    """District id by the value of `tenant_claim`; each of `districts` has at least one value."""
    role_claim: str = "role"
    """Claim with the viewer's role."""
    roles: dict[str, ViewerRole] = Field(min_length=1)
    """Role by the value of `role_claim`; a viewer with any other value is refused."""
    staff_claim: str = "staff_id"
    """Claim with the staff member's number in the SIS."""
    email_claim: str | None = None
    """Claim with the staff member's email address in the SIS; used if no claim has the number."""
    student_claim: str = "student_id"
    """Claim with the student's number in the SIS."""
    contact_claim: str = "contact_id"
    """Claim with the parent's or guardian's number in the SIS."""
    operators: frozenset[str] = frozenset()
    """Subjects (`sub`) of the people who operate the gateway."""
    clients: frozenset[str] = frozenset()
    """Values of `azp` that are accepted in a token for several audiences; if empty, such tokens are refused."""
    longest: float = Field(default=MAX_TOKEN_LIFETIME_SECONDS, gt=0, le=86_400)
    """Seconds that a token may be valid from the time of its issue (`iat`); longer-lived tokens are refused."""
    sign_in: SignInConfig | None = None
    """How GraphiQL signs in; without it, people paste a token."""

    @model_validator(mode="after")
    def _check_tenants(self) -> IssuerConfig:
        if bool(self.tenant_claim) != bool(self.tenants):
            raise ValueError("set with both tenant_claim and tenants, or with neither of them")
        if len(set(self.districts)) > 1 and not self.tenant_claim:
            raise ValueError("given tenant_claim and tenants: it has several districts, a viewer only one")
        if self.tenants and set(self.tenants.values()) != set(self.districts):
            raise ValueError("given tenants that name each of its districts, and no other one")
        return self

    def build(self, grants: Mapping[DistrictId, DistrictGrants], keys: IssuerKeys | None = None) -> Issuer:
        """The issuer; without `keys`, they are fetched when the first token arrives."""
        sign_in = SignIn(**self.sign_in.model_dump()) if self.sign_in else None
        return Issuer(
            self.issuer,
            keys or IssuerKeys(self.jwks_url, httpx.AsyncClient(trust_env=False, timeout=5.0)),
            self.audience,
            frozenset(map(DistrictId, self.districts)),
            clients=self.clients,
            max_lifetime_seconds=self.longest,
            tenant_claim=self.tenant_claim,
            tenants={value: frozenset({DistrictId(district)}) for value, district in self.tenants.items()},
            role_claim=self.role_claim,
            roles=self.roles,
            staff_claim=self.staff_claim,
            email_claim=self.email_claim,
            student_claim=self.student_claim,
            contact_claim=self.contact_claim,
            operators=self.operators,
            grants=grants,
            sign_in=sign_in,
        )


class ViewerConfig(Section):
    """A viewer with a fixed token, such as a service; an environment variable holds the token."""

    subject: str = Field(min_length=1)
    """Stable name of the person or service, as the record of disclosures and grants know it."""
    role: ViewerRole
    """Role of the viewer in the district."""
    districts: tuple[str, ...] = Field(min_length=1)
    """Ids of the districts whose data the viewer may see."""
    staff_id: str | None = None
    """The viewer's number as a staff member in the SIS."""
    student_id: str | None = None
    """The viewer's number as a student in the SIS."""
    contact_id: str | None = None
    """The viewer's number as a parent or guardian in the SIS."""
    operator: bool = False
    """Whether the viewer operates the gateway: sees the health of sources, and may remove cached data."""
    counts_only: bool = False
    """Whether the viewer sees no student, and only counts of whole districts without small cells; for services."""
    token_env: str = Field(min_length=1)
    """Name of the environment variable that holds the viewer's token, at least 32 characters."""

    @model_validator(mode="after")
    def _check_counts_only(self) -> Self:
        if self.counts_only and self.role is not ViewerRole.SERVICE:
            raise ValueError("counts_only: only viewers with the role 'service' may have it")
        return self

    def build(self, grants: Mapping[DistrictId, DistrictGrants]) -> Viewer:
        """The viewer, with the grants and assignments of the viewer's districts."""
        districts = frozenset(map(DistrictId, self.districts))
        district_grants = [grants[district] for district in districts if district in grants]
        return Viewer(
            subject=self.subject,
            role=self.role,
            districts=districts,
            grants=frozenset().union(*(granted.grants(self.role, self.subject) for granted in district_grants)),
            staff_id=StaffId(self.staff_id) if self.staff_id else None,
            student_id=StudentId(self.student_id) if self.student_id else None,
            contact_id=ContactId(self.contact_id) if self.contact_id else None,
            assigned=frozenset().union(
                *(granted.assigned.get(self.subject, frozenset()) for granted in district_grants)
            ),
            operator=self.operator,
            counts_only=self.counts_only,
        )


class DistrictSection(Protocol):
    """The part of a district's section that is about access."""

    @property
    def id(self) -> str:
        """Id of the district."""

    @property
    def grants(self) -> tuple[GrantConfig, ...]:
        """Classes of data that are not open, and who may see them."""

    @property
    def assigned(self) -> tuple[AssignedConfig, ...]:
        """Students assigned to staff members."""


@dataclass(frozen=True, slots=True)
class DistrictIssuers:
    """Who names the viewers of one district: its issuers, and the settings themselves."""

    names: tuple[str, ...]
    """The issuers of the district."""
    viewers: frozenset[str]
    """The subjects of the district's `[[viewers]]`."""

    def issuer_of(self, subject: str, issuer: str | None) -> str:
        """
        The issuer of a subject in the settings, with the `issuer` beside it, which may be left out.

        Without it, the subject is the viewer of that name in the settings, or else one of the only issuer.

        Raises:
            ValueError: the settings must name another issuer, or one at all; the message says which there are.
        """
        known = [*self.names, SETTINGS_ISSUER] if self.viewers else list(self.names)
        choices = ", ".join(known) or "those in [[issuers]] that list the district"
        if issuer is not None and issuer not in known:
            raise ValueError(f"no viewer of the district is from there; set one of {choices}")
        if issuer is not None:
            return issuer
        if len(self.names) > 1:
            raise ValueError(f"equal subjects of two issuers are two people; set one of {choices}")
        return SETTINGS_ISSUER if subject in self.viewers or not self.names else self.names[0]


def issuers_of(district: str, issuers: Sequence[IssuerConfig], viewers: Sequence[ViewerConfig]) -> DistrictIssuers:
    """Who names the viewers of a district."""
    return DistrictIssuers(
        tuple(issuer.issuer for issuer in issuers if district in issuer.districts),
        frozenset(viewer.subject for viewer in viewers if district in viewer.districts),
    )


def grants_by_district(
    districts: Sequence[DistrictSection],
    issuers: Sequence[IssuerConfig],
    viewers: Sequence[ViewerConfig],
    issuer: str,
) -> dict[DistrictId, DistrictGrants]:
    """
    The grants and assignments of each district to the viewers of one issuer, or of `SETTINGS_ISSUER`.

    Those of other issuers are not among them, so that equal subjects of two issuers share nothing.
    """
    return {
        DistrictId(district.id): _build_grants(district, issuers_of(district.id, issuers, viewers), issuer)
        for district in districts
    }


def _build_grants(section: DistrictSection, issuers: DistrictIssuers, issuer: str) -> DistrictGrants:
    district = DistrictId(section.id)
    by_role: defaultdict[ViewerRole, frozenset[Grant]] = defaultdict(frozenset)
    by_subject: defaultdict[str, frozenset[Grant]] = defaultdict(frozenset)
    assigned: defaultdict[str, frozenset[AssignedStudents]] = defaultdict(frozenset)
    for config in section.grants:
        grant = config.build(district)
        for role in config.roles if config.issuer in (None, issuer) else ():
            by_role[role] |= {grant}
        for subject in config.subjects:
            if issuers.issuer_of(subject, config.issuer) == issuer:
                by_subject[subject] |= {grant}
    for assignment in section.assigned:
        if issuers.issuer_of(assignment.subject, assignment.issuer) == issuer:
            assigned[assignment.subject] |= {assignment.build(district)}
    return DistrictGrants(dict(by_role), dict(by_subject), dict(assigned))


def access_problems(
    issuers: Sequence[IssuerConfig], viewers: Sequence[ViewerConfig], districts: Sequence[DistrictSection]
) -> Iterator[str]:
    """Problems that no single section can see: two sections for one issuer, and unknown districts and issuers."""
    district_ids = [district.id for district in districts]
    names = [issuer.issuer for issuer in issuers]
    if len(set(names)) < len(names):
        yield "issuers: two sections have the same issuer; list all its districts in one section"
    known = ", ".join(district_ids)
    owners: list[tuple[str, IssuerConfig | ViewerConfig]] = [(f"issuer {i.issuer!r}", i) for i in issuers]
    owners += [(f"viewer {viewer.subject!r}", viewer) for viewer in viewers]
    for owner, part in owners:
        for district in part.districts:
            if district not in district_ids:
                yield f"{owner}: districts: there is no district {district!r}; there are {known}"
    for section in districts:
        for problem in _issuer_problems(section, issuers_of(section.id, issuers, viewers)):
            yield f"district {section.id!r}, {problem}"


def _issuer_problems(section: DistrictSection, issuers: DistrictIssuers) -> Iterator[str]:
    """The grants and assignments of a district that must name an issuer, or another one."""
    names: list[tuple[str, Iterable[str], str | None]] = [
        *((f"grant {number}", grant.subjects, grant.issuer) for number, grant in enumerate(section.grants, 1)),
        *((f"assignment {part.subject!r}", [part.subject], part.issuer) for part in section.assigned),
    ]
    for setting, subjects, issuer in names:
        try:
            for subject in subjects or ([""] if issuer else []):  # a grant to roles may name an issuer too
                issuers.issuer_of(subject, issuer)
        except ValueError as exc:
            yield f"{setting}: issuer: {exc}"
