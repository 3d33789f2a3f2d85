"""Tests that an adapter shows its secrets and tokens to the vendor only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, translate
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.applicability import about_http
from student_graph.adapters.testing.harness import open_adapter, run_lookup, run_lookup_or_error
from student_graph.adapters.testing.transports import FaultyTransport

CONCURRENT_TASKS = 50
VENDOR_TEXT = "Zvonimira"
"""A word in the vendor's error messages that must not be shown to users."""


class Secrets:
    """Tests of texts, logs and errors, and of the renewal of tokens."""

    kind: type[Adapter]

    async def test_no_object_shows_a_secret(self, sandbox: Sandbox) -> None:
        """The text of the adapter, its client and its authentication holds no secret."""
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            texts = f"{adapter!r} {adapter} {vars(adapter)!r} {adapter.http.headers!r} {adapter.auth()!r}"

        assert [name for name, secret in secrets_of(adapter) if secret in texts] == []

    async def test_no_secret_is_logged(
        self, lookup: Lookup, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Even at the debug level, no secret is logged, and no key is logged except by httpx."""
        caplog.set_level(logging.DEBUG)
        key = sandbox.known_keys(lookup.key_kind)[0]
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            await run_lookup(adapter, lookup, [key], sandbox.arguments())
            secrets = secrets_of(adapter)
        transport = FaultyTransport(sandbox, 0, talkative_refusal)
        async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
            await run_lookup_or_error(adapter, lookup, [key], sandbox.arguments())
        own_records = [r for r in caplog.records if r.name.partition(".")[0] not in ("httpx", "httpcore")]

        assert [name for name, secret in secrets if secret in caplog.text] == []
        assert lookup.key_kind == "district" or not [r for r in own_records if key in r.getMessage()]

    @about_http
    async def test_an_error_shows_no_secret_address_or_key(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """
        An error holds no secret, and its message, which users see, holds no address, key or text of the vendor.
        """
        key = sandbox.known_keys(lookup.key_kind)[0]
        transport = FaultyTransport(sandbox, 0, talkative_refusal)
        async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
            failure = await failure_of(adapter, lookup, key, sandbox.arguments())
        secrets = [secret for _, secret in secrets_of(adapter)]
        texts = " ".join(f"{error!r} {error} {vars(error)!r}" for error in with_causes(failure))
        message = f"{translate(failure)!r} {translate(failure).reason}"

        assert [secret for secret in secrets if secret in texts] == []
        assert "http" not in message
        assert httpx.URL(sandbox.url).netloc.decode() not in message
        assert lookup.key_kind == "district" or key not in message.split()
        assert VENDOR_TEXT not in message

    async def test_50_tasks_renew_a_token_once(self, token_lookup: Lookup, sandbox: Sandbox) -> None:
        """If a token expires while many tasks use it, one task renews it, and all have their answers."""
        key = sandbox.known_keys(token_lookup.key_kind)[0]
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            before = await run_lookup(adapter, token_lookup, [key], sandbox.arguments())
            sandbox.revoke()
            sandbox.requests.clear()
            lookups = (
                run_lookup(adapter, token_lookup, [key], sandbox.arguments()) for _ in range(CONCURRENT_TASKS)
            )
            batches = await asyncio.gather(*lookups)

        assert batches == [before] * CONCURRENT_TASKS
        paths = [line.split()[1].partition("?")[0] for line in sandbox.requests]
        assert len([path for path in paths if path == sandbox.token_path]) == 1


def talkative_refusal() -> httpx.Response:
    """A refusal with details that must not be shown."""
    return httpx.Response(400, json={"message": f"no {VENDOR_TEXT}", "errors": [{"message": VENDOR_TEXT}]})


def secrets_of(adapter: Adapter) -> list[tuple[str, str]]:
    """The secrets of an adapter's settings, with their names."""
    return [
        (name, setting.get_secret_value()) for name, setting in adapter.settings if isinstance(setting, SecretStr)
    ]


async def failure_of(adapter: Adapter, lookup: Lookup, key: str, arguments: dict[str, Any]) -> Exception:
    """The failure of a lookup of one key: the exception that it raises, or the error of the key."""
    try:
        batch = await run_lookup(adapter, lookup, [key], arguments)
    except Exception as failure:  # noqa: BLE001 - the test inspects any exception
        return failure
    error = batch.get(key)
    assert isinstance(error, AdapterError), "a refusal must be an error"
    return error


def with_causes(failure: BaseException | None) -> Iterator[BaseException]:
    """An exception and all exceptions that caused it."""
    while failure is not None:
        yield failure
        failure = failure.__cause__ or failure.__context__
