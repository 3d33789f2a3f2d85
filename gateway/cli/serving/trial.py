"""Builds what `serve` would serve, and opens nothing, so that `check` finds what `serve` would refuse."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from student_graph.adapters.registry import SettingsError
from student_graph.adapters.sources import District
from student_graph.gateway.cli.serving.fixed import FixedParts, fleet_arguments
from student_graph.gateway.cli.serving.layout import read_layout
from student_graph.gateway.cli.serving.loader import ServiceLoader
from student_graph.gateway.config import settings_file
from student_graph.gateway.server.observing import LevelSettings, TelemetrySettings
from student_graph.gateway.server.service import Application


def try_start(path: Path, environment_file: Path | None, workers: int | None = None) -> None:
    """
    Build the service of a settings file as the first worker would.

    `workers` is the option `--workers` of `serve`; None to take their number from the settings.

    Raises:
        SettingsError: all that is wrong with the settings, or the first thing that cannot be built from them.
    """
    layout = read_layout(path)
    loader = _TrialLoader(path, environment_file, workers=workers or (1 if layout is None else layout.workers))
    # Neither a collector nor the counts of service levels are opened: this process serves nobody.
    Application(replace(loader.start(), telemetry=TelemetrySettings(), levels=LevelSettings()))


class _TrialLoader(ServiceLoader):
    """Reads the settings, and looks whether the folder of the record can be written."""

    def _fixed_parts(
        self, settings: settings_file.Config, environ: Mapping[str, str], districts: Sequence[District]
    ) -> FixedParts:
        fleet_arguments(settings, self._path, districts, environ)
        folder = self._path.parent / settings.disclosure.directory
        existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
        if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
            raise SettingsError(f"{self._path}: disclosure.directory: {folder}: cannot be written")
        return FixedParts(None, {}, {})
