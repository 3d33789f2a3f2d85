"""The sandbox of a file source: a folder instead of a server."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar

from starlette.responses import Response
from starlette.routing import BaseRoute

from student_graph.adapters.files.sandbox.exports import (
    DISTRICT_FORM,
    GROWTH_FORM,
    FileForm,
    district_export,
    growth_export,
    split_results,
)
from student_graph.adapters.identity import vendor_key
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import FileTable, Sandbox

DISTRICT = "files-district"
COLUMN_MAP = "district_tests.toml"


class FilesSandbox(Sandbox):
    """
    A folder with the test results of a district: two exports of MAP Growth, and a file with a map of its own.

    It serves no routes. The folder is removed with the sandbox, or when the process ends.
    """

    kind: ClassVar[str] = "files"

    def __init__(self, facts: DistrictFacts) -> None:
        super().__init__()
        self._facts = facts
        self.folder = Path(tempfile.mkdtemp(prefix="student-graph-files-"))
        """The folder with the files."""
        self.remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        """Removes the folder."""
        self.column_map = self.folder / COLUMN_MAP
        self._forms: dict[str, FileForm] = {}
        """How each file is written, by its path in the folder."""
        self._write()

    @property
    def address(self) -> str:
        """The folder."""
        return str(self.folder)

    def routes(self) -> Sequence[BaseRoute]:
        """Return no routes: files are not asked over HTTP."""
        return []

    def settings(self) -> dict[str, Any]:
        """Return the adapter's settings: the folder, listed for each lookup, with files that are complete."""
        return {
            "location": str(self.folder),
            "column_maps": [str(self.column_map)],
            "refresh_seconds": 0,
            "settle_seconds": 0,
        }

    def known_keys(self, kind: str) -> list[str]:
        """Return the keys of students with results, of the tests, and of the district."""
        growth, others = split_results(self._facts)
        match kind:
            case "student":
                students = dict.fromkeys(result.student for result in (*growth, *others))
                return [vendor_key("district_id", student) for student in students]
            case "assessment":
                names = [f"MAP_Growth_{result.assessment.subject}" for result in growth]
                return list(dict.fromkeys((*names, *(result.assessment.id for result in others))))
            case "district":
                return [DISTRICT]
            case _:
                return []

    def throttled_response(self) -> Response:
        """Return a refusal, which nobody asks for."""
        return Response(status_code=429)

    def tables(self) -> Mapping[str, FileTable]:
        """Return the texts of the files, by their path in the folder."""
        return {name: form.read(self.folder / name) for name, form in self._forms.items()}

    def write_table(self, name: str, table: FileTable) -> None:
        """Write a file again, with the time that it had."""
        path = self.folder / name
        written_at = path.stat().st_mtime_ns
        path.write_bytes(self._forms[name].text_of(table).encode(self._forms[name].encoding))
        os.utime(path, ns=(written_at, written_at))

    def _write(self) -> None:
        """Write the files: MAP Growth by subject, as NWEA sends them, and the district's own file."""
        self.column_map.write_text((files(__package__) / COLUMN_MAP).read_text("utf-8"), "utf-8")
        for subject in sorted({result.assessment.subject for result in split_results(self._facts)[0]}):
            folder = self.folder / "map_growth"
            folder.mkdir(exist_ok=True)
            (folder / f"{subject.lower()}.csv").write_bytes(growth_export(self._facts, subject))
            self._forms[f"map_growth/{subject.lower()}.csv"] = GROWTH_FORM
        (self.folder / "district_tests.txt").write_bytes(district_export(self._facts))
        self._forms["district_tests.txt"] = DISTRICT_FORM
