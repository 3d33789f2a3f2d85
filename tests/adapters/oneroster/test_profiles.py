"""Profiles of vendors: what each changes, needs and leaves out, with the vendor's server as it is documented."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import httpx
import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import NotOfferedError, RefusedError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.oneroster.adapter import OneRoster, OneRosterSettings
from student_graph.adapters.oneroster.adapter.credentials import requested_part
from student_graph.adapters.oneroster.adapter.profiles import PROFILES, ProfileName
from student_graph.adapters.oneroster.sandbox import CLASSLINK_PROXY, OneRosterSandbox
from student_graph.adapters.oneroster.sandbox.quirks import PROFILE_SERVERS
from student_graph.adapters.oneroster.sandbox.tokens import VENDOR_KEY, VENDOR_SECRET
from student_graph.adapters.registry import SettingsError, build_settings
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.harness import open_adapter, run_lookup, run_lookup_or_error
from student_graph.adapters.testing.transports import UNSERVED_URL, RecordingTransport
from tests.subcases import subcases

FACTS = make_district(24)
STUDENTS, WORK = lookup_of(Adapter.students_by_id), lookup_of(Adapter.assignment_work_by_section)
ASSESSMENTS = lookup_of(Adapter.assessment_results_by_student)
LINKS = lookup_of(Adapter.section_enrollments_by_student)
NAMES: tuple[ProfileName, ...] = get_args(ProfileName)
CREDENTIALS = {"client_id": "gateway", "client_secret_env": "SECRET"}
ENVIRON = {"SECRET": "s", "VENDOR_SECRET": "v", "TWO_LINES": "t\nX-Other: 1"}


def sandbox_of(profile: ProfileName, **settings: Any) -> OneRosterSandbox:
    """The server of a vendor, whose adapter has settings in addition to its own; None leaves one out."""
    sandbox = OneRosterSandbox(FACTS, profile=profile)
    sandbox.url = UNSERVED_URL
    own = sandbox.settings
    changed = {**own(), **settings}
    sandbox.settings = lambda: {k: v for k, v in changed.items() if v is not None}  # type: ignore[method-assign]
    return sandbox


def settings_with(**values: Any) -> OneRosterSettings:
    """The settings of a source as the settings file has them."""
    values = {"base_url": "https://sis.example/api", **CREDENTIALS, **values}
    values = {name: value for name, value in values.items() if value is not None}
    settings = build_settings(OneRoster, "sis", values, ENVIRON)
    assert isinstance(settings, OneRosterSettings)
    return settings


def test_an_unknown_profile_is_refused_with_the_names_of_the_known_profiles() -> None:
    """The error lists the names of all profiles."""
    with pytest.raises(SettingsError) as refusal:
        settings_with(profile="infinitecampus")

    assert all(f"'{name}'" in str(refusal.value) for name in NAMES)
    assert set(PROFILES) == set(PROFILE_SERVERS) == set(NAMES)


@subcases(
    ("settings", "text"),
    [
        ({"profile": "infinite_campus"}, "token_url: profile 'infinite_campus' needs it"),
        ({"profile": "skyward"}, "token_url: profile 'skyward' needs it"),
        ({"profile": "infinite_campus", "token_url": "https://sis.example/t", "auth": "oauth1"}, "ended OAuth"),
        ({"profile": "classlink", "auth": "oauth2"}, 'use "oauth1" for the server of a district, or "bearer"'),
        ({"profile": "classlink", "auth": "bearer"}, 'access_token_env: auth = "bearer" needs it'),
        ({"profile": "powerschool", "client_id": None}, "client_id and client_secret_env"),
        ({"client_secret_env": None}, "client_id and client_secret_env"),
        ({"vendor_key": "LMS"}, "vendor_key and vendor_secret_env: give both"),
        ({"vendor_key": "LMS", "vendor_secret_env": "VENDOR_SECRET"}, 'only profile = "infinite_campus" uses it'),
        ({"auth": "bearer", "access_token_env": "TWO_LINES"}, "access_token_env: its value has a character"),
        ({"vendor_key": "L:S", "vendor_secret_env": "VENDOR_SECRET"}, "vendor_key"),
        ({"parts": ["resources"]}, "'rostering', 'gradebook' or 'assessments'"),
    ],
)  # fmt: skip
def test_a_profile_says_at_start_what_it_needs(settings: Mapping[str, Any], text: str) -> None:
    """Each message names the setting and what to do."""
    with pytest.raises(SettingsError) as refusal:
        settings_with(**settings)

    assert text in str(refusal.value)


def test_a_profile_only_changes_defaults() -> None:
    """What the operator writes counts: a profile is a table, and no other adapter."""
    campus = {"profile": "infinite_campus", "token_url": "https://sis.example/campus/oauth2/token?appName=hill"}

    assert settings_with(**campus).concurrency == 5
    assert settings_with(**campus, concurrency=2).concurrency == 2
    assert settings_with(profile="skyward", token_url="https://sis.example/t", version="1.2").version == "1.2"
    assert settings_with(profile="powerschool", parts=["rostering", "gradebook"]).unused_parts.keys() == {
        "assessments"
    }
    assert settings_with().parts == ("rostering", "gradebook", "assessments")


def test_a_token_is_requested_for_the_parts_that_are_read() -> None:
    """Some servers refuse a token if one of its scopes is not granted."""
    scopes = settings_with(parts=["rostering", "assessments"]).requested_scopes.split()

    assert {scope.rpartition("/")[2].partition(".")[0] for scope in scopes} == {
        "roster-core", "roster", "roster-demographics", "assessment"
    }  # fmt: skip


@pytest.mark.parametrize("profile", NAMES)
async def test_a_vendors_server_answers_as_one_of_the_standard(profile: ProfileName) -> None:
    """The same people and classes by another address, token and form."""
    version, _ = PROFILE_SERVERS[profile]
    standard = OneRosterSandbox(FACTS, version=version)
    standard.url = UNSERVED_URL
    keys = standard.known_keys("student")[:5]
    answers = []
    for sandbox in (standard, sandbox_of(profile)):
        async with open_adapter(sandbox, kind=OneRoster) as adapter:
            answers.append(
                [await run_lookup(adapter, lookup, keys, sandbox.arguments()) for lookup in (STUDENTS, LINKS)]
            )

    assert answers[0] == answers[1]
    assert len(answers[0][0]) == 5


async def requests_of(sandbox: OneRosterSandbox, *lookups: Any) -> list[httpx.Request]:
    """The requests that the adapter sends for lookups of one key, which must be answered."""
    transport = RecordingTransport(sandbox)
    async with open_adapter(sandbox, transport, kind=OneRoster) as adapter:
        for lookup in lookups:
            key = sandbox.known_keys(lookup.key_kind)[0]
            assert isinstance(await run_lookup(adapter, lookup, [key], sandbox.arguments()), dict)
    return transport.sent


async def test_infinite_campus_gets_the_vendors_key_for_gradebook_and_assessments_alone() -> None:
    """Its document asks for the header there; nobody else gets it, the token endpoint neither."""
    sent = await requests_of(sandbox_of("infinite_campus"), STUDENTS, WORK, ASSESSMENTS)
    header = "x-vendor-authorization"
    with_key = {request.url.path for request in sent if header in request.headers}
    without = {request.url.path for request in sent if header not in request.headers}

    assert {request.headers[header] for request in sent if header in request.headers} == {
        f"{VENDOR_KEY}:{VENDOR_SECRET}"
    }
    assert with_key
    assert all("/gradebook/v1p2/" in path for path in with_key)
    assert "/campus/oauth2/token" in without
    assert not any("/gradebook/" in path for path in without)


async def test_infinite_campus_refuses_its_gradebook_without_the_header() -> None:
    """As its document says: a 401, while rostering is answered."""
    sandbox = sandbox_of("infinite_campus", vendor_secret="wrong")
    async with open_adapter(sandbox, kind=OneRoster) as adapter:
        [section, *_], [student, *_] = sandbox.known_keys("section"), sandbox.known_keys("student")
        assert await run_lookup(adapter, STUDENTS, [student], {})
        assert isinstance(await run_lookup_or_error(adapter, WORK, [section], {}), RefusedError)


async def test_without_a_vendors_key_no_gradebook_is_requested() -> None:
    """The source does not offer it, and says what it would need."""
    sandbox = sandbox_of("infinite_campus", vendor_key=None, vendor_secret=None)
    async with open_adapter(sandbox, kind=OneRoster) as adapter:
        error = await run_lookup_or_error(adapter, WORK, sandbox.known_keys("section")[:1], {})
        summary = await adapter.check()

    assert isinstance(error, NotOfferedError)
    assert "`vendor_key`" in error.reason
    assert summary == "OneRoster 1.2, rostering"
    assert not any("gradebook" in line for line in sandbox.requests)


async def test_the_token_address_keeps_its_query() -> None:
    """Infinite Campus names the connection there; the sandbox refuses another."""
    sent = await requests_of(sandbox_of("infinite_campus"), STUDENTS)
    tokens = [request for request in sent if request.method == "POST"]

    assert [str(request.url.query, "ascii") for request in tokens] == ["appName=cedarhollow"]
    assert b"scope" not in tokens[0].content


async def test_powerschool_has_its_token_endpoint_at_the_root() -> None:
    """Whatever path its OneRoster has."""
    sent = await requests_of(sandbox_of("powerschool"), STUDENTS)

    assert [request.url.path for request in sent if request.method == "POST"] == ["/oauth/access_token"]
    assert sent[-1].url.path.startswith("/api/ims/oneroster/v1p1/")


@pytest.mark.parametrize("signature", ["HMAC-SHA1", "HMAC-SHA256"])
async def test_classlink_accepts_both_signatures(signature: str) -> None:
    """Its helper for .NET signs with SHA-1, its helpers for Python and Go with SHA-256."""
    sent = await requests_of(sandbox_of("classlink", signature=signature), STUDENTS)

    assert all(f'oauth_signature_method="{signature}"' in request.headers["authorization"] for request in sent)


async def test_classlinks_proxy_takes_a_fixed_token() -> None:
    """No token is requested, and nothing is signed."""
    sandbox = OneRosterSandbox(FACTS, version="1.1", quirks=CLASSLINK_PROXY)
    sandbox.url = UNSERVED_URL
    sent = await requests_of(sandbox, STUDENTS)

    assert {request.method for request in sent} == {"GET"}
    assert all(request.url.path.startswith("/sandbox-application/ims/oneroster/v1p1/") for request in sent)


@pytest.mark.parametrize("profile", ["classlink", "skyward", "powerschool"])
async def test_undocumented_parts_are_not_requested(profile: ProfileName) -> None:
    """A gradebook that nobody describes is not offered, until the operator adds the part."""
    sandbox = sandbox_of(profile)
    async with open_adapter(sandbox, kind=OneRoster) as adapter:
        error = await run_lookup_or_error(adapter, WORK, sandbox.known_keys("section")[:1], {})

    assert isinstance(error, NotOfferedError)
    assert not any("lineItems" in line or "results" in line for line in sandbox.requests)


@subcases(
    ("path", "part"),
    [
        ("/ims/oneroster/gradebook/v1p2/classes/A%201/lineItems", "gradebook"),
        ("/ims/oneroster/v1p1/results/7", "gradebook"),
        ("/ims/oneroster/gradebook/v1p2/assessmentResults/7", "assessments"),
        ("/ims/oneroster/v1p1/classes/results/students", "rostering"),  # a class may have this id
        ("/campus/api/oneroster/v1p2/hill/ims/oneroster/gradebook/v1p2/categories", "gradebook"),
        ("/ims/oneroster/rostering/v1p2/students", "rostering"),
        ("/campus/oauth2/token", "rostering"),
    ],
)
def test_the_part_of_an_address(path: str, part: str) -> None:
    """In both versions of the standard."""
    assert requested_part(path) == part
