"""
Maps rows of OneRoster CSV to the objects of the standard's API.

The columns of CSV are the properties of the API in another form: a reference is a column whose name ends with
`SourcedId`, and a list is a text with commas between its parts.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from typing import Any

_REFERENCE, _REFERENCES = "SourcedId", "SourcedIds"
_LISTS = frozenset({"grades", "subjects", "periods", "subjectCodes"})
_USER_ID = re.compile(r"\{([^{}:]*):([^{}]*)\}")
_METADATA = "metadata."
_RENAMED = {
    "preferredGivenName": "preferredFirstName",
    "preferredFamilyName": "preferredLastName",
}
_OWN_REFERENCES = {"demographics": "userSourcedId"}
"""Tables whose rows have the id of another row as their own."""


def payload(table: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return a row as an object of the API; a column without a text is no property."""
    values: dict[str, Any] = {}
    for column, text in texts.items():
        if not text:
            continue
        if column == "sourcedId" or (column == _OWN_REFERENCES.get(table) and not texts.get("sourcedId")):
            values["sourcedId"] = text
        elif column == "userIds":
            values["userIds"] = [
                {"type": kind.strip(), "identifier": id.strip()} for kind, id in _USER_ID.findall(text)
            ]
        elif column.endswith(_REFERENCES):
            values[f"{column.removesuffix(_REFERENCES)}s"] = [{"sourcedId": id} for id in _split(text)]
        elif column.endswith(_REFERENCE):
            values[column.removesuffix(_REFERENCE)] = {"sourcedId": text}
        elif column in _LISTS:
            values[column] = _split(text)
        elif column.startswith(_METADATA):
            values.setdefault("metadata", {})[column.removeprefix(_METADATA)] = text
        else:
            values[_RENAMED.get(column, column)] = text
    return values


def _split(text: str) -> list[str]:
    """The texts of a list; one with a comma stands in quotation marks."""
    parts = next(csv.reader([text], skipinitialspace=True), [])
    return [part.strip() for part in parts if part.strip()]
