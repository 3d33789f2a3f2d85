"""Where a server has its collections, and which of them are not requested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from student_graph.adapters.errors import NotOfferedError
from student_graph.adapters.oneroster.api.resources import Part, Resource


class Addresses:
    """The addresses of one server."""

    def __init__(self, base_url: object, *, version: str, unused_parts: Mapping[Part, str]) -> None:
        """Nothing is requested of `unused_parts` of the standard; each has the reason."""
        self._base_url = str(base_url).rstrip("/")
        self._version = version
        self._unused_parts = unused_parts

    def url(self, resource: Resource[Any]) -> str:
        """
        The address of a collection. Version 1.1 has one root, version 1.2 has one for each service.

        Raises:
            NotOfferedError: The collection belongs to a part of the standard that is not used.
        """
        if (reason := self._unused_parts.get(resource.part)) is not None:
            raise NotOfferedError(reason)
        service = "v1p1" if self._version == "1.1" else f"{resource.service}/v1p2"
        return f"{self._base_url}/ims/oneroster/{service}/{resource.path}"
