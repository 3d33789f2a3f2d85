"""
How OneRoster servers differ: one field for each behaviour, and names for the servers seen.

The defaults are OneRoster 1.2 as published. Every field stands for something that a running server did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from student_graph.adapters.oauth1 import SignatureMethod

SCOPES = (
    "roster-core.readonly",
    "roster.readonly",
    "roster-demographics.readonly",
    "gradebook-core.readonly",
    "gradebook.readonly",
    "assessment.readonly",
)
"""Scopes by the last part of their address, the rest of which depends on the version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What one server does."""

    auth: Literal["oauth2", "oauth1"] = "oauth2"
    """Bearer tokens for client credentials, or a signature over each request."""
    signature: SignatureMethod = "HMAC-SHA1"
    """The one method of signing that is taken; any other is a 401."""
    token_lifetime: float = 3600.0
    """Seconds."""
    granted: frozenset[str] = frozenset(SCOPES)
    """Scopes that the client may have."""
    unscoped: Literal["granted", "nothing", "refused"] = "granted"
    """What a token asked for without a scope may do: all that is granted, nothing; or none is given (400)."""
    invalid_scope_status: int = 400
    """Answer to a scope that does not exist or is not granted."""
    invalid_client_status: int = 401
    """Answer to wrong credentials."""
    core_needed: bool = False
    """`roster.readonly` alone is a 403: `roster-core.readonly` must be had as well."""
    organization_claim: bool = True
    """Whether the client is tied to an organization; without, every collection is empty."""

    most_rows: int | None = None
    """Most rows of a page, whatever is asked: a silent clamp."""
    totals: bool = True
    """`X-Total-Count`."""
    links: bool = True
    """`Link` to the neighbours of a page."""
    blind_prev: bool = False
    """Past the end there is a link to a previous page that is empty too."""
    bad_paging: Literal["refused", "ignored"] = "refused"
    """A limit of 0, a negative one, or text."""
    envelope: Literal["named", "meta", "data"] = "named"
    """Rows under their name; with `_meta` and `_links` beside; or under `data`, which is not OneRoster."""
    collection_keys: Literal["published", "path"] = "published"
    """`/students` under `users`, or under `students`."""

    nested: bool = True
    """Routes below others, such as `/classes/{id}/students`."""
    gradebook: bool = True
    """Categories, line items and results."""
    assessments: bool = True
    """Assessment line items and results, of 1.2 only."""
    result_routes: bool = False
    """`/lineItems/{id}/results` and `/students/{id}/results`, which are not published."""
    absent: frozenset[str] = frozenset()
    """Further routes that are a 404, such as `/classes/{class}/lineItems`."""
    any_case: bool = False
    """`/Users` is `/users`."""

    most_clauses: int = 2
    """Predicates in one filter; more than two are joined from left to right."""
    and_breaks: bool = False
    """A filter with `AND` is a 500, in the gradebook."""
    filter_values: Literal["quoted", "bare"] = "quoted"
    """As published; or, in the gradebook, numbers without quotes only, and anything quoted a 400."""
    doubled_quotes: bool = True
    """Two quotes inside a value stand for one; otherwise for two. One stands for itself either way."""
    filterable: Literal["all", "listed"] = "all"
    """All fields, those of references by a dotted path; or the Ed-Fi service's list."""
    equality: Literal["exact", "any case"] = "exact"
    bad_filter: Literal["refused", "nobody"] = "refused"
    """A filter that cannot be read or names no field: 400, or 200 without rows."""
    bad_fields: Literal["refused", "ignored"] = "refused"
    bad_sort: Literal["refused", "ignored"] = "refused"

    booleans: Literal["text", "real"] = "text"
    absent_values: Literal["left out", "null"] = "left out"
    hrefs: Literal["absolute", "relative", "undefined"] = "absolute"
    """Addresses in references; `undefined/classes/...` leads nowhere."""
    grades: Literal["codes", "phrases"] = "codes"
    """`10`, or `Tenth grade`."""
    usernames: Literal["logins", "emails"] = "logins"
    """E-mail addresses are an empty text where there is none."""
    row_per_school: bool = False
    """A student at two schools is two users, with two `sourcedId`s and one identifier."""
    unmapped_staff: bool = True
    """Whether staff whose classification is no role are served, with the nearest role."""
    terms: Literal["terms", "semesters"] = "terms"
    """Sessions as terms with grading periods; or as semesters, `/terms` and `/gradingPeriods` being empty."""
    natural_keys: bool = False
    """`metadata.edfi` tells where a row comes from; the service that does so leaves out much else."""
    student_type: Literal["user", "student"] = "user"
    """Type of a reference to a student in a result."""
    swapped_dates: bool = False
    """Line items have dates and results timestamps, where the standard has it the other way round."""
    padded_fields: bool = False
    """`fields=` also returns what was not asked for: null limits and an empty class."""
    deleted: bool = False
    """Rows marked `tobedeleted` are among the others."""

    errors: Literal["nested", "flat", "text"] = "nested"
    """`imsx_CodeMinor` as published, `imsx_codeMinor` as text and seldom, or `{"error": ...}`."""
    not_found_minor: str = "unknownobject"
    """Minor code of a 404."""
    throttled_in_html: bool = False
    """429 with a sentence of `text/html`."""


PUBLISHED_12 = Manner()
"""OneRoster 1.2 to the letter."""

PUBLISHED_11 = Manner(auth="oauth1", booleans="real")
"""OneRoster 1.1 to the letter, signed; for tokens, `replace(PUBLISHED_11, auth="oauth2")`."""

EDFI_SERVICE = Manner(
    granted=frozenset({"roster-core.readonly", "roster.readonly", "roster-demographics.readonly"}),
    unscoped="nothing",
    most_rows=500,
    totals=False,
    links=False,
    nested=False,
    gradebook=False,
    assessments=False,
    any_case=True,
    most_clauses=20,
    doubled_quotes=False,
    filterable="listed",
    bad_sort="ignored",
    hrefs="relative",
    grades="phrases",
    usernames="emails",
    row_per_school=True,
    unmapped_staff=False,
    terms="semesters",
    natural_keys=True,
    errors="flat",
    throttled_in_html=True,
)
"""The Ed-Fi OneRoster service: core rostering of 1.2, without nested routes, totals and links."""

LEGACY_11 = Manner(
    unscoped="refused",
    invalid_scope_status=401,
    core_needed=True,
    blind_prev=True,
    bad_paging="ignored",
    collection_keys="path",
    equality="any case",
    bad_filter="nobody",
    bad_fields="ignored",
    bad_sort="ignored",
    booleans="real",
    absent_values="null",
    student_type="student",
    errors="text",
)
"""A server of 1.1 with tokens: collections named after their paths, nulls, and filters that find nobody."""

GRADEBOOK_ODD = Manner(
    unscoped="nothing",
    invalid_client_status=400,
    totals=False,
    links=False,
    envelope="meta",
    absent=frozenset({"/classes/{class}/lineItems"}),
    result_routes=True,
    and_breaks=True,
    filter_values="bare",
    hrefs="undefined",
    swapped_dates=True,
    padded_fields=True,
    errors="flat",
    not_found_minor="server_error",
)
"""A gradebook of 1.2 with an envelope, references and filters of its own."""
