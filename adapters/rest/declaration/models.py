"""What a declaration may say. The JSON Schema for editors is generated from these models."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from student_graph.adapters.identity import IdentityRules
from student_graph.adapters.paging import MAX_ROWS
from student_graph.adapters.rest.declaration.parts import (
    Changes,
    Check,
    First,
    ParameterName,
    Request,
    Section,
    Version,
)

SettingName = Annotated[str, Field(pattern=r"^[a-z]+(_[a-z]+)*[0-9]?$", max_length=40)]
"""The name of a setting of the source, such as `api_key`. The operator writes `api_key_env` for a secret."""
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]


class ApiKeyAuth(Section):
    """A secret in a header."""

    kind: Literal["api_key"]
    header: HeaderName
    """Name of the header."""
    prefix: str = Field(default="", max_length=40)
    """Text before the secret in the header."""
    secret: SettingName = "api_key"
    """Name of the setting that has the secret."""


class BearerAuth(Section):
    """A fixed bearer token."""

    kind: Literal["bearer"]
    secret: SettingName = "token"
    """Name of the setting that has the token."""


class BasicAuth(Section):
    """HTTP Basic: a name and a password with each request."""

    kind: Literal["basic"]
    user: SettingName = "user"
    """Name of the setting that has the user's name."""
    secret: SettingName = "password"
    """Name of the setting that has the password."""


class OAuth2Auth(Section):
    """OAuth 2.0 client credentials."""

    kind: Literal["oauth2"]
    token_path: str = Field(default="/oauth/token", pattern=r"^/[^?#{}]*$")
    """Path of the token endpoint on the vendor's server. `token_url` of the source replaces it."""
    client: SettingName = "client_id"
    """Name of the setting that has the client's id."""
    secret: SettingName = "client_secret"
    """Name of the setting that has the client's secret."""
    scope: str | None = Field(default=None, max_length=1000)
    """Scopes to request, separated by blanks; none if left out."""


class OAuth1Auth(Section):
    """OAuth 1.0a signatures with HMAC."""

    kind: Literal["oauth1"]
    method: Literal["HMAC-SHA1", "HMAC-SHA256"] = "HMAC-SHA1"
    """How requests are signed."""
    client: SettingName = "consumer_key"
    """Name of the setting that has the consumer's key."""
    secret: SettingName = "consumer_secret"
    """Name of the setting that has the consumer's secret."""
    realm: str | None = Field(default=None, pattern=r'^[^"\\\x00-\x1f]*$')
    """Realm of the header; none if left out."""


Auth: TypeAlias = Annotated[
    ApiKeyAuth | BearerAuth | BasicAuth | OAuth2Auth | OAuth1Auth, Field(discriminator="kind")
]


class Paging(Section):
    """How the pages of a list are requested and where a response says what comes next."""

    rows: int = Field(default=100, ge=1, le=MAX_ROWS)
    """Maximum number of rows to ask for in one page."""
    size: ParameterName | None = None
    """Parameter with the number of rows of a page; without it the vendor decides."""
    total: str | None = None
    """JMESPath of the length of the list in a response; without it, the headers Total-Count and X-Total-Count."""


class NoPaging(Section):
    """The vendor sends the list at once."""

    kind: Literal["none"]


class OffsetPaging(Paging):
    """By limit and offset; pages are read concurrently if the vendor sends a total."""

    kind: Literal["offset"]
    size: ParameterName = "limit"
    """Parameter with the number of rows of a page."""
    offset: ParameterName = "offset"
    """Parameter with the number of rows before the page."""


class NumberPaging(Paging):
    """By numbers of pages."""

    kind: Literal["page"]
    page: ParameterName = "page"
    """Parameter with the number of the page."""
    first: Literal[0, 1] = 1
    """Number of the first page."""
    pages: str | None = None
    """JMESPath of the number of pages in a response."""


class LinkPaging(Paging):
    """By the header `Link: <...>; rel="next"` (RFC 8288), or by an address in the body."""

    kind: Literal["link"]
    next: str | None = None
    """JMESPath of the next page's address in the body; without it the header leads to it."""


class CursorPaging(Paging):
    """By a cursor in each response."""

    kind: Literal["cursor"]
    parameter: ParameterName
    """Parameter with the cursor."""
    next: str | None = None
    """JMESPath of the next cursor in the body."""
    header: HeaderName | None = None
    """Header with the next cursor."""
    row: str | None = None
    """JMESPath of the cursor in the last row of a page: the rows after it are next."""


PagingStyle: TypeAlias = Annotated[
    NoPaging | OffsetPaging | NumberPaging | LinkPaging | CursorPaging, Field(discriminator="kind")
]
Mapping: TypeAlias = dict[str, Any]
"""The attributes of a record, and where they are in a row."""


class LookupDeclaration(Section):
    """How one lookup is answered."""

    get: Request | dict[str, Request] | None = None
    """
    Path and query; `{key}` is the requested key, `{keys}` are several. For a vendor with ids of its own a table: a
    request for each field of the identity rules.
    """
    post: Request | None = None
    """Path and query of a POST request in place of `get`; `posts_only_read` says that it changes nothing."""
    body: dict[str, Any] = Field(default_factory=dict)
    """
    JSON of the POST request, with placeholders in texts. A text that is one placeholder has the type of its value,
    `["{keys}"]` is a list of several keys, and a member whose placeholder has no value is left out.
    """
    rows: str | None = None
    """JMESPath of the rows in the response; without it the response is the list, or the object."""
    elements: str | tuple[str, ...] | None = None
    """
    JMESPath of a list in a row: the row counts once for each element, which is there as `element`. Several paths
    lead to lists in the elements of lists: the element of the second list is `element.element`.
    """
    where: str | None = None
    """JMESPath that is true in rows that count; without it all do."""
    repeats: dict[str, str] = Field(default_factory=dict)
    """
    Placeholders of the request and the JMESPath where each row repeats their values: rows which all have other
    values are the answer to another request, and an error. For what no attribute of the records says.
    """
    keys: int = Field(default=1, ge=1, le=500)
    """How many keys one request takes, as `{keys}`."""
    separator: str = Field(default=",", min_length=1, max_length=3)
    """Text between the keys in `{keys}`."""
    paging: PagingStyle | None = None
    """How its pages are read; as the rest of the file if left out."""
    record: Mapping = Field(default_factory=dict)
    """Attributes that differ from the table in [records]."""
    split: str | None = None
    """Name of the lookup of the district whose answer is read and split by key: the vendor has no other way."""
    coarse: tuple[str, ...] = ()
    """Names of the coarser lookups that can answer it too; the gateway takes the way with the fewest calls."""
    calls: float | None = Field(default=None, gt=0)
    """About how many requests it takes for a key; estimated if left out."""
    changes: Changes | None = None
    """How it is asked for changes only; not at all if left out."""
    sample: str | None = None
    """File with a response of the vendor, beside this one. Every path is checked against it."""


class Declaration(Section):
    """A vendor's REST API."""

    vendor: str = Field(min_length=1, max_length=80, pattern=r"^[\w .,&'()+/-]+$")
    """Name of the product."""
    version: str | None = Field(default=None, max_length=20)
    """Version of its API; shown on the scorecard."""
    base_url: str | None = Field(default=None, pattern=r"^https?://[^/?#@{}\s]+(/[^?#{}\s]*)?$", max_length=300)
    """Root address, if it is the same for all districts; otherwise it is a setting of the source."""
    check: Check | Request
    """The request that tests the address and the credentials."""
    auth: Auth | tuple[Auth, ...] = ()
    """How requests are authenticated; several kinds are combined."""
    headers: dict[HeaderName, str] = Field(default_factory=dict)
    """Further headers of each request, without secrets."""
    settings: dict[SettingName, str] = Field(default_factory=dict)
    """
    Further settings of the source and what they are, for `{settings.NAME}` in requests. A setting that `auth`
    names is described here too, so that operators read where the vendor issues it.
    """
    posts_only_read: Literal[True] | None = None
    """
    Says that no POST request of this file changes anything at the vendor: they are sent again after a failure, as
    GET requests are. Needed for `post`.
    """
    paging: PagingStyle = NoPaging(kind="none")
    """How lists are read, unless a lookup says otherwise."""
    dates: str = "iso"
    """Format of dates and instants, such as `%m/%d/%Y`; `iso`, `unix` or `unix_ms`."""
    time_zone: str | None = None
    """Time zone of times without an offset, such as `America/Denver`; UTC if left out."""
    codes: dict[str, dict[str, str | bool]] = Field(default_factory=dict)
    """Tables of codes: what each code of the vendor means."""
    identity: IdentityRules | None = None
    """Rules that link the vendor's ids to the district's; left out if the vendor uses the district's ids."""
    data_version: Version | None = None
    """The request that says whether any data has changed; left out if the vendor has none."""
    first: dict[Annotated[str, Field(pattern=r"^[a-z]+(_[a-z]+)*$")], First] = Field(default_factory=dict)
    """Requests whose values other requests need, by the name of their placeholder."""
    records: dict[str, Mapping] = Field(default_factory=dict)
    """Where the attributes of each type of record are in a row."""
    lookups: dict[str, LookupDeclaration] = Field(min_length=1)
    """The lookups that the vendor can answer."""

    @property
    def request_settings(self) -> tuple[str, ...]:
        """Names of the settings that requests may use: those that hold no part of the credentials."""
        auth = self.auth if isinstance(self.auth, tuple) else (self.auth,)
        credentials = {getattr(part, name, None) for part in auth for name in ("secret", "client", "user")}
        return tuple(name for name in self.settings if name not in credentials)
