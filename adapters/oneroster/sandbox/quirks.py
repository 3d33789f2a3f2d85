"""
How OneRoster servers differ: a field for each behavior, and names for the servers that were observed.

The defaults are OneRoster 1.2 as published. A running server had each of the other values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal, TypeAlias

from student_graph.adapters.oauth1 import SignatureMethod
from student_graph.adapters.oneroster.adapter.profiles import ProfileName

Version: TypeAlias = Literal["1.1", "1.2"]

SCOPES = (
    "roster-core.readonly",
    "roster.readonly",
    "roster-demographics.readonly",
    "gradebook-core.readonly",
    "gradebook.readonly",
    "assessment.readonly",
)
"""Scopes by the last part of their name; the start depends on the version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """The behavior of one server."""

    root: str = ""
    """Path before `/ims/oneroster`."""
    auth: Literal["oauth2", "oauth1", "bearer"] = "oauth2"
    """Authentication: bearer tokens for client credentials, a signature of each request, or a fixed token."""
    signature: SignatureMethod = "HMAC-SHA1"
    """The only accepted method of signatures, unless `any_signature`; any other is a 401."""
    any_signature: bool = False
    """Whether both methods of signatures are accepted."""
    token_path: str = "/oauth/token"
    token_query: str = ""
    """The query that the address of the token endpoint must have; another is a 400."""
    vendor_authorization: bool = False
    """Whether gradebook and assessments need the key of a partner program in a header; a 401 without it."""
    token_lifetime_seconds: float = 3600.0
    granted_scopes: frozenset[str] = frozenset(SCOPES)
    """The scopes that the client may have."""
    without_scope: Literal["granted", "nothing", "refused"] = "granted"
    """Scopes of a token that is requested without scopes: all granted ones, none, or the request is a 400."""
    invalid_scope_status: int = 400
    """HTTP status for a scope that does not exist or is not granted."""
    invalid_client_status: int = 401
    """HTTP status for wrong credentials."""
    core_scope_required: bool = False
    """Whether a token also needs `roster-core.readonly`; `roster.readonly` alone is a 403."""
    organization_claim: bool = True
    """Whether the client belongs to an organization. Without one, every collection is empty."""

    max_rows_per_page: int | None = None
    """Maximum number of rows on a page, whatever is requested; None for no maximum."""
    totals: bool = True
    """Whether responses have `X-Total-Count`."""
    links: bool = True
    """Whether responses have `Link` headers to the other pages."""
    prev_link_past_end: bool = False
    """Whether the link from beyond the end to the previous page leads to an empty page, too."""
    bad_paging: Literal["refused", "ignored"] = "refused"
    """Response to a limit that is 0, negative or a text."""
    envelope: Literal["named", "meta", "data"] = "named"
    """Rows under their name, the same with `_meta` and `_links`, or rows under `data`, which is not OneRoster."""
    collection_keys: Literal["published", "path"] = "published"
    """The key of the rows of `/students`: `users` as published, or `students` as in the path."""

    nested_routes: bool = True
    """Whether there are nested routes such as `/classes/{id}/students`."""
    gradebook: bool = True
    """Whether there are categories, line items and results."""
    assessments: bool = True
    """Whether there are assessment line items and results; 1.2 only."""
    result_routes: bool = False
    """Whether there are `/lineItems/{id}/results` and `/students/{id}/results`, which are not published."""
    absent_routes: frozenset[str] = frozenset()
    """Other routes that do not exist, such as `/classes/{class}/lineItems`."""
    ignore_path_case: bool = False
    """Whether `/Users` is the same as `/users`."""

    max_clauses: int = 2
    """Maximum number of predicates in a filter; more than two are combined from left to right."""
    and_fails: bool = False
    """Whether a filter with `AND` is a 500 in the gradebook."""
    filter_values: Literal["quoted", "bare"] = "quoted"
    """
    Values in filters of the gradebook: quoted as published, or numbers without quotes, and a quoted one is a 400.
    """
    doubled_quotes: bool = True
    """Whether two quotes in a value mean one. A single quote always means itself."""
    filterable_fields: Literal["all", "listed"] = "all"
    """Fields for filters: all, with dotted paths into references, or those of the Ed-Fi service."""
    equality: Literal["exact", "ignores case"] = "exact"
    """How filters compare texts."""
    bad_filter: Literal["refused", "no rows"] = "refused"
    """Response to a filter that is not valid or has an unknown field: 400, or 200 without rows."""
    bad_fields: Literal["refused", "ignored"] = "refused"
    """Response to unknown names in `fields`."""
    bad_sort: Literal["refused", "ignored"] = "refused"
    """Response to an unknown field in `sort`."""

    booleans: Literal["text", "real"] = "text"
    """JSON type of booleans."""
    absent_values: Literal["omitted", "null"] = "omitted"
    """Properties without a value."""
    hrefs: Literal["absolute", "relative", "undefined"] = "absolute"
    """Addresses in references; `undefined/classes/...` is not a valid one."""
    grades: Literal["codes", "phrases"] = "codes"
    """Grade levels as codes such as `10`, or as phrases such as `Tenth grade`."""
    usernames: Literal["logins", "emails"] = "logins"
    """Usernames; as an e-mail address it is an empty text for a user without one."""
    user_per_school: bool = False
    """Whether a student at two schools is two users, with two `sourcedId`s and the same identifier."""
    unmapped_staff: bool = True
    """Whether staff without a matching role are served, with the nearest role."""
    terms: Literal["terms", "semesters"] = "terms"
    """
    Type of sessions: terms with grading periods, or semesters. Then `/terms` and `/gradingPeriods` are empty.
    """
    last_days: bool = False
    """Whether `endDate` of sessions and enrollments is the last day; in the standard it is the day after it."""
    natural_keys: bool = False
    """Whether `metadata.edfi` has the origin of each row. The service that has it leaves out other properties."""
    student_type: Literal["user", "student"] = "user"
    """The type of a reference to the student of a result."""
    swapped_dates: bool = False
    """Whether line items have dates and results have timestamps; the standard has it the other way round."""
    padded_fields: bool = False
    """Whether `fields=` also returns other properties: null limits and an empty class."""
    deleted_status: str | None = None
    """Status of deleted rows that lists still contain, such as `tobedeleted`; None if they contain none."""

    errors: Literal["nested", "flat", "text"] = "nested"
    """Error bodies: `imsx_CodeMinor` as published, a flat `imsx_codeMinor` in some, or `{"error": ...}`."""
    missing_row_minor_code: str = "unknownobject"
    """The minor code of a 404."""
    throttled_in_html: bool = False
    """Whether a 429 is a sentence as `text/html`."""

    def end_date(self, last_day: date | None) -> str | None:
        """`endDate` of a session or an enrollment; None if it has no end."""
        if last_day is None:
            return None
        return (last_day if self.last_days else last_day + timedelta(days=1)).isoformat()


PUBLISHED_12 = Quirks()
"""OneRoster 1.2 exactly as published."""

PUBLISHED_11 = Quirks(auth="oauth1", booleans="real")
"""OneRoster 1.1 exactly as published, with signatures; for tokens use `replace(PUBLISHED_11, auth="oauth2")`."""

EDFI_SERVICE = Quirks(
    granted_scopes=frozenset({"roster-core.readonly", "roster.readonly", "roster-demographics.readonly"}),
    without_scope="nothing",
    max_rows_per_page=500,
    totals=False,
    links=False,
    nested_routes=False,
    gradebook=False,
    assessments=False,
    ignore_path_case=True,
    max_clauses=20,
    doubled_quotes=False,
    filterable_fields="listed",
    bad_sort="ignored",
    hrefs="relative",
    grades="phrases",
    usernames="emails",
    user_per_school=True,
    unmapped_staff=False,
    terms="semesters",
    last_days=True,
    natural_keys=True,
    errors="flat",
    throttled_in_html=True,
)
"""The Ed-Fi OneRoster service: core rostering of 1.2 without nested routes, totals and links."""

LEGACY_11 = Quirks(
    without_scope="refused",
    invalid_scope_status=401,
    core_scope_required=True,
    prev_link_past_end=True,
    bad_paging="ignored",
    collection_keys="path",
    equality="ignores case",
    bad_filter="no rows",
    bad_fields="ignored",
    bad_sort="ignored",
    booleans="real",
    absent_values="null",
    student_type="student",
    errors="text",
)
"""
A 1.1 server with tokens. Keys of lists are as in the path, absent values are null, bad filters return no rows.
"""

UNUSUAL_GRADEBOOK = Quirks(
    without_scope="nothing",
    invalid_client_status=400,
    totals=False,
    links=False,
    envelope="meta",
    absent_routes=frozenset({"/classes/{class}/lineItems"}),
    result_routes=True,
    and_fails=True,
    filter_values="bare",
    hrefs="undefined",
    swapped_dates=True,
    padded_fields=True,
    errors="flat",
    missing_row_minor_code="server_error",
)
"""A 1.2 server with its own form of gradebook responses, references and filters."""

CLASSLINK = Quirks(auth="oauth1", any_signature=True, max_rows_per_page=10_000, gradebook=False, assessments=False)
"""The Roster Server of a district at ClassLink: rosters of version 1.1, with texts for booleans."""
CLASSLINK_PROXY = Quirks(
    root="/sandbox-application",
    auth="bearer",
    max_rows_per_page=10_000,
    gradebook=False,
    assessments=False,
)
"""The Roster Server behind ClassLink's proxy, which takes a fixed token."""

PROFILE_SERVERS: Mapping[ProfileName, tuple[Version, Quirks]] = MappingProxyType(
    {
        "infinite_campus": (
            "1.2",
            Quirks(
                root="/campus/api",
                token_path="/campus/oauth2/token",  # noqa: S106 - a path
                token_query="appName=cedarhollow",  # noqa: S106 - a query
                vendor_authorization=True,
                max_rows_per_page=50_000,
            ),
        ),
        "classlink": ("1.1", CLASSLINK),
        "skyward": (
            "1.1",
            Quirks(
                root="/api",
                token_path="/api/oauth/token",  # noqa: S106 - a path
                gradebook=False,
                assessments=False,
            ),
        ),
        "powerschool": (
            "1.1",
            Quirks(
                root="/api",
                token_path="/oauth/access_token",  # noqa: S106 - a path
                absent_values="null",
                gradebook=False,
                assessments=False,
            ),
        ),
    }
)
"""
The version and the quirks of servers of vendors, by the name of the profile, as public documents describe them.

README.md has the sources. Where a document says nothing, the server is as the standard says.
"""
