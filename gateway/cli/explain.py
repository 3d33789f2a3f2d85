"""`student-graph explain`: the plan of a query, and which lookups it may ask of which sources."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from graphql import GraphQLError

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.parser import Commands
from student_graph.gateway.config import settings_file
from student_graph.gateway.config.districts import connect_districts
from student_graph.gateway.documents.explain import as_text, explained
from student_graph.gateway.documents.store import Documents, core_of
from student_graph.gateway.execution import executor_class
from student_graph.resolvers.schema import make_schema


def add_command(commands: Commands) -> None:
    """Add `explain` to the command line."""
    command = commands.add_parser(
        "explain",
        help="what a document will do, and what it may ask of whom",
        description="Print the plan of a document: how each field's values are had, which lookups it may ask, of "
        "which sources, and what that costs in vendor calls. Nothing is asked of a vendor.",
    )
    command.add_argument("query", metavar="QUERY", help="the document, or a file that holds it")
    command.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings, in TOML")
    command.add_argument("--operation", metavar="NAME", help="which of several operations")
    command.add_argument("--variables", default="{}", metavar="JSON", help="values of variables, as a JSON object")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Print what a document will do at the sources of a settings file.

    Raises:
        SettingsError: the document or the variables cannot be read, or are none of the schema.
    """
    districts = connect_districts(settings_file.load(options.config), options.config, os.environ)
    schema = make_schema(executor_class("breadth"))
    document = Documents(core_of(schema)).by_text(_text(options.query))
    try:
        variables = json.loads(options.variables)
    except ValueError:
        raise SettingsError("--variables: must be a JSON object") from None
    if not isinstance(variables, dict):
        raise SettingsError("--variables: must be a JSON object")
    if document.errors:
        raise SettingsError(f"QUERY: {document.errors[0].message}")
    assert document.node is not None
    try:
        operation = document.operation(options.operation)
        sources = [source for district in districts for source in district.sources]
        lines = explained(core_of(schema), document.node, operation, variables, sources)
    except GraphQLError as exc:
        raise SettingsError(f"QUERY: {exc.message}") from None
    print(as_text(lines))
    return 0


def _text(query: str) -> str:
    """A document, or what the file of that name holds."""
    if "{" in query:
        return query
    try:
        return Path(query).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"QUERY: {query} is neither a document nor a file that can be read") from None
