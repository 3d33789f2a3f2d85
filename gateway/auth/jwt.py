"""
Tokens of OIDC issuers: JSON Web Tokens, of which nothing is believed before the signature is checked.

One message answers whatever is wrong with one: a short reason is for the log.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jwt
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from student_graph.gateway.auth.issuers import Issuer
from student_graph.gateway.auth.keys import IssuerKeys
from student_graph.resolvers.context import Viewer

LARGEST = 8 * 1024
"""Bytes of a token."""
LEEWAY = 60
"""Seconds by which clocks may differ."""
MOST = 10_000
"""Tokens that are remembered."""
TYPES = frozenset({"JWT", "AT+JWT"})
REQUIRED = ["exp", "iat", "iss", "aud", "sub"]


class InvalidTokenError(Exception):
    """A token that is nobody's; `reason` is for the log, and no part of the message."""

    def __init__(self, reason: str) -> None:
        super().__init__("the token is nobody's")
        self.reason = reason


class _Known(NamedTuple):
    """Whose token it is, and by which key that is known."""

    viewer: Viewer
    expires: float
    signed_in: float
    """When the viewer last signed in, in seconds since 1970."""
    keys: IssuerKeys
    kid: str
    key: PyJWK


class TokenVerifier:
    """Whose token it is."""

    def __init__(self, issuers: Mapping[str, Issuer], wall: Callable[[], float] = time.time) -> None:
        """Believe these issuers, by name; `wall` tells seconds since 1970."""
        self._issuers, self._wall = issuers, wall
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    async def viewer(self, token: str) -> Viewer:
        """
        Whose token it is.

        Raises:
            InvalidTokenError: it is nobody's.
        """
        digest = _digest(token)
        known = self._known.get(digest)
        if known is not None and self._wall() < known.expires and known.keys.stands(known.kid, known.key):
            self._known.move_to_end(digest)
            return known.viewer
        self._known.pop(digest, None)
        known = self._known[digest] = await self._verified(token)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return known.viewer

    def signed_in(self, token: str) -> float | None:
        """When the viewer of a token that was verified last signed in; None for any other."""
        known = self._known.get(_digest(token))
        return None if known is None else known.signed_in

    async def _verified(self, token: str) -> _Known:
        if len(token) > LARGEST or not token.isascii():
            raise InvalidTokenError("form")
        issuer, kid = self._begin(token)
        key = await issuer.keys.find(kid)
        if key is None:
            raise InvalidTokenError("key")
        claims = self._claims(token, issuer, key)
        viewer = issuer.viewer(claims)
        if viewer is None:
            raise InvalidTokenError("role")
        return _Known(viewer, claims["exp"] + LEEWAY, _signed_in(claims), issuer.keys, kid, key)

    def _begin(self, token: str) -> tuple[Issuer, str]:
        """Whose key is to be looked for: read unverified, and used for nothing else."""
        try:
            header = jwt.get_unverified_header(token)
            said = jwt.decode(token, options={"verify_signature": False})
        except (PyJWTError, ValueError, TypeError, RecursionError):
            raise InvalidTokenError("form") from None
        # What a header says of keys (`jku`, `x5u`, `jwk`) is not looked at; what it makes a must is refused.
        if "crit" in header or "b64" in header or str(header.get("typ", "JWT")).upper() not in TYPES:
            raise InvalidTokenError("header")
        name, kid = said.get("iss"), header.get("kid")
        issuer = self._issuers.get(name) if isinstance(name, str) else None
        if issuer is None or not isinstance(kid, str):
            raise InvalidTokenError("issuer")
        return issuer, kid

    def _claims(self, token: str, issuer: Issuer, key: PyJWK) -> dict[str, Any]:
        """The claims of a token whose signature, times and parties are right."""
        if key.algorithm_name not in issuer.algorithms:
            raise InvalidTokenError("algorithm")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm_name],
                audience=issuer.audience,
                issuer=issuer.name,
                leeway=LEEWAY,
                options={"require": REQUIRED},
            )
            _check(claims, issuer)
        except jwt.InvalidTokenError as exc:
            raise InvalidTokenError(type(exc).__name__) from None
        except (PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            raise InvalidTokenError("form") from None
        return claims


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def _time(said: Any) -> float | None:
    """Seconds since 1970; None for what is no number, though it may be spelled like one."""
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    try:
        return float(said) if math.isfinite(said) else None
    except OverflowError:
        return None


def _signed_in(claims: Mapping[str, Any]) -> float:
    """When a viewer signed in: not after the token was issued, and never where what is said is no time."""
    issued = float(claims["iat"])
    said = _time(claims.get("auth_time", issued))
    return 0.0 if said is None else min(said, issued)


def _check(claims: Mapping[str, Any], issuer: Issuer) -> None:
    """
    What PyJWT leaves to us.

    Raises:
        jwt.InvalidTokenError: the token has no proper times, counts too long, is for others too, or names nobody.
    """
    sub, several = claims["sub"], isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if not isinstance(sub, str) or not 0 < len(sub) <= 256:
        raise jwt.InvalidTokenError("sub")
    sub.encode()  # half a character is no text: nothing could write it down
    expires, issued = _time(claims["exp"]), _time(claims["iat"])
    if expires is None or issued is None:  # PyJWT reads a number in a text, too
        raise jwt.InvalidTokenError("times")
    if expires - issued > issuer.longest:
        raise jwt.InvalidTokenError("too long")
    if several and claims.get("azp") not in issuer.clients:  # one for others too may have been sent on by them
        raise jwt.InvalidTokenError("aud")
