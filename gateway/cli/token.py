"""`student-graph token`: prints the token of a person in a running demo."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.parser import Commands


def add_command(commands: Commands) -> None:
    """Add `token` to the command line."""
    command = commands.add_parser(
        "token",
        description="Print the token of a person in a running demo, from the demo's ready file. For developers.",
    )
    command.add_argument("name", metavar="NAME", help="name of the person, such as teacher, principal or parent")
    command.add_argument(
        "--ready-file", type=Path, required=True, metavar="FILE", help="the file that the demo was started with"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Print the token of a person in a running demo.

    Raises:
        SettingsError: the file cannot be read, or the demo has no person of that name.
    """
    try:
        tokens = json.loads(options.ready_file.read_text(encoding="utf-8"))["tokens"]
    except OSError as exc:
        raise SettingsError(f"--ready-file: {options.ready_file}: {exc.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise SettingsError(f"--ready-file: {options.ready_file} is not a ready file of the demo") from None
    if options.name not in tokens:
        raise SettingsError(f"NAME: the demo has no {options.name!r}; it has {', '.join(tokens)}")
    print(tokens[options.name])
    return 0
