"""What the sandbox says of itself: its versions and addresses, and what a token may read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from student_graph.adapters.edfi.sandbox.filters import DataStandard
from student_graph.adapters.sandbox.facts import DistrictFacts

_API_VERSIONS: dict[DataStandard, str] = {"3.3": "5.3", "4.0": "6.2", "5.0": "7.1", "5.1": "7.3", "6.0": "8.0"}
"""Version of the ODS/API by its Data Standard."""


def discovery_document(root: str, data_standard: DataStandard, data_path: str) -> dict[str, Any]:
    """The document at the root of an ODS/API at the address `root`, whose resources are below `data_path`."""
    version = _API_VERSIONS[data_standard]
    model = {"name": "Ed-Fi", "version": f"{data_standard}.0"}
    if data_standard == "3.3":
        model = {"name": "Ed-Fi", "version": "3.3.1-b"}
    return {
        "version": version,
        "informationalVersion": f"{version} sandbox",
        "suite": "3",
        "build": f"{version}.0.0",
        "apiMode": "Sandbox",
        "dataModels": [model],
        "urls": {
            "dependencies": f"{root}/metadata/data/v3/dependencies",
            "openApiMetadata": f"{root}/metadata/",
            "oauth": f"{root}/oauth/token",
            "dataManagementApi": f"{root}{data_path}/",
            "changeQueries": f"{root}/changeQueries/v1/",
        },
    }


def token_information(
    client_id: str, expiry: float, facts: DistrictFacts, resources: Iterable[str]
) -> dict[str, Any]:
    """The introspection of a valid token, with which a client may read the resources of a district."""
    agency = {
        "education_organization_id": facts.lea,
        "name_of_institution": facts.name,
        "type": "edfi.LocalEducationAgency",
    }
    return {
        "active": True,
        "exp": int(expiry),
        "client_id": client_id,
        "namespace_prefixes": ["uri://ed-fi.org"],
        "education_organizations": [agency],
        "assigned_profiles": [],
        "claim_set": {"name": "Sandbox"},
        "resources": [{"resource": f"/ed-fi/{name}", "operations": ["Read"]} for name in sorted(resources)],
        "services": [],
    }
