"""The `student-graph` command."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from adapters.registry import SettingsError, find, installed, settings_schema
from gateway import demo, disclosures, purging, serving
from resolvers.schema import export


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; what the user can mend is told in one line, with exit status 2."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        status = options.run(options)
    except SettingsError as exc:
        print(f"{parser.prog}: {exc}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    sys.exit(status)


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="student-graph", description="One GraphQL graph over the systems that school districts already have."
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_demo(commands)
    _add_serve(commands)
    schema = commands.add_parser("schema", help="print the schema in GraphQL's definition language")
    schema.set_defaults(run=_schema)
    _add_explain(commands)
    _add_cache(commands)
    _add_disclosures(commands)
    _add_token(commands)
    _add_adapters(commands)
    return parser


def _add_demo(commands: argparse._SubParsersAction[_Parser]) -> None:
    command = commands.add_parser(
        "demo",
        help="made-up districts, their vendors and the gateway, on this machine",
        description="Start a sandbox for each vendor and the gateway over them, on loopback addresses only. "
        "Prints where to look and what to ask first. Everybody in it is fictional.",
    )
    district = command.add_mutually_exclusive_group()
    district.add_argument("--students", type=int, default=1000, metavar="N", help="size of the district (1000)")
    district.add_argument(
        "--records", type=Path, metavar="DIR", help="serve the records of a folder instead, by Ed-Fi"
    )
    told = "what kind of district: one on Ed-Fi, one on OneRoster, or both on one gateway (edfi)"
    command.add_argument("--district", choices=("edfi", "oneroster", "both"), default="edfi", help=told)
    command.add_argument("--seed", type=int, default=1, metavar="N", help="another seed, another district (1)")
    told = "milliseconds that each vendor takes to answer (0)"
    command.add_argument("--latency", type=_milliseconds, default=0.0, metavar="MS", help=told)
    told = "port of the gateway; 0 takes a free one (8000)"
    command.add_argument("--port", type=_port, default=8000, metavar="P", help=told)
    told = "write addresses and tokens there, as JSON for its owner alone, once all answer"
    command.add_argument("--ready-file", type=Path, metavar="FILE", help=told)
    command.set_defaults(run=demo.run)


def _add_serve(commands: argparse._SubParsersAction[_Parser]) -> None:
    command = commands.add_parser("serve", help="serve the districts of a settings file")
    command.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings, in TOML")
    command.set_defaults(run=lambda options: serving.serve(options.config))
    command = commands.add_parser(
        "check",
        help="ask every source once whether its settings work",
        description="Ask every source of a settings file once whether its address and credentials work, and print "
        "what it can answer. Exit status 1 when one of them fails.",
    )
    command.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings, in TOML")
    command.set_defaults(run=lambda options: serving.check(options.config))


def _add_explain(commands: argparse._SubParsersAction[_Parser]) -> None:
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
    command.set_defaults(run=serving.explain)


def _add_cache(commands: argparse._SubParsersAction[_Parser]) -> None:
    command = commands.add_parser("cache", help="what a running gateway keeps")
    actions = command.add_subparsers(title="commands", metavar="COMMAND", required=True)
    purge = actions.add_parser(
        "purge",
        help="tell a running gateway to forget answers",
        description="Tell a running gateway, and all others of its fleet, to forget what they keep of a district: "
        "all of it, or what the options name.",
    )
    purge.add_argument(
        "--url", default="http://127.0.0.1:8000", help="address of the gateway (http://127.0.0.1:8000)"
    )
    told = "environment variable with the token of an operator (STUDENT_GRAPH_TOKEN)"
    purge.add_argument("--token-env", default="STUDENT_GRAPH_TOKEN", metavar="NAME", help=told)
    purge.add_argument("--district", required=True, metavar="ID", help="id of the district")
    purge.add_argument("--source", metavar="NAME", help="answers of this source only")
    told = "answers of this type of record only, such as AttendanceEvent; may be repeated"
    purge.add_argument("--records", action="append", default=[], metavar="TYPE", help=told)
    told = "answers about this student only, by the district's number; may be repeated"
    purge.add_argument("--student", action="append", default=[], metavar="NUMBER", help=told)
    purge.set_defaults(run=purging.run)


def _add_disclosures(commands: argparse._SubParsersAction[_Parser]) -> None:
    command = commands.add_parser(
        "disclosures",
        help="who saw a student, and whether the record of it is whole",
        description="Print who saw a student since a day, by the record of disclosures, and verify the record: "
        "every edit, deletion, change of order and cut is found. Exit status 1 when it is not whole.",
    )
    place = command.add_mutually_exclusive_group(required=True)
    place.add_argument("--config", type=Path, metavar="FILE", help="settings of the gateway, in TOML")
    place.add_argument("--ready-file", type=Path, metavar="FILE", help="ready file of a running demo")
    command.add_argument("--student", metavar="NUMBER", help="the student, by the district's number")
    command.add_argument("--district", metavar="ID", help="id of the district, where there are several")
    command.add_argument("--since", metavar="DATE", help="first day (UTC), such as 2026-11-01")
    command.add_argument(
        "--retire-before",
        metavar="DATE",
        help="remove the files that are whole and ended before a day (UTC), and sign that they were there; "
        "the law (34 CFR 99.32) asks to keep the record for as long as the students' education records",
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=disclosures.run)


def _add_token(commands: argparse._SubParsersAction[_Parser]) -> None:
    command = commands.add_parser(
        "token",
        help="a token of one of the people of a running demo",
        description="Print the token of one of the people of a running demo, from its ready file, for developers.",
    )
    command.add_argument("name", metavar="NAME", help="such as teacher, principal, parent")
    command.add_argument("--ready-file", type=Path, required=True, metavar="FILE", help="as the demo was told")
    command.set_defaults(run=demo.token)


def _add_adapters(commands: argparse._SubParsersAction[_Parser]) -> None:
    command = commands.add_parser("adapters", help="what can be a source")
    actions = command.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listing = actions.add_parser("list", help="installed adapters")
    listing.set_defaults(run=_adapters_list)
    schema = actions.add_parser("schema", help="JSON Schema of an adapter's settings")
    schema.add_argument("kind", metavar="KIND", help="name of the adapter, as the list shows it")
    schema.set_defaults(run=_adapters_schema)


def _schema(_: argparse.Namespace) -> int:
    print(export(), end="")
    return 0


def _adapters_list(_: argparse.Namespace) -> int:
    rows = [("KIND", "CONTRACT", "LOOKUPS", "CLASS")]
    for kind, adapter in installed().items():
        place = f"{adapter.__module__}:{adapter.__qualname__}"
        rows.append((kind, str(adapter.contract), str(len(adapter.capabilities())), place))
    print(serving.table(rows))
    return 0


def _adapters_schema(options: argparse.Namespace) -> int:
    print(json.dumps(settings_schema(find(options.kind)), indent=2))
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


def _milliseconds(text: str) -> float:
    if not text.isdecimal() or int(text) > 60_000:
        raise argparse.ArgumentTypeError("a latency is a number of milliseconds from 0 to 60000")
    return float(text)
