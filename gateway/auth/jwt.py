"""
Verification of the JSON Web Tokens of OIDC issuers. No claim is used before the signature has been verified.

All invalid tokens get the same message. The reason is for the log.
"""

from __future__ import annotations

import hashlib
import math
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jwt
from cachetools import LRUCache
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from student_graph.gateway.auth.issuers import Issuer
from student_graph.gateway.auth.keys import IssuerKeys
from student_graph.gateway.auth.refused_tokens import InvalidTokenError, RefusalReason
from student_graph.resolvers.context import Viewer

MAX_TOKEN_BYTES = 8 * 1024
MAX_SUBJECT_CHARACTERS = 256
CLOCK_LEEWAY_SECONDS = 60
"""How much the clocks of the issuer and the gateway may differ."""
MAX_CACHED_TOKEN_BYTES = 6 * 1024 * 1024
"""Memory of the cached results of verifications: about 4,000 tokens. Others are verified again."""
CACHED_TOKEN_BYTES = 1024
"""Memory of a cached result without what its viewer holds, rather too high."""
CACHED_MEMBER_BYTES = 64
"""Memory of a member of one of the viewer's sets; the grants themselves are those of the settings."""
TOKEN_TYPES = frozenset({"JWT", "AT+JWT"})
"""Accepted values of the header `typ`, in upper case."""
REQUIRED_CLAIMS = ["exp", "iat", "iss", "aud", "sub"]
MAX_TIME_SECONDS = 253_402_300_799
"""The last second of the year 9999, in seconds since 1970: a greater number is no time."""


class _VerifiedToken(NamedTuple):
    """The result of a verification, and the key that verified it."""

    viewer: Viewer
    expires_at: float
    signed_in_at: float
    """When the viewer last signed in. All times are in seconds since 1970."""
    keys: IssuerKeys
    key_id: str
    key: PyJWK


class TokenVerifier:
    """Verifies tokens; a verified token is cached until it expires or its key is withdrawn."""

    def __init__(self, issuers: Mapping[str, Issuer], wall_clock: Callable[[], float] = time.time) -> None:
        """Accept tokens of these issuers, by name; `wall_clock` returns seconds since 1970."""
        self._issuers, self._wall_clock = issuers, wall_clock
        self._verified: LRUCache[bytes, _VerifiedToken] = LRUCache(MAX_CACHED_TOKEN_BYTES, _size)
        """By digest of the token."""

    @property
    def used_bytes(self) -> int:
        """Memory of the cached results, by estimate."""
        return int(self._verified.currsize)

    @property
    def max_bytes(self) -> int:
        """Memory that they may take."""
        return int(self._verified.maxsize)

    async def viewer(self, token: str) -> Viewer:
        """
        The viewer that a token identifies.

        Raises:
            InvalidTokenError: the token is not valid.
        """
        if (viewer := self.known_viewer(token)) is not None:
            return viewer
        verified = self._verified[_digest(token)] = await self._verify(token)
        return verified.viewer

    def known_viewer(self, token: str) -> Viewer | None:
        """The viewer of a token that was verified and is still valid; None for every other token."""
        digest = _digest(token)
        known = self._verified.get(digest)
        if known is None:
            return None
        if self._wall_clock() < known.expires_at and known.keys.is_current(known.key_id, known.key):
            return known.viewer
        self._verified.pop(digest, None)
        return None

    def signed_in_at(self, token: str) -> float | None:
        """When the viewer of a token last signed in, in seconds since 1970; None if the token is not verified."""
        known = self._verified.get(_digest(token))
        return None if known is None else known.signed_in_at

    async def _verify(self, token: str) -> _VerifiedToken:
        if len(token) > MAX_TOKEN_BYTES or not token.isascii():
            raise InvalidTokenError(RefusalReason.FORM)
        issuer, key_id, algorithm = self._read_unverified(token)
        try:
            return await self._verify_with_issuer(token, issuer, key_id, algorithm)
        except InvalidTokenError as exc:
            exc.issuer = issuer.name
            raise

    async def _verify_with_issuer(
        self, token: str, issuer: Issuer, key_id: str | None, algorithm: str
    ) -> _VerifiedToken:
        if key_id is None:
            key_id, key, claims = await self._verify_without_key_id(token, issuer, algorithm)
        else:
            named_key = await issuer.keys.find(key_id)
            if named_key is None:
                raise InvalidTokenError(RefusalReason.KEY)
            key, claims = named_key, self._verified_claims(token, issuer, named_key)
        viewer = issuer.viewer(claims)
        if viewer is None:
            raise InvalidTokenError(RefusalReason.ROLE)
        expires_at = claims["exp"] + CLOCK_LEEWAY_SECONDS
        return _VerifiedToken(viewer, expires_at, _signed_in_at(claims), issuer.keys, key_id, key)

    async def _verify_without_key_id(
        self, token: str, issuer: Issuer, algorithm: str
    ) -> tuple[str, PyJWK, dict[str, Any]]:
        """
        The only key that a token without a key id can be signed with, its id, and the claims that it verifies.

        If it does not verify them, the issuer may have another key by now, as an unknown id would tell.
        """
        key_id, key = await _only_key(issuer, algorithm)
        try:
            return key_id, key, self._verified_claims(token, issuer, key)
        except InvalidTokenError as exc:
            if exc.reason is not RefusalReason.SIGNATURE:
                raise
            await issuer.keys.fetch_again()
            key_id, new_key = await _only_key(issuer, algorithm)
            if new_key is key:
                raise
        return key_id, new_key, self._verified_claims(token, issuer, new_key)

    def _read_unverified(self, token: str) -> tuple[Issuer, str | None, str]:
        """
        The issuer, the key id and the algorithm that a token names, for the choice of the key and nothing else.

        The key id is None if it names none, as OpenID Connect allows where only one key can be meant.
        """
        try:
            header = jwt.get_unverified_header(token)
            claims = jwt.decode(token, options={"verify_signature": False})
        except (PyJWTError, ValueError, TypeError, RecursionError):
            raise InvalidTokenError(RefusalReason.FORM) from None
        # Keys and key addresses in a header (`jku`, `x5u`, `jwk`) are ignored; critical extensions are refused.
        if "crit" in header or "b64" in header or str(header.get("typ", "JWT")).upper() not in TOKEN_TYPES:
            raise InvalidTokenError(RefusalReason.HEADER)
        name, key_id = claims.get("iss"), header.get("kid")
        issuer = self._issuers.get(name) if isinstance(name, str) else None
        if issuer is None or not isinstance(key_id, str | None):
            raise InvalidTokenError(RefusalReason.ISSUER)
        return issuer, key_id, str(header.get("alg"))

    def _verified_claims(self, token: str, issuer: Issuer, key: PyJWK) -> dict[str, Any]:
        """The claims of a token with a valid signature, valid times and the right parties."""
        if key.algorithm_name not in issuer.algorithms:
            raise InvalidTokenError(RefusalReason.ALGORITHM)
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm_name],
                audience=issuer.audience,
                issuer=issuer.name,
                leeway=CLOCK_LEEWAY_SECONDS,
                options={"require": REQUIRED_CLAIMS},
            )
            _check_claims(claims, issuer)
        except jwt.InvalidTokenError as exc:
            raise InvalidTokenError(RefusalReason.of(exc)) from None
        except (PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            raise InvalidTokenError(RefusalReason.FORM) from None
        return claims


async def _only_key(issuer: Issuer, algorithm: str) -> tuple[str, PyJWK]:
    """
    The id and the key of an issuer for an algorithm.

    Raises:
        InvalidTokenError: the issuer has no such key or several.
    """
    keys = await issuer.keys.fitting(algorithm)
    if len(keys) > 1:
        raise InvalidTokenError(RefusalReason.SEVERAL_KEYS)
    if not keys:
        raise InvalidTokenError(RefusalReason.KEY)
    return keys[0]


def _size(verified: _VerifiedToken) -> int:
    """Memory of a cached result, by estimate: what it holds of its own."""
    viewer = verified.viewer
    texts = (viewer.subject, viewer.email, viewer.staff_id, viewer.student_id, viewer.contact_id, verified.key_id)
    members = len(viewer.grants) + len(viewer.assigned) + len(viewer.districts)
    return CACHED_TOKEN_BYTES + sum(sys.getsizeof(text) for text in texts) + members * CACHED_MEMBER_BYTES


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def _parse_time(value: Any) -> float | None:
    """Seconds since 1970, with fractions as RFC 7519 allows; None for what is no number, such as a text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _is_time(value: Any) -> bool:
    """Whether a claim is a whole number of seconds since 1970."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TIME_SECONDS


def _signed_in_at(claims: Mapping[str, Any]) -> float:
    """When the viewer signed in, at the latest when the token was issued; 0 if `auth_time` is not a time."""
    issued_at = float(claims["iat"])
    signed_in_at = _parse_time(claims.get("auth_time", issued_at))
    return 0.0 if signed_in_at is None else min(signed_in_at, issued_at)


def _check_claims(claims: Mapping[str, Any], issuer: Issuer) -> None:
    """
    Check what PyJWT does not check.

    Raises:
        InvalidTokenError: a time is none, the lifetime is too long, the token has an audience that the
            settings do not allow, or the subject is missing or has characters that cannot be shown.
    """
    subject = claims["sub"]
    is_text = isinstance(subject, str) and 0 < len(subject) <= MAX_SUBJECT_CHARACTERS
    if not is_text or not subject.isprintable():
        raise InvalidTokenError(RefusalReason.SUBJECT)
    # PyJWT reads every time with int(): it accepts a text with digits, true and a negative number.
    expires_at = _parse_time(claims["exp"])
    if expires_at is None or not all(_is_time(claims[name]) for name in ("iat", "nbf") if name in claims):
        raise InvalidTokenError(RefusalReason.TIMES)
    if expires_at - claims["iat"] > issuer.max_lifetime_seconds:
        raise InvalidTokenError(RefusalReason.LIFETIME)
    if not isinstance(claims.get("azp", ""), str):
        raise InvalidTokenError(RefusalReason.PARTY)
    has_other_audiences = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if has_other_audiences and claims.get("azp") not in issuer.clients:  # another audience could pass it on to us
        raise InvalidTokenError(RefusalReason.PARTY)
