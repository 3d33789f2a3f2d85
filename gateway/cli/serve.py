"""`student-graph serve`: runs the gateway for the districts of a settings file."""

from __future__ import annotations

import argparse
from pathlib import Path

from student_graph.gateway.cli.parser import Commands
from student_graph.gateway.cli.serving.loader import ServiceLoader
from student_graph.gateway.server import listen
from student_graph.gateway.server import run as run_service


def add_command(commands: Commands) -> None:
    """Add `serve` to the command line."""
    command = commands.add_parser(
        "serve",
        description="Run the gateway for the districts of a settings file until a signal to stop. On SIGHUP it "
        "reads the file again, and takes it up without dropping a request if all of it is right.",
    )
    command.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings file (TOML)")
    command.add_argument(
        "--env-file",
        type=Path,
        metavar="FILE",
        help="file with environment variables, one NAME=value a line, which is read again with the settings",
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Serve the districts of a settings file until a signal to stop.

    Raises:
        SettingsError: a setting is wrong, a secret is missing, or the port is in use.
    """
    loader = ServiceLoader(options.config, options.env_file)
    server = loader.settings.server
    service = loader.start()
    with listen(server.host, server.port) as listener:
        host, port = listener.getsockname()[:2]
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}/graphql"
        run_service(service, listener, lambda: print(f"student-graph answers at {url}", flush=True), loader)
    return 0
