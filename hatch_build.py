"""Build hook: builds GraphiQL before a wheel is packed, which then holds its files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GraphiQLHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds GraphiQL if npm is installed and it is not built yet; without npm the page says how to build it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run before a wheel is packed; an editable install builds nothing."""
        if version == "editable":
            return
        root = Path(self.root)
        built, project = root / "gateway" / "graphiql", root / "graphiql"
        npm = shutil.which("npm")
        if not (built / "index.html").is_file() and npm is not None:
            for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
                subprocess.run([npm, *command], cwd=project, check=True)  # noqa: S603 - fixed words
        if not (built / "index.html").is_file():
            self.app.display_warning("GraphiQL is not built: npm was not found")
