"""Who is let into the OneRoster sandbox: tokens with scopes, and signatures."""

from __future__ import annotations

import time
from dataclasses import replace

import httpx
import pytest

from student_graph.adapters.oauth1 import SignatureMethod
from student_graph.adapters.oneroster.sandbox import (
    EDFI_SERVICE,
    UNUSUAL_GRADEBOOK,
    LEGACY_11,
    PUBLISHED_11,
    PUBLISHED_12,
    Quirks,
    OneRosterSandbox,
)
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from tests.adapters.oneroster.sandbox_client import SCOPES_11, SCOPES_12, ask_token, asking, service, signing

CORE, ROSTER = f"{SCOPES_12}roster-core.readonly", f"{SCOPES_12}roster.readonly"


def sandbox(quirks: Quirks = PUBLISHED_12, version: str = "1.2") -> OneRosterSandbox:
    """A small district."""
    return OneRosterSandbox(make_district(10), version="1.1" if version == "1.1" else "1.2", quirks=quirks)


def minor(answer: httpx.Response) -> str:
    """The published minor code of a refusal."""
    (field,) = answer.json()["imsx_CodeMinor"]["imsx_codeMinorField"]
    return str(field["imsx_codeMinorFieldValue"])


@pytest.mark.parametrize(
    ("scope", "open_to"),
    [
        (CORE, {"/users"}),
        (ROSTER, {"/users", "/schools/{}/students"}),
        (f"{SCOPES_12}roster-demographics.readonly", {"/demographics"}),
        (f"{SCOPES_12}gradebook-core.readonly", {"/results"}),
        (f"{SCOPES_12}gradebook.readonly", {"/results", "/classes/{}/results"}),
        (f"{SCOPES_12}assessment.readonly", {"/assessmentResults"}),
    ],
)
def test_each_operation_needs_one_of_its_scopes(scope: str, open_to: set[str]) -> None:
    """A token with one scope opens what the standard lists under it, and the rest is a 403."""
    paths = {"/users", "/schools/{}/students", "/demographics", "/results", "/classes/{}/results"}
    with asking(sandbox()) as server:
        ids = {
            "schools": server.rows("/schools")[0]["sourcedId"],
            "classes": server.rows("/classes")[0]["sourcedId"],
        }
        token = ask_token(server.client, server.sandbox, scope).json()["access_token"]
        server.client.headers["Authorization"] = f"Bearer {token}"
        answers = {path: server.get(path.format(ids.get(path.split("/")[1]))) for path in paths | open_to}

    assert {path for path, answer in answers.items() if answer.status_code == 200} == open_to
    assert {minor(answer) for answer in answers.values() if answer.status_code != 200} == {"forbidden"}


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic b25lcm9zdGVy"])
def test_a_wrong_token_is_refused(authorization: str) -> None:
    """401 with a challenge and the published minor code."""
    with asking(sandbox()) as server:
        answer = server.client.get("/ims/oneroster/rostering/v1p2/users", headers={"Authorization": authorization})

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert minor(answer) == "unauthorisedrequest"


def test_a_token_expires() -> None:
    """A token whose lifetime is over is refused, and its lifetime was told."""
    with asking(sandbox(replace(PUBLISHED_12, token_lifetime_seconds=0.0))) as server:
        assert ask_token(server.client, server.sandbox).json()["expires_in"] == 0
        assert server.get("/users").status_code == 401


@pytest.mark.parametrize(
    ("quirks", "status"), [(PUBLISHED_12, 401), (UNUSUAL_GRADEBOOK, 400)], ids=["published", "odd gradebook"]
)
def test_wrong_credentials_get_no_token(quirks: Quirks, status: int) -> None:
    """401 as in RFC 6749, or 400."""
    one = sandbox(quirks)
    with served(one):
        form = {"grant_type": "client_credentials"}
        answer = httpx.post(f"{one.url}/oauth/token", data=form, auth=("oneroster-sandbox", "wrong"))

    assert (answer.status_code, answer.json()) == (status, {"error": "invalid_client"})


def test_only_client_credentials_are_a_grant() -> None:
    """Any other grant type is refused; credentials may be in the form."""
    one = sandbox()
    with served(one):
        settings = one.settings()
        form = {"client_id": settings["client_id"], "client_secret": settings["client_secret"]}
        other = httpx.post(settings["token_url"], data=form | {"grant_type": "password"})
        good = httpx.post(settings["token_url"], data=form | {"grant_type": "client_credentials"})

    assert (other.status_code, other.json()) == (400, {"error": "unsupported_grant_type"})
    assert (good.status_code, good.json()["token_type"]) == (200, "Bearer")


@pytest.mark.parametrize(
    ("quirks", "version", "scope", "status"),
    [
        (PUBLISHED_12, "1.2", f"{SCOPES_12}roster.createput", 400),
        (PUBLISHED_12, "1.2", "roster.readonly", 400),
        (EDFI_SERVICE, "1.2", f"{SCOPES_12}gradebook.readonly", 400),
        (LEGACY_11, "1.1", CORE, 401),
    ],
)
def test_a_scope_must_be_granted(quirks: Quirks, version: str, scope: str, status: int) -> None:
    """Short names, scopes of another version and what the client may not have are `invalid_scope`."""
    one = sandbox(quirks, version)
    with served(one), httpx.Client(base_url=one.url) as client:
        answer = ask_token(client, one, scope)

    assert (answer.status_code, answer.json()) == (status, {"error": "invalid_scope"})


def test_a_token_without_scope() -> None:
    """All that is granted, nothing at all, or no token."""
    for quirks, expected in [(PUBLISHED_12, 200), (UNUSUAL_GRADEBOOK, 403)]:
        with asking(sandbox(quirks), scope="") as server:
            assert server.get("/users").status_code == expected
    one = sandbox(LEGACY_11, "1.1")
    with served(one), httpx.Client(base_url=one.url) as client:
        answer = ask_token(client, one)

    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


def test_the_core_scope_can_be_needed_beside_the_wider_one() -> None:
    """`roster.readonly` alone is a 403 on such a server."""
    wide, core = f"{SCOPES_11}roster.readonly", f"{SCOPES_11}roster-core.readonly"
    with asking(sandbox(LEGACY_11, "1.1"), scope=wide) as server:
        assert server.get("/users").status_code == 403
    with asking(sandbox(LEGACY_11, "1.1"), scope=f"{wide} {core}") as server:
        assert server.get("/users").status_code == 200


def test_a_client_without_organization_sees_nothing() -> None:
    """200 and an empty collection, which looks like a district without anybody; by id a 404."""
    with asking(sandbox()) as server:
        user = server.rows("/users")[0]["sourcedId"]
    with asking(sandbox(replace(EDFI_SERVICE, organization_claim=False))) as server:
        assert server.get("/orgs").json() == {"orgs": []}
        assert server.get(f"/users/{user}").status_code == 404


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
def test_a_signed_request_is_let_in(method: SignatureMethod) -> None:
    """The signature covers path and query, quotes and spaces included."""
    with asking(sandbox(replace(PUBLISHED_11, signature=method), "1.1")) as server:
        known = server.rows("/students")[0]["identifier"]
        found = server.rows("/students", filter=f"identifier='{known}' AND familyName!='O''Neil & Søn'", limit=5)

    assert [row["identifier"] for row in found] == [known]


@pytest.mark.parametrize(("ours", "theirs"), [("HMAC-SHA1", "HMAC-SHA256"), ("HMAC-SHA256", "HMAC-SHA1")])
def test_another_method_of_signing_is_refused(ours: SignatureMethod, theirs: SignatureMethod) -> None:
    """HMAC-SHA256 gets 401 where HMAC-SHA1 is asked for, and the other way round."""
    one = sandbox(replace(PUBLISHED_11, signature=ours), "1.1")
    with served(one):
        answer = httpx.get(f"{one.url}/ims/oneroster/v1p1/users", auth=signing(one, theirs))

    assert answer.status_code == 401


@pytest.mark.parametrize("seconds", [-301.0, 302.0])
def test_a_signature_of_another_time_is_refused(seconds: float) -> None:
    """Five minutes is how far the clocks may be apart."""
    one = sandbox(PUBLISHED_11, "1.1")
    with served(one):
        late = signing(one, clock=lambda: time.time() + seconds)
        answer = httpx.get(f"{one.url}/ims/oneroster/v1p1/users", auth=late)

    assert (answer.status_code, answer.json()["imsx_description"]) == (401, "Invalid timestamp.")


def test_a_signature_counts_once() -> None:
    """The same nonce at the same second is refused; so is a signature over another address."""
    one = sandbox(PUBLISHED_11, "1.1")
    with served(one), httpx.Client(base_url=one.url) as client:
        users = f"{service(one, '/users')}/users"
        first = client.get(users, auth=signing(one))
        header = {"Authorization": first.request.headers["Authorization"]}
        again, elsewhere = client.get(users, headers=header), client.get(f"{users}?limit=1", headers=header)

    assert first.status_code == 200
    assert (again.status_code, again.json()["imsx_description"]) == (401, "Nonce used before.")
    assert (elsewhere.status_code, elsewhere.json()["imsx_description"]) == (401, "Invalid signature.")


@pytest.mark.parametrize("header", ["", "OAuth nonsense", "Bearer x", 'OAuth oauth_consumer_key="other"'])
def test_what_is_no_signature_is_refused(header: str) -> None:
    """401, and there are no tokens to be had from a server that wants signatures."""
    one = sandbox(PUBLISHED_11, "1.1")
    with served(one), httpx.Client(base_url=one.url) as client:
        answer = client.get("/ims/oneroster/v1p1/users", headers={"Authorization": header})
        token = ask_token(client, one)

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "OAuth")
    assert token.status_code == 404
