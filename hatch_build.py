"""Build hook: builds GraphiQL and the example dashboard before a wheel is packed, which then holds their files."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PagesHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds the pages if npm is installed and they are not built yet; without npm they say how to build them."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run before a wheel is packed; an editable install builds nothing."""
        if version == "editable":
            return
        root = Path(self.root)
        self._build("GraphiQL", root / "graphiql", root / "gateway" / "graphiql")
        self._build("The dashboard", root / "examples" / "dashboard", root / "gateway" / "dashboard")

    def _build(self, title: str, project: Path, built: Path) -> None:
        """Build the page of an npm project into a folder, unless it is there."""
        npm = shutil.which("npm")
        if not (built / "index.html").is_file() and npm is not None:
            environ = os.environ | {"DASHBOARD_OUT": str(built)}
            for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
                subprocess.run([npm, *command], cwd=project, env=environ, check=True)  # noqa: S603 - fixed words
        if not (built / "index.html").is_file():
            self.app.display_warning(f"{title} is not built: npm was not found")
