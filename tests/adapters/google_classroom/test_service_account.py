"""Tokens of the service account: what is signed, who gets it, and what an error says."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from student_graph.adapters.errors import AdapterError, PayloadError, RefusedError
from student_graph.adapters.google_classroom.adapter import GoogleClassroom
from student_graph.adapters.google_classroom.adapter.settings import SCOPES, GoogleClassroomSettings
from student_graph.adapters.google_classroom.client.service_account import TOKEN_URL, ServiceAccount
from student_graph.adapters.google_classroom.sandbox import GoogleClassroomSandbox
from student_graph.adapters.google_classroom.sandbox.tokens import (
    ADMINISTRATOR,
    SERVICE_ACCOUNT,
    key_file,
    private_key,
)
from student_graph.adapters.interface import AuthenticationScheme, authentication_scheme
from student_graph.adapters.registry import SettingsError, build_settings
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.harness import open_adapter
from student_graph.gateway.http import create_client
from tests.subcases import subcases


def settings_with(text: str) -> GoogleClassroomSettings:
    """Settings with this text as the key."""
    return GoogleClassroomSettings.model_validate({"administrator": ADMINISTRATOR, "service_account_key": text})


class Google:
    """Google's token endpoint and its API: remembers requests, and answers with a token or an error."""

    def __init__(self, status: int = 200, body: Any = None) -> None:
        self.requests: list[httpx.Request] = []
        self._status = status
        self._body = {"access_token": "ya29.token", "expires_in": 3599} if body is None else body

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if str(request.url) == TOKEN_URL:
            return httpx.Response(self._status, json=self._body)
        return httpx.Response(200, json={})


def client_of(google: Google) -> httpx.AsyncClient:
    """A client with the tokens of the service account."""
    settings = settings_with(key_file())
    return httpx.AsyncClient(auth=settings.service_account(), transport=httpx.MockTransport(google))


async def test_the_signed_text_says_who_asks_for_what_and_for_which_administrator() -> None:
    """It is signed RS256, names key, audience, scopes and administrator, and counts for an hour at most."""
    google = Google()
    async with client_of(google) as http:
        await http.get("https://classroom.googleapis.com/v1/courses")
    [token_request, api_request] = google.requests
    form = parse_qs(token_request.content.decode())
    [assertion] = form["assertion"]
    claims = jwt.decode(assertion, private_key().public_key(), algorithms=["RS256"], audience=TOKEN_URL)

    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert jwt.get_unverified_header(assertion) == {"alg": "RS256", "typ": "JWT", "kid": "sandbox-key-1"}
    assert (claims["iss"], claims["sub"], claims["scope"]) == (SERVICE_ACCOUNT, ADMINISTRATOR, " ".join(SCOPES))
    assert claims["exp"] - claims["iat"] == 3600
    assert "authorization" not in token_request.headers
    assert api_request.headers["authorization"] == "Bearer ya29.token"
    assert "PRIVATE" not in token_request.content.decode()


async def test_a_token_is_not_sent_to_another_origin() -> None:
    """Neither a token nor a signed text leaves for a request to another server."""
    google = Google()
    async with client_of(google) as http:
        for url in (
            "https://elsewhere.example/v1/courses",
            "http://classroom.googleapis.com/v1/courses",
            TOKEN_URL,
        ):
            with pytest.raises(PayloadError):
                await http.get(url)

    assert google.requests == []


async def test_the_gateways_client_sends_only_token_requests_to_the_token_endpoint() -> None:
    """The token endpoint is on another origin, and gets requests for tokens and nothing else."""
    settings = settings_with(key_file())

    assert settings.base_url.host != settings.token_url.host  # type: ignore[union-attr]
    async with create_client(settings, lambda: None) as http:
        for method, url in (("GET", TOKEN_URL), ("POST", "https://oauth2.googleapis.com/revoke")):
            with pytest.raises(PayloadError):
                await http.request(method, url)


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (401, "unauthorized_client", "Domain-wide delegation"),
        (400, "invalid_grant", "`administrator`"),
        (400, "invalid_scope", "scope"),
        (400, "something_new", "credentials refused by the token endpoint (400)"),
    ],
)
async def test_a_refused_token_says_what_to_change(status: int, code: str, advice: str) -> None:
    """The error names the setting or the page of the Admin console, and nothing that Google wrote."""
    google = Google(status, {"error": code, "error_description": f"Zvonimira {ADMINISTRATOR}"})
    async with client_of(google) as http:
        with pytest.raises(RefusedError) as caught:
            await http.get("https://classroom.googleapis.com/v1/courses")

    assert advice in caught.value.reason
    assert "Zvonimira" not in caught.value.reason
    assert ADMINISTRATOR not in caught.value.reason
    assert len(google.requests) == 1


async def test_the_sandbox_gives_no_token_for_a_scope_that_is_not_delegated() -> None:
    """The domain delegates all scopes or none: `check` then says where to grant them."""
    sandbox = GoogleClassroomSandbox(make_district(12), delegated=SCOPES[:2])
    async with open_adapter(sandbox, kind=GoogleClassroom) as adapter:
        with pytest.raises(AdapterError, match="Admin console"):
            await adapter.check()

    assert sandbox.requests == ["POST /token"]


def test_the_scheme_is_named_for_scorecards() -> None:
    """The scorecard says that tokens are got with a signed text."""
    auth = settings_with(key_file()).service_account()

    assert isinstance(auth, ServiceAccount)
    assert authentication_scheme(auth) is AuthenticationScheme.OAUTH2_SIGNED_ASSERTION


def changed_key(**changes: str) -> str:
    """A key file with other values."""
    return json.dumps({**json.loads(key_file()), **changes})


def elliptic_key() -> str:
    """A key file whose key is of another kind than Google's."""
    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return changed_key(private_key=pem.decode())


TEXTS: dict[str, Callable[[], str]] = {
    "no JSON": lambda: "x" * 32,
    "an empty object": lambda: "{}",
    "the key of a user": lambda: changed_key(type="authorized_user"),
    "a broken key": lambda: changed_key(private_key="-----BEGIN PRIVATE KEY-----\nSECRET\n"),
    "an elliptic key": elliptic_key,
}


@subcases("name", TEXTS)
def test_a_text_that_is_not_a_key_is_refused(name: str) -> None:
    """The message names the setting and where keys are created, and does not hold the text."""
    text = TEXTS[name]()
    with pytest.raises(ValueError, match="service_account_key_env: is not the JSON key") as caught:
        settings_with(text).service_account()

    assert text not in str(caught.value)
    assert "SECRET" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_a_key_in_a_file_is_read(tmp_path: Path) -> None:
    """The file is the one that Google Cloud creates; one that is missing or unreadable is named by its setting."""
    path = tmp_path / "classroom.json"
    settings = GoogleClassroomSettings(administrator=ADMINISTRATOR, service_account_file=path)
    with pytest.raises(ValueError, match="service_account_file: cannot be read"):
        settings.service_account()
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="service_account_file: cannot be read"):
        settings.service_account()
    path.write_text(key_file())

    assert settings.service_account().token_request
    assert os.fspath(path) in repr(settings)


@subcases(
    ("settings", "problem"),
    [
        ({}, "give service_account_key_env or service_account_file"),
        ({"service_account_key_env": "KEY", "service_account_file": "x.json"}, "and not both"),
        ({"service_account_key_env": "KEY", "administrator": "Ada"}, "administrator"),
        ({"service_account_key_env": "KEY", "section_link": "d"}, "section_link"),
        ({"service_account_key": "secret text"}, "give service_account_key_env instead"),
        ({"service_account_key_env": "KEY", "token_url": "http://oauth2.googleapis.com/token"}, "use https"),
    ],
)
def test_wrong_settings_are_refused_with_their_names(settings: dict[str, Any], problem: str) -> None:
    """What is missing, doubled or wrong is named; the value is not repeated."""
    values = {"administrator": ADMINISTRATOR, **settings}
    with pytest.raises(SettingsError, match=problem) as caught:
        build_settings(GoogleClassroom, "lms", values, {"KEY": key_file()})

    assert "secret text" not in str(caught.value)
    assert "PRIVATE KEY" not in str(caught.value)


def test_an_empty_section_link_is_none() -> None:
    """A settings file has no null."""
    settings = build_settings(
        GoogleClassroom,
        "lms",
        {"administrator": ADMINISTRATOR, "service_account_key_env": "KEY", "section_link": ""},
        {"KEY": key_file()},
    )

    assert isinstance(settings, GoogleClassroomSettings)
    assert settings.section_link is None
    assert isinstance(settings.service_account_key, SecretStr)
