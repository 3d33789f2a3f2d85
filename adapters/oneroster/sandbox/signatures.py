"""Checks OAuth 1.0a requests: consumer, method, time, nonce and signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from urllib.parse import quote, unquote

import httpx

from student_graph.adapters.oauth1 import SignatureMethod, base_string
from student_graph.adapters.oneroster.sandbox.refusals import unauthorized
from student_graph.adapters.oneroster.sandbox.tokens import CLIENT_ID, CLIENT_SECRET

_HASHES = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
_PARAMETER = re.compile(r'\s*([a-z_]+)="([^"]*)"\s*')
MAX_CLOCK_DIFFERENCE_SECONDS = 300.0
"""Maximum difference between the clocks of client and server."""


class Signatures:
    """Checks the signatures of one consumer; each is accepted only once."""

    def __init__(self, *methods: SignatureMethod, clock: Callable[[], float] = time.time) -> None:
        """Accept signatures by one of the methods."""
        self._methods = methods
        self._clock = clock
        self._used_nonces: set[tuple[str, str]] = set()

    def check(self, request: httpx.Request) -> None:
        """
        Accept a request with a valid signature.

        Raises:
            RefusalError: The signature is missing, wrong, too old, in the future or used before.
        """
        parameters = _parameters(request.headers.get("authorization", ""))
        signature = parameters.pop("oauth_signature", "")
        parameters.pop("realm", None)
        method = next((m for m in self._methods if m == parameters.get("oauth_signature_method")), None)
        if parameters.get("oauth_consumer_key") != CLIENT_ID or method is None:
            raise unauthorized("Invalid consumer or signature method.")
        timestamp, nonce = parameters.get("oauth_timestamp", ""), parameters.get("oauth_nonce", "")
        if not (
            timestamp.isascii()
            and timestamp.isdigit()
            and abs(int(timestamp) - self._clock()) <= MAX_CLOCK_DIFFERENCE_SECONDS
        ):
            raise unauthorized("Invalid timestamp.")
        if not hmac.compare_digest(
            signature.encode(), _signature(method, base_string(request, parameters.items())).encode()
        ):
            raise unauthorized("Invalid signature.")
        if not nonce or (timestamp, nonce) in self._used_nonces:
            raise unauthorized("Nonce used before.")
        self._used_nonces.add((timestamp, nonce))


def _signature(method: SignatureMethod, text: str) -> str:
    key = f"{quote(CLIENT_SECRET, safe='')}&".encode()
    return base64.b64encode(hmac.digest(key, text.encode(), _HASHES[method])).decode()


def _parameters(header: str) -> dict[str, str]:
    """
    The protocol parameters of an `Authorization` header.

    Raises:
        RefusalError: The header is not of OAuth 1.0a.
    """
    scheme, _, rest = header.partition(" ")
    matches = [_PARAMETER.fullmatch(part) for part in rest.split(",")]
    if scheme.lower() != "oauth" or not all(matches):
        raise unauthorized("Missing or invalid Authorization header.")
    return {match[1]: unquote(match[2]) for match in matches if match}
