"""`student-graph schema`: the GraphQL schema as text."""

from __future__ import annotations

import argparse

from student_graph.gateway.cli.parser import Commands
from student_graph.resolvers.schema import export


def add_command(commands: Commands) -> None:
    """Add `schema` to the command line."""
    command = commands.add_parser("schema", help="print the GraphQL schema (SDL)")
    command.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Print the schema."""
    print(export(), end="")
    return 0
