"""Credentials of clients, as servers that play vendors check them."""

from __future__ import annotations

import base64
import binascii
import hmac


def parse_basic(header: str) -> tuple[str, str] | None:
    """Key and secret of an HTTP Basic header; None if the header is not valid."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (key, secret) if colon else None


def are_equal(credentials: tuple[str, str], expected: tuple[str, str]) -> bool:
    """Whether key and secret are the expected ones. The time that it takes does not show how close they are."""
    matches = [hmac.compare_digest(a.encode(), b.encode()) for a, b in zip(credentials, expected, strict=True)]
    return all(matches)
