"""What adapters say about the interfaces of their vendors."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from pydantic import AnyHttpUrl, SecretStr

from student_graph.adapters.auth import ApiKey, Bearer, OriginAuth
from student_graph.adapters.contract import Adapter, AdapterSettings
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.interface import AuthenticationScheme, Interface, authentication_scheme
from student_graph.adapters.oauth1 import OAuth1
from student_graph.adapters.registry import adapter_kinds, find_adapter
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.harness import open_adapter
from tests.adapters.edfi.scripted_sandbox import ScriptedSandbox, connected
from tests.subcases import subcases

ORIGIN = "https://sis.example"
SECRET = SecretStr("s" * 32)
FACTS = make_district(10)


@subcases(
    ("auth", "scheme"),
    [
        (None, AuthenticationScheme.NONE),
        (httpx.BasicAuth("a", "b"), AuthenticationScheme.BASIC),
        (ApiKey("X-Key", SECRET, origin=ORIGIN), AuthenticationScheme.API_KEY),
        (Bearer(SECRET, origin=ORIGIN), AuthenticationScheme.BEARER),
        (OAuth1("key", SECRET, origin=ORIGIN), AuthenticationScheme.OAUTH1_SIGNATURE),
        (OriginAuth(origin=ORIGIN), AuthenticationScheme.OTHER),
        (httpx.Auth(), AuthenticationScheme.OTHER),
    ],
)
def test_the_scheme_of_an_authentication_is_known(auth: httpx.Auth | None, scheme: AuthenticationScheme) -> None:
    """A scheme that nobody named is not taken for another one."""
    assert authentication_scheme(auth) is scheme


@pytest.mark.parametrize(
    "kind", [kind for kind in adapter_kinds() if kind in {"canvas", "edfi", "google_classroom", "oneroster"}]
)
def test_an_adapter_names_its_standard_without_a_request(kind: str) -> None:
    """What is not known before a request is None."""
    adapter: Any = find_adapter(kind)
    settings = {"base_url": ORIGIN, "token": "t", "client_id": "c", "client_secret": "s"}
    settings |= {"administrator": "a@hill.example", "service_account_key": "k"}
    fields = adapter.settings_type().model_fields
    configured = adapter.settings_type().model_validate({k: v for k, v in settings.items() if k in fields})
    interface = adapter("sis", configured, httpx.AsyncClient(transport=httpx.MockTransport(_refuse))).interface

    assert isinstance(interface, Interface)
    assert interface.standard
    assert interface.paging
    assert (interface.page_rows or 0) >= 100
    assert (kind == "edfi") is (interface.version is None)


def _refuse(_: httpx.Request) -> httpx.Response:
    raise AssertionError("a request was sent")


async def test_an_ed_fi_api_is_known_after_its_discovery_document() -> None:
    """Before it nothing is declared; then version, product, page tokens and change versions are known."""
    async with open_adapter(EdFiSandbox(FACTS)) as adapter:
        before = adapter.interface
        await adapter.check()
        after = adapter.interface

    assert before is not None
    assert after is not None
    assert (before.version, before.is_declared, before.states_changes) == (None, False, None)
    assert (after.version, after.is_declared, after.states_changes) == ("5.1.0", True, True)
    assert after.paging == "limit and offset; page tokens for long lists"


async def test_changes_are_tried_in_a_few_requests() -> None:
    """The newest version, the changed students and the deleted ones: three requests after the check."""
    sandbox = EdFiSandbox(FACTS)
    async with open_adapter(sandbox) as adapter:
        await adapter.check()
        sent = len(sandbox.requests)
        assert adapter.reads_changes is None
        assert await adapter.try_changes() is True
        assert len(sandbox.requests) - sent == 3
        sandbox.refuses_changes = True
        assert await adapter.try_changes() is False


async def test_an_api_without_change_queries_gets_no_request_for_changes() -> None:
    """The discovery document says so."""
    async with connected(ScriptedSandbox({})) as adapter:
        assert await adapter.try_changes() is False
        assert adapter.interface.states_changes is False


async def test_an_adapter_that_says_nothing_has_no_interface() -> None:
    """A third party's adapter need not name its standard, and asks for no changes."""
    settings = AdapterSettings(base_url=AnyHttpUrl(ORIGIN))
    adapter = Adapter("sis", settings, httpx.AsyncClient(transport=httpx.MockTransport(_refuse)))

    assert (adapter.interface, await adapter.try_changes()) == (None, None)
