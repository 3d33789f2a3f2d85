"""`student-graph cache purge`: remove answers from the cache of a running gateway."""

from __future__ import annotations

import argparse
import os

import httpx
import msgspec

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.parser import Commands
from student_graph.gateway.web.purge import Wanted


def add_command(commands: Commands) -> None:
    """Add `cache` to the command line."""
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
    purge.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Tell a running gateway what to forget.

    Raises:
        SettingsError: it is not there, does not know the token, or not what is named.
    """
    token = os.environ.get(options.token_env, "")
    if not token:
        raise SettingsError(f"--token-env: the environment variable {options.token_env} is not set")
    wanted = Wanted(options.district, options.source, frozenset(options.records), frozenset(options.student))
    try:
        answer = httpx.post(
            f"{options.url.rstrip('/')}/cache/purge",
            content=msgspec.json.encode(wanted),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            trust_env=False,
        )
        told = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        raise SettingsError(f"--url: no gateway answers at {options.url}") from None
    if answer.status_code != 200:
        raise SettingsError(str(told.get("error", f"the gateway refused ({answer.status_code})")))
    print(f"forgot {told['forgotten']} answers")
    return 0
