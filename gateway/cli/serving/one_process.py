"""Serves from this process alone."""

from __future__ import annotations

from pathlib import Path

from student_graph.gateway.cli.serving.announcement import announce
from student_graph.gateway.cli.serving.loader import ServiceLoader
from student_graph.gateway.server.listening import graph_url, listen
from student_graph.gateway.server.process import run


def serve(path: Path, environment_file: Path | None) -> int:
    """
    Serve the districts of a settings file until a signal to stop, and return the exit status.

    Raises:
        SettingsError: a setting is wrong, a secret is missing, or the port is in use.
    """
    loader = ServiceLoader(path, environment_file)
    server = loader.settings.server
    with listen(server.host, server.port) as listener:
        url = graph_url(listener)
        # No name for the service: a reload replaces it, and nothing may keep what it removes.
        return run(loader.start(), listener, lambda: announce(url), loader)
