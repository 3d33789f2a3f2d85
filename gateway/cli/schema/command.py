"""The arguments of `student-graph schema`, and what they print."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from graphql import build_schema

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.parser import Commands, printable
from student_graph.gateway.cli.schema.changes import Change, Severity, schema_changes
from student_graph.gateway.cli.schema.documents import (
    ClientDocument,
    documents_that_notice,
    invalid_documents,
    read_documents,
)
from student_graph.gateway.cli.schema.revisions import read_schema
from student_graph.gateway.cli.schema.type_policies import WRITERS
from student_graph.gateway.cli.terminal import print_table
from student_graph.resolvers.schema import core_schema, export, export_subgraph, make_schema


def add_command(commands: Commands) -> None:
    """Add `schema` to the command line."""
    command = commands.add_parser(
        "schema",
        help="print the GraphQL schema (SDL), what clients need of it, or how it changed",
        description="Print the GraphQL schema. With --check, print how it changed: the exit status is 1 if "
        "clients break, and 2 if there is nothing to compare with.",
    )
    output = command.add_mutually_exclusive_group()
    output.add_argument(
        "--defer", action="store_true", help="print it with the directive @defer, for gateways with server.defer"
    )
    output.add_argument(
        "--federation",
        action="store_true",
        help="print it as a subgraph of a supergraph (Apollo Federation 2), for gateways with server.federation",
    )
    output.add_argument(
        "--type-policies",
        choices=WRITERS,
        help="print a module with the cache policies of a client, which say what identifies each object",
    )
    output.add_argument(
        "--check",
        metavar="REF",
        help="print the changes since a schema file, or a Git revision with schema.graphql",
    )
    command.add_argument(
        "--documents",
        type=Path,
        action="append",
        metavar="PATH",
        help="with --check: a manifest of trusted documents, or a folder of .graphql files, to check too",
    )
    command.add_argument(
        "--documents-only",
        action="store_true",
        help="with --documents: count only changes that affect one of them: the gateway refuses all others",
    )
    command.add_argument("--json", action="store_true", help="with --check: print the changes as JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Print the schema, the policies for a client's cache, or the changes of the schema.

    Raises:
        SettingsError: there is no schema to compare with, or an option needs another one.
    """
    if options.check is not None:
        return _check(options)
    for name in ("documents", "documents_only", "json"):
        if getattr(options, name):
            raise SettingsError(f"--{name.replace('_', '-')}: only with --check")
    if options.type_policies is not None:
        print(WRITERS[options.type_policies](core_schema(make_schema())), end="")
    else:
        print(export_subgraph() if options.federation else export(defer=options.defer), end="")
    return 0


def _check(options: argparse.Namespace) -> int:
    """Print the changes, and return whether one of them breaks clients."""
    if options.documents_only and not options.documents:
        raise SettingsError("--documents-only: only with --documents")
    old = read_schema(options.check)
    documents = read_documents(options.documents or ())
    changes = schema_changes(old, build_schema(export()))
    used_by = documents_that_notice(changes, old, documents)
    invalid = invalid_documents(core_schema(make_schema(defer=True)), documents)
    breaking = [
        change
        for change in changes
        if change.severity is Severity.BREAKING and (used_by[change] or not options.documents_only)
    ]
    if options.json:
        print(json.dumps(_as_json(used_by, invalid), indent=2))
    else:
        _print_table(used_by, invalid, documents)
    return 1 if breaking or invalid else 0


def _as_json(used_by: Mapping[Change, list[str]], invalid: Mapping[str, str]) -> dict[str, Any]:
    return {
        "changes": [
            {
                "severity": change.severity.value,
                "description": change.description,
                "coordinate": change.coordinate,
                "documents": names,
            }
            for change, names in used_by.items()
        ],
        "invalidDocuments": invalid,
    }


def _print_table(
    used_by: Mapping[Change, list[str]], invalid: Mapping[str, str], documents: Sequence[ClientDocument]
) -> None:
    rows = [(change.severity.value, change.description) for change in used_by]
    if rows:
        print_table(("SEVERITY", "CHANGE"), rows)
    for change, names in used_by.items():
        for name in names:
            print(printable(f"{name} uses {change.coordinate}: {change.severity.value}"))
    for name, message in invalid.items():
        print(printable(f"{name} is not valid: {message}"))
    counts = Counter(change.severity for change in used_by)
    print(", ".join(f"{counts[severity]} {severity.value}" for severity in Severity) + " changes", end="")
    print(f"; {len(invalid)} of {len(documents)} documents are not valid" if documents else "")
