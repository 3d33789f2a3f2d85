"""Settings of a OneRoster source."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from student_graph.adapters.auth import TokenSettings
from student_graph.adapters.oauth1 import SignatureMethod
from student_graph.adapters.oneroster.adapter.profiles import (
    PROFILES,
    Profile,
    ProfileName,
    check_profile,
    with_defaults,
)
from student_graph.adapters.oneroster.api.resources import PARTS, Part
from student_graph.adapters.oneroster.client.rows import page_count
from student_graph.adapters.reading import EndDate

SCOPE_NAMES = (
    "roster-core.readonly",
    "roster.readonly",
    "roster-demographics.readonly",
    "gradebook-core.readonly",
    "gradebook.readonly",
    "assessment.readonly",
)
_STUDENT_FIELD = re.compile(r"identifier|sourcedId|userMasterIdentifier|userIds:.{1,64}")


def _validate_student_field(text: str) -> str:
    """The name of a field that may hold student numbers."""
    if not _STUDENT_FIELD.fullmatch(text):
        raise ValueError('use "identifier", "sourcedId", "userMasterIdentifier" or "userIds:TYPE"')
    return text


class OneRosterSettings(TokenSettings):
    """The address and credentials of a OneRoster server, and which of its fields hold the district's numbers."""

    profile: ProfileName | None = None
    """
    Vendor of the server, whose differences from the standard are known: `infinite_campus`, `classlink`, `skyward`
    or `powerschool`. It changes defaults of other settings, and says which of them it needs.
    """
    version: Literal["1.1", "1.2"] = "1.2"
    """Version of the standard that the server implements."""
    auth: Literal["oauth2", "oauth1", "bearer"] = "oauth2"
    """
    How requests are authenticated: OAuth 2.0 client credentials, OAuth 1.0a signatures (version 1.1 only), or a
    fixed bearer token.
    """
    client_id: str | None = Field(default=None, min_length=1)
    """Client id or consumer key, from the server's administration."""
    client_secret: SecretStr | None = None
    """Client secret or consumer secret."""
    access_token: SecretStr | None = None
    """The fixed token of `auth = "bearer"`."""
    vendor_key: str | None = Field(default=None, min_length=1, pattern=r"^[!-9;-~]+$")
    """Key of the vendor's partner program, which Infinite Campus wants for its gradebook and assessments."""
    vendor_secret: SecretStr | None = None
    """Secret of the vendor's partner program."""
    parts: tuple[Part, ...] = Field(default=PARTS, min_length=1)
    """
    Parts of the standard that are read: `rostering`, `gradebook` and `assessments`. Nothing is requested of other
    parts, and no token with their scopes.
    """
    signature: SignatureMethod = "HMAC-SHA1"
    """Method of OAuth 1.0a signatures: `HMAC-SHA1` or `HMAC-SHA256`."""
    scopes: tuple[str, ...] | None = None
    """Scopes of the token, in full as the server names them; by default all that the adapter uses."""
    page_size: int = Field(default=500, ge=1, le=1000)
    """Rows on a page that the adapter requests, or as many as the server allows if it refuses so many."""
    students: int = Field(default=5000, ge=1)
    """Estimated number of students in the district, to estimate the cost of district-wide lists."""
    school_students: int = Field(default=600, ge=1)
    """Estimated number of students in one school, to estimate the cost of lists of classes or people."""
    student_id_field: Annotated[str, AfterValidator(_validate_student_field)] = "identifier"
    """
    The field of a user that holds the district's student number: `identifier`, `sourcedId`,
    `userMasterIdentifier`,
    or `userIds:TYPE` for the identifier of that type among `userIds`.
    """
    legal_guardian_roles: tuple[Literal["guardian", "parent", "relative"], ...] = ("guardian", "parent")
    """
    Roles of contacts who have the rights of a parent. The standard has no rights and no court orders: a district
    that records them elsewhere leaves roles out, or all.
    """
    course_grade_categories: tuple[str, ...] = ()
    """
    Titles of the gradebook categories whose line items are course grades; all other line items are assigned work.
    """
    enrollments_name_all_classes: bool = False
    """
    Whether every result of a student is in a class in which the student is or was enrolled. If so, the results of
    these classes also answer for the student. Some servers drop the enrollment of a student who leaves a class.
    """
    roles_name_all_schools: bool = False
    """
    Whether the roles of a student (`orgs` in version 1.1) name every school in whose classes the student is or was
    enrolled, and every enrollment names the school of its class. If so, lists of a school also answer for its
    students and classes. Some servers drop the role of a student who leaves a school.
    """
    session_end: EndDate = "day_after"
    """
    What `endDate` of academic sessions is: `day_after`, the first day after the session, as the standard says, or
    `last_day`, its last day, as some servers write it.
    """
    enrollment_end: EndDate = "day_after"
    """What `endDate` of enrollments in classes is, in the same way."""
    role_end: EndDate = "day_after"
    """What `endDate` of the roles of users is, in the same way. Version 1.1 has no dates of roles."""
    birth_dates: bool = True
    """
    Whether birth dates are read from `demographics` to confirm links between systems. Set it to false for a client
    without the scope of demographics.
    """

    @property
    def requested_scopes(self) -> str:
        """The scopes of a token in the form of a token request: separated by spaces."""
        if self.scopes is not None:
            return " ".join(self.scopes)
        prefix = f"https://purl.imsglobal.org/spec/or/v{self.version.replace('.', 'p')}/scope/"
        names = (name for name in SCOPE_NAMES if self.version == "1.2" or name != "assessment.readonly")
        starts = tuple(
            {"rostering": "roster", "gradebook": "gradebook", "assessments": "assessment"}[part]
            for part in self.parts
        )
        return " ".join(prefix + name for name in names if name.startswith(starts))

    @property
    def differences(self) -> Profile | None:
        """How the server differs from the standard; None without a profile."""
        return PROFILES[self.profile] if self.profile else None

    @property
    def unused_parts(self) -> dict[Part, str]:
        """The parts of the standard that are not read, each with the reason."""
        unused: dict[Part, str] = {
            part: "not in `parts` of the source" for part in PARTS if part not in self.parts
        }
        if self.differences and self.vendor_key is None:
            need = f"{self.differences.vendor} wants `vendor_key` and `vendor_secret_env` for it"
            unused |= dict.fromkeys(self.differences.vendor_authorization, need)
        return unused

    @model_validator(mode="before")
    @classmethod
    def _apply_profile(cls, values: Any) -> Any:
        """Put the defaults of the profile in place of the standard's."""
        return with_defaults(values) if isinstance(values, dict) else values

    @model_validator(mode="after")
    def _check_credentials(self) -> OneRosterSettings:
        """Require the settings of the profile and the credentials that `auth` needs."""
        if self.profile is not None:
            check_profile(self.profile, {name: getattr(self, name) for name in type(self).model_fields})
        if self.auth == "bearer" and self.access_token is None:
            raise ValueError('access_token_env: auth = "bearer" needs it')
        if self.auth != "bearer" and (self.client_id is None or self.client_secret is None):
            raise ValueError(f"client_id and client_secret_env: auth = {self.auth!r} needs both")
        if (self.vendor_key is None) is not (self.vendor_secret is None):
            raise ValueError("vendor_key and vendor_secret_env: give both, or none")
        if self.vendor_key is not None and not (self.differences and self.differences.vendor_authorization):
            raise ValueError('vendor_key: only profile = "infinite_campus" uses it')
        for name in ("access_token", "vendor_secret"):
            secret: SecretStr | None = getattr(self, name)
            if secret is not None and not (
                secret.get_secret_value().isascii() and secret.get_secret_value().isprintable()
            ):
                raise ValueError(f"{name}_env: its value has a character that is not allowed in a header")
        return self

    def pages(self, rows: float) -> float:
        """The number of calls that read `rows` rows."""
        return page_count(rows, self.page_size)
