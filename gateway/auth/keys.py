"""
The public keys of an issuer, by key id: fetched in the background, rotated, and kept through an outage.

A set of keys is accepted as a whole or not at all. An invalid set leaves the last valid one in use.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from student_graph.gateway.concurrency.shared_tasks import SharedTasks

log = logging.getLogger("student_graph.auth")

MIN_FETCH_INTERVAL_SECONDS = 30.0
REFRESH_AFTER_SECONDS = 3600.0
"""Age at which keys are fetched again in the background, so that a withdrawn key stops being accepted."""
MAX_KEY_AGE_SECONDS = 86_400.0
"""How long the last valid keys are accepted if the issuer provides no new ones."""
FETCH_TIMEOUT_SECONDS = 5.0
MAX_KEY_SET_BYTES = 256 * 1024
MIN_RSA_BITS = 2048
PRIVATE_PARAMETERS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
"""Parameters of private and secret keys (RFC 7518), which an issuer must never publish."""
PARSE_ERRORS = (
    msgspec.DecodeError,
    PyJWTError,
    UnsupportedAlgorithm,
    NotImplementedError,  # raised by PyJWT for a key whose `alg` is `none`
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
)
"""Exceptions that parsing an invalid key set raises."""


class InvalidKeySetError(Exception):
    """A set of keys that is not accepted."""


class IssuerKeys:
    """The keys of one issuer, fetched from its JWKS address or fixed."""

    def __init__(
        self,
        url: str | None = None,
        client: httpx.AsyncClient | None = None,
        *,
        static_keys: Mapping[str, PyJWK] | None = None,
        timeout_seconds: float = FETCH_TIMEOUT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Fetch the keys from `url`, or use `static_keys`, which never expire. `clock` counts seconds."""
        self._url, self._client, self._timeout_seconds, self._clock = url, client, timeout_seconds, clock
        self._keys: Mapping[str, PyJWK] = dict(static_keys or {})
        self._fetched_at = math.inf if url is None else -math.inf
        self._attempted_at = -math.inf
        self._fetches: SharedTasks[None, None] = SharedTasks()

    @property
    def url(self) -> str | None:
        """The address from which the keys are fetched; None for fixed keys."""
        return self._url

    async def find(self, key_id: str) -> PyJWK | None:
        """
        The key with an id; None if the issuer has none.

        An unknown id waits for a running fetch, or starts one if the last attempt is long enough ago.
        """
        if self._url is None:
            return self._keys.get(key_id)
        if key_id not in self._keys or not self._valid():
            await self.fetch_again()
        return self._keys.get(key_id) if self._valid() else None

    async def fitting(self, algorithm: str) -> Sequence[tuple[str, PyJWK]]:
        """
        All keys for an algorithm, with their ids: for a token that names no key.

        Unless exactly one fits, it waits for a fetch as `find` does.
        """
        if len(self._fitting(algorithm)) != 1 or not self._valid():
            await self.fetch_again()
        return self._fitting(algorithm) if self._valid() else ()

    async def fetch_again(self) -> None:
        """Wait for a running fetch, or for one that starts if the last attempt is long enough ago."""
        if self._url is not None:
            await self._fetches.join(None, self._fetch_if_due)

    def _fitting(self, algorithm: str) -> Sequence[tuple[str, PyJWK]]:
        return [(key_id, key) for key_id, key in self._keys.items() if key.algorithm_name == algorithm]

    def is_current(self, key_id: str, key: PyJWK) -> bool:
        """Whether the issuer still has this key under this id."""
        return self._keys.get(key_id) is key and self._valid()

    def _valid(self) -> bool:
        """Whether the keys are young enough; starts a fetch in the background if they are old."""
        age = self._clock() - self._fetched_at
        if REFRESH_AFTER_SECONDS < age < MAX_KEY_AGE_SECONDS and self._is_due():
            self._fetches.start(None, self._fetch_if_due)
        return age < MAX_KEY_AGE_SECONDS

    def _is_due(self) -> bool:
        return self._clock() - self._attempted_at >= MIN_FETCH_INTERVAL_SECONDS

    async def _fetch_if_due(self) -> None:
        if not self._is_due():
            return
        self._attempted_at = self._clock()
        assert self._client is not None
        assert self._url is not None
        try:
            async with asyncio.timeout(self._timeout_seconds):
                keys = parse_key_set(await _download(self._client, self._url))
        except Exception as exc:  # noqa: BLE001 - no failure of the issuer may reach the requests that wait for keys
            reason = type(exc).__name__
            log.warning("cannot fetch the keys at %s (%s); the last valid ones stay in use", self._url, reason)
            return
        # An unchanged key stays the same object: tokens that it verified stay verified.
        known = self._keys
        self._keys = {
            key_id: known[key_id] if key_id in known and _are_equal(known[key_id], key) else key
            for key_id, key in keys.items()
        }
        self._fetched_at = self._clock()

    async def close(self) -> None:
        """Cancel a running fetch and close the client."""
        await self._fetches.close()
        if self._client is not None:
            await self._client.aclose()


async def _download(client: httpx.AsyncClient, url: str) -> bytes:
    """
    The body of a 200 response.

    Raises:
        InvalidKeySetError: the status is another one, or the body is too large.
    """
    async with client.stream(
        "GET", url, headers={"Accept": "application/json", "Accept-Encoding": "identity"}, follow_redirects=False
    ) as response:
        if response.status_code != 200:
            raise InvalidKeySetError
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MAX_KEY_SET_BYTES:
                raise InvalidKeySetError
    return bytes(body)


def parse_key_set(body: bytes) -> dict[str, PyJWK]:
    """
    The signing keys of a JSON Web Key Set (RFC 7517), by key id; a key without one gets one that follows from it.

    Raises:
        InvalidKeySetError: it is no key set, has no signing key or the same id twice, or a key is weak or private.
    """
    try:
        rows = msgspec.json.decode(body)["keys"]
        signing_rows = [row for row in rows if row.get("use", "sig") == "sig" and row.get("kty") in {"RSA", "EC"}]
        keys = {_key_id(row, key): key for row in signing_rows for key in (PyJWK(row),)}
        acceptable = all(map(_is_strong, keys.values())) and all(isinstance(key_id, str) for key_id in keys)
    except PARSE_ERRORS:
        raise InvalidKeySetError from None
    if (
        not keys
        or not acceptable
        or len(keys) != len(signing_rows)
        or any(parameter in row for row in rows for parameter in PRIVATE_PARAMETERS)
    ):
        raise InvalidKeySetError
    return keys


def _key_id(row: Mapping[str, Any], key: PyJWK) -> Any:
    """The id of a key; for a key without one, which RFC 7517 allows, the SHA-256 of its public part."""
    if "kid" in row:
        return row["kid"]
    public = key.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(public).hexdigest()


def _is_strong(key: PyJWK) -> bool:
    """Whether a key is RSA of at least `MIN_RSA_BITS` or elliptic curve P-256."""
    public: Any = key.key
    if isinstance(public, RSAPublicKey):
        return public.key_size >= MIN_RSA_BITS
    return isinstance(public, EllipticCurvePublicKey) and isinstance(public.curve, SECP256R1)


def _are_equal(first: PyJWK, second: PyJWK) -> bool:
    return bool(
        first.key.public_numbers() == second.key.public_numbers() and first.algorithm_name == second.algorithm_name
    )
