"""The `student-graph` command."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from student_graph.gateway.cli.parser import INTERRUPTED_EXIT_STATUS, Parser, printable

if TYPE_CHECKING:
    from student_graph.adapters.registry import SettingsError

COMMANDS: Mapping[str, tuple[str, str]] = {
    "demo": ("demo", "start the gateway with made-up districts on this machine"),
    "rehearse": ("rehearsal.command", "test a fleet of made-up districts while vendors and processes fail"),
    "init": ("setup.init", "write a commented settings file"),
    "serve": ("serve", "run the gateway for the districts of a settings file"),
    "check": ("check", "check that every source answers"),
    "health": ("serving.health", "ask a running gateway whether it accepts requests"),
    "query": ("query.command", "send a query to a running gateway, and print the answer as a table"),
    "scorecard": ("scorecard", "measure how well the sources of a district work together"),
    "report": ("report", "report the service levels of a month, for a district's board"),
    "schema": ("schema", "print the GraphQL schema (SDL), or what clients need of it"),
    "explain": ("explain", "show the plan of a query and the vendor calls it may need"),
    "aggregate": ("aggregate", "count the students of a district by a metric"),
    "cache": ("cache", "remove answers from the cache of a running gateway"),
    "districts": ("removal.command", "remove all stored data of a district that has left"),
    "warm": ("warm", "fill the cache that gateways share before people come"),
    "webhook": ("webhook", "try the webhook with which a vendor reports changes"),
    "disclosures": ("disclosures.command", "show who saw a student's data, and verify the record of disclosures"),
    "token": ("token", "print the token of a person in a running demo"),
    "adapters": ("adapters", "list, create, record, compare, certify and verify adapters"),
    "completion": ("setup.completion", "print the completion of commands and options for a shell"),
}
"""Module and summary of each command, in the order of the help text. Only one of them is imported."""


def main(arguments: Sequence[str] | None = None) -> None:
    """
    Run the command.

    Errors that the user can correct are printed on standard error, one line for each, with exit status 2.
    """
    try:
        status = _run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        print("student-graph: interrupted", file=sys.stderr)
        status = INTERRUPTED_EXIT_STATUS
    sys.exit(status)


def _run(arguments: Sequence[str]) -> int:
    """Run the command, and return its exit status."""
    parser = _parser(arguments)
    options = parser.parse_args(arguments)
    try:
        status: int = options.run(options)
    except _settings_error() as exc:  # evaluated only when something is wrong
        for problem in exc.problems:
            print(f"{parser.prog}: {printable(problem)}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    return status


def _settings_error() -> type[SettingsError]:
    """The class of errors that the user can correct. Help must not wait for the module that has it."""
    from student_graph.adapters.registry import SettingsError  # noqa: PLC0415

    return SettingsError


def complete_parser() -> Parser:
    """The parser with all commands and their options, for completion."""
    parser = _root()
    commands = parser.add_commands({name: summary for name, (_, summary) in COMMANDS.items()})
    for module, _ in COMMANDS.values():
        _command_module(module).add_command(commands)
    return parser


def _command_module(name: str) -> ModuleType:
    """The module of a command. Nobody looks for garbage while it is imported: there is next to none, for long."""
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        return import_module(f"{__package__}.{name}")
    finally:
        if is_collecting:
            gc.enable()


def _parser(arguments: Sequence[str]) -> Parser:
    """The parser with the command that the arguments begin with; with a summary of all commands if it is none."""
    parser = _root()
    commands = parser.add_commands({name: summary for name, (_, summary) in COMMANDS.items()})
    command_module = COMMANDS.get(arguments[0]) if arguments else None
    if command_module is not None:
        _command_module(command_module[0]).add_command(commands)
    else:
        for name in COMMANDS:
            commands.add_parser(name)
    return parser


def _root() -> Parser:
    parser = Parser(
        prog="student-graph",
        description="One GraphQL API over the systems that school districts already have.",
        epilog="student-graph COMMAND --help describes a command.",
    )
    parser.add_argument("--version", action=_PrintVersion, nargs=0, help="print the version")
    return parser


class _PrintVersion(argparse.Action):
    """Prints the version of the installed package, which is looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version  # noqa: PLC0415 - it takes longer to import than to print the help

        print(f"{parser.prog} {version('student-graph')}")
        parser.exit()
