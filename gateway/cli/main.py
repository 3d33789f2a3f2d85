"""The `student-graph` command."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.parser import Parser, printable

COMMANDS = (
    "demo",
    "serve",
    "check",
    "scorecard",
    "schema",
    "explain",
    "aggregate",
    "cache",
    "warm",
    "webhook",
    "disclosures",
    "token",
    "adapters",
)
"""The modules or packages of the commands, in the order of the help text. Only the wanted one is imported."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; an error that the user can fix is one line on standard error, with exit status 2."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = _parser(arguments)
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


def _parser(arguments: Sequence[str]) -> Parser:
    """The parser with the command that the arguments begin with; with all commands if it is none."""
    parser = Parser(
        prog="student-graph", description="One GraphQL API over the systems that school districts already have."
    )
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {version('student-graph')}", help="print the version"
    )
    commands = parser.add_commands()
    for name in arguments[:1] if set(arguments[:1]) & set(COMMANDS) else COMMANDS:
        import_module(f"{__package__}.{name}").add_command(commands)
    return parser
