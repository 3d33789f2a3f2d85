"""
Payloads of the discovery document at the root of an Ed-Fi API, and of its change versions.

https://docs.ed-fi.org/reference/data-exchange/api-guidelines/design-and-implementation-guidelines/api-design-guidelines/discovery-api
(Discovery API 1.0 and 2.0 draft; ODS/API 5 to 7).
"""

from __future__ import annotations

from pydantic import AliasChoices, Field, TypeAdapter

from student_graph.adapters.reading import Integer, Payload


class DataModel(Payload):
    """A data model that the API serves: `Ed-Fi` itself, or an extension."""

    name: str
    version: str


class Urls(Payload):
    """Addresses of the parts of the API."""

    dataManagementApi: str
    oauth: str
    changeQueries: str | None = None
    """Address of the change queries; null if the API has none."""


class ChangeVersions(Payload):
    """The range of changes that the API knows."""

    newestChangeVersion: Integer = Field(
        validation_alias=AliasChoices("newestChangeVersion", "NewestChangeVersion")
    )
    """
    Number of the last change, deletions included; each change increases it.

    Versions up to 5.3 of the ODS/API spell it with a capital.
    """


class Document(Payload):
    """The discovery document of an Ed-Fi API."""

    version: str
    dataModels: list[DataModel]
    """May be empty. Without it the document is refused: rows of another Data Standard would be read wrongly."""
    urls: Urls

    @property
    def data_standard(self) -> str | None:
        """The declared version of the Ed-Fi Data Standard, such as `5.1.0` or `3.3.1-b`; None without one."""
        return next((model.version for model in self.dataModels if model.name.casefold() == "ed-fi"), None)


DOCUMENT = TypeAdapter(Document)
CHANGE_VERSIONS = TypeAdapter(ChangeVersions)
