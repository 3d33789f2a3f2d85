"""Build hook: puts GraphiQL's assets and the example documents into the wheel."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GraphiQLHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds GraphiQL where npm is at hand and that has not been done; without npm the page says how to."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run before a wheel is put together; an editable install finds both where they are."""
        if version == "editable":
            return
        root = Path(self.root)
        built, project = root / "gateway" / "graphiql", root / "graphiql"
        npm = shutil.which("npm")
        if not (built / "index.html").is_file() and npm is not None:
            for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
                subprocess.run([npm, *command], cwd=project, check=True)  # noqa: S603 - fixed words, and npm as the PATH has it
        if not (built / "index.html").is_file():
            self.app.display_warning("GraphiQL is not built: npm was not found")
            return
        build_data["force_include"][str(built)] = "student_graph/gateway/graphiql"
