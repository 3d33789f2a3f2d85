"""The `student-graph` command."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli import (
    adapters,
    aggregate,
    cache,
    check,
    demo,
    disclosures,
    explain,
    schema,
    serve,
    token,
    warm,
    webhook,
)
from student_graph.gateway.cli.parser import Parser, printable
from student_graph.gateway.cli.scorecard import command as scorecard

COMMANDS = (
    demo,
    serve,
    check,
    scorecard,
    schema,
    explain,
    aggregate,
    cache,
    warm,
    webhook,
    disclosures,
    token,
    adapters,
)
"""Modules of the commands, in the order of the help text."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; an error that the user can fix is one line on standard error, with exit status 2."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        status = options.run(options)
    except SettingsError as exc:
        print(f"{parser.prog}: {printable(str(exc))}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    sys.exit(status)


def _parser() -> Parser:
    parser = Parser(
        prog="student-graph", description="One GraphQL API over the systems that school districts already have."
    )
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {version('student-graph')}", help="print the version"
    )
    commands = parser.add_commands()
    for command in COMMANDS:
        command.add_command(commands)
    return parser
