"""What the commands share: the argument parser, and how tables and counts are printed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn, TypeAlias


class Parser(argparse.ArgumentParser):
    """Reports a wrong argument in one line; a command that only has subcommands prints its help."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and exit with status 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")

    def add_commands(self) -> Commands:
        """Add subcommands; without one of them, print the help."""
        self.set_defaults(run=self._print_help)
        return self.add_subparsers(title="commands", metavar="COMMAND")

    def _print_help(self, _: argparse.Namespace) -> int:
        self.print_help()
        return 0


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001 - argparse has no public name for it
"""Where a command is added."""


def format_table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def count(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun, such as `1 file` or `2 files`; the plural ends in `s` unless it is given."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
