"""Why a test of the suite is skipped for an adapter; tests about HTTP do not apply to adapters that read files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Test = TypeVar("Test", bound=Callable[..., Any])
_ABOUT_HTTP = "is_about_http"
INAPPLICABLE = "inapplicable: "
"""The reason starts with this if the test does not apply to the adapter."""
EXEMPT = "exempt: "
"""The reason starts with this if the author of the adapter has exempted it from the test."""
NO_CASES: Mapping[str, str] = {
    "attendance_lookup": "no lookup of attendance by student, or the vendor has ids of its own",
    "district_list_lookup": "no list of the district's students by the district's own ids",
    "filtered_lookup": "no lookup of students by the district's own ids takes a filter",
    "keyed_lookup": "each lookup takes the district as its key",
    "list_lookup": "no lookup returns complete lists",
    "paged_lookup": "no lookup is paged",
    "since_lookup": "no lookup takes the day from which to count",
    "student_lookup": "no lookup of students by the district's own ids",
    "token_lookup": "the credentials are fixed: the vendor issues no tokens",
    "unpaged_list_lookup": "no lookup lists a complete district or school",
    "way": "the adapter declares no access path",
    "yearly_lookup": "no lookup takes a school year",
}
"""Why a test has no case, by the argument for which the adapter has none."""


def about_http(test: Test) -> Test:
    """Decorator that marks a test about HTTP responses of a vendor; adapters without HTTP skip it."""
    setattr(test, _ABOUT_HTTP, True)
    return test


def is_about_http(test: Callable[..., Any]) -> bool:
    """Whether a test is marked by `about_http`."""
    return bool(getattr(test, _ABOUT_HTTP, False))
