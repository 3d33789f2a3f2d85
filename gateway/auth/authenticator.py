"""Whose token it is: of the settings, or of an issuer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

from student_graph.gateway.auth.issuers import Issuer
from student_graph.gateway.auth.jwt import InvalidTokenError, TokenVerifier
from student_graph.gateway.auth.static_tokens import StaticTokens
from student_graph.resolvers.context import Viewer

log = logging.getLogger("student_graph.auth")


class Authenticator:
    """Everybody who may ask."""

    def __init__(self, tokens: Mapping[str, Viewer], issuers: Sequence[Issuer] = ()) -> None:
        """Those with a token of their own in the settings, and those whom issuers vouch for."""
        self._static = StaticTokens(tokens)
        self._issuers = issuers
        self._verifier = TokenVerifier({issuer.name: issuer for issuer in issuers})

    async def of(self, authorization: str) -> Viewer | None:
        """Whose header `Authorization: Bearer TOKEN` it is; None for anything else."""
        scheme, _, rest = authorization.partition(" ")
        token = rest.strip()
        if scheme.lower() != "bearer" or not token:
            return None
        if (viewer := self._static.viewer(token)) is not None or not self._issuers:
            return viewer
        try:
            return await self._verifier.viewer(token)
        except InvalidTokenError as exc:
            log.info("a token was refused: %s", exc.reason)
            return None

    def signed_in(self, authorization: str) -> float | None:
        """When whose header it is last signed in, in seconds since 1970; None for a token of the settings."""
        return self._verifier.signed_in(authorization.partition(" ")[2].strip())

    async def close(self) -> None:
        """Fetch keys no more."""
        await asyncio.gather(*(issuer.keys.close() for issuer in self._issuers))
