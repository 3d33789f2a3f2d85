"""Tokens that the settings name, such as those of service accounts."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from student_graph.resolvers.context import Viewer


class StaticTokens:
    """Viewers by token. Holds digests only, so that a memory dump shows no token."""

    def __init__(self, viewers: Mapping[str, Viewer]) -> None:
        self._viewers = [(_digest(token), viewer) for token, viewer in viewers.items()]

    def viewer(self, token: str) -> Viewer | None:
        """
        The viewer of a token; None if the settings do not name the token.

        Compares every digest in full, so that the response time does not show how close a guess is.
        """
        digest, match = _digest(token), None
        for known, viewer in self._viewers:
            if hmac.compare_digest(known, digest):
                match = viewer
        return match


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()
