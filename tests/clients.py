"""
HTTP clients of tests.

They share one TLS context, because loading one takes longer than most tests, and wait long enough for any machine.
"""

from __future__ import annotations

from typing import Any

import httpx

from student_graph.adapters.testing.transports import tls_context

TIMEOUT_SECONDS = 60.0
"""Longer than any test takes on a slow and busy machine; a test that hangs still fails."""


def sync_client(**options: Any) -> httpx.Client:
    """A client that ignores the environment's proxies; `options` are keywords of httpx."""
    return httpx.Client(**_with_defaults(options))


def async_client(**options: Any) -> httpx.AsyncClient:
    """A client that ignores the environment's proxies; `options` are keywords of httpx."""
    return httpx.AsyncClient(**_with_defaults(options))


def send(method: str, url: str, **options: Any) -> httpx.Response:
    """Send one request with a client of its own; `options` are keywords of httpx."""
    return httpx.request(method, url, **_with_defaults(options))


def get(url: str, **options: Any) -> httpx.Response:
    """Send a GET request with a client of its own."""
    return send("GET", url, **options)


def post(url: str, **options: Any) -> httpx.Response:
    """Send a POST request with a client of its own."""
    return send("POST", url, **options)


def _with_defaults(options: dict[str, Any]) -> dict[str, Any]:
    return {"verify": tls_context(), "trust_env": False, "timeout": TIMEOUT_SECONDS} | options
