"""Builds the issuers of a settings file."""

from __future__ import annotations

from collections.abc import Sequence

from student_graph.gateway.auth import Issuer
from student_graph.gateway.config.access import grants_by_district
from student_graph.gateway.config.settings_file import Config


def build_issuers(settings: Config, running: Sequence[Issuer] = ()) -> list[Issuer]:
    """
    The issuers of the settings.

    The keys of an issuer that was in `running` with the same address are not fetched again: a reload while it is
    down costs nobody the sign-in.
    """
    keys_by_name = {issuer.name: issuer.keys for issuer in running}
    issuers = []
    for issuer in settings.issuers:
        grants = grants_by_district(settings.districts, settings.issuers, settings.viewers, issuer.issuer)
        keys = keys_by_name.get(issuer.issuer)
        has_same_address = keys is not None and keys.url == issuer.jwks_url
        issuers.append(issuer.build(grants, keys if has_same_address else None))
    return issuers
