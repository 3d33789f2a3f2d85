"""A plain client of the Ed-Fi sandbox, for tests of the sandbox itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.serving import served


def token(sandbox: EdFiSandbox) -> httpx.Response:
    """Ask for a token with the sandbox's own credentials."""
    settings = sandbox.settings()
    auth = httpx.BasicAuth(settings["client_id"], settings["client_secret"])
    return httpx.post(f"{sandbox.url}/oauth/token", auth=auth, data={"grant_type": "client_credentials"})


@contextmanager
def asking(sandbox: EdFiSandbox) -> Iterator[httpx.Client]:
    """Serve the sandbox; the client has a token and stands at its root."""
    with served(sandbox):
        headers = {"Authorization": f"Bearer {token(sandbox).json()['access_token']}"}
        with httpx.Client(base_url=sandbox.url, headers=headers) as client:
            yield client


def every(client: httpx.Client, resource: str, **filters: Any) -> list[dict[str, Any]]:
    """All rows of a collection, page by page."""
    rows: list[dict[str, Any]] = []
    while True:
        page = client.get(
            f"/data/v3/ed-fi/{resource}", params={**filters, "limit": 500, "offset": len(rows)}
        ).json()
        rows += page
        if len(page) < 500:
            return rows
