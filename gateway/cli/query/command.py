"""The arguments of `student-graph query`, and how an answer is printed."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from graphql import DocumentNode, GraphQLSyntaxError, parse

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.parser import Commands, printable, web_address
from student_graph.gateway.cli.query.csv_text import csv_of
from student_graph.gateway.cli.query.document import DOCUMENT_HELP, document_text
from student_graph.gateway.cli.query.rows import Table, next_page_of, table_of, text_of
from student_graph.gateway.cli.query.target import Target, target_of
from student_graph.gateway.cli.terminal import print_table, progress

COMPLETE_EXIT_STATUS, INCOMPLETE_EXIT_STATUS, REFUSED_EXIT_STATUS = 0, 1, 3
"""Exit statuses; 2 is that of wrong options, and of a gateway that does not answer."""
ANSWER_SECONDS = 120.0
DESCRIPTION = (
    "Send a query to a running gateway, and print the answer as a table. Without --url, --config and --ready-file "
    "a demo is started for this query. Errors and missing parts are printed on standard error with their codes."
)
EPILOG = """\
exit status:
  0  the answer is complete
  1  the answer has errors, or parts of it are missing (codes on standard error)
  2  an option is wrong, or no gateway answers at the address
  3  the gateway refused the query: there is no answer

examples:
  student-graph query examples/queries/02-class-roster.graphql --viewer teacher
  student-graph query '{ viewer { role } }' --ready-file ready.json --viewer principal --json
  student-graph query roster.graphql --url https://graph.district.example --csv > roster.csv
"""


def add_command(commands: Commands) -> None:
    """Add `query` to the command line."""
    command = commands.add_parser(
        "query",
        description=textwrap.fill(DESCRIPTION),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("query", metavar="QUERY", help=DOCUMENT_HELP)
    gateways = command.add_mutually_exclusive_group()
    gateways.add_argument("--url", type=web_address, metavar="URL", help="address of a running gateway")
    gateways.add_argument("--config", type=Path, metavar="FILE", help="settings file of a running gateway (TOML)")
    gateways.add_argument(
        "--ready-file", type=Path, metavar="FILE", help="the file that a running demo was started with"
    )
    command.add_argument(
        "--viewer",
        metavar="NAME",
        help="who asks: a person of the demo, such as teacher, or the subject of a viewer in the settings file",
    )
    command.add_argument(
        "--token-env",
        default="STUDENT_GRAPH_TOKEN",
        metavar="NAME",
        help="environment variable that holds the token for --url (default: STUDENT_GRAPH_TOKEN)",
    )
    command.add_argument("--variables", default="{}", metavar="JSON", help="variables, as a JSON object")
    command.add_argument("--operation", metavar="NAME", help="name of the operation, if the document has several")
    command.add_argument("--purpose", metavar="TEXT", help="purpose of the request")
    command.add_argument(
        "--all-pages",
        action="store_true",
        help="also ask for the next pages of the list, by the variable $after; with --json a line for each page",
    )
    formats = command.add_mutually_exclusive_group()
    formats.add_argument("--csv", action="store_true", help="print CSV (docs/clients.md has the rule)")
    formats.add_argument("--json", action="store_true", help="print the answer as JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Send a query, and print its answer.

    Raises:
        SettingsError: an option is wrong, or no gateway answers.
    """
    text = document_text(options.query)
    document, variables = _parsed(text), _variables(options.variables)
    if options.purpose is not None and not options.purpose.isprintable():
        raise SettingsError("--purpose: must be a text on one line")
    if options.all_pages and "$after" not in text:
        raise SettingsError("--all-pages: the document needs a variable $after, where the list continues")
    with target_of(options) as target:
        suggested = target.variables_of(text)
        if used := {name: value for name, value in suggested.items() if name not in variables}:
            _note(f"variables of the demo: {json.dumps(used)}")
        request = {"query": text, "variables": {**suggested, **variables}, "operationName": options.operation}
        with progress("waiting for the answer"):
            answers = list(_answers(target, request, options))
    return _print(options, document, answers)


def _answers(target: Target, request: dict[str, Any], options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The answer, and with `--all-pages` those of the pages behind it."""
    while True:
        answer = _answer(target, request, options.purpose)
        yield answer
        try:
            cursor = next_page_of(answer.get("data")) if options.all_pages else None
        except ValueError as exc:
            raise SettingsError(f"--all-pages: {exc}") from None
        if cursor is None:
            return
        request = {**request, "variables": {**request["variables"], "after": cursor}}


def _print(options: argparse.Namespace, document: DocumentNode, answers: Sequence[Mapping[str, Any]]) -> int:
    """Print an answer, or that of each page, in the format of the options; return the exit status."""
    tables = [
        table_of(document, options.operation, answer["data"])
        for answer in answers
        if answer.get("data") is not None
    ]
    if options.json:
        for answer in answers:
            print(json.dumps(answer, indent=None if options.all_pages else 2))
    elif tables:
        table = Table(tables[0].headings, [row for page in tables for row in page.rows])
        if options.csv:
            sys.stdout.write(csv_of(table))
        else:
            print_table(table.headings, [[text_of(value) for value in row] for row in table.rows])
    sys.stdout.flush()  # before the problems, also where both go to one file
    problems = [problem for answer in answers for problem in _problems(answer)]
    for problem in problems:
        _note(problem)
    if not tables:
        return REFUSED_EXIT_STATUS
    return INCOMPLETE_EXIT_STATUS if problems else COMPLETE_EXIT_STATUS


def _problems(answer: Mapping[str, Any]) -> Iterator[str]:
    """A line for each error and for each part that is missing."""
    for error in answer.get("errors", ()):
        extensions = error.get("extensions", {})
        path = _path_text(error.get("path", ()))
        yield f"error: {_code_and_path(extensions, path)}: {error.get('message', '')}"
    for part in answer.get("extensions", {}).get("degraded", ()):
        yield f"degraded: {_code_and_path(part, _path_text(part.get('path', ())))}"


def _code_and_path(details: Mapping[str, Any], path: str) -> str:
    source = f"from {details['source']}" if details.get("source") else ""
    return " ".join(filter(None, (details.get("code", "UNKNOWN"), path, source)))


def _path_text(path: Any) -> str:
    if isinstance(path, str):
        return path
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _note(text: str) -> None:
    print(printable(text), file=sys.stderr)


def _answer(target: Target, request: Mapping[str, Any], purpose: str | None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {target.token}", "Accept": "application/graphql-response+json"}
    if purpose is not None:
        headers["Student-Graph-Purpose"] = purpose
    encoded = httpx.Headers(headers, encoding="utf-8")
    try:
        response = httpx.post(target.url, json=request, headers=encoded, timeout=ANSWER_SECONDS, trust_env=False)
    except httpx.TimeoutException:
        raise SettingsError(f"no answer from {target.url} within {ANSWER_SECONDS:g} seconds") from None
    except (httpx.HTTPError, httpx.InvalidURL):
        raise SettingsError(f"no gateway answers at {target.url}") from None
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not answer.keys() & {"data", "errors"}:
        raise SettingsError(f"what answers at {target.url} is not a gateway")
    return answer


def _parsed(text: str) -> DocumentNode:
    try:
        return parse(text)
    except GraphQLSyntaxError as exc:
        raise SettingsError(f"QUERY: {exc.message}") from None


def _variables(text: str) -> dict[str, Any]:
    try:
        variables = json.loads(text)
    except ValueError:
        variables = None
    if not isinstance(variables, dict):
        raise SettingsError("--variables: must be a JSON object")
    return variables
