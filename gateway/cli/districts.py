"""The districts of a command: those of a settings file, or those of a running demo."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from student_graph.adapters.model import DistrictId
from student_graph.adapters.registry import SettingsError
from student_graph.adapters.sources import District
from student_graph.gateway.config import settings_file
from student_graph.gateway.config.districts import connect_districts
from student_graph.gateway.config.environment_file import read_environment_file
from student_graph.gateway.demo.description import connect_district, metrics_config
from student_graph.resolvers.metrics.facts import MetricSettings

_T = TypeVar("_T")


def districts_of(options: argparse.Namespace) -> list[District]:
    """
    The districts of a command's options; no source is called yet.

    Raises:
        SettingsError: the file cannot be read, or its settings are wrong.
    """
    path: Path | None = options.config
    if path is not None:
        environ = environ_of(options)
        return connect_districts(settings_file.load(path, environ), path, environ)
    return _described(options.ready_file, connect_district)


def environ_of(options: argparse.Namespace) -> Mapping[str, str]:
    """
    The environment variables of a command; those of its file replace those of the process.

    Raises:
        SettingsError: the file cannot be read, or has lines of another form.
    """
    return os.environ if options.env_file is None else {**os.environ, **read_environment_file(options.env_file)}


def metric_settings_of(options: argparse.Namespace) -> dict[DistrictId, MetricSettings]:
    """
    What the districts of a command's options say about their data for metrics.

    Raises:
        SettingsError: the file cannot be read, or its settings are wrong.
    """
    if options.config is not None:
        return {DistrictId(row.id): row.metric_settings for row in settings_file.load(options.config).districts}
    return dict(_described(options.ready_file, lambda row: (DistrictId(row["id"]), metrics_config(row).settings)))


def _described(ready: Path, build: Callable[[Mapping[str, Any]], _T]) -> list[_T]:
    """
    What is built of each district that a ready file describes.

    Raises:
        SettingsError: the file cannot be read, or is not a ready file of the demo.
    """
    try:
        return [build(district) for district in json.loads(ready.read_text(encoding="utf-8"))["districts"]]
    except OSError as exc:
        raise SettingsError(f"--ready-file: {ready}: {exc.strerror}") from None
    except (ValueError, KeyError, TypeError, ValidationError):
        raise SettingsError(f"--ready-file: {ready} is not a ready file of the demo") from None
