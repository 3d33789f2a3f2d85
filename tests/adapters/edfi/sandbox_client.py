"""A plain HTTP client of the Ed-Fi sandbox, for tests of the sandbox itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.serving import served
from tests.clients import post, sync_client


def request_token(sandbox: EdFiSandbox) -> httpx.Response:
    """Request a token with the credentials of the sandbox."""
    settings = sandbox.settings()
    auth = httpx.BasicAuth(settings["client_id"], settings["client_secret"])
    return post(f"{sandbox.url}/oauth/token", auth=auth, data={"grant_type": "client_credentials"})


@contextmanager
def connected_client(sandbox: EdFiSandbox) -> Iterator[httpx.Client]:
    """Serve the sandbox; yields a client with a token and with the root of the sandbox as base URL."""
    with served(sandbox):
        headers = {"Authorization": f"Bearer {request_token(sandbox).json()['access_token']}"}
        with sync_client(base_url=sandbox.url, headers=headers) as client:
            yield client


def all_rows(client: httpx.Client, resource: str, **filters: Any) -> list[dict[str, Any]]:
    """All rows of a collection that satisfy the filters, read page by page."""
    rows: list[dict[str, Any]] = []
    while True:
        page = client.get(
            f"/data/v3/ed-fi/{resource}", params={**filters, "limit": 500, "offset": len(rows)}
        ).json()
        rows += page
        if len(page) < 500:
            return rows
