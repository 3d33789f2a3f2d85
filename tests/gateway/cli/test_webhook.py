"""`webhook send` and the senders in the documentation for vendors are taken by a gateway."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from student_graph.gateway.server.service import Service
from tests.gateway.cache.test_response_cache import VIEWERS
from tests.gateway.servers import client_for, run_here
from tests.gateway.small_district import Ledger, district

KEY = "h" * 32
PAGE = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text(encoding="utf-8")
QUERY = {"query": '{ student(studentUniqueId: "s1") { studentUniqueId } }'}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client of a gateway whose SIS reports changes."""
    keys = {("hill", "sis"): KEY.encode()}
    service = Service([district(Ledger(students=["s1"]))], VIEWERS, webhook_keys=keys)
    with client_for(service.app()) as http:
        yield http


def hits(client: httpx.Client) -> int:
    """How many keys of a query the cache answers."""
    response = client.post("/graphql", json=QUERY, headers={"Authorization": "Bearer head"}).json()
    number: int = response["extensions"]["sources"]["hill/sis"]["hits"]
    return number


def block(language: str) -> str:
    """The block of the documentation in a language."""
    match = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert match
    return match[1]


def send(client: httpx.Client, *arguments: str, key: str = KEY) -> subprocess.CompletedProcess[str]:
    """Run `webhook send` for the gateway of a client."""
    options = ["--url", str(client.base_url), "--source", "hill/sis", "--key-env", "HOOK_KEY", *arguments]
    return run_here("webhook", "send", *options, environ={"HOOK_KEY": key})


def test_a_sent_call_removes_what_changed(client: httpx.Client) -> None:
    """After the call, the gateway asks the source again for the student."""
    hits(client)
    before = hits(client)
    result = send(client, "--records", "Student", "--student", "s1")

    assert (before, result.returncode, result.stderr) == (1, 0, "")
    assert result.stdout == "hill/sis: the gateway accepted the call, and will read the changed records again\n"
    assert hits(client) == 0


@pytest.mark.parametrize(("arguments", "key", "reason"), [
    ((), "x" * 32, "(401): the signature is not valid"),
    (("--records", "Homework"), KEY, "(400): records: there is no record type 'Homework'"),
])  # fmt: skip
def test_a_refused_call_says_why(client: httpx.Client, arguments: tuple[str, ...], key: str, reason: str) -> None:
    """The error is the gateway's, and the exit status is 2."""
    result = send(client, *arguments, key=key)

    assert result.returncode == 2
    assert reason in result.stderr


def test_a_missing_key_and_a_missing_gateway_are_named(client: httpx.Client) -> None:
    """The error names the option."""
    no_key = send(client, key="")
    no_gateway = send(client, "--url", "http://127.0.0.1:9")

    assert "--key-env: the environment variable HOOK_KEY is not set" in no_key.stderr
    assert "--url: no gateway answers at http://127.0.0.1:9" in no_gateway.stderr


def test_the_sender_of_the_documentation_is_taken(client: httpx.Client) -> None:
    """The Python of the page for vendors signs as the gateway expects."""
    names: dict[str, Any] = {}
    exec(block("python"), names)  # noqa: S102 - our own documentation
    hits(client)
    status = names["report_change"](f"{client.base_url}/hooks/hill/sis", KEY.encode(), {"students": ["s1"]})

    assert status == 204
    assert hits(client) == 0


def test_the_command_line_of_the_documentation_is_taken(client: httpx.Client) -> None:
    """The shell commands of the page for vendors do so, too."""
    # Another body than the one above: the same one in the same second is a repetition.
    environ = {
        "BODY": '{"records": ["Student"]}',
        "HOOK_KEY": KEY,
        "HOOK_URL": f"{client.base_url}/hooks/hill/sis",
    }
    result = subprocess.run(  # noqa: S603 - our own documentation
        ["/bin/sh", "-c", block("sh")],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if "not found" in result.stderr:
        pytest.skip("openssl or curl is not installed")

    assert (result.returncode, result.stderr) == (0, "")
