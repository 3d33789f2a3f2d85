"""OAuth 1.0a as a server checks it: consumer, method, time, nonce and signature of each request."""

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
TOLERANCE = 300.0
"""Seconds by which the clocks may differ."""


class Signatures:
    """Signatures of one consumer, none of which is taken twice."""

    def __init__(self, method: SignatureMethod, clock: Callable[[], float] = time.time) -> None:
        self._method = method
        self._clock = clock
        self._seen: set[tuple[str, str]] = set()

    def admit(self, request: httpx.Request) -> None:
        """
        Let pass a request with a good signature.

        Raises:
            RefusalError: it has none, or one that is wrong, too old, too new or used before.
        """
        given = _parameters(request.headers.get("authorization", ""))
        signature = given.pop("oauth_signature", "")
        given.pop("realm", None)
        if given.get("oauth_consumer_key") != CLIENT_ID or given.get("oauth_signature_method") != self._method:
            raise unauthorized("Invalid consumer or signature method.")
        timestamp, nonce = given.get("oauth_timestamp", ""), given.get("oauth_nonce", "")
        if not (timestamp.isascii() and timestamp.isdigit() and abs(int(timestamp) - self._clock()) <= TOLERANCE):
            raise unauthorized("Invalid timestamp.")
        if not hmac.compare_digest(
            signature.encode(), self._signature(base_string(request, given.items())).encode()
        ):
            raise unauthorized("Invalid signature.")
        if not nonce or (timestamp, nonce) in self._seen:
            raise unauthorized("Nonce used before.")
        self._seen.add((timestamp, nonce))

    def _signature(self, text: str) -> str:
        key = f"{quote(CLIENT_SECRET, safe='')}&".encode()
        return base64.b64encode(hmac.digest(key, text.encode(), _HASHES[self._method])).decode()


def _parameters(header: str) -> dict[str, str]:
    """
    Protocol parameters of an `Authorization` header.

    Raises:
        RefusalError: it is none of OAuth 1.0a.
    """
    scheme, _, rest = header.partition(" ")
    found = [_PARAMETER.fullmatch(part) for part in rest.split(",")]
    if scheme.lower() != "oauth" or not all(found):
        raise unauthorized("Missing or invalid Authorization header.")
    return {match[1]: unquote(match[2]) for match in found if match}
