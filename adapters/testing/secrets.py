"""Secrets and tokens: shown to the vendor, and to nobody and nothing else."""

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
from student_graph.adapters.testing.asking import ask, build, built, tell
from student_graph.adapters.testing.wire import Faulty

TASKS = 50


class Secrets:
    """What an adapter keeps to itself."""

    kind: type[Adapter]

    async def test_no_secret_is_shown_by_what_holds_it(self, sandbox: Sandbox) -> None:
        """Neither adapter nor client nor authentication shows a secret to whoever prints it."""
        adapter = build(sandbox, kind=self.kind)
        async with adapter.http:
            shown = f"{adapter!r} {adapter} {vars(adapter)!r} {adapter.http.headers!r} {adapter.auth()!r}"

        assert [name for name, secret in secrets_of(adapter) if secret in shown] == []

    async def test_no_secret_is_logged(
        self, lookup: Lookup, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Not even at the finest level, whether the vendor answers or refuses; nor is a key, but by httpx."""
        caplog.set_level(logging.DEBUG)
        key = sandbox.known_keys(lookup.key_kind)[0]
        async with built(sandbox, kind=self.kind) as adapter:
            await ask(adapter, lookup, [key], sandbox.arguments())
            secrets = secrets_of(adapter)
        async with built(sandbox, Faulty(sandbox.url, 0, refusal), kind=self.kind) as adapter:
            await tell(adapter, lookup, [key], sandbox.arguments())
        own = [record for record in caplog.records if record.name.partition(".")[0] not in ("httpx", "httpcore")]

        assert [name for name, secret in secrets if secret in caplog.text] == []
        assert lookup.key_kind == "district" or not [r for r in own if key in r.getMessage()]

    async def test_an_error_tells_no_secret_address_or_key(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """What becomes of a failure is shown to users: it holds nothing of the question or of the vendor."""
        key = sandbox.known_keys(lookup.key_kind)[0]
        adapter = build(sandbox, Faulty(sandbox.url, 0, refusal), kind=self.kind)
        async with adapter.http:
            failure = await failed(adapter, lookup, key, sandbox.arguments())
        hidden = [secret for _, secret in secrets_of(adapter)]
        told = " ".join(f"{each!r} {each} {vars(each)!r}" for each in chain(failure))
        shown = f"{translate(failure)!r} {translate(failure).reason}"

        assert [secret for secret in hidden if secret in told] == []
        assert "http" not in shown
        assert httpx.URL(sandbox.url).netloc.decode() not in shown
        assert lookup.key_kind == "district" or key not in shown.split()
        assert PRIVATE not in shown

    async def test_50_tasks_renew_a_token_once(self, renewing: Lookup, sandbox: Sandbox) -> None:
        """When a token ends under many tasks, one asks for the next, and all are answered as before."""
        key = sandbox.known_keys(renewing.key_kind)[0]
        async with built(sandbox, kind=self.kind) as adapter:
            before = await ask(adapter, renewing, [key], sandbox.arguments())
            sandbox.revoke()
            sandbox.requests.clear()
            asked = (ask(adapter, renewing, [key], sandbox.arguments()) for _ in range(TASKS))
            told = await asyncio.gather(*asked)

        assert told == [before] * TASKS
        assert len([line for line in sandbox.requests if line.split()[1] == sandbox.token_path]) == 1


PRIVATE = "Zvonimira"
"""A word of the vendor's that nobody else is to see."""


def refusal() -> httpx.Response:
    """A refusal that says too much."""
    return httpx.Response(400, json={"message": f"no {PRIVATE}", "errors": [{"message": PRIVATE}]})


def secrets_of(adapter: Adapter) -> list[tuple[str, str]]:
    """Secrets of an adapter's settings, by name."""
    return [(name, each.get_secret_value()) for name, each in adapter.settings if isinstance(each, SecretStr)]


async def failed(adapter: Adapter, lookup: Lookup, key: str, arguments: dict[str, Any]) -> Exception:
    """How a lookup of one key fails: by raising, or with an error in the key's place."""
    try:
        told = await ask(adapter, lookup, [key], arguments)
    except Exception as failure:  # noqa: BLE001 - whatever it is, it is looked at
        return failure
    error = told.get(key)
    assert isinstance(error, AdapterError), "a refusal is a failure"
    return error


def chain(failure: BaseException | None) -> Iterator[BaseException]:
    """A failure and all that led to it."""
    while failure is not None:
        yield failure
        failure = failure.__cause__ or failure.__context__
