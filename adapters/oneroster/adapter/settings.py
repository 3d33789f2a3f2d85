"""Settings of a OneRoster source."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, AnyHttpUrl, Field, SecretStr

from student_graph.adapters.contract import AdapterSettings
from student_graph.adapters.oauth1 import SignatureMethod

SCOPE_NAMES = (
    "roster-core.readonly",
    "roster.readonly",
    "roster-demographics.readonly",
    "gradebook-core.readonly",
    "gradebook.readonly",
    "assessment.readonly",
)
_FIELD = re.compile(r"identifier|sourcedId|userMasterIdentifier|userIds:.{1,64}")


def _student_field(text: str) -> str:
    """A field that can name a student."""
    if not _FIELD.fullmatch(text):
        raise ValueError('use "identifier", "sourcedId", "userMasterIdentifier" or "userIds:TYPE"')
    return text


class OneRosterSettings(AdapterSettings):
    """How to reach a OneRoster server, and which of its fields hold the district's numbers."""

    version: Literal["1.1", "1.2"] = "1.2"
    """Version of the standard that the server speaks."""
    auth: Literal["oauth2", "oauth1"] = "oauth2"
    """How requests prove who asks: OAuth 2.0 client credentials, or OAuth 1.0a signatures (1.1 only)."""
    client_id: str = Field(min_length=1)
    """Client id or consumer key, from the server's administration."""
    client_secret: SecretStr
    """Client secret or consumer secret."""
    token_url: AnyHttpUrl | None = None
    """Where OAuth 2.0 tokens are given out; `/oauth/token` under `base_url` unless set."""
    signature: SignatureMethod = "HMAC-SHA1"
    """How OAuth 1.0a requests are signed: `HMAC-SHA1` or `HMAC-SHA256`."""
    scopes: tuple[str, ...] | None = None
    """Scopes to ask a token for, as the server spells them; every scope that is read with unless set."""
    page_size: int = Field(default=100, ge=1, le=1000)
    """Rows asked for at once; a server may send fewer."""
    students: int = Field(default=5000, ge=1)
    """About how many students the district has: prices district-wide reads."""
    school_students: int = Field(default=600, ge=1)
    """About how many students one of its schools has: prices reads of many classes or people."""
    student_id_field: Annotated[str, AfterValidator(_student_field)] = "identifier"
    """Which field of a user is the district's student number: `identifier`, `sourcedId`, `userMasterIdentifier`,
    or `userIds:TYPE` for the identifier of that type among `userIds`."""
    course_grade_categories: tuple[str, ...] = ()
    """Titles of the categories whose line items are course grades; all other line items are assigned work."""
    birth_dates: bool = True
    """Whether birth dates are read from `demographics` to confirm links between systems; false for a client that
    has no such scope."""

    @property
    def wanted_scopes(self) -> str:
        """Scopes of a token, as a token endpoint wants them."""
        if self.scopes is not None:
            return " ".join(self.scopes)
        prefix = f"https://purl.imsglobal.org/spec/or/v{self.version.replace('.', 'p')}/scope/"
        names = (name for name in SCOPE_NAMES if self.version == "1.2" or name != "assessment.readonly")
        return " ".join(prefix + name for name in names)

    def pages(self, rows: float) -> float:
        """Calls that it takes to read so many rows."""
        return float(max(1, -(-rows // self.page_size)))
