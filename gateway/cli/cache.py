"""`student-graph cache purge`: remove answers from the cache of a running gateway."""

from __future__ import annotations

import argparse
import json
import os

import httpx
import msgspec

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.parser import Commands, add_url_option, count
from student_graph.gateway.web.routes.purge import PurgeRequest


def add_command(commands: Commands) -> None:
    """Add `cache` to the command line."""
    command = commands.add_parser("cache")
    actions = command.add_commands()
    purge = actions.add_parser(
        "purge",
        help="remove cached data from a running gateway",
        description="Remove cached data of a district from a running gateway and from all other gateways that "
        "share its Redis: all of the district's data, or only what the options select.",
    )
    add_url_option(purge)
    purge.add_argument(
        "--token-env",
        default="STUDENT_GRAPH_TOKEN",
        metavar="NAME",
        help="environment variable that holds an operator's token (default: STUDENT_GRAPH_TOKEN)",
    )
    purge.add_argument("--district", required=True, metavar="ID", help="id of the district")
    purge.add_argument("--source", metavar="NAME", help="only data from this source")
    purge.add_argument(
        "--records",
        action="append",
        default=[],
        metavar="TYPE",
        help="only records of this type, such as AttendanceEvent; can be repeated",
    )
    purge.add_argument(
        "--student",
        action="append",
        default=[],
        metavar="NUMBER",
        help="only data about this student, by the district's number; can be repeated",
    )
    purge.add_argument("--json", action="store_true", help="print JSON")
    purge.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Remove cached data from a running gateway, and print how many entries it removed.

    Raises:
        SettingsError: the gateway does not answer, or refuses the token or the options.
    """
    token = os.environ.get(options.token_env, "")
    if not token:
        raise SettingsError(f"--token-env: the environment variable {options.token_env} is not set")
    purge = PurgeRequest(options.district, options.source, frozenset(options.records), frozenset(options.student))
    try:
        response = httpx.post(
            f"{options.url.rstrip('/')}/cache/purge",
            content=msgspec.json.encode(purge),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            trust_env=False,
        )
        result = response.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        raise SettingsError(f"--url: no gateway answers at {options.url}") from None
    if response.status_code != 200:
        raise SettingsError(str(result.get("error", f"the gateway refused ({response.status_code})")))
    if options.json:
        print(json.dumps({"removed": result["forgotten"]}))
    else:
        print(f"removed {count(result['forgotten'], 'cache entry', 'cache entries')}")
    return 0
