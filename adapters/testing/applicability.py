"""Says which tests of the suite are about requests and responses, so that they do not apply to every adapter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Test = TypeVar("Test", bound=Callable[..., Any])
_ABOUT_HTTP = "is_about_http"
INAPPLICABLE = "inapplicable: "
"""Start of the reason why a test of the suite is skipped that does not apply to an adapter."""


def about_http(test: Test) -> Test:
    """Mark a test that plays a vendor's responses; a decorator. It is inapplicable where there are none."""
    setattr(test, _ABOUT_HTTP, True)
    return test


def is_about_http(test: Callable[..., Any]) -> bool:
    """Whether a test is marked by `about_http`."""
    return bool(getattr(test, _ABOUT_HTTP, False))
