"""The sandbox of OneRoster CSV: the tables of the OneRoster sandbox as files in a folder."""

from __future__ import annotations

import csv
import io
import os
import shutil
import tempfile
import weakref
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from starlette.responses import Response
from starlette.routing import BaseRoute

from student_graph.adapters.oneroster.sandbox import OneRosterSandbox
from student_graph.adapters.oneroster.sandbox.quirks import PUBLISHED_12
from student_graph.adapters.oneroster.sandbox.rows import Reference, Row
from student_graph.adapters.oneroster.sandbox.tables import Tables
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import FileTable, Sandbox

ARCHIVE = "oneroster.zip"
_LISTS = {"terms": "termSourcedIds", "orgs": "orgSourcedIds", "agents": "agentSourcedIds"}


class RosterFilesSandbox(Sandbox):
    """
    A folder with a OneRoster 1.2 CSV export of a district, as one archive with a manifest.

    It serves no routes. The folder is removed with the sandbox, or when the process ends.
    """

    kind: ClassVar[str] = "oneroster_files"

    def __init__(self, facts: DistrictFacts) -> None:
        super().__init__()
        self.server = OneRosterSandbox(facts)
        """A server with the same rows."""
        self.folder = Path(tempfile.mkdtemp(prefix="student-graph-oneroster-"))
        """The folder with the archive."""
        self.remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        """Removes the folder."""
        self._tables = texts_of(Tables(facts, PUBLISHED_12, "1.2").rows)
        (self.folder / ARCHIVE).write_bytes(packed(self._tables))

    @property
    def address(self) -> str:
        """The folder."""
        return str(self.folder)

    def routes(self) -> Sequence[BaseRoute]:
        """Return no routes: files are not asked over HTTP."""
        return []

    def settings(self) -> dict[str, Any]:
        """Return the adapter's settings: the folder, listed for each lookup, and those of the server."""
        server = self.server.settings()
        unused = {"base_url", "client_id", "client_secret", "auth", "token_url", "scopes"}
        own = {name: value for name, value in server.items() if name not in unused}
        return {**own, "location": str(self.folder), "refresh_seconds": 0, "settle_seconds": 0}

    def tables(self) -> Mapping[str, FileTable]:
        """Return the texts of the files in the archive, without its manifest."""
        return self._tables

    def write_table(self, name: str, table: FileTable) -> None:
        """Write the archive with another file, and with the time that it had."""
        self._tables = {**self._tables, name: table}
        path = self.folder / ARCHIVE
        written_at = path.stat().st_mtime_ns
        path.write_bytes(packed(self._tables))
        os.utime(path, ns=(written_at, written_at))

    def known_keys(self, kind: str) -> list[str]:
        """Return the keys that the server knows."""
        return self.server.known_keys(kind)

    def arguments(self) -> dict[str, Any]:
        """Return the arguments for which the server has records."""
        return self.server.arguments()

    def throttled_response(self) -> Response:
        """Return a refusal, which nobody asks for."""
        return Response(status_code=429)


def export(tables: Mapping[str, list[Row]]) -> bytes:
    """The tables of a OneRoster server of version 1.2 as a CSV export."""
    return packed(texts_of(tables))


def texts_of(tables: Mapping[str, list[Row]]) -> dict[str, FileTable]:
    """The texts of the files for the tables of a server, by the name of the table."""
    flat = {name: [_flat(name, row) for row in rows] for name, rows in tables.items()}
    flat["roles"] = [role for user in tables["users"] for role in _roles(user)]
    return {name: _texts(rows) for name, rows in flat.items()}


def packed(tables: Mapping[str, FileTable]) -> bytes:
    """An archive with these files and a manifest."""
    properties = {"manifest.version": "1.0", "oneroster.version": "1.2"}
    properties |= {f"file.{name}": "bulk" for name in tables}
    archived = io.BytesIO()
    with zipfile.ZipFile(archived, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, table in {**tables, "manifest": [("propertyName", "value"), *properties.items()]}.items():
            archive.writestr(f"{name}.csv", _csv(table))
    return archived.getvalue()


def _texts(rows: Sequence[dict[str, str]]) -> FileTable:
    """The names of all columns, and the texts of each row."""
    columns = list(dict.fromkeys(name for row in rows for name in row)) or ["sourcedId"]
    return [columns, *([row.get(name, "") for name in columns] for row in rows)]


def _csv(table: FileTable) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(table)
    return out.getvalue()


def _flat(table: str, row: Row) -> dict[str, str]:  # noqa: C901 - a table of kinds of values
    """A row as the columns of the standard's CSV files."""
    flat: dict[str, str] = {}
    for name, value in row.items():
        match value:
            case None:
                continue
            case Reference():
                flat[f"{name}SourcedId"] = value.id
            case list() if name == "userIds":
                flat[name] = ",".join(f"{{{item['type']}:{item['identifier']}}}" for item in value)
            case list() if name in _LISTS:
                flat[_LISTS[name]] = ",".join(reference.id for reference in value)
            case list() if name in {"roles", "children"}:
                continue
            case list():
                flat[name] = _list(value)
            case dict() if name == "metadata":
                flat |= {f"metadata.{key}": str(part) for key, part in value.items() if _is_plain(part)}
            case bool():
                flat[name] = str(value).lower()
            case _:
                flat[name] = str(value)
    if table == "demographics":
        flat["userSourcedId"] = flat.pop("sourcedId")
    return flat


def _list(values: Sequence[Any]) -> str:
    """A list as one text, in which a part with a comma stands in quotation marks."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(values)
    return out.getvalue()


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _roles(user: Row) -> list[dict[str, str]]:
    """The roles of a user, each as a row of a file of their own."""
    return [
        {
            "sourcedId": f"{user['sourcedId']}-{number}",
            "userSourcedId": user["sourcedId"],
            "roleType": role.get("roleType") or "",
            "role": role["role"],
            "beginDate": role.get("beginDate") or "",
            "endDate": role.get("endDate") or "",
            "orgSourcedId": role["org"].id,
        }
        for number, role in enumerate(user.get("roles", ()))
    ]
