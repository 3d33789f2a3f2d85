"""`student-graph explain`: the plan of a query, and which lookups it may run at which sources."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from graphql import GraphQLError

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.districts import districts_of
from student_graph.gateway.cli.parser import Commands, add_district_options, printable
from student_graph.gateway.documents.explain import as_text, explain
from student_graph.gateway.documents.hardening import harden_graphql_core
from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.execution import executor_class
from student_graph.resolvers.schema import core_schema, make_schema


def add_command(commands: Commands) -> None:
    """Add `explain` to the command line."""
    command = commands.add_parser(
        "explain",
        description="Show the plan of a query: how each field is resolved, which lookups it may run at which "
        "sources, and how many vendor calls they need. No vendor is called.",
    )
    command.add_argument("query", metavar="QUERY", help="GraphQL document, or the path of a file with one")
    add_district_options(command)
    command.add_argument("--operation", metavar="NAME", help="name of the operation, if the document has several")
    command.add_argument("--variables", default="{}", metavar="JSON", help="variables, as a JSON object")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Print the plan of a document for the sources of a settings file or demo.

    Raises:
        SettingsError: the document or the variables cannot be read, or do not fit the schema.
    """
    districts = districts_of(options)
    harden_graphql_core()
    schema = make_schema(executor_class("breadth"))
    documents = DocumentStore(core_schema(schema))
    document = documents.get_by_text(_document_text(options.query))
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
        records = documents.costs.records_by_path(document, operation, variables, districts)
        lines = explain(
            core_schema(schema),
            document.node,
            operation,
            variables,
            sources,
            records=records,
            districts=districts,
        )
    except GraphQLError as exc:
        raise SettingsError(f"QUERY: {exc.message}") from None
    for district in districts:
        print(
            printable(f"{district.id} ({district.name}): {', '.join(source.name for source in district.sources)}")
        )
    print(as_text(lines))
    return 0


def _document_text(query: str) -> str:
    """
    The text of a document, or of the file of that name.

    Raises:
        SettingsError: it is not a document, and no such file can be read.
    """
    if "{" in query:
        return query
    try:
        return Path(query).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"QUERY: {query} is neither a document nor a readable file") from None
