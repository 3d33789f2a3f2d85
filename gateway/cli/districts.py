"""The districts of a command: those of a settings file, or those of a running demo."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from pydantic import ValidationError

from student_graph.adapters.registry import SettingsError
from student_graph.adapters.sources import District
from student_graph.gateway.config import settings_file
from student_graph.gateway.config.districts import connect_districts
from student_graph.gateway.demo.districts import connect_district


def districts_of(options: argparse.Namespace) -> list[District]:
    """
    The districts of a command's options; no source is called yet.

    Raises:
        SettingsError: the file cannot be read, or its settings are wrong.
    """
    path: Path | None = options.config
    if path is not None:
        return connect_districts(settings_file.load(path), path, os.environ)
    ready: Path = options.ready_file
    try:
        districts = json.loads(ready.read_text(encoding="utf-8"))["districts"]
        return [connect_district(district) for district in districts]
    except OSError as exc:
        raise SettingsError(f"--ready-file: {ready}: {exc.strerror}") from None
    except (ValueError, KeyError, TypeError, ValidationError):
        raise SettingsError(f"--ready-file: {ready} is not a ready file of the demo") from None
