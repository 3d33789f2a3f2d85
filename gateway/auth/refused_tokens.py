"""Why tokens are refused, and the lines of the log about them. A client never gets the reason."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from enum import StrEnum

import jwt

log = logging.getLogger("student_graph.auth")

INTERVAL_SECONDS = 60.0
"""Time during which refusals for the same reason are counted instead of logged one by one."""


class RefusalReason(StrEnum):
    """A reason to refuse a token, as a sentence for the log. It holds no part of the token."""

    UNKNOWN = "it is no token of the settings, and there is no issuer"
    FORM = "it is no token of the settings and no JWT"
    HEADER = "its header has `crit`, `b64` or a `typ` other than JWT or at+jwt"
    ISSUER = "its `iss` is not the `issuer` of any issuer in the settings"
    KEY = "the last fetched keys of the issuer (`jwks_url`) do not include its key"
    SEVERAL_KEYS = "it has no key id, and several published keys of the issuer fit"
    ALGORITHM = "it is not signed with RS256 or ES256"
    SIGNATURE = "its signature is not that of its key"
    EXPIRED = "it has expired"
    TOO_EARLY = "it is not valid yet; compare the clocks of this machine and of the issuer"
    TIMES = "a time in it (`exp`, `iat`, `nbf`) is not a number of seconds since 1970"
    LIFETIME = "it is valid for longer than the issuer's `longest` allows"
    CLAIMS = "it has no `exp`, `iat`, `iss`, `aud` or `sub`"
    SUBJECT = "its `sub` is empty, too long or not printable"
    AUDIENCE = "its `aud` is not the `audience` of the issuer"
    PARTY = "it has several audiences, and its `azp` is not in `clients` of the issuer"
    ROLE = "its claims give no role, or no district of the issuer; see `roles`, `role_claim` and `tenants`"
    OTHER = "it is not valid"

    @classmethod
    def of(cls, error: jwt.PyJWTError) -> RefusalReason:
        """The reason for which PyJWT refuses a token."""
        return next((reason for type_, reason in _OF_PYJWT.items() if isinstance(error, type_)), cls.OTHER)


_OF_PYJWT = {
    jwt.InvalidSignatureError: RefusalReason.SIGNATURE,
    jwt.DecodeError: RefusalReason.FORM,
    jwt.ExpiredSignatureError: RefusalReason.EXPIRED,
    jwt.ImmatureSignatureError: RefusalReason.TOO_EARLY,
    jwt.InvalidAlgorithmError: RefusalReason.ALGORITHM,
    jwt.InvalidAudienceError: RefusalReason.AUDIENCE,
    jwt.InvalidIssuedAtError: RefusalReason.TIMES,
    jwt.InvalidIssuerError: RefusalReason.ISSUER,
    jwt.MissingRequiredClaimError: RefusalReason.CLAIMS,
}


class InvalidTokenError(Exception):
    """A token that is not accepted. Its `reason` and its `issuer` are for the log and not part of the message."""

    def __init__(self, reason: RefusalReason, issuer: str = "") -> None:
        """`issuer` is the name that the settings have for the issuer; empty as long as it is not known."""
        super().__init__("the token is not valid")
        self.reason, self.issuer = reason, issuer


class RefusedTokenLog:
    """
    Writes why tokens are refused: for each reason and issuer at once, and then the number of each minute.

    So nobody can fill the log with invalid tokens, and an operator sees why a district's people get a status 401.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Use a clock that returns monotonic seconds."""
        self._clock = clock
        self._counts: dict[tuple[RefusalReason, str], tuple[float, int]] = {}
        """By reason and issuer of the settings: when the last line was written, and the refusals since then."""

    def add(self, error: InvalidTokenError) -> None:
        """Count a refusal, and write a line if there was none within a minute."""
        key = (error.reason, error.issuer)
        now = self._clock()
        written_at, count = self._counts.get(key, (-INTERVAL_SECONDS, 0))
        if now < written_at + INTERVAL_SECONDS:
            self._counts[key] = (written_at, count + 1)
            return
        self._counts[key] = (now, 0)
        log.info(
            "a token was refused%s: %s%s",
            f" (issuer {error.issuer})" if error.issuer else "",
            error.reason,
            f"; {count} more since the last line about it" if count else "",
        )
