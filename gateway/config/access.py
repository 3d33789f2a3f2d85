"""The sections of the settings file that say who may ask, and what districts give to whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Protocol
from urllib.parse import urlsplit

import httpx
from pydantic import AfterValidator, Field, model_validator

from student_graph.adapters.model import (
    ContactId,
    DistrictId,
    GradeLevel,
    SchoolId,
    Sensitivity,
    StaffId,
    StudentId,
)
from student_graph.gateway.auth.issuers import MAX_TOKEN_LIFETIME_SECONDS, DistrictGrants, Issuer, SignIn
from student_graph.gateway.auth.keys import IssuerKeys
from student_graph.gateway.config.sections import Section
from student_graph.resolvers.access import Assigned, Grant
from student_graph.resolvers.context import Viewer, ViewerRole

SCHOOL_YEAR = timedelta(days=366)
"""The longest that a grant of a restricted class may last."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def _https(address: str) -> str:
    parts = urlsplit(address)
    plain = parts.hostname and not parts.username and not parts.fragment
    if not plain or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
        raise ValueError("an https address, such as https://login.example/keys")
    return address


Address = Annotated[str, AfterValidator(_https)]


class SignInConfig(Section):
    """How GraphiQL signs in: authorization code with PKCE, as a public client of the issuer."""

    authorization_url: Address
    """Where a browser is sent to sign in."""
    token_url: Address
    """Where the code is turned into a token."""
    client_id: str = Field(min_length=1)
    """What the issuer knows GraphiQL as; its redirect address is that of `/graphql`."""
    scope: str = "openid"
    """What is asked for."""


class IssuerConfig(Section):
    """An OIDC issuer whose tokens are believed."""

    issuer: Address
    """The `iss` of its tokens, to the letter."""
    audience: str = Field(min_length=1)
    """What the `aud` of its tokens must be."""
    jwks_url: Address
    """Where its keys are, in the form of RFC 7517."""
    districts: tuple[str, ...] = Field(min_length=1)
    """Ids of the districts that it may speak for."""
    tenant_claim: str | None = None
    """The claim that says of which district somebody is; without one everybody is of all of them."""
    tenants: dict[str, str] = Field(default_factory=dict)
    """Districts by what that claim says."""
    role_claim: str = "role"
    """The claim that says what somebody is."""
    roles: dict[str, ViewerRole] = Field(min_length=1)
    """Roles by what that claim says; whatever else it says is no role."""
    staff_claim: str = "staff_id"
    """The claim with the number of a member of staff."""
    email_claim: str | None = None
    """The claim with the address by which the SIS knows a member of staff, where no claim has the number."""
    student_claim: str = "student_id"
    """The claim with the number of a student."""
    contact_claim: str = "contact_id"
    """The claim with the number of a parent or guardian."""
    operators: frozenset[str] = frozenset()
    """Subjects who run the gateway."""
    clients: frozenset[str] = frozenset()
    """The `azp` that a token for several audiences may have; none is accepted when empty."""
    longest: float = Field(default=MAX_TOKEN_LIFETIME_SECONDS, gt=0, le=86_400)
    """Seconds that a token may count."""
    sign_in: SignInConfig | None = None
    """How GraphiQL signs in; without it a token is pasted."""

    @model_validator(mode="after")
    def _tenants(self) -> IssuerConfig:
        if bool(self.tenant_claim) != bool(self.tenants):
            raise ValueError("given with both tenant_claim and tenants, or with neither of them")
        return self

    def made(self, given: Mapping[DistrictId, DistrictGrants]) -> Issuer:
        """The issuer; its keys are fetched when the first token comes."""
        sign_in = SignIn(**self.sign_in.model_dump()) if self.sign_in else None
        return Issuer(
            self.issuer,
            IssuerKeys(self.jwks_url, httpx.AsyncClient(trust_env=False, timeout=5.0)),
            self.audience,
            frozenset(map(DistrictId, self.districts)),
            clients=self.clients,
            max_lifetime_seconds=self.longest,
            tenant_claim=self.tenant_claim,
            tenants={said: frozenset({DistrictId(district)}) for said, district in self.tenants.items()},
            role_claim=self.role_claim,
            roles=self.roles,
            staff_claim=self.staff_claim,
            email_claim=self.email_claim,
            student_claim=self.student_claim,
            contact_claim=self.contact_claim,
            operators=self.operators,
            grants=given,
            sign_in=sign_in,
        )


class GrantConfig(Section):
    """Classes of data beside the open one, for roles or for persons."""

    roles: frozenset[ViewerRole] = frozenset()
    """Everybody of these roles."""
    subjects: frozenset[str] = frozenset()
    """These persons and services, by the subject of their token."""
    classes: frozenset[Sensitivity] = Field(min_length=1)
    """What they may see."""
    purpose: str | None = Field(default=None, min_length=1, max_length=64)
    """Only in requests that state this purpose."""
    schools: frozenset[str] | None = None
    """Only of students enrolled at these schools."""
    students: frozenset[str] | None = None
    """Only of these students."""
    until: date | None = None
    """Last day, in the district's calendar."""
    approved_by: tuple[str, ...] = ()
    """Who has approved it: two persons, where a class is restricted."""

    @model_validator(mode="after")
    def _sound(self) -> GrantConfig:
        if not self.roles and not self.subjects:
            raise ValueError("given to roles or subjects: name some")
        if restricted := sorted(each.value for each in self.classes if each.restricted):
            if len(set(self.approved_by)) < 2:
                raise ValueError(
                    f"approved by two persons, for {restricted[0]} is restricted: name both in approved_by"
                )
            if self.until is None or self.until > date.today() + SCHOOL_YEAR:  # noqa: DTZ011 - a day of notice is none
                raise ValueError(f"over within a school year, for {restricted[0]} is restricted: say until when")
        return self

    def made(self, district: DistrictId) -> Grant:
        """The grant."""
        return Grant(
            self.classes,
            district,
            None if self.schools is None else frozenset(map(SchoolId, self.schools)),
            None if self.students is None else frozenset(map(StudentId, self.students)),
            self.purpose,
            self.until,
        )


class AssignedConfig(Section):
    """Students whom the district gives to a member of staff beside those whom the SIS tells."""

    subject: str = Field(min_length=1)
    """The person, by the subject of the token."""
    schools: frozenset[str] = frozenset()
    """Students enrolled at these schools."""
    grade_levels: frozenset[GradeLevel] | None = None
    """Only in these grade levels."""
    students: frozenset[str] = frozenset()
    """These students, such as a caseload."""
    begin: date | None = None
    """First day, in the district's calendar."""
    until: date | None = None
    """Last day."""

    @model_validator(mode="after")
    def _some(self) -> AssignedConfig:
        if not self.schools and not self.students:
            raise ValueError("about somebody: name schools or students")
        return self

    def made(self, district: DistrictId) -> Assigned:
        """The students."""
        schools, students = frozenset(map(SchoolId, self.schools)), frozenset(map(StudentId, self.students))
        return Assigned(district, schools, self.grade_levels, students, self.begin, self.until)


class ViewerConfig(Section):
    """Somebody who asks with a token of the settings, such as a service, and the variable that holds it."""

    subject: str = Field(min_length=1)
    """Stable name of the person or service."""
    role: ViewerRole
    """What the viewer is to the district."""
    districts: tuple[str, ...] = Field(min_length=1)
    """Ids of the districts of which the viewer may see something."""
    staff_id: str | None = None
    """The viewer's number as a member of staff."""
    student_id: str | None = None
    """The viewer's number as a student."""
    contact_id: str | None = None
    """The viewer's number as a parent or guardian."""
    operator: bool = False
    """Whether the viewer sees the sources' health and identity counts."""
    token_env: str = Field(min_length=1)
    """Name of the environment variable with the viewer's token, at least 32 characters long."""

    def made(self, given: Mapping[DistrictId, DistrictGrants]) -> Viewer:
        """The viewer that the gateway knows."""
        districts = frozenset(map(DistrictId, self.districts))
        mine = [given[district] for district in districts if district in given]
        return Viewer(
            subject=self.subject,
            role=self.role,
            districts=districts,
            grants=frozenset().union(*(each.grants(self.role, self.subject) for each in mine)),
            staff_id=StaffId(self.staff_id) if self.staff_id else None,
            student_id=StudentId(self.student_id) if self.student_id else None,
            contact_id=ContactId(self.contact_id) if self.contact_id else None,
            assigned=frozenset().union(*(each.assigned.get(self.subject, frozenset()) for each in mine)),
            operator=self.operator,
        )


class Giving(Protocol):
    """A district as its settings have it."""

    @property
    def id(self) -> str:
        """Short name of the district."""

    @property
    def grants(self) -> tuple[GrantConfig, ...]:
        """Classes of data beside the open one, and who may see them."""

    @property
    def assigned(self) -> tuple[AssignedConfig, ...]:
        """Students given to members of staff."""


def given(districts: Sequence[Giving]) -> dict[DistrictId, DistrictGrants]:
    """What each district gives to whom."""
    return {DistrictId(each.id): _given(each) for each in districts}


def _given(district: Giving) -> DistrictGrants:
    name = DistrictId(district.id)
    by_role: dict[ViewerRole, frozenset[Grant]] = {}
    by_subject: dict[str, frozenset[Grant]] = {}
    assigned: dict[str, frozenset[Assigned]] = {}
    for grant in district.grants:
        made = frozenset({grant.made(name)})
        _add(by_role, grant.roles, made)
        _add(by_subject, grant.subjects, made)
    for one in district.assigned:
        _add(assigned, (one.subject,), frozenset({one.made(name)}))
    return DistrictGrants(by_role, by_subject, assigned)


def _add(found: dict[Any, frozenset[Any]], names: Any, more: frozenset[Any]) -> None:
    for name in names:
        found[name] = found.get(name, frozenset()) | more


def contradictions(
    issuers: Sequence[IssuerConfig], viewers: Sequence[ViewerConfig], ids: Sequence[str]
) -> Iterator[str]:
    """What single settings cannot know: issuers named twice, and districts that are not there."""
    names = [each.issuer for each in issuers]
    if len(set(names)) < len(names):
        yield "issuers: two have the same issuer; districts of one issuer stand in its districts"
    for place, issuer in enumerate(issuers):
        for district in (*issuer.districts, *issuer.tenants.values()):
            if district not in ids:
                yield f"issuers[{place}].districts: there is no district {district!r}; there are {', '.join(ids)}"
    for place, viewer in enumerate(viewers):
        if unknown := [district for district in viewer.districts if district not in ids]:
            yield f"viewers[{place}].districts: there is no district {unknown[0]!r}; there are {', '.join(ids)}"
