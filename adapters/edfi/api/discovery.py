"""
The discovery document at the root of an Ed-Fi API, and what its token endpoint tells.

https://docs.ed-fi.org/reference/data-exchange/api-guidelines/design-and-implementation-guidelines/api-design-guidelines/discovery-api
(Discovery API 1.0 and 2.0 draft; ODS/API 5 to 7).
"""

from __future__ import annotations

from pydantic import TypeAdapter

from student_graph.adapters.edfi.api.payload import Many, Payload


class DataModel(Payload):
    """A data model that the API serves: `Ed-Fi` itself, or an extension."""

    name: str
    version: str


class Urls(Payload):
    """Where the parts of the API are."""

    dataManagementApi: str
    oauth: str
    changeQueries: str | None = None
    """Where changes are told; null when the API does not tell them."""


class ChangeVersions(Payload):
    """From where to where changes are known."""

    newestChangeVersion: int
    """Number of the last change, deletions included; it grows with each."""


class Document(Payload):
    """What an Ed-Fi API says about itself."""

    version: str
    dataModels: Many[DataModel]
    urls: Urls

    @property
    def standard(self) -> str | None:
        """Version of the Ed-Fi Data Standard as declared, such as `5.1.0` or `3.3.1-b`; None when not declared."""
        return next((model.version for model in self.dataModels if model.name.casefold() == "ed-fi"), None)


DOCUMENT = TypeAdapter(Document)
CHANGE_VERSIONS = TypeAdapter(ChangeVersions)
