"""Authentication by a token of the settings or of an issuer."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

from student_graph.gateway.auth.issuers import Issuer
from student_graph.gateway.auth.jwt import TokenVerifier
from student_graph.gateway.auth.keys import IssuerKeys
from student_graph.gateway.auth.refused_tokens import InvalidTokenError, RefusalReason, RefusedTokenLog
from student_graph.gateway.auth.static_tokens import StaticTokens
from student_graph.resolvers.context import Viewer


class Authenticator:
    """Finds the viewer of a request by its `Authorization` header."""

    def __init__(self, tokens: Mapping[str, Viewer], issuers: Sequence[Issuer] = ()) -> None:
        """Accept the tokens of the settings (`tokens`) and the tokens of these issuers."""
        self._static_tokens = StaticTokens(tokens)
        self._issuers = issuers
        self._refused = RefusedTokenLog()
        self.verifier = TokenVerifier({issuer.name: issuer for issuer in issuers})
        """Verifies tokens of issuers and remembers the verified ones."""

    async def viewer(self, authorization: str) -> Viewer | None:
        """The viewer for a header `Bearer TOKEN`; None for any other header and for an invalid token."""
        scheme, _, rest = authorization.partition(" ")
        token = rest.strip()
        if scheme.lower() != "bearer" or not token:
            return None
        if (viewer := self._static_tokens.viewer(token)) is not None:
            return viewer
        if not self._issuers:
            self._refused.add(InvalidTokenError(RefusalReason.UNKNOWN))
            return None
        try:
            return await self.verifier.viewer(token)
        except InvalidTokenError as exc:
            self._refused.add(exc)
            return None

    def known_viewer(self, authorization: str) -> Viewer | None:
        """The viewer for a header, as `viewer` returns it; None also if the token was not verified yet."""
        scheme, _, rest = authorization.partition(" ")
        token = rest.strip()
        if scheme.lower() != "bearer" or not token:
            return None
        return self._static_tokens.viewer(token) or self.verifier.known_viewer(token)

    def signed_in_at(self, authorization: str) -> float | None:
        """When the viewer of a header last signed in, in seconds since 1970; None for a token of the settings."""
        return self.verifier.signed_in_at(authorization.partition(" ")[2].strip())

    @property
    def keys(self) -> Collection[IssuerKeys]:
        """The keys of the issuers."""
        return [issuer.keys for issuer in self._issuers]

    async def close(self, used: Collection[IssuerKeys] = ()) -> None:
        """Stop fetching keys of issuers, except for those in `used`, which others need."""
        await asyncio.gather(*(keys.close() for keys in self.keys if keys not in used))
