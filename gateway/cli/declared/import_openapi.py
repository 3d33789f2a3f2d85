"""`student-graph adapters import`: starts a declaration from an OpenAPI document."""

from __future__ import annotations

import argparse
from pathlib import Path

from student_graph.adapters.registry import SettingsError
from student_graph.adapters.rest.declaration.reading import TODO
from student_graph.adapters.rest.openapi.reading import read_document
from student_graph.adapters.rest.openapi.writing import write_declaration
from student_graph.gateway.cli.parser import Parser, count


def add_options(command: Parser) -> None:
    """Add the options of the command."""
    command.add_argument(
        "document", type=Path, metavar="OPENAPI", help="OpenAPI 3.0 or 3.1 document (JSON or YAML)"
    )
    command.add_argument("--output", type=Path, metavar="FILE", help="write to a new file instead of the terminal")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the start of a declaration."""
    text = write_declaration(read_document(options.document), options.document.name)
    if options.output is None:
        print(text, end="")
        return 0
    try:
        with options.output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise SettingsError(f"--output: {options.output} exists already; it is not overwritten") from None
    except OSError as exc:
        raise SettingsError(f"--output: {options.output}: {exc.strerror}") from None
    guesses = sum(TODO in line for line in text.splitlines())
    print(f"{options.output}: {count(guesses, 'line')} to check; they end in {TODO}")
    return 0
