"""What the commands share: the argument parser, and how texts, tables and counts are printed."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias
from urllib.parse import urlsplit

INTERRUPTED_EXIT_STATUS = 130
"""Exit status of a command that Ctrl-C has ended, as shells expect it."""
MAX_CELL_CHARACTERS = 64
"""Characters of a table's cell that are printed; the last column is printed in full."""


class Parser(argparse.ArgumentParser):
    """Reports a wrong argument in one line; a command that only has subcommands prints its help."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and exit with status 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")

    def add_commands(self, summaries: Mapping[str, str] | None = None) -> Commands:
        """Add subcommands; without one of them, print the help. `summaries` are one line for each, by name."""
        self.set_defaults(run=self._print_help)
        commands = self.add_subparsers(title="commands", metavar="COMMAND", action=_Subcommands)
        assert isinstance(commands, _Subcommands)
        commands.summaries = summaries or {}
        return commands

    def _print_help(self, _: argparse.Namespace) -> int:
        self.print_help()
        return 0


if TYPE_CHECKING:
    _SubcommandsOfParser = argparse._SubParsersAction[Parser]  # noqa: SLF001 - as below
else:
    _SubcommandsOfParser = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it


class _Subcommands(_SubcommandsOfParser):
    """The subcommands of a parser, with summaries that are known before their modules are imported."""

    summaries: Mapping[str, str] = {}

    def add_parser(self, name: str, **options: Any) -> Parser:
        """Add a subcommand; its help is its summary if it brings none, and its description is its help."""
        if name in self.summaries:
            options.setdefault("help", self.summaries[name])
        if "help" in options:
            summary: str = options["help"]
            options.setdefault("description", f"{summary[:1].upper()}{summary[1:]}.")
        return super().add_parser(name, **options)


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001 - argparse has no public name for it
"""Where a command is added."""


def add_district_options(command: Parser) -> None:
    """Add `--config`, whose secrets may be in `--env-file`, and `--ready-file`; a command takes one of them."""
    options = command.add_mutually_exclusive_group(required=True)
    options.add_argument("--config", type=Path, metavar="FILE", help="settings file (TOML)")
    options.add_argument(
        "--ready-file", type=Path, metavar="FILE", help="the file that a running demo was started with"
    )
    command.add_argument(
        "--env-file", type=Path, metavar="FILE", help="file with environment variables, one NAME=value a line"
    )


def add_url_option(command: Parser) -> None:
    """Add `--url`, the address of the gateway that a command asks."""
    default = "http://127.0.0.1:8000"
    command.add_argument(
        "--url", type=web_address, default=default, help=f"address of the gateway (default: {default})"
    )


def web_address(text: str) -> str:
    """
    The address of a server, as an option names it.

    Raises:
        ArgumentTypeError: it is not one, such as `localhost:8000`, which lacks `http://`.
    """
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and parts.hostname is not None and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or not text.isprintable():
        raise argparse.ArgumentTypeError("must be an address such as http://127.0.0.1:8000")
    return text


def check_output_file(option: str, path: Path | None) -> None:
    """
    Check the place of a file that a command writes at its end, before it does its work; None is no file.

    Raises:
        SettingsError: it cannot be a file there.
    """
    from student_graph.adapters.registry import SettingsError  # noqa: PLC0415 - help must not wait for it

    if path is not None and path.is_dir():
        raise SettingsError(f"{option}: {path} is a folder")
    if path is not None and not path.parent.is_dir():
        raise SettingsError(f"{option}: there is no folder {path.parent}")


def printable(text: str) -> str:
    """
    A text that a terminal only shows: characters that are not printable are escaped.

    Control characters could move the cursor, marks of direction could reorder the line.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def format_table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in aligned columns, with one line for each; long cells are cut, except in the last column."""
    cells = [[*(_cell(text) for text in row[:-1]), printable(row[-1])] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)


def _cell(text: str) -> str:
    text = printable(text[: MAX_CELL_CHARACTERS + 1])
    return text if len(text) <= MAX_CELL_CHARACTERS else f"{text[: MAX_CELL_CHARACTERS - 1]}…"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun, such as `1 file` or `2 files`; the plural ends in `s` unless it is given."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
