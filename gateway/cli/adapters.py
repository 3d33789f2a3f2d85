"""`student-graph adapters`: the installed adapters and their settings, new ones, and declarations of vendors."""

from __future__ import annotations

import argparse
import json

from student_graph.adapters.contract import Adapter
from student_graph.adapters.registry import SettingsError, find_adapter, installed_adapters, settings_schema
from student_graph.adapters.rest.adapter import Rest
from student_graph.adapters.rest.declaration.schema import declaration_schema
from student_graph.gateway.cli.authors import certify, new_package
from student_graph.gateway.cli.declared import import_openapi, try_lookup
from student_graph.gateway.cli.parser import Commands
from student_graph.gateway.cli.recordings import drift, record
from student_graph.gateway.cli.terminal import print_table


def add_command(commands: Commands) -> None:
    """Add `adapters` to the command line."""
    command = commands.add_parser("adapters")
    actions = command.add_commands()
    listing = actions.add_parser("list", help="list the installed adapters")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_list)
    schema = actions.add_parser("schema", help="print the JSON Schema of an adapter's settings")
    schema.add_argument("kind", metavar="KIND", help="name of the adapter, as `adapters list` shows it")
    schema.add_argument(
        "--declaration",
        action="store_true",
        help="print the schema of files that declare a vendor, for editors; only for `rest`",
    )
    schema.set_defaults(run=_schema)
    trial = actions.add_parser(
        "try", help="run one lookup of a declared vendor, and show requests, rows and records"
    )
    try_lookup.add_options(trial)
    start = actions.add_parser("import", help="start the declaration of a vendor from its OpenAPI document")
    import_openapi.add_options(start)
    recording = actions.add_parser("record", help="record the responses of a source without personal data")
    record.add_options(recording)
    comparison = actions.add_parser("drift", help="compare the structure of a source's responses with a recording")
    drift.add_options(comparison)
    package = actions.add_parser("new", help="write the package of an adapter, which passes the conformance suite")
    new_package.add_options(package)
    certificate = actions.add_parser("certify", help="run the conformance suite, and write a certificate")
    certify.add_options(certificate)
    verification = actions.add_parser("verify", help="verify the signature of a certificate")
    certify.add_verify_options(verification)


def _list(options: argparse.Namespace) -> int:
    rows = []
    for kind, adapter in installed_adapters().items():
        class_path = f"{adapter.__module__}:{adapter.__qualname__}"
        lookups = str(len(adapter.capabilities()))
        rows.append((kind, str(adapter.contract), lookups, *_form_and_version(adapter), class_path))
    headings = ("KIND", "CONTRACT", "LOOKUPS", "WRITTEN", "API", "CLASS")
    if options.json:
        print(json.dumps([dict(zip(map(str.lower, headings), row, strict=True)) for row in rows], indent=2))
    else:
        print_table(headings, rows)
    return 0


def _form_and_version(adapter: type[Adapter]) -> tuple[str, str]:
    """Whether a vendor is declared or in code, and the version of its API as far as a declaration says it."""
    if not issubclass(adapter, Rest) or adapter.plan is None:
        return "code", "-"
    return "declared", adapter.plan.declaration.version or "-"


def _schema(options: argparse.Namespace) -> int:
    if options.declaration and options.kind != "rest":
        raise SettingsError("--declaration: only vendors of the adapter rest are declared in a file")
    schema = declaration_schema() if options.declaration else settings_schema(find_adapter(options.kind))
    print(json.dumps(schema, indent=2))
    return 0
