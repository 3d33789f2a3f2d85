"""`student-graph serve`: runs the gateway for the districts of a settings file."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from student_graph.gateway.cli.parser import Commands
from student_graph.gateway.cli.serving.announcement import announce
from student_graph.gateway.cli.serving.layout import Layout, add_workers_option, read_layout
from student_graph.gateway.server.listening import graph_url, listen


def add_command(commands: Commands) -> None:
    """Add `serve` to the command line."""
    command = commands.add_parser(
        "serve",
        description="Run the gateway for the districts of a settings file until a signal to stop. On SIGHUP it "
        "reads the file again. If all of it is correct, it applies the new settings without dropping a request.",
    )
    command.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings file (TOML)")
    command.add_argument(
        "--env-file",
        type=Path,
        metavar="FILE",
        help="file with environment variables, one NAME=value a line, which is read again with the settings",
    )
    add_workers_option(command, "processes that answer on the port")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Serve the districts of a settings file until a signal to stop.

    Raises:
        SettingsError: a setting is wrong, a secret is missing, or the port is in use.
    """
    layout = read_layout(options.config)
    workers = options.workers or (1 if layout is None else layout.workers)
    if layout is not None and workers > 1:
        return _supervise(options, layout, workers)
    from student_graph.gateway.cli.serving.one_process import serve  # noqa: PLC0415 - a supervisor stays small

    return serve(options.config, options.env_file)


def _supervise(options: argparse.Namespace, layout: Layout, workers: int) -> int:
    """
    Run several workers.

    Raises:
        SettingsError: the port is in use.
    """
    from student_graph.gateway.server.workers.supervisor import Supervisor  # noqa: PLC0415 - only here

    with listen(layout.host, layout.port) as listener:
        url = graph_url(listener)
        files = [str(options.config), "" if options.env_file is None else str(options.env_file)]
        command = [sys.executable, "-P", "-m", "student_graph.gateway.cli.serving.worker", *files]
        return asyncio.run(Supervisor(command, workers, listener, layout.hang_seconds).run(lambda: announce(url)))
