"""Authentication in the OneRoster sandbox: tokens with scopes, and signatures."""

from __future__ import annotations

import time
from dataclasses import replace

import httpx
import pytest

from student_graph.adapters.oauth1 import SignatureMethod
from student_graph.adapters.oneroster.sandbox import (
    EDFI_SERVICE,
    LEGACY_11,
    PUBLISHED_11,
    PUBLISHED_12,
    UNUSUAL_GRADEBOOK,
    OneRosterSandbox,
    Quirks,
)
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from tests.adapters.oneroster.sandbox_client import (
    SCOPES_11,
    SCOPES_12,
    request_token,
    running,
    service_path,
    signature_auth,
)
from tests.clients import get, post, sync_client

CORE, ROSTER = f"{SCOPES_12}roster-core.readonly", f"{SCOPES_12}roster.readonly"


def sandbox(quirks: Quirks = PUBLISHED_12, version: str = "1.2") -> OneRosterSandbox:
    """A sandbox of a small district."""
    return OneRosterSandbox(make_district(10), version="1.1" if version == "1.1" else "1.2", quirks=quirks)


def minor_code(response: httpx.Response) -> str:
    """The minor code of an error response in the published form."""
    (field,) = response.json()["imsx_CodeMinor"]["imsx_codeMinorField"]
    return str(field["imsx_codeMinorFieldValue"])


@pytest.mark.parametrize(
    ("scope", "allowed_paths"),
    [
        (CORE, {"/users"}),
        (ROSTER, {"/users", "/schools/{}/students"}),
        (f"{SCOPES_12}roster-demographics.readonly", {"/demographics"}),
        (f"{SCOPES_12}gradebook-core.readonly", {"/results"}),
        (f"{SCOPES_12}gradebook.readonly", {"/results", "/classes/{}/results"}),
        (f"{SCOPES_12}assessment.readonly", {"/assessmentResults"}),
    ],
)
def test_a_token_reads_the_operations_of_its_scopes(scope: str, allowed_paths: set[str]) -> None:
    """A token with one scope may read the paths that the standard lists for it; the others are a 403."""
    paths = {"/users", "/schools/{}/students", "/demographics", "/results", "/classes/{}/results"}
    with running(sandbox()) as server:
        ids = {
            "schools": server.rows("/schools")[0]["sourcedId"],
            "classes": server.rows("/classes")[0]["sourcedId"],
        }
        token = request_token(server.client, server.sandbox, scope).json()["access_token"]
        server.client.headers["Authorization"] = f"Bearer {token}"
        responses = {path: server.get(path.format(ids.get(path.split("/")[1]))) for path in paths | allowed_paths}

    assert {path for path, response in responses.items() if response.status_code == 200} == allowed_paths
    assert {minor_code(response) for response in responses.values() if response.status_code != 200} == {
        "forbidden"
    }


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic b25lcm9zdGVy"])
def test_a_wrong_token_is_refused(authorization: str) -> None:
    """401 with a challenge and the published minor code."""
    with running(sandbox()) as server:
        response = server.client.get(
            "/ims/oneroster/rostering/v1p2/users", headers={"Authorization": authorization}
        )

    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert minor_code(response) == "unauthorisedrequest"


def test_a_token_expires() -> None:
    """An expired token is refused; the token response has its lifetime."""
    with running(sandbox(replace(PUBLISHED_12, token_lifetime_seconds=0.0))) as server:
        assert request_token(server.client, server.sandbox).json()["expires_in"] == 0
        assert server.get("/users").status_code == 401


@pytest.mark.parametrize(
    ("quirks", "status"), [(PUBLISHED_12, 401), (UNUSUAL_GRADEBOOK, 400)], ids=["published", "unusual gradebook"]
)
def test_wrong_credentials_get_no_token(quirks: Quirks, status: int) -> None:
    """401 as in RFC 6749, or 400."""
    served_sandbox = sandbox(quirks)
    with served(served_sandbox):
        form = {"grant_type": "client_credentials"}
        response = post(f"{served_sandbox.url}/oauth/token", data=form, auth=("oneroster-sandbox", "wrong"))

    assert (response.status_code, response.json()) == (status, {"error": "invalid_client"})


def test_only_client_credentials_are_accepted() -> None:
    """Other grant types are refused; the credentials may be in the form."""
    served_sandbox = sandbox()
    with served(served_sandbox):
        settings = served_sandbox.settings()
        form = {"client_id": settings["client_id"], "client_secret": settings["client_secret"]}
        other = post(settings["token_url"], data=form | {"grant_type": "password"})
        good = post(settings["token_url"], data=form | {"grant_type": "client_credentials"})

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
    """Short names, scopes of another version and scopes that are not granted are an `invalid_scope`."""
    served_sandbox = sandbox(quirks, version)
    with served(served_sandbox), sync_client(base_url=served_sandbox.url) as client:
        response = request_token(client, served_sandbox, scope)

    assert (response.status_code, response.json()) == (status, {"error": "invalid_scope"})


def test_a_token_request_without_scopes_gets_all_none_or_an_error() -> None:
    """The token has all granted scopes or none, or the request is refused."""
    for quirks, expected in [(PUBLISHED_12, 200), (UNUSUAL_GRADEBOOK, 403)]:
        with running(sandbox(quirks), scope="") as server:
            assert server.get("/users").status_code == expected
    served_sandbox = sandbox(LEGACY_11, "1.1")
    with served(served_sandbox), sync_client(base_url=served_sandbox.url) as client:
        response = request_token(client, served_sandbox)

    assert (response.status_code, response.json()) == (400, {"error": "invalid_request"})


def test_the_core_scope_may_be_required_in_addition() -> None:
    """`roster.readonly` alone is a 403 on such a server."""
    wide, core = f"{SCOPES_11}roster.readonly", f"{SCOPES_11}roster-core.readonly"
    with running(sandbox(LEGACY_11, "1.1"), scope=wide) as server:
        assert server.get("/users").status_code == 403
    with running(sandbox(LEGACY_11, "1.1"), scope=f"{wide} {core}") as server:
        assert server.get("/users").status_code == 200


def test_collections_are_empty_for_a_client_without_organization() -> None:
    """Collections are empty with status 200, as in a district without people; a single row is a 404."""
    with running(sandbox()) as server:
        user = server.rows("/users")[0]["sourcedId"]
    with running(sandbox(replace(EDFI_SERVICE, organization_claim=False))) as server:
        assert server.get("/orgs").json() == {"orgs": []}
        assert server.get(f"/users/{user}").status_code == 404


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
def test_a_signed_request_is_accepted(method: SignatureMethod) -> None:
    """The signature covers path and query, with quotes and spaces."""
    with running(sandbox(replace(PUBLISHED_11, signature=method), "1.1")) as server:
        student_number = server.rows("/students")[0]["identifier"]
        rows = server.rows(
            "/students", filter=f"identifier='{student_number}' AND familyName!='O''Neil & Søn'", limit=5
        )

    assert [row["identifier"] for row in rows] == [student_number]


@pytest.mark.parametrize(
    ("accepted_method", "used_method"), [("HMAC-SHA1", "HMAC-SHA256"), ("HMAC-SHA256", "HMAC-SHA1")]
)
def test_another_method_of_signing_is_refused(
    accepted_method: SignatureMethod, used_method: SignatureMethod
) -> None:
    """A signature with HMAC-SHA256 is a 401 if the server accepts HMAC-SHA1, and the other way round."""
    served_sandbox = sandbox(replace(PUBLISHED_11, signature=accepted_method), "1.1")
    with served(served_sandbox):
        response = get(
            f"{served_sandbox.url}/ims/oneroster/v1p1/users", auth=signature_auth(served_sandbox, used_method)
        )

    assert response.status_code == 401


@pytest.mark.parametrize("seconds", [-301.0, 302.0])
def test_a_signature_of_another_time_is_refused(seconds: float) -> None:
    """The clocks of client and server may differ by five minutes."""
    served_sandbox = sandbox(PUBLISHED_11, "1.1")
    with served(served_sandbox):
        late = signature_auth(served_sandbox, clock=lambda: time.time() + seconds)
        response = get(f"{served_sandbox.url}/ims/oneroster/v1p1/users", auth=late)

    assert (response.status_code, response.json()["imsx_description"]) == (401, "Invalid timestamp.")


def test_a_signature_is_accepted_once() -> None:
    """The same nonce at the same second is refused, and so is a signature of another address."""
    served_sandbox = sandbox(PUBLISHED_11, "1.1")
    with served(served_sandbox), sync_client(base_url=served_sandbox.url) as client:
        users = f"{service_path(served_sandbox, '/users')}/users"
        first = client.get(users, auth=signature_auth(served_sandbox))
        header = {"Authorization": first.request.headers["Authorization"]}
        again, elsewhere = client.get(users, headers=header), client.get(f"{users}?limit=1", headers=header)

    assert first.status_code == 200
    assert (again.status_code, again.json()["imsx_description"]) == (401, "Nonce used before.")
    assert (elsewhere.status_code, elsewhere.json()["imsx_description"]) == (401, "Invalid signature.")


@pytest.mark.parametrize("header", ["", "OAuth nonsense", "Bearer x", 'OAuth oauth_consumer_key="other"'])
def test_a_request_without_a_valid_signature_is_refused(header: str) -> None:
    """The response is a 401; a server with signatures has no tokens."""
    served_sandbox = sandbox(PUBLISHED_11, "1.1")
    with served(served_sandbox), sync_client(base_url=served_sandbox.url) as client:
        response = client.get("/ims/oneroster/v1p1/users", headers={"Authorization": header})
        token = request_token(client, served_sandbox)

    assert (response.status_code, response.headers["www-authenticate"]) == (401, "OAuth")
    assert token.status_code == 404
