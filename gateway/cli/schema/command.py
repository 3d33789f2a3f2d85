"""The arguments of `student-graph schema`, and what they print."""

from __future__ import annotations

import argparse

from student_graph.gateway.cli.parser import Commands
from student_graph.gateway.cli.schema.type_policies import WRITERS
from student_graph.resolvers.schema import core_schema, export, make_schema


def add_command(commands: Commands) -> None:
    """Add `schema` to the command line."""
    command = commands.add_parser("schema", help="print the GraphQL schema (SDL), or what clients need of it")
    command.add_argument(
        "--type-policies",
        choices=WRITERS,
        help="print a module with the cache policies of a client, which say what identifies each object",
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the schema, or the policies for a client's cache."""
    if options.type_policies is not None:
        print(WRITERS[options.type_policies](core_schema(make_schema())), end="")
    else:
        print(export(), end="")
    return 0
