"""`student-graph explain`: the plan of a query, and which lookups it may run at which sources."""

from __future__ import annotations

import argparse
import json

from graphql import GraphQLError

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.districts import districts_of
from student_graph.gateway.cli.parser import Commands, add_district_options, printable
from student_graph.gateway.cli.query.document import DOCUMENT_HELP, document_text
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
    command.add_argument("query", metavar="QUERY", help=DOCUMENT_HELP)
    add_district_options(command)
    command.add_argument("--operation", metavar="NAME", help="name of the operation, if the document has several")
    command.add_argument("--variables", default="{}", metavar="JSON", help="variables, as a JSON object")
    command.add_argument("--json", action="store_true", help="print JSON")
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
    document = documents.get_by_text(document_text(options.query))
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
    if options.json:
        print(json.dumps([line.as_json() for line in lines], indent=2))
        return 0
    for district in districts:
        print(
            printable(f"{district.id} ({district.name}): {', '.join(source.name for source in district.sources)}")
        )
    print(as_text(lines))
    return 0
