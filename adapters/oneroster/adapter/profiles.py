"""
How the OneRoster servers of some vendors differ from the standard: one table for each, and no code of their own.

A profile changes the defaults of settings, says which settings it needs, and leaves out what no public document
says that the vendor serves. README.md has the sources, and what is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from student_graph.adapters.oneroster.api.resources import Part

ProfileName: TypeAlias = Literal["infinite_campus", "classlink", "skyward", "powerschool"]

ROSTERING_ONLY: tuple[Part, ...] = ("rostering",)
NO_SCOPES: tuple[str, ...] = ()
"""No scopes in the request for a token: the vendor's document shows none, and some servers refuse unknown ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The differences of one vendor's servers."""

    vendor: str
    defaults: Mapping[str, Any]
    """Settings with another default than the standard's."""
    required: Mapping[str, str] = field(default_factory=dict)
    """Settings that the operator must give, each with where to find the value."""
    refused: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Values of settings that do not work with the vendor, by setting and value, each with what to do instead."""
    token_path: str | None = None
    """Path of the token endpoint on the server; None if it is `/oauth/token` under `base_url`."""
    vendor_authorization: tuple[Part, ...] = ()
    """Parts of the standard whose requests need the key and secret of the vendor's partner program, too."""


PROFILES: Mapping[ProfileName, Profile] = MappingProxyType(
    {
        "infinite_campus": Profile(
            vendor="Infinite Campus",
            defaults={"version": "1.2", "auth": "oauth2", "scopes": NO_SCOPES, "concurrency": 5},
            required={"token_url": "the token URL with its appName, next to the base URL of the connection"},
            refused={("auth", "oauth1"): 'Infinite Campus ended OAuth 1.0 in June 2023: use "oauth2"'},
            vendor_authorization=("gradebook", "assessments"),
        ),
        "classlink": Profile(
            vendor="ClassLink",
            defaults={"version": "1.1", "auth": "oauth1", "parts": ROSTERING_ONLY},
            refused={
                ("auth", "oauth2"): 'ClassLink has no token endpoint: use "oauth1" for the server of a district, '
                'or "bearer" for its proxy'
            },
        ),
        "skyward": Profile(
            vendor="Skyward",
            defaults={
                "version": "1.1", "auth": "oauth2", "scopes": NO_SCOPES, "page_size": 100, "parts": ROSTERING_ONLY
            },
            required={"token_url": "the token URL of the API server, which does not follow from the API URL"},
        ),
        "powerschool": Profile(
            vendor="PowerSchool",
            defaults={
                "version": "1.1", "auth": "oauth2", "scopes": NO_SCOPES, "page_size": 100, "parts": ROSTERING_ONLY
            },
            token_path="/oauth/access_token",  # noqa: S106 - a path
        ),
    }
)  # fmt: skip
"""The profiles by the name in the setting `profile`."""


def with_defaults(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with the defaults of the profile that they name; an unknown profile changes nothing."""
    defaults = next((profile.defaults for name, profile in PROFILES.items() if name == values.get("profile")), {})
    return {**defaults, **values}


def check_profile(name: ProfileName, values: Mapping[str, Any]) -> None:
    """
    Check settings against a profile.

    Raises:
        ValueError: One is missing, or does not work with the vendor. The message says which, and what to do.
    """
    profile = PROFILES[name]
    for setting, where in profile.required.items():
        if values.get(setting) is None:
            raise ValueError(f"{setting}: profile {name!r} needs it: {where}")
    for (setting, value), advice in profile.refused.items():
        if values.get(setting) == value:
            raise ValueError(f"{setting}: {advice}")
