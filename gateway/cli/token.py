"""`student-graph token`: the token of one of the people of a running demo."""

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
        help="a token of one of the people of a running demo",
        description="Print the token of one of the people of a running demo, from its ready file, for developers.",
    )
    command.add_argument("name", metavar="NAME", help="such as teacher, principal, parent")
    command.add_argument("--ready-file", type=Path, required=True, metavar="FILE", help="as the demo was told")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Print the token of one of the people of a running demo.

    Raises:
        SettingsError: there is no such file, or nobody of that name.
    """
    try:
        tokens = json.loads(options.ready_file.read_text(encoding="utf-8"))["tokens"]
    except OSError as exc:
        raise SettingsError(f"--ready-file: {options.ready_file}: {exc.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise SettingsError(f"--ready-file: {options.ready_file}: is no ready file of the demo") from None
    if options.name not in tokens:
        raise SettingsError(f"NAME: there is no {options.name!r}; there are {', '.join(tokens)}")
    print(tokens[options.name])
    return 0
