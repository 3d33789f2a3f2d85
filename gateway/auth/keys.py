"""
The public keys of an issuer, by their id: fetched without holding anybody up, rotated, kept through an outage.

A set is taken as a whole or not at all; what is wrong with it leaves the last good one as it is.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.exceptions import PyJWTError

log = logging.getLogger("student_graph.auth")

BETWEEN = 30.0
"""Seconds between two questions for the keys."""
OLD = 3600.0
"""Seconds after which they are asked for behind, so that a key that was withdrawn counts no more."""
KEPT = 86_400.0
"""Seconds for which the last good keys count when the issuer gives no new ones."""
PATIENCE = 5.0
"""Seconds that the issuer may take."""
LARGEST = 256 * 1024
"""Bytes of a set of keys."""
SMALLEST = 2048
"""Bits of an RSA key at least."""
PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
"""Parts of a key that nobody may publish."""
UNREADABLE = (
    msgspec.DecodeError,
    PyJWTError,
    UnsupportedAlgorithm,
    NotImplementedError,  # what PyJWT says of a key whose `alg` is `none`
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
)
"""What reading a set raises that is none."""


class BadKeysError(Exception):
    """A set of keys that cannot be taken."""


class IssuerKeys:
    """The keys of one issuer."""

    def __init__(
        self,
        url: str | None = None,
        client: httpx.AsyncClient | None = None,
        *,
        given: Mapping[str, PyJWK] | None = None,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Fetch them from `url`, or take those that are `given`; `patience` and `clock` count seconds."""
        self._url, self._client, self._patience, self._clock = url, client, patience, clock
        self._keys: Mapping[str, PyJWK] = dict(given or {})
        self._fetched = math.inf if url is None else -math.inf
        self._tried = -math.inf
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> PyJWK | None:
        """The key of that id; None when the issuer has none. An unknown one is looked for, but not often."""
        if self._url is None:
            return self._keys.get(kid)
        if kid in self._keys and self._good():
            return self._keys[kid]
        if (task := self._fetch()) is not None:
            await asyncio.shield(task)
        return self._keys.get(kid) if self._good() else None

    def stands(self, kid: str, key: PyJWK) -> bool:
        """Whether that very key still counts."""
        return self._keys.get(kid) is key and self._good()

    def _good(self) -> bool:
        """Whether the keys still count; old ones are asked for behind: who asks now need not wait."""
        age = self._clock() - self._fetched
        if OLD < age < KEPT:
            self._fetch()
        return age < KEPT

    def _fetch(self) -> asyncio.Task[None] | None:
        """The fetch that is under way, or a new one when the last is long enough ago."""
        if self._fetching is None and self._clock() - self._tried >= BETWEEN:
            self._tried = self._clock()
            self._fetching = asyncio.create_task(self._fetched_anew())
            self._fetching.add_done_callback(self._landed)
        return self._fetching

    def _landed(self, _: asyncio.Task[None]) -> None:
        self._fetching = None

    async def _fetched_anew(self) -> None:
        assert self._client is not None
        assert self._url is not None
        try:
            async with asyncio.timeout(self._patience):
                read = keys_in(await _body(self._client, self._url))
        except Exception as exc:  # noqa: BLE001 - whatever it is, those who ask have no part in it
            log.warning("an issuer's keys could not be had (%s); the last good ones stay", type(exc).__name__)
            return
        # A key that did not change is the same object: what was verified with it stays verified.
        kept = self._keys
        self._keys = {
            kid: kept[kid] if kid in kept and _same(kept[kid], key) else key for kid, key in read.items()
        }
        self._fetched = self._clock()

    async def close(self) -> None:
        """Fetch no more."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()


async def _body(client: httpx.AsyncClient, url: str) -> bytes:
    """What stands at the address, read no further than it may be long."""
    async with client.stream(
        "GET", url, headers={"Accept": "application/json", "Accept-Encoding": "identity"}, follow_redirects=False
    ) as answer:
        if answer.status_code != 200:
            raise BadKeysError
        body = bytearray()
        async for part in answer.aiter_raw():
            body += part
            if len(body) > LARGEST:
                raise BadKeysError
    return bytes(body)


def keys_in(body: bytes) -> dict[str, PyJWK]:
    """
    The keys for signatures of a set (RFC 7517), by id.

    Raises:
        BadKeysError: it is no set, is empty, holds a private part, an id twice, or a key that is too weak.
    """
    try:
        rows = msgspec.json.decode(body)["keys"]
        signing = [row for row in rows if row.get("use", "sig") == "sig" and row.get("kty") in {"RSA", "EC"}]
        found = {row["kid"]: PyJWK(row) for row in signing}
        sound = all(map(_strong, found.values())) and all(isinstance(kid, str) for kid in found)
    except UNREADABLE:
        raise BadKeysError from None
    if (
        not found
        or not sound
        or len(found) != len(signing)
        or any(part in row for row in rows for part in PRIVATE)
    ):
        raise BadKeysError
    return found


def _strong(key: PyJWK) -> bool:
    public: Any = key.key
    if isinstance(public, RSAPublicKey):
        return public.key_size >= SMALLEST
    return isinstance(public, EllipticCurvePublicKey) and isinstance(public.curve, SECP256R1)


def _same(one: PyJWK, other: PyJWK) -> bool:
    return bool(
        one.key.public_numbers() == other.key.public_numbers() and one.algorithm_name == other.algorithm_name
    )
